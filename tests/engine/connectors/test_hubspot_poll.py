"""Polling by search: whatever the number of records and of equal times, none is left out."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta, timezone

import pytest
from conftest import connector
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.connectors.hubspot_objects import object_type
from engine.connectors.hubspot_search import PAGE, Place, poll_page
from engine.connectors.hubspot_wire import RecordPage, milliseconds, moment
from engine.errors import ContractError, TransientError

START = datetime(2026, 5, 1, 10, tzinfo=timezone.utc)
CONTACTS = object_type('contacts')


def rows(times, first=1):
    return [
        {
            'id': str(first + number),
            'properties': {'firstname': 'x', 'lastmodifieddate': at.isoformat()},
            'updatedAt': at.isoformat(),
        }
        for number, at in enumerate(times)
    ]


def poll(hub, since, until, kind='contacts'):
    seen, cursor, pages = Counter(), None, 0
    while True:
        page = hub.poll_page(kind, since, until, cursor)
        seen.update(one.remote_id for one in page.records)
        pages += 1
        if page.cursor is None:
            return seen, pages
        assert isinstance(page.cursor, str) and page.cursor != cursor, 'it goes on'
        cursor = page.cursor


def load(box, times, kind='contacts'):
    box.call('POST', 'import', {kind: rows(times)})


def test_a_window_of_many_pages_is_seen_in_full_and_oldest_first(box, hub):
    times = [START + timedelta(milliseconds=7 * n) for n in range(3 * PAGE)]
    load(box, times)
    seen, _pages = poll(hub, START, START + timedelta(hours=1))
    assert set(seen) == {str(n + 1) for n in range(3 * PAGE)}
    page = hub.poll_page('contacts', START, START + timedelta(hours=1))
    ats = [one.updated_at for one in page.records]
    assert ats == sorted(ats)
    assert all(not one.values for one in page.records)


def test_a_thousand_records_of_one_millisecond_are_all_seen(box, hub):
    load(box, [START] * 1000 + [START + timedelta(milliseconds=1)] * 3)
    seen, _pages = poll(hub, START, START + timedelta(hours=1))
    assert len(seen) == 1003


def test_more_than_search_shows_in_one_query_is_seen_in_full(box, hub9):
    load(box, [START + timedelta(milliseconds=n // 3) for n in range(10_400)])
    seen, pages = poll(hub9, START, START + timedelta(hours=1))
    assert len(seen) == 10_400
    assert pages < 60
    assert max(seen.values()) <= 2


def test_the_window_has_both_ends(box, hub):
    load(box, [START - timedelta(milliseconds=1), START, START + timedelta(seconds=1),
               START + timedelta(seconds=1, milliseconds=1)])
    seen, _pages = poll(hub, START, START + timedelta(seconds=1))
    assert set(seen) == {'2', '3'}


def test_each_object_is_polled_by_its_own_property(box, hub):
    row = {'id': '1', 'properties': {'hs_lastmodifieddate': START.isoformat(), 'name': 'A'}}
    box.call('POST', 'import', {'companies': [row]})
    seen, _pages = poll(hub, START, START + timedelta(seconds=1), 'companies')
    assert set(seen) == {'1'}


def test_the_beginning_of_time_may_be_asked_for(box, hub):
    load(box, [START])
    epoch = datetime(1970, 1, 1, tzinfo=timezone.utc)
    assert set(poll(hub, epoch, START)[0]) == {'1'}


def test_an_empty_window_asks_nothing(box, hub9):
    after = box.last_n()
    assert hub9.poll_page('contacts', START, START - timedelta(seconds=1)).records == ()
    assert not box.ledger(after)


def test_polls_use_the_bucket_of_searches(box):
    asked = []

    class Recording:
        def request(self, method, path, **call):
            asked.append(call['bucket'])
            raise TransientError('enough')

    hub = connector(box)
    hub.http = Recording()
    with pytest.raises(TransientError):
        hub.poll_page('contacts', START, START)
    assert asked == ['search']


def test_records_that_are_modified_while_we_page_are_not_lost(box, hub9):
    """By offset, a record that moves to the end pulls an unseen one into a page that is over."""
    load(box, [START + timedelta(milliseconds=n) for n in range(2 * PAGE + 50)])
    until = START + timedelta(hours=1)
    first = hub9.poll_page('contacts', START, until)
    for number in range(1, 60):
        box.change('contacts', {'id': str(number), 'properties': {'city': 'Gent'}})
    seen = {one.remote_id for one in first.records}
    cursor = first.cursor
    while cursor:
        page = hub9.poll_page('contacts', START, until, cursor)
        seen |= {one.remote_id for one in page.records}
        cursor = page.cursor
    assert seen == {str(n + 1) for n in range(2 * PAGE + 50)}


@pytest.mark.parametrize('cursor', ['', 'x', '1:2', '-1::0', '1::0:0', '٣::0', '1:a:0', '9' * 30])
def test_a_cursor_that_is_not_ours_is_refused(cursor):
    with pytest.raises(ContractError):
        Place.of(cursor)


# --- a law, against a search that behaves as documented -----------------------------------------


class Index:
    """HubSpot's search over records ``id → time``, by the rules that matter to paging."""

    def __init__(self, times):
        self.times = times

    def ask(self, model, path, body, bucket):
        assert (model, bucket) == (RecordPage, 'search')
        (group,) = body['filterGroups']
        rows = [
            (at, one) for one, at in self.times.items()
            if all(self._holds(test, one, at) for test in group['filters'])
        ]
        by_id = body['sorts'][0]['propertyName'] == 'hs_object_id'
        rows.sort(key=lambda row: row[1] if by_id else row)
        start = int(body.get('after') or 0)
        page = rows[start : start + body['limit']]
        answer = {'results': [self._row(*row) for row in page]}
        if start + len(page) < len(rows):
            answer['paging'] = {'next': {'after': str(start + len(page))}}
        return RecordPage.model_validate(answer)

    def _holds(self, test, one, at):
        value = one if test['propertyName'] == 'hs_object_id' else at
        wanted = int(test['value'])
        return {
            'EQ': value == wanted, 'GT': value > wanted,
            'GTE': value >= wanted, 'LTE': value <= wanted,
        }[test['operator']]

    def _row(self, at, one):
        return {'id': str(one), 'properties': {'lastmodifieddate': str(at)}}

    class paths:
        @staticmethod
        def search(name):
            return name


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(1, 450)), max_size=6),
    st.integers(0, 6),
    st.integers(0, 12),
)
def test_every_record_of_the_window_is_seen_whatever_shares_a_millisecond(groups, low, high):
    base, times = milliseconds(START), {}
    for at, count in groups:
        for _ in range(count):
            times[len(times) + 1] = base + at
    index, seen, cursor = Index(times), set(), None
    window = moment(str(base + low)), moment(str(base + high))
    for _ in range(200):
        page = poll_page(index, CONTACTS, *window, cursor)
        seen |= {int(one.remote_id) for one in page.records}
        cursor = page.cursor
        if cursor is None:
            break
    assert cursor is None, 'it comes to an end'
    assert seen == {one for one, at in times.items() if base + low <= at <= base + high}


