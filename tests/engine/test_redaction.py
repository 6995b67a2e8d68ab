"""No secret in what is kept for people to read."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.redaction import MASK, MAX_PARSED, MAX_SUMMARY, Redactor

secrets = st.text(st.sampled_from('abcdefXYZ0123456789-_.~+/='), min_size=8, max_size=60)


@pytest.fixture
def redactor():
    return Redactor()


@pytest.mark.parametrize(
    'name',
    ['access_token', 'refresh_token', 'client_secret', 'Authorization', 'authorisation', 'password',
     'api_key', 'hapikey', 'X-HubSpot-Signature-v3', 'Set-Cookie', 'code_verifier', 'privateKey'],
)  # fmt: skip
def test_values_under_telling_names_are_masked_at_any_depth(redactor, name):
    summary = redactor.summary({'a': [{name: 'hush-hush'}], 'b': 'kept'})
    assert 'hush' not in summary
    assert 'kept' in summary


def test_a_name_may_be_secret_in_one_place_only(redactor):
    assert 'c0de' not in redactor.summary({'code': 'c0de'}, hidden=('code',))
    assert 'INVALID_EMAIL' in redactor.summary({'code': 'INVALID_EMAIL'})


@given(st.lists(secrets, min_size=1, max_size=4), st.text(max_size=50), st.text(max_size=50))
def test_a_secret_once_told_is_found_anywhere(known, before, after):
    redactor = Redactor()
    redactor.learn(*known)
    for secret in known:
        assert secret not in redactor.text(f'{before}{secret}{after}')
        assert secret not in redactor.summary({'note': f'{before}{secret}{after}', secret: 1})


def test_the_longest_secret_goes_first_so_that_no_fragment_stays(redactor):
    redactor.learn('secret', 'secret-and-more')
    assert redactor.text('x secret-and-more y secret z') == f'x {MASK} y {MASK} z'


def test_a_secret_is_found_in_a_url_and_in_a_form(redactor):
    redactor.learn('a+b/c=d&e')
    assert 'a%2Bb' not in redactor.text('/x?t=a%2Bb%2Fc%3Dd%26e&y=1')


def test_what_is_too_short_to_tell_apart_is_not_searched_for(redactor):
    redactor.learn('abc', '', None)
    assert redactor.text('abc') == 'abc'


@pytest.mark.parametrize(
    'text',
    ['Bearer pat-na1-0123', 'authorization: bearer pat-na1-0123', 'Basic cGF0LW5hMS0wMTIz',
     'access_token=pat-na1-0123', '"refresh_token": "pat-na1-0123"', "client_secret='pat-na1-0123"],
)  # fmt: skip
def test_credentials_in_plain_text_are_masked_by_their_form(redactor, text):
    masked = redactor.text(f'<p>{text}</p>')
    assert 'pat-na1' not in masked
    assert base64.b64encode(b'pat-na1-0123').decode() not in masked


@pytest.mark.parametrize('value', [None, '', b''])
def test_nothing_is_summed_up_as_nothing(redactor, value):
    assert redactor.summary(value) == ''


def test_a_body_is_read_as_json_and_else_kept_as_text(redactor):
    assert redactor.summary(b'{"token": "x", "a": 1}') == f'{{"token": "{MASK}", "a": 1}}'
    assert redactor.summary(b'<html>Bearer abcdefgh</html>') == f'<html>Bearer {MASK}</html>'
    assert redactor.summary(b'\xff\xfe') == '\ufffd\ufffd'


def test_a_summary_is_bounded(redactor):
    assert len(redactor.summary({'a': 'x' * 50_000})) == MAX_SUMMARY
    assert redactor.summary(b'x' * (MAX_PARSED + 1)) == f'{MAX_PARSED + 1} bytes'
    assert redactor.summary('x' * (MAX_PARSED + 1)).endswith(' characters')


def test_a_secret_across_the_cut_leaves_no_half(redactor):
    redactor.learn('s3cr3t-s3cr3t')
    assert 's3cr' not in redactor.summary('x' * (MAX_SUMMARY - 8) + 's3cr3t-s3cr3t')


def test_a_body_nested_beyond_reason_is_survived(redactor):
    assert redactor.summary(b'[' * 100_000).startswith('[[[')
    deep = json.loads('[' * 60 + ']' * 60)
    assert '…' in redactor.summary(deep)


def test_control_characters_are_not_kept(redactor):
    assert redactor.text('a\x00b\x1b[31m\ud800\tc\n') == 'a\ufffdb\ufffd[31m\ufffd\tc\n'


def test_the_redactor_itself_shows_no_secret(redactor):
    redactor.learn('hush-hush-hush')
    assert 'hush' not in repr(redactor)
