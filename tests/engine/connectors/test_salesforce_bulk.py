"""Bulk API 2.0 jobs: every row is accounted for, whatever became of the job."""

from __future__ import annotations

import time

import pytest
from test_salesforce_conformance import SalesforceStage

from engine.contracts import Change
from engine.errors import ConflictError, DataError
from tests.sandbox_process import running


@pytest.fixture
def stage():
    box = running('salesforce')
    box.reset(limits={'enabled': False}, bulk={'delay_ms': 0, 'chunk_ms': 0, 'fail_after': None})
    return SalesforceStage(box)


@pytest.fixture
def bulk(stage):
    return stage.bare_connector().bulk('Contact')


def person(key, **values):
    return Change(key=key, values={'LastName': key, **values})


def run(bulk, changes, *, by_id=False):
    """The results of a job with these changes."""
    job = bulk.create(by_id=by_id)
    assert bulk.state(job) == 'open'
    bulk.send(job, changes, by_id=by_id)
    until = time.monotonic() + 30
    while bulk.state(job) != 'ended':
        assert time.monotonic() < until, 'the job does not end'
        time.sleep(0.02)
    return bulk.results(job, by_id=by_id)


def test_rows_are_upserted_by_our_key_and_told_apart_by_it(stage, bulk):
    changes = [person(f'k{n}', Email=f'p{n}@example.com') for n in range(300)]
    first = run(bulk, changes)
    assert {row['status'] for row in first.values()} == {'ok'} and len(first) == 300
    assert all(row['created'] for row in first.values())
    again = run(bulk, changes)
    assert not any(row['created'] for row in again.values())
    assert len(stage.records('Contact')) == 300
    outcome = bulk.outcome(changes[7], first['k7'])
    assert stage.records('Contact')[outcome.remote_id]['LastName'] == 'k7'


def test_a_refused_row_says_why_and_costs_no_other(bulk):
    bad = person('bad', Email='no address')
    rows = run(bulk, [person('good'), bad])
    assert rows['good']['status'] == 'ok'
    error = bulk.outcome(bad, rows['bad']).error
    assert isinstance(error, DataError) and error.field == 'Email'
    assert 'Email' in error.user_message


def test_updates_by_id_empty_what_is_none_and_leave_what_is_not_named(stage, bulk):
    ids = [stage.by_hand('Contact', {'LastName': name, 'Title': 'Buyer', 'Phone': '1'})
           for name in ('Ada', 'Eve')]  # fmt: skip
    changes = [
        Change(key='a', remote_id=ids[0], values={'Title': None}),
        Change(key='e', remote_id=ids[1][:15], values={'Phone': '2', 'Description': 'a,"b"\nc'}),
    ]
    rows = run(bulk, changes, by_id=True)
    assert rows.keys() == set(ids)
    records = stage.records('Contact')
    assert records[ids[0]].get('Title') is None and records[ids[0]]['Phone'] == '1'
    assert (records[ids[1]]['Title'], records[ids[1]]['Phone']) == ('Buyer', '2')
    assert records[ids[1]]['Description'] == 'a,"b"\nc'


def test_rows_that_share_a_parent_stand_together(stage, bulk):
    accounts = [stage.by_hand('Account', {'Name': name}) for name in 'ab']
    changes = [
        Change(key=f'k{n}', values={'LastName': 'x'}, associations={'Account': (accounts[n % 2],)})
        for n in range(4)
    ]
    lines = bulk.csv(changes, by_id=False).decode().splitlines()
    column = lines[0].split(',').index('AccountId')
    parents = [line.split(',')[column] for line in lines[1:]]
    assert parents == sorted(parents)


def test_rows_of_a_job_that_breaks_off_are_not_taken_for_done(stage, bulk):
    stage.box.call('POST', 'config', {'bulk': {'delay_ms': 0, 'chunk_ms': 0, 'fail_after': 200}})
    rows = run(bulk, [person(f'k{n}') for n in range(600)])
    done = [key for key, row in rows.items() if row['status'] == 'ok']
    assert len(done) == len(stage.records('Contact')) < 600
    assert all(rows[f'k{n}']['status'] in ('ok', 'unprocessed') for n in range(600))


def test_one_key_twice_is_refused_for_both_and_says_so(bulk):
    twins = [person('same'), person('same')]
    rows = run(bulk, twins)
    assert isinstance(bulk.outcome(twins[0], rows['same']).error, ConflictError)


def test_a_job_that_never_began_can_be_given_up(bulk):
    job = bulk.create(by_id=False)
    bulk.abort(job)
    assert bulk.state(job) == 'ended'