class Ahead(Index):
    """An index that is behind: what it shows has been modified after the window."""

    def _row(self, at, one):
        return {'id': str(one), 'properties': {'lastmodifieddate': str(at + 10**9)}}


def test_records_shown_with_a_later_time_are_left_to_the_next_window():
    base = milliseconds(START)
    index = Ahead({n: base for n in range(1, PAGE + 11)})
    page = poll_page(index, CONTACTS, START, START, None)
    assert page.records == ()
    page = poll_page(index, CONTACTS, START, START, page.cursor)
    assert (page.records, page.cursor) == ((), None)


def test_an_index_that_is_hopelessly_behind_is_tried_again_later():
    base = milliseconds(START)
    index = Ahead({n: base for n in range(1, 10_500)})
    cursor = None
    with pytest.raises(TransientError):
        for _ in range(60):
            cursor = poll_page(index, CONTACTS, START, START, cursor).cursor


@given(st.integers(0, 250_000_000_000_000_000))
def test_times_survive_the_way_in_both_forms(microseconds):
    at = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=microseconds)
    floor = at.replace(microsecond=at.microsecond // 1000 * 1000)
    assert moment(str(milliseconds(at))) == floor
    assert moment(at.isoformat()) == at


@pytest.mark.parametrize(
    'text', ['', 'x', None, '-5', '2026-13-01', True, [], 1.5, '9' * 20, '0' * 20]
)
def test_what_is_no_time_is_none(text):
    assert moment(text) is None


@pytest.mark.parametrize(
    'text', ['2026-05-01T10:00:00Z', '2026-05-01T10:00:00.0Z', '2026-05-01T12:00:00+02:00',
             '2026-05-01T10:00:00.000', '1777629600000', 1777629600000]
)
def test_every_spelling_of_a_time_is_the_same(text):
    assert moment(text) == START
