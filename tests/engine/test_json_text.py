"""JSON from a stranger: whatever comes, a storable value or one refusal."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ContractError
from engine.json_text import (
    MAX_DEPTH,
    has_plain_keys,
    is_plain,
    loads,
    may_be_strange,
    plain,
)

MIB = 1024 * 1024


def refusal(body, max_bytes=MIB):
    with pytest.raises(ContractError) as caught:
        loads(body, max_bytes=max_bytes)
    return caught.value


@pytest.mark.parametrize(
    ('body', 'why'),
    [
        (b'', 'does not parse'),
        (b'{"a":1', 'does not parse'),
        (b'[1] [2]', 'does not parse'),
        (b'\xff\xfe[\x00]\x00', 'not UTF-8'),
        ('["ü"]'.encode('latin-1'), 'not UTF-8'),
        (b'\xef\xbb\xbf[]', 'does not parse'),
        (b'[NaN]', 'NaN is not a number'),
        (b'[-Infinity]', 'is not a number'),
        (b'[1e400]', 'too large'),
        (b'[' + b'9' * 1_000_000 + b']', 'too many digits'),
        (b'[-' + b'9' * 5_000 + b']', 'too many digits'),
        (b'{"a": 1, "a": 2}', 'same key twice'),
        (b'[{"b": {"a": 1, "a": 1}}]', 'same key twice'),
        (b'[' * 100_000 + b']' * 100_000, 'too deeply'),
        (b'{"a":' * 100_000 + b'1' + b'}' * 100_000, 'too deeply'),
        (b'[' * (MAX_DEPTH + 1) + b']' * (MAX_DEPTH + 1), 'too deeply'),
    ],
)
def test_what_cannot_be_kept_is_refused_in_one_sentence(body, why):
    error = refusal(body)
    assert error.code == 'BAD_JSON'
    assert why in str(error)


def test_a_body_above_the_limit_is_refused_before_it_is_read():
    assert refusal(b' ' * 11, max_bytes=10).code == 'TOO_LARGE'


def test_what_is_ordinary_is_read():
    body = rb'[{"a": [1, 2.5, null, true, "\ud83d\ude00", "\u00fc"]}]'
    assert loads(body, max_bytes=MIB) == [{'a': [1, 2.5, None, True, '😀', 'ü']}]


@pytest.mark.parametrize('number', [10**30 - 1, 1 - 10**30])
def test_a_sign_is_no_digit(number):
    """The sign counted as a digit: -10**29 was refused, and 10**29 was not."""
    assert loads(str(number).encode(), max_bytes=MIB) == number


@pytest.mark.parametrize('number', [10**30, -(10**30)])
def test_a_number_of_more_digits_is_refused_whatever_its_sign(number):
    assert 'too many digits' in str(refusal(str(number).encode()))


def test_the_deepest_value_that_is_taken_can_be_written_out_again():
    body = b'[' * MAX_DEPTH + b']' * MAX_DEPTH
    assert json.dumps(loads(body, max_bytes=MIB)) == body.decode()


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value_or_a_refusal(body):
    try:
        value = loads(body, max_bytes=MIB)
    except ContractError:
        return
    json.dumps(value, allow_nan=False).encode()


TEXTS = st.text() | st.text(st.sampled_from('a\0\ud800\udc00\U0001f600'))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**29), 10**29) | TEXTS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=20,
)


@given(JSON)
def test_any_value_survives_the_way_there_and_back(value):
    """A text with an escaped NUL or with half a character had the whole body refused. (What Python
    holds as two halves side by side is one character to every reader of JSON.)"""
    once = loads(json.dumps(value).encode(), max_bytes=MIB)
    assert loads(json.dumps(once).encode(), max_bytes=MIB) == once
    assert json.dumps(once) == json.dumps(value)


@given(TEXTS)
def test_a_mended_text_can_be_stored_and_a_plain_one_is_left_alone(text):
    mended = plain(text)
    mended.encode()
    assert '\0' not in mended and is_plain(mended)
    assert is_plain(text) == (mended == text)
    assert len(mended) == len(text)


@pytest.mark.parametrize('key', [r'\u0000', r'\ud800', r'a\udc00b'])
@pytest.mark.parametrize('around', ['{"%s": 1}', '[{"a": [{"b": 1, "%s": 1}]}]'])
def test_a_key_is_looked_at_wherever_it_is(key, around):
    assert not has_plain_keys(loads((around % key).encode(), max_bytes=MIB))
    assert may_be_strange((around % key).encode()), 'or nobody would look at the keys'
    assert has_plain_keys(loads((around % 'k').encode(), max_bytes=MIB))
