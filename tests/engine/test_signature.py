"""Signatures: the recorded vectors, and everything a stranger can do to a delivery."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.contracts import WebhookRequest
from engine.errors import ConfigurationError, SignatureError
from engine.signature import (
    MAX_ENTRIES,
    MAX_HEADER,
    REFUSED,
    standard_webhooks_key,
    verify_hubspot,
    verify_standard_webhooks,
)

SECRET = b'11111111-2222-3333-4444-555555555555'
NOW = datetime(2026, 5, 10, 12, tzinfo=timezone.utc)
NOW_MS = int(NOW.timestamp() * 1000)
PUBLIC = 'https://erp.example.com'
PATH = '/saas_sync/webhook/abc'


def at(milliseconds):
    return datetime.fromtimestamp(milliseconds / 1000, timezone.utc)


def sign_v3(body, uri=PUBLIC + PATH, timestamp=NOW_MS, secret=SECRET, method='POST'):
    message = f'{method}{uri}'.encode() + body + str(timestamp).encode()
    return base64.b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode()


def delivery(body=b'[]', url=f'http://localhost:8069{PATH}', method='POST', **headers):
    names = {name.replace('_', '-'): value for name, value in headers.items()}
    return WebhookRequest(method=method, url=url, headers=names, body=body)


def signed(body=b'[]', timestamp=NOW_MS, url=f'http://localhost:8069{PATH}', **how):
    return delivery(
        body,
        url,
        x_hubspot_signature_v3=sign_v3(body, timestamp=timestamp, **how),
        x_hubspot_request_timestamp=str(timestamp),
    )


def accepts(request, secrets=(SECRET,), now=NOW, public_url=PUBLIC, **options):
    try:
        verify_hubspot(request, secrets, now, public_url, **options)
    except SignatureError as error:
        assert str(error) == error.user_message == REFUSED
        return False
    return True


# --- recorded -------------------------------------------------------------------------------------


def _cases(recorded_folder, name):
    return json.loads((recorded_folder / name).read_text(encoding='utf-8'))


def test_recorded_hubspot_v3_signatures_are_accepted_and_v2_never(recorded_folder):
    vectors = _cases(recorded_folder, 'hubspot/signature_vectors.json')['vectors']
    seen = set()
    for vector in vectors:
        secret = vector['client_secret'].encode()
        request = WebhookRequest(
            method=vector.get('method', 'POST'),
            url=vector.get('uri', 'https://www.example.com/webhook_uri'),
            headers={
                'x-hubspot-signature-v3': vector['signature'],
                'x-hubspot-signature': vector['signature'],
                'x-hubspot-signature-version': vector['version'],
                'x-hubspot-request-timestamp': vector.get('timestamp', str(NOW_MS)),
            },
            body=vector['body'].encode(),
        )
        now = at(int(vector.get('timestamp', NOW_MS)))
        public = 'https://www.example.com'
        version = vector['version']
        seen.add(version)
        assert accepts(request, [secret], now, public) == (version == 'v3'), vector['name']
        with_v1 = accepts(request, [secret], now, public, accept_v1=True)
        assert with_v1 == (version != 'v2'), vector['name']
    assert seen == {'v1', 'v2', 'v3'}


def test_recorded_standard_webhooks_cases_end_as_they_should(recorded_folder):
    cases = _cases(recorded_folder, 'standard_webhooks/vectors.json')['cases']
    for case in cases:
        request = WebhookRequest(
            method='POST', url='/', headers=case['headers'], body=case['body'].encode()
        )
        now = datetime.fromtimestamp(case['now'], timezone.utc)
        try:
            verify_standard_webhooks(request, [case['secret'].encode()], now)
            outcome = 'accept'
        except SignatureError:
            outcome = 'reject'
        expected = 'reject' if case['expect'] == 'config_error' else case['expect']
        assert outcome == expected, case['name']
        if case['expect'] == 'config_error':
            with pytest.raises(ConfigurationError):
                standard_webhooks_key(case['secret'])
    assert len(cases) >= 36


# --- HubSpot --------------------------------------------------------------------------------------


def test_a_delivery_is_judged_by_the_public_address_and_not_by_the_one_it_came_in_on():
    assert accepts(signed())
    assert accepts(signed(), public_url=f'{PUBLIC}/')
    assert not accepts(signed(), public_url='https://attacker.example')
    forged = signed(uri=f'https://attacker.example{PATH}', url=f'https://attacker.example{PATH}')
    assert not accepts(forged)


def test_without_a_public_address_the_request_speaks_for_itself():
    url = f'https://erp.example.com{PATH}?a=1'
    assert accepts(signed(url=url, uri=url), public_url='')


def test_the_query_is_signed_in_its_order():
    signed_query = signed(url=f'http://x{PATH}?b=2&a=1', uri=f'{PUBLIC}{PATH}?b=2&a=1')
    assert accepts(signed_query)
    assert not accepts(signed(url=f'http://x{PATH}?a=1&b=2', uri=f'{PUBLIC}{PATH}?b=2&a=1'))


@pytest.mark.parametrize('uri', ['%2Fa%3Fb', '%2fa%3fb', '/a?b', '/a%20b%26c%3Dd?e=%2C'])
def test_the_address_may_be_signed_decoded_by_the_table_or_as_it_stands(uri):
    decoded = {
        '%2Fa%3Fb': '/a?b',
        '%2fa%3fb': '/a?b',
        '/a?b': '/a?b',
        '/a%20b%26c%3Dd?e=%2C': '/a%20b%26c%3Dd?e=,',
    }[uri]
    url = f'http://localhost/{uri}'
    assert accepts(signed(url=url, uri=f'{PUBLIC}/{uri}'))
    assert accepts(signed(url=url, uri=f'{PUBLIC}/{decoded}'))


def test_what_is_not_in_the_table_is_not_decoded():
    url = f'http://localhost{PATH}?a=%20'
    assert not accepts(signed(url=url, uri=f'{PUBLIC}{PATH}?a= '))


@pytest.mark.parametrize('secrets', [[SECRET, b'old'], [b'old', SECRET], [b'', SECRET]])
def test_either_of_two_secrets_will_do(secrets):
    assert accepts(signed(), secrets)


@pytest.mark.parametrize('secrets', [[], [b''], [b'other']])
def test_without_the_secret_nothing_passes(secrets):
    assert not accepts(signed(secret=b''), secrets)
    assert not accepts(signed(), secrets)


@pytest.mark.parametrize('skew', [0, 299_999, 300_000, -300_000])
def test_five_minutes_either_way_pass(skew):
    assert accepts(signed(timestamp=NOW_MS + skew))


@pytest.mark.parametrize('skew', [300_001, -300_001, 10**9, -(10**9)])
def test_more_than_five_minutes_either_way_do_not(skew):
    assert not accepts(signed(timestamp=NOW_MS + skew))


@pytest.mark.parametrize(
    'timestamp',
    ['', 'NaN', '1e12', str(NOW_MS / 1000), str(NOW_MS)[:-1], f'+{NOW_MS}', f' {NOW_MS}',
     f'{NOW_MS}\n', ''.join(chr(0xFF10 + int(d)) for d in str(NOW_MS)), '9' * 5000],
)  # fmt: skip
def test_a_timestamp_of_another_form_is_refused_even_when_signed(timestamp):
    request = delivery(
        x_hubspot_signature_v3=sign_v3(b'[]', timestamp=timestamp),
        x_hubspot_request_timestamp=timestamp,
    )
    assert not accepts(request)


@pytest.mark.parametrize('missing', ['x-hubspot-signature-v3', 'x-hubspot-request-timestamp'])
def test_a_missing_header_is_refused(missing):
    request = signed()
    headers = {name: value for name, value in request.headers.items() if name != missing}
    assert not accepts(request.model_copy(update={'headers': headers}))


def test_headers_are_found_in_any_case():
    request = signed()
    headers = {name.title(): value for name, value in request.headers.items()}
    assert accepts(request.model_copy(update={'headers': headers}))


@given(st.binary(max_size=200), st.data())
def test_any_changed_byte_of_the_body_is_noticed(body, data):
    request = signed(body)
    assert accepts(request)
    changed = data.draw(st.binary(max_size=200).filter(lambda other: other != body))
    assert not accepts(request.model_copy(update={'body': changed}))


def test_the_method_is_signed():
    assert not accepts(signed().model_copy(update={'method': 'PUT'}))


def v1_delivery(body=b'[]', **headers):
    signature = hashlib.sha256(SECRET + body).hexdigest()
    return delivery(body, x_hubspot_signature=signature, **headers)


def test_v1_is_accepted_only_where_it_was_switched_on():
    assert not accepts(v1_delivery())
    assert accepts(v1_delivery(), accept_v1=True)
    assert accepts(v1_delivery(x_hubspot_signature_version='v1'), accept_v1=True)


def test_v2_is_never_accepted():
    message = SECRET + f'POST{PUBLIC}{PATH}'.encode() + b'[]'
    request = delivery(
        x_hubspot_signature=hashlib.sha256(message).hexdigest(), x_hubspot_signature_version='v2'
    )
    assert not accepts(request, accept_v1=True)
    assert not accepts(v1_delivery(x_hubspot_signature_version='v2'), accept_v1=True)


text_of_any_kind = st.text(
    st.characters(codec=None, categories=None, exclude_characters=''), max_size=60
)


@given(text_of_any_kind, text_of_any_kind, text_of_any_kind, st.binary(max_size=30))
def test_whatever_a_stranger_sends_is_refused_with_the_one_message(first, second, url, body):
    request = delivery(
        body,
        url,
        x_hubspot_signature_v3=first,
        x_hubspot_signature=first,
        x_hubspot_request_timestamp=second,
    )
    assert not accepts(request, accept_v1=True)


@pytest.mark.parametrize('url', ['http://[bad/x', '', 'nonsense', 'http://host', '/path only'])
def test_an_address_that_is_none_is_refused_like_any_other(url):
    assert not accepts(signed(url=url, uri='https://elsewhere'))


def test_a_header_beyond_all_bounds_is_not_looked_at():
    request = delivery(
        x_hubspot_signature_v3='A' * (MAX_HEADER + 1), x_hubspot_request_timestamp=str(NOW_MS)
    )
    assert not accepts(request)


# --- Standard Webhooks ----------------------------------------------------------------------------

STANDARD_SECRET = 'whsec_' + base64.b64encode(b'0123456789abcdef01234567').decode()


def standard(body=b'{}', identifier='msg_1', timestamp=None, signature=None):
    timestamp = str(int(NOW.timestamp())) if timestamp is None else timestamp
    signature = signature or f'v1,{standard_signature(body, identifier, timestamp)}'
    return delivery(
        body, webhook_id=identifier, webhook_timestamp=timestamp, webhook_signature=signature
    )


def standard_signature(body=b'{}', identifier='msg_1', timestamp=None):
    timestamp = str(int(NOW.timestamp())) if timestamp is None else timestamp
    key = standard_webhooks_key(STANDARD_SECRET)
    digest = hmac.new(key, f'{identifier}.{timestamp}.'.encode() + body, hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def standard_accepts(request, secrets=None):
    try:
        verify_standard_webhooks(request, secrets or [STANDARD_SECRET.encode()], NOW)
    except SignatureError as error:
        assert str(error) == REFUSED
        return False
    return True


@given(st.binary(max_size=200))
def test_standard_webhooks_sign_raw_bytes(body):
    assert standard_accepts(standard(body))
    assert not standard_accepts(standard(body).model_copy(update={'body': body + b' '}))


@pytest.mark.parametrize('other', [b'', b'whsec_', b'***', b'whsec_b3RoZXI='])
def test_a_secret_that_cannot_be_used_does_not_spoil_the_other(other):
    assert standard_accepts(standard(), [other, STANDARD_SECRET.encode()])
    assert not standard_accepts(standard(), [other])


def test_an_identifier_with_a_full_stop_is_refused_even_when_signed():
    assert not standard_accepts(standard(identifier='msg.1'))


def test_no_more_than_a_bounded_number_of_signatures_is_tried():
    good = f'v1,{standard_signature()}'
    junk = 'v1,' + 'A' * 43 + '='
    assert standard_accepts(standard(signature=' '.join([junk] * (MAX_ENTRIES - 1) + [good])))
    assert not standard_accepts(standard(signature=' '.join([junk] * MAX_ENTRIES + [good])))
    assert not standard_accepts(standard(signature=good + ' ' * MAX_HEADER))


@given(text_of_any_kind, text_of_any_kind, text_of_any_kind)
def test_whatever_headers_a_stranger_sends_are_refused(identifier, timestamp, signature):
    assert not standard_accepts(standard(b'{}', identifier, timestamp, signature or 'x'))


@pytest.mark.parametrize('secret', ['', 'whsec_', '***', b'', 'whsec_\ud800', '   '])
def test_a_secret_that_is_none_is_refused_when_it_is_entered(secret):
    with pytest.raises(ConfigurationError, match='signing secret') as refused:
        standard_webhooks_key(secret)
    assert 'Copy it' in refused.value.user_message


def test_a_secret_is_the_same_with_and_without_prefix_padding_and_blanks_around_it():
    keys = {
        standard_webhooks_key(form)
        for form in ('whsec_MDEyMw==', 'MDEyMw==', 'MDEyMw', b' MDEyMw==\n')
    }
    assert keys == {b'0123'}
