"""The error table, row by row; and that no body, however strange, breaks the reading of it."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.connectors.hubspot_errors import error_of, seconds_to_midnight
from engine.connectors.hubspot_limits import rate_headers, rate_limited
from engine.errors import (
    AuthError,
    ConfigurationError,
    ConflictError,
    ContractError,
    DataError,
    RateLimitError,
    SyncError,
    TransientError,
)
from engine.http import HttpResponse

HTML = b'<html><body><h2>HTTP ERROR</h2></body></html>'


def answer(status, body=None, **headers):
    raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    return HttpResponse(status, {k.replace('_', '-'): v for k, v in headers.items()}, raw, 'req')


INSIDE = (
    'Property values were not valid: [{"isValid":false,"message":"Email address x is invalid",'
    '"error":"INVALID_EMAIL","name":"email"}]'
)


@pytest.mark.parametrize(
    ('status', 'body', 'expected', 'code'),
    [
        (400, {'category': 'VALIDATION_ERROR', 'message': INSIDE}, DataError, 'INVALID_EMAIL'),
        (400, {'message': 'Unable to perform upsert by non-unique 0-1 property x'},
         ConfigurationError, 'EXTERNAL_ID_MISSING'),
        (400, {'errors': [{'code': 'MISSING_REQUIRED_PROPERTY',
                           'context': {'propertyName': ['lastname']}}]},
         DataError, 'MISSING_REQUIRED_PROPERTY'),
        (400, {'message': 'Cannot set … on 1. 456 already has that value.'}, ConflictError, None),
        (401, {'category': 'INVALID_AUTHENTICATION'}, AuthError, 'INVALID_AUTHENTICATION'),
        (401, HTML, AuthError, None),
        (403, {'category': 'MISSING_SCOPES', 'message': 'x'}, ConfigurationError, 'MISSING_SCOPES'),
        (403, {'message': 'You do not have permissions to view object type x'},
         ConfigurationError, 'MISSING_SCOPES'),
        (403, {'message': 'This deal is locked'}, DataError, None),
        (404, HTML, ContractError, 'HTTP_404'),
        (409, {'category': 'CONFLICT', 'message': 'Contact already exists. Existing ID: 17'},
         ConflictError, 'CONFLICT'),
        (409, {'category': 'OBJECT_ALREADY_EXISTS', 'message': 'x'}, ConflictError,
         'OBJECT_ALREADY_EXISTS'),
        (413, HTML, ContractError, 'HTTP_413'),
        (414, HTML, ContractError, 'HTTP_414'),
        (415, {}, ContractError, 'HTTP_415'),
        (423, {}, TransientError, None),
        (429, {'policyName': 'SECONDLY'}, RateLimitError, 'SECONDLY'),
        (477, {}, TransientError, None),
        (500, {}, TransientError, None),
        (502, HTML, TransientError, None),
        (524, HTML, TransientError, None),
        (418, {}, DataError, None),
    ],
)
def test_every_row_of_the_table(status, body, expected, code):
    error = error_of(answer(status, body))
    assert type(error) is expected
    assert error.code == code
    assert error.status == status
    assert error.user_message.endswith('.')


def test_a_404_about_a_record_is_about_the_record():
    error = error_of(answer(404, HTML), collection=False, record='contact Ada')
    assert (type(error), error.code) == (DataError, 'OBJECT_NOT_FOUND')
    assert error.user_message.startswith('Contact Ada')


@pytest.mark.parametrize(
    ('message', 'other'),
    [
        ('Contact already exists. Existing ID: 17', '17'),
        ('Cannot set PropertyValueCoordinates{value=5} on 1. 456 already has that value.', '456'),
    ],
)
def test_a_conflict_names_the_other_record(message, other):
    error = error_of(answer(409, {'category': 'CONFLICT', 'message': message}))
    assert error.remote_id == other
    assert other in error.user_message


@pytest.mark.parametrize(
    ('message', 'gone'),
    [
        ('Could not get some CONTACT objects, they may be deleted or not exist.', True),
        ('contact 5 was merged into 6', True),
        ('Property "x" does not exist', False),
        ('hs_merged_object_ids is a read only property', False),
    ],
)
def test_a_record_that_is_gone_is_told_from_a_property_that_is_not_there(message, gone):
    error = error_of(answer(400, {'category': 'VALIDATION_ERROR', 'message': message}))
    assert (error.code == 'OBJECT_NOT_FOUND') is gone


def test_the_correlation_id_is_kept_for_their_support():
    assert error_of(answer(400, {'correlationId': 'abc'})).request_id == 'abc'
    assert error_of(answer(400, HTML)).request_id == 'req'


# --- waiting ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('header', 'seconds'), [('7', 7), ('10000', 10), ('0.5', 0.5), ('x', 10), ('', 10)]
)
def test_retry_after_is_read_in_seconds_and_in_milliseconds(header, seconds):
    assert error_of(answer(429, {}, retry_after=header)).retry_after == seconds


def test_a_lock_is_waited_for_at_least_two_seconds():
    assert error_of(answer(423, {})).retry_after == 2
    assert error_of(answer(423, {}, retry_after='5')).retry_after == 5


def test_search_is_tried_again_after_a_second_and_the_rest_after_ten():
    assert error_of(answer(429, {'policyName': 'SECONDLY'})).retry_after == 1
    assert error_of(answer(429, {'policyName': 'TEN_SECONDLY_ROLLING'})).retry_after == 10


@pytest.mark.parametrize(
    'body', [{'policyName': 'DAILY'}, {'message': 'You have reached your daily limit.'}]
)
def test_a_day_that_is_used_up_ends_at_the_accounts_midnight(body):
    error = error_of(answer(429, body), time_zone='Australia/Sydney')
    expected = seconds_to_midnight('Australia/Sydney')
    assert error.retry_after == pytest.approx(expected, abs=5)
    assert 'midnight' in error.user_message


@pytest.mark.parametrize(
    ('zone', 'now', 'hours'),
    [
        ('UTC', '2026-11-20T22:00:00+00:00', 2),
        ('Europe/Brussels', '2026-11-20T22:00:00+00:00', 1),
        ('Europe/Brussels', '2026-03-28T23:00:00+00:00', 23),
        ('Europe/Brussels', '2026-10-24T22:00:00+00:00', 25),
        ('Nowhere/Land', '2026-11-20T22:00:00+00:00', 1 - 1 / 3600),
        ('../etc/passwd', '2026-11-20T22:00:00+00:00', 1 - 1 / 3600),
        (None, '2026-11-20T22:00:00+00:00', 1 - 1 / 3600),
    ],
)
def test_midnight_knows_daylight_saving_and_unknown_zones(zone, now, hours):
    seconds = seconds_to_midnight(zone, datetime.fromisoformat(now).astimezone(timezone.utc))
    assert seconds == pytest.approx(hours * 3600 + 1)


@pytest.mark.parametrize(
    ('policy', 'bucket', 'hit'),
    [
        ('DAILY', 'burst', 'daily'),
        ('TEN_SECONDLY_ROLLING', 'search', 'burst'),
        ('SECONDLY', 'search', 'search'),
        ('', 'search', 'search'),
        ('SOMETHING_NEW', 'burst', 'burst'),
    ],
)
def test_a_429_blocks_the_bucket_whose_limit_was_hit(policy, bucket, hit):
    reading, error = rate_limited(answer(429, {'policyName': policy}), bucket)
    assert reading.bucket == hit
    assert reading.blocked_for == error.retry_after > 0


def test_headers_that_make_no_sense_are_left_out():
    assert rate_headers({}) == []
    assert rate_headers({'x-hubspot-ratelimit-max': 'many'}) == []
    (one,) = rate_headers({'x-hubspot-ratelimit-max': '190'})
    assert (one.limit, one.remaining, one.period) == (190, None, 10.0)


# --- whatever comes ---------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(['message', 'code', 'context', 'propertyName', 'error',
                                       'name', 'errors', 'objectWriteTraceId']), inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(
    st.sampled_from(['message', 'category', 'subCategory', 'errors', 'context', 'policyName',
                     'correlationId', 'status']), ANYTHING,
)


@given(st.integers(400, 599), BODIES.map(lambda body: json.dumps(body).encode()) | st.binary(),
       st.booleans())
def test_any_body_gives_an_error_and_never_another_exception(status, body, collection):
    error = error_of(answer(status, body), collection=collection, record='contact 1', values={})
    assert isinstance(error, SyncError)
    assert error.user_message and error.status == status
    assert len(error.user_message) < 1000


@given(st.text(max_size=40))
def test_a_message_that_only_looks_like_json_is_read_as_words(text):
    body = {'message': f'Property values were not valid: [{text}]'}
    assert isinstance(error_of(answer(400, body)), SyncError)
