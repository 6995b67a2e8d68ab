"""The parts of the Salesforce connector that send nothing: ids, queries, refusals, limits."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.connectors import salesforce_soql as soql
from engine.connectors.salesforce_errors import GONE, VERDICTS, error_of, refused
from engine.connectors.salesforce_limits import rate_headers
from engine.connectors.salesforce_objects import is_id, long_id
from engine.connectors.salesforce_wire import Refusal
from engine.errors import (
    AuthError,
    ConflictError,
    ContractError,
    DataError,
    RateLimitError,
    TransientError,
)
from engine.http import HttpResponse

# Pairs of 15 and 18 characters as Salesforce's own documents show them.
IDS = [
    ('00Di0000000JODb', '00Di0000000JODbEAO'),
    ('001D000000IRFma', '001D000000IRFmaIAH'),
    ('0013000000Dv0uF', '0013000000Dv0uFAAR'),
]


@pytest.mark.parametrize(('short', 'long'), IDS)
def test_ids_are_kept_with_their_checksum(short, long):
    assert long_id(short) == long
    assert long_id(long) == long


def test_a_wrong_checksum_is_put_right_and_what_is_no_id_stays():
    assert long_id('001D000000IRFmaAAA') == '001D000000IRFmaIAH'
    assert long_id('') == '' and long_id('../../x') == '../../x'
    assert not is_id("001D000000IRFm'") and not is_id('001D000000IRFmaI') and not is_id(None)


@given(st.text())
def test_no_value_leaves_its_quotes(value):
    literal = soql.quoted(value)
    assert literal[0] == literal[-1] == "'"
    inside, escaped = literal[1:-1], False
    for char in inside:
        assert escaped or char != "'"
        escaped = char == '\\' and not escaped
    assert not escaped, 'the closing quote is not escaped'
    assert not set(inside) & set('\0\n\r')


@pytest.mark.parametrize(
    'name', ["Name' OR '1'='1", 'Name FROM User', 'A.B.C', '', '1A', 'Ä', 'x;y', 'a' * 81]
)
def test_a_name_is_a_name(name):
    with pytest.raises(ValueError, match='is no name'):
        soql.name(name)


@given(st.lists(st.text(max_size=40)), st.integers(60, 300))
def test_conditions_hold_every_value_once_and_fit(values, room):
    conditions = list(soql.any_of('Name', values, room))
    assert [value for _where, some in conditions for value in some] == [
        value for value in values if len(soql.quoted(value).encode()) + 1 <= room
    ]
    assert all(len(where.encode()) <= room + len('Name IN ()') for where, _some in conditions)


def test_a_query_is_spelled_as_salesforce_reads_it():
    at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=1)))
    where = f'SystemModstamp > {soql.moment(at)}'
    assert soql.select(['Id', 'Account.Name', 'Id'], 'Contact', where, order=['Id'], limit=5) == (
        'SELECT Id,Account.Name FROM Contact WHERE SystemModstamp > 2026-01-02T02:04:05Z '
        'ORDER BY Id LIMIT 5'
    )


# --- refusals -----------------------------------------------------------------------------------


def row(code, message='words', **more):
    return Refusal.model_validate({'statusCode': code, 'message': message, **more})


def answer(status, body):
    return HttpResponse(status, {}, json.dumps(body).encode())


@pytest.mark.parametrize(
    ('code', 'kind'),
    [
        ('UNABLE_TO_LOCK_ROW', TransientError),
        ('PROCESSING_HALTED', TransientError),
        ('REQUEST_LIMIT_EXCEEDED', RateLimitError),
        ('INVALID_SESSION_ID', AuthError),
        ('INSUFFICIENT_ACCESS_OR_READONLY', AuthError),
        ('REQUIRED_FIELD_MISSING', DataError),
        ('DUPLICATES_DETECTED', ConflictError),
        ('A_CODE_OF_NEXT_YEAR', DataError),
    ],
)
def test_a_code_has_one_class(code, kind):
    assert type(refused(row(code), record='contact Ada')).__mro__.index(kind) <= 1


@pytest.mark.parametrize('code', sorted(VERDICTS))
def test_every_sentence_is_whole_and_names_what_it_is_about(code):
    told = refused(row(code, fields=['Email']), record='contact Ada').user_message
    assert '{' not in told and '  ' not in told
    assert told[0].isupper() and told.endswith('.')


def test_a_refused_value_names_record_field_and_words():
    error = refused(row('STRING_TOO_LONG', 'too long', fields=['Title']), record='contact Ada')
    assert error.field == 'Title' and error.code == 'STRING_TOO_LONG'
    for word in ('Title', 'contact Ada', 'too long'):
        assert word in error.user_message


def test_a_record_that_is_gone_has_one_code():
    for code in ('ENTITY_IS_DELETED', 'NOT_FOUND'):
        assert refused(row(code), record='contact Ada').code == GONE


def test_a_duplicate_names_the_record_it_was_found_to_be_like():
    found = {'matchResults': [{'matchRecords': [{'record': {'Id': '003D000000IRFmaIAH'}}]}]}
    error = refused(row('DUPLICATES_DETECTED', duplicateResult=found), record='contact Ada')
    assert error.remote_id == '003D000000IRFmaIAH'
    assert '003D000000IRFmaIAH' in error.user_message


def test_used_up_calls_wait_longer_than_too_many_at_once():
    used = [{'errorCode': 'REQUEST_LIMIT_EXCEEDED', 'message': 'TotalRequests Limit exceeded.'}]
    many = [{'errorCode': 'REQUEST_LIMIT_EXCEEDED', 'message': 'ConcurrentRequests Limit'}]
    waits = [error_of(answer(403, body)).retry_after for body in (used, many)]
    assert waits[0] > waits[1] > 0


@pytest.mark.parametrize('body', [b'', b'<html>', b'null', b'[]', b'{}', b'[null]', b'[[1]]', b'7'])
def test_any_body_of_an_error_is_an_error(body):
    assert isinstance(error_of(HttpResponse(400, {}, body)), ContractError | DataError)


# --- limits -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('header', 'remaining'),
    [
        ('api-usage=10018/100000', 89_982),
        ('api-usage=25/5000; per-app-api-usage=17/250(appName=sample-app)', 4975),
        ('api-usage=25/5000; api-bursts=1/750', 4975),
        ('per-app-api-usage=17/250(appName=a), api-usage=5/10', 5),
        ('api-usage=110000/100000', 0),
    ],
)
def test_the_header_tells_what_is_left(header, remaining):
    (reading,) = rate_headers({'sforce-limit-info': header})
    assert (reading.bucket, reading.remaining) == ('daily', remaining)


@pytest.mark.parametrize(
    'header',
    ['', 'per-app-api-usage=17/250(appName=x)', 'api-usage=a/b', 'api-usage=1/0', 'x' * 99],
)
def test_a_header_that_tells_nothing_is_no_reading(header):
    assert rate_headers({'sforce-limit-info': header}) == []
