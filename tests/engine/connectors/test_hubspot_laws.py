"""Laws of writing and reading: whatever HubSpot answers, every change has exactly one outcome."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.connectors.hubspot import HubSpotConnector
from engine.contracts import Change
from engine.errors import AuthError, RateLimitError, SyncError, TransientError
from engine.http import HttpResponse

KEYS = ('k0', 'k1', 'k2', 'k3')
IDS = ('10', '11', '12', '13')
WORDS = st.sampled_from([*KEYS, *IDS, '', 'CONFLICT', 'OBJECT_NOT_FOUND', 'Existing ID: 11'])
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 20) | WORDS,
    lambda inner: st.lists(inner, max_size=2)
    | st.dictionaries(
        st.sampled_from(['objectWriteTraceId', 'ids', 'id', 'odoo_external_id', 'message']),
        inner, max_size=3,
    ),
    max_leaves=5,
)
RECORDS = st.fixed_dictionaries(
    {'id': st.sampled_from(IDS)},
    optional={
        'objectWriteTraceId': st.sampled_from(KEYS),
        'properties': st.dictionaries(st.sampled_from(['odoo_external_id', 'email']), WORDS),
        'new': st.booleans(),
        'archived': st.booleans(),
    },
)
ERRORS = st.fixed_dictionaries(
    {},
    optional={
        'message': WORDS, 'category': WORDS, 'context': ANY, 'errors': ANY, 'subCategory': WORDS,
    },
)
BODIES = (
    st.fixed_dictionaries(
        {}, optional={'results': st.lists(RECORDS, max_size=5), 'errors': st.lists(ERRORS)}
    )
    | ERRORS
    | ANY
)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 207, 207, 400, 404, 409, 403, 413, 422])
ANSWERS = st.lists(
    st.tuples(STATUSES, BODIES.map(json.dumps) | st.just('<html>')), min_size=1, max_size=6
)
CHANGES = st.lists(
    st.builds(
        Change,
        key=st.sampled_from(KEYS),
        remote_id=st.none() | st.sampled_from(IDS),
        operation=st.sampled_from(['upsert', 'upsert', 'upsert', 'delete']),
        values=st.just({'email': 'a@example.com'}) | st.just({}),
        associations=st.just({}) | st.just({'companies': ('11', '12')}),
        dropped=st.just({}) | st.just({'companies': ('13',)}),
    ),
    max_size=6,
)


class Script:
    """An HTTP client that answers from a list, over and over."""

    def __init__(self, answers):
        self.answers = answers
        self.calls = 0

    def request(self, method, path, **call):
        status, body = self.answers[self.calls % len(self.answers)]
        self.calls += 1
        headers = {'content-type': 'text/html' if body.startswith('<') else 'application/json'}
        return HttpResponse(status, headers, body.encode(), 'r')


def hub(answers):
    return HubSpotConnector(Script(answers), {'account_id': '1'})


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CHANGES, ANSWERS)
def test_every_change_has_exactly_one_outcome_whatever_is_answered(changes, answers):
    made = hub(answers)
    try:
        outcomes = made.write('contacts', changes)
    except (AuthError, RateLimitError, TransientError):
        return  # what concerns the connection
    assert [one.key for one in outcomes] == [one.key for one in changes]
    for one in outcomes:
        assert (one.error is None) == (one.status == 'ok')
        assert one.error is None or one.error.user_message
    assert made.http.calls < 300


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(IDS), max_size=5), ANSWERS)
def test_a_read_answers_what_was_asked_or_says_why_not(ids, answers):
    try:
        found = hub(answers).read('contacts', ids, ['email'], ['companies'])
    except SyncError:
        return
    assert list(found) == list(dict.fromkeys(ids))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(WORDS, max_size=5), ANSWERS, st.sampled_from(['odoo_external_id', 'email', 'city']))
def test_a_look_up_answers_every_value_or_says_why_not(values, answers, field):
    try:
        found = hub(answers).find('contacts', field, values, ['email'])
    except SyncError:
        return
    assert list(found) == list(dict.fromkeys(values))
    assert not found.get('')
