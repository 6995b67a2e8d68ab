"""OAuth without a network: PKCE as RFC 7636 has it, and what the token endpoint may answer."""

import json
import string
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import oauth
from engine.errors import AuthError, ContractError

GOOD = {'access_token': 'CMsecret', 'refresh_token': 'na1-secret', 'expires_in': 1800}


def test_the_challenge_is_that_of_the_rfc():
    # RFC 7636, appendix B
    verifier = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
    assert oauth.challenge(verifier) == 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'


def test_a_verifier_has_the_length_and_alphabet_of_the_rfc_and_is_never_the_same():
    allowed = set(string.ascii_letters + string.digits + '-._~')
    verifiers = {oauth.new_verifier() for _time in range(50)}
    assert len(verifiers) == 50
    assert all(43 <= len(verifier) <= 128 for verifier in verifiers)
    assert set(''.join(verifiers)) <= allowed


def test_the_consent_page_gets_the_challenge_and_not_the_verifier():
    url = oauth.authorize_url(
        'https://app.hubspot.com/', '/oauth/authorize', client_id='a&b',
        redirect_uri='https://odoo.example.com/cb', scopes=['oauth', 'crm.objects.deals.read'],
        state='s=t', verifier='verifier')
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert (parts.netloc, parts.path) == ('app.hubspot.com', '/oauth/authorize')
    assert query == {
        'response_type': 'code', 'client_id': 'a&b', 'state': 's=t',
        'redirect_uri': 'https://odoo.example.com/cb', 'scope': 'oauth crm.objects.deals.read',
        'code_challenge': oauth.challenge('verifier'), 'code_challenge_method': 'S256'}


def test_a_good_answer_becomes_tokens_that_no_repr_shows():
    tokens = oauth.parse_token_answer(200, json.dumps(GOOD).encode())
    assert (tokens.access_token, tokens.refresh_token, tokens.expires_in) == (
        'CMsecret', 'na1-secret', 1800)
    assert 'secret' not in repr(tokens)


def test_an_answer_without_a_refresh_token_keeps_the_old_one():
    answer = {name: value for name, value in GOOD.items() if name != 'refresh_token'}
    assert oauth.parse_token_answer(200, json.dumps(answer).encode()).refresh_token is None


@pytest.mark.parametrize('change', [
    {'access_token': None}, {'access_token': ''}, {'expires_in': '1800'}, {'expires_in': 0},
    {'expires_in': None}, {'access_token': ['x']},
])
def test_a_success_without_the_fields_of_the_rfc_is_another_contract(change):
    with pytest.raises(ContractError):
        oauth.parse_token_answer(200, json.dumps(GOOD | change).encode())


@pytest.mark.parametrize(('status', 'answer', 'words'), [
    (400, {'error': 'invalid_grant', 'status': 'BAD_REFRESH_TOKEN'}, 'Connect again'),
    (400, {'status': 'BAD_REFRESH_TOKEN'}, 'Connect again'),
    (401, {'error': 'invalid_client'}, 'client secret'),
    (400, {'error': 'invalid_scope'}, 'invalid_scope'),
    (403, {}, '403'),
])
def test_a_refusal_says_what_to_do(status, answer, words):
    with pytest.raises(AuthError) as caught:
        oauth.parse_token_answer(status, json.dumps(answer).encode())
    assert words in caught.value.user_message
    assert caught.value.status == status


@given(st.sampled_from([200, 400, 401, 499]), st.binary(max_size=200))
def test_whatever_bytes_come_one_of_two_errors_is_raised(status, body):
    with pytest.raises((AuthError, ContractError)):
        oauth.parse_token_answer(status, body)
