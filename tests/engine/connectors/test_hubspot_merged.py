"""Records that were merged or erased meanwhile: found where they live on, at a bounded cost."""

from __future__ import annotations

from json import dumps

import pytest

from engine.contracts import Change
from engine.errors import DataError, RateLimitError, TransientError
from engine.http import HttpResponse


def person(box, **properties):
    return box.change('contacts', {'properties': properties})['id']


def merged(box):
    """The ids of a loser and of the record that it became."""
    loser = person(box, firstname='Ada')
    other = person(box, firstname='Ida')
    return loser, box.change('contacts', {'id': loser, 'action': 'merge', 'other': other})['id']


def update(remote_id, **values):
    return Change(key=f'k{remote_id}', remote_id=remote_id, values=values)


def after_the_first(hub, part, error, count=0):
    """Raise ``error`` for the requests whose path holds ``part``, but for the first ``count``."""
    real, met = hub.http.request, []

    def request(method, path, **call):
        met.extend([path] if part in path else [])
        if part in path and len(met) > count:
            raise error
        return real(method, path, **call)

    hub.http.request = request


# --- writing ----------------------------------------------------------------------------------

STOPS = [DataError('refused'), TransientError('broken'), RateLimitError('slow', retry_after=3)]


@pytest.mark.parametrize('error', STOPS, ids=lambda error: error.error_class)
def test_what_stops_the_search_for_a_survivor_fails_that_record_only(box, hub9, error):
    """The survivor was looked for inside the sending of the batch, after it was written: a
    DataError there had the batch halved and sent again, a TransientError threw the outcomes away.
    """
    live, (loser, _survivor) = person(box, firstname='Eva'), merged(box)
    after_the_first(hub9, 'batch/read', error)
    after = box.last_n()
    outcomes = hub9.write('contacts', [update(live, city='Gent'), update(loser, city='Gent')])
    assert [one.status for one in outcomes] == ['ok', 'failed']
    assert outcomes[1].error is error
    assert len(box.writes(after)) == 1, 'the batch was sent once'


@pytest.mark.parametrize('error', STOPS, ids=lambda error: error.error_class)
def test_what_stops_the_second_write_fails_that_record_only(box, hub9, error):
    """The write to the survivor was part of the first one's sending, with the same two ends."""
    live, (loser, _survivor) = person(box, firstname='Eva'), merged(box)
    after_the_first(hub9, 'batch/update', error, count=1)
    after = box.last_n()
    outcomes = hub9.write('contacts', [update(live, city='Gent'), update(loser, city='Gent')])
    assert outcomes[0].status == 'ok'
    assert outcomes[1].error is error or isinstance(outcomes[1].error, TransientError)
    assert len(box.writes(after)) == 1, 'the batch was sent once'


def test_a_lone_update_of_a_merged_record_is_written_to_the_survivor(box, hub):
    """Where HubSpot refuses the whole request, the merge was not followed at all."""
    loser, survivor = merged(box)
    real = hub.http.request

    def without_traces(method, path, *, json=None, **call):
        if path.endswith('batch/update'):
            rows = [{**row, 'objectWriteTraceId': None} for row in json['inputs']]
            json = {'inputs': [{k: v for k, v in row.items() if v is not None} for row in rows]}
        return real(method, path, json=json, **call)

    hub.http.request = without_traces
    (outcome,) = hub.write('contacts', [update(loser, city='Gent')])
    assert (outcome.status, outcome.remote_id) == ('ok', survivor)
    assert box.object('contacts', survivor)['properties']['city'] == 'Gent'


def test_a_hundred_updates_of_erased_records_cost_a_bounded_number_of_calls(box, hub9):
    """Each lost record cost a read of its own: a hundred of them the whole burst of ten seconds."""
    changes = [update(str(10**6 + n), city='Gent') for n in range(100)]
    after = box.last_n()
    outcomes = hub9.write('contacts', changes)
    assert {one.error.code for one in outcomes} == {'OBJECT_NOT_FOUND'}
    assert len(box.ledger(after)) <= 13, 'the update, two batch reads, ten probes'


# --- reading ----------------------------------------------------------------------------------


def test_a_hundred_erased_records_cost_a_bounded_number_of_calls(box, hub):
    """An administrator erased thousands of contacts; every read of a hundred of them was followed
    by a hundred single reads, and nothing else got through for ten seconds."""
    rows = [{'id': str(n), 'properties': {'firstname': 'x'}} for n in range(1, 101)]
    box.call('POST', 'import', {'contacts': rows})
    for row in rows:
        box.change('contacts', {'id': row['id'], 'action': 'gdpr_delete'})
    after = box.last_n()
    found = hub.read('contacts', [row['id'] for row in rows], ['firstname'])
    assert list(found.values()) == [None] * 100
    assert len(box.ledger(after)) <= 12, 'two batch reads, ten probes'


def reading_without_merges(hub, *, silent):
    """Batch read finds nothing; ``silent``: and does not say so either."""
    real = hub.http.request

    def request(method, path, *, json=None, **call):
        if not path.endswith('batch/read'):
            return real(method, path, json=json, **call)
        ids = [row['id'] for row in json['inputs']]
        row = {'category': 'OBJECT_NOT_FOUND', 'context': {'ids': ids}}
        body = {'results': [], 'errors': [] if silent else [row]}
        return HttpResponse(207, {'content-type': 'application/json'}, dumps(body).encode())

    hub.http.request = request


@pytest.mark.parametrize('silent', [True, False])
def test_a_batch_read_that_does_not_follow_merges_is_not_believed(box, hub9, silent):
    """Believing it would delete in Odoo what was merged at HubSpot: as soon as one probe finds a
    record, or where HubSpot does not say that there is none, every record is asked for alone."""
    pairs = [merged(box) for _ in range(13)]
    reading_without_merges(hub9, silent=silent)
    found = hub9.read('contacts', [loser for loser, _survivor in pairs], ['firstname'])
    assert {one: record.remote_id for one, record in found.items()} == dict(pairs)


def test_what_hubspot_does_not_deny_is_asked_for_alone(box, hub9):
    """An id that neither batch read answers nor denies is not taken for erased."""
    after = box.last_n()
    reading_without_merges(hub9, silent=True)
    ids = [str(10**6 + n) for n in range(12)]
    assert hub9.read('contacts', ids, ['firstname']) == dict.fromkeys(ids)
    assert len(box.ledger(after)) == 12
