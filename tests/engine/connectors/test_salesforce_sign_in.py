"""Salesforce's token answers: what is believed, what is told, what is never said."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timezone

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from engine.connectors.salesforce_sign_in import checked_instance, jwt_form, read_answer
from engine.errors import AuthError, ConfigurationError, ContractError

INSTANCE = 'https://acme.my.salesforce.com'
NOW = datetime(2026, 11, 21, tzinfo=timezone.utc)
ANSWER = {
    'access_token': '00D!token', 'instance_url': INSTANCE, 'token_type': 'Bearer',
    'id': 'https://login.salesforce.com/id/00Di0000000JODb/005i0000001abcd',
}  # fmt: skip


def read(status=200, **changes):
    return read_answer(status, json.dumps({**ANSWER, **changes}).encode())


def test_an_answer_names_token_instance_and_organisation():
    signed_in = read(refresh_token='5Aep')
    assert (signed_in.access_token, signed_in.refresh_token) == ('00D!token', '5Aep')
    assert signed_in.account_id == '00Di0000000JODbEAO'
    assert 'token' not in repr(signed_in).replace('_token', '') and '5Aep' not in repr(signed_in)


@pytest.mark.parametrize(
    'url',
    [
        'http://acme.my.salesforce.com',
        'https://acme.my.salesforce.com.evil.example',
        'https://evil.example/.my.salesforce.com',
        'https://evil.example#.my.salesforce.com',
        'https://user@acme.my.salesforce.com',
        'https://acme.my.salesforce.com:8443',
        'https://acme.my.salesforce.com/services',
        'https://127.0.0.1',
        'https://[::1]',
        'https://evilsalesforce.com',
        'https://[',
        '',
    ],
)
def test_an_instance_that_is_not_salesforces_gets_no_token(url):
    with pytest.raises(ConfigurationError):
        read(instance_url=url)


def test_the_loopback_is_believed_only_where_it_is_the_connections_own_host():
    url = 'http://127.0.0.1:8070'
    assert checked_instance(url, own_host='127.0.0.1') == url
    for own_host in (None, '', 'localhost'):
        with pytest.raises(ConfigurationError):
            checked_instance(url, own_host=own_host)


@pytest.mark.parametrize('missing', ['access_token', 'instance_url'])
def test_an_answer_without_what_we_need_is_a_broken_contract(missing):
    with pytest.raises(ContractError):
        read(**{missing: None})


@pytest.mark.parametrize(
    ('code', 'word'),
    [('invalid_grant', 'policies'), ('invalid_client', 'installed'), ('inactive_user', 'active')],
)
def test_a_refusal_says_what_to_do(code, word):
    body = json.dumps({'error': code, 'error_description': 'reason'}).encode()
    with pytest.raises(AuthError) as caught:
        read_answer(400, body)
    assert word in caught.value.user_message and caught.value.code == code


@pytest.mark.parametrize('body', [b'', b'<html>', b'[]', b'null', b'[' * 100_000])
def test_any_body_of_a_refusal_is_a_refusal(body):
    with pytest.raises(AuthError):
        read_answer(400, body)
    with pytest.raises(ContractError):
        read_answer(200, body)


@pytest.fixture(scope='module')
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def decoded(part):
    return base64.urlsafe_b64decode(part + '=' * (-len(part) % 4))


def test_an_assertion_is_signed_for_minutes_and_by_our_key(key):
    form = jwt_form('client', 'me@example.com', 'https://login.salesforce.com', pem(key), NOW)
    head, claims, signature = form['assertion'].split('.')
    assert json.loads(decoded(head))['alg'] == 'RS256'
    told = json.loads(decoded(claims))
    assert (told['iss'], told['sub']) == ('client', 'me@example.com')
    assert 0 < told['exp'] - NOW.timestamp() <= 300
    key.public_key().verify(
        decoded(signature), f'{head}.{claims}'.encode(), padding.PKCS1v15(), hashes.SHA256()
    )


@pytest.mark.parametrize('text', [b'', b'no key', b'-----BEGIN PRIVATE KEY-----\nAA==\n'])
def test_a_key_that_is_none_is_told_without_being_shown(text):
    with pytest.raises(ConfigurationError) as caught:
        jwt_form('client', 'me', 'https://login.salesforce.com', text, NOW)
    assert 'PEM' in caught.value.user_message
