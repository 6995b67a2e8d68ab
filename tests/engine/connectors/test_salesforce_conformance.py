"""Salesforce passes the conformance suite, and does what only Salesforce asks for."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from datetime import datetime, timedelta, timezone

import pytest
from conformance import Conformance, Stage
from conftest import client

from engine.connectors import salesforce_read
from engine.connectors.salesforce import SalesforceConnector
from engine.contracts import Change, WebhookRequest
from engine.errors import ConfigurationError, ConflictError, DataError, RateLimitError
from tests.sandbox_process import running

FAR = datetime(2099, 1, 1, tzinfo=timezone.utc)
SECRET = b'the secret of flow and apex'


class SalesforceStage(Stage):
    contact = 'Contact'
    company = 'Account'
    name_field = 'LastName'
    mail_field = 'Email'
    company_name_field = 'Name'
    external_id_field = 'Odoo_Id__c'
    unknown_id = '003Qy00000ZZZZZIAQ'

    def __init__(self, box):
        self.box = box
        self.set_up_calls = 0

    def bare_connector(self, **settings):
        settings = {
            'account_id': self.box.info['org_id'],
            'instance_url': self.box.url,
            'poll_lag': 0,
            **settings,
        }
        return SalesforceConnector(client(self.box), settings)

    def connector(self, **settings):
        made = self.bare_connector(**settings)
        for name in made.objects:
            made.create_external_id(name)
        self.set_up_calls = self.box.last_n()
        return made

    def records(self, remote_object):
        rows = self.box.objects(remote_object)
        return {row['id']: row['properties'] for row in rows if not row['archived']}

    def external_ids(self, remote_object):
        rows = self.records(remote_object).values()
        return [row['Odoo_Id__c'] for row in rows if 'Odoo_Id__c' in row]

    def write_calls(self):
        calls = self.box.writes(self.set_up_calls)
        return len([call for call in calls if call['status'] and call['status'] < 300])

    def by_hand(self, remote_object, values):
        return self.box.change(remote_object, {'properties': values})['id']

    def merge_by_hand(self, remote_object, winner, loser):
        body = {'id': winner, 'action': 'merge', 'other': loser}
        return self.box.change(remote_object, body)['id']

    def lose_next_answer(self, times=1):
        fault = {'kind': 'commit_then_drop', 'match': '/composite/sobjects', 'count': times}
        self.box.faults(fault)

    def fail_next(self, status, times=1, **more):
        kind = 'request_limit' if status == 429 else f'http_{status}'
        self.box.faults({'kind': kind, 'count': times, **more})

    def revoke(self):
        self.box.call('POST', 'auth', {'revoke': [self.box.token]})

    def delivery(self, events=1):
        rows = [
            {'id': f'003Qy0000000{n:03d}', 'object': 'Contact', 'type': 'created', 'event': str(n)}
            for n in range(events)
        ]
        body, stamp = json.dumps(rows).encode(), str(int(time.time()))
        text = stamp.encode() + b':' + body
        headers = {
            'content-type': 'application/json',
            'x-timestamp': stamp,
            'x-signature': hmac.new(SECRET, text, hashlib.sha256).hexdigest(),
        }
        url = 'https://erp.example.com/saas_sync/webhook/abc'
        request = WebhookRequest(method='POST', url=url, headers=headers, body=body)
        return request, SECRET, datetime.now(timezone.utc)


def person(name, **more):
    return Change(key=name, values={'LastName': name}, **more)


class TestSalesforce(Conformance):
    @pytest.fixture
    def stage(self):
        box = running('salesforce')
        box.reset(limits={'enabled': False}, tooling_grants_access=True, external_id='')
        return SalesforceStage(box)

    # --- what only Salesforce does --------------------------------------------------------------

    def test_two_hundred_records_are_one_call(self, hub, stage):
        before = stage.write_calls()
        outcomes = hub.write('Contact', [person(f'P{n}') for n in range(200)])
        assert {one.status for one in outcomes} == {'ok'}
        assert stage.write_calls() - before == 1

    def test_ids_of_fifteen_characters_are_answered_as_they_were_asked(self, hub, stage):
        long = stage.by_hand('Contact', {'LastName': 'Ada'})
        found = hub.read('Contact', [long[:15]], ['LastName'])
        assert found[long[:15]].remote_id == long

    def test_a_contact_belongs_to_its_account(self, hub, stage):
        (account,) = hub.write('Account', [Change(key='a', values={'Name': 'Acme'})])
        ids = (account.remote_id,)
        (one,) = hub.write('Contact', [person('Ada', associations={'Account': ids})])
        (record,) = hub.read('Contact', [one.remote_id], [], ['Account']).values()
        assert record.associations == {'Account': ids}
        empty = Change(key='Ada', remote_id=one.remote_id, associations={'Account': ()})
        assert hub.write('Contact', [empty])[0].status == 'ok'
        (record,) = hub.read('Contact', [one.remote_id], ['associations.Account']).values()
        assert record.associations == {'Account': ()}

    def test_what_is_in_the_recycle_bin_is_archived_and_what_was_purged_is_not_there(
        self, hub, stage, monkeypatch
    ):
        later = datetime.now(timezone.utc) + timedelta(seconds=61)
        monkeypatch.setattr(salesforce_read, 'utcnow', lambda: later)
        ids = [stage.by_hand('Contact', {'LastName': name}) for name in ('Bin', 'Gone')]
        for remote_id in ids:
            stage.box.change('Contact', {'id': remote_id, 'action': 'delete'})
        stage.box.change('Contact', {'id': ids[1], 'action': 'purge'})
        found = hub.read('Contact', ids, ['LastName'])
        assert found[ids[0]].archived and found[ids[1]] is None
        listed, cursor = set(), None
        while True:
            page = hub.list_page('Contact', [], cursor, archived=True)
            listed |= {record.remote_id for record in page.records}
            if (cursor := page.cursor) is None:
                break
        assert listed >= set(ids), 'the log of deletions names what left the bin'

    def test_a_poll_sees_deletions_and_passes_a_thousand_rows_of_one_stamp(self, hub, stage):
        start = datetime.now(timezone.utc).replace(microsecond=0)
        outcomes = hub.write('Contact', [person(f'P{n}') for n in range(2100)])
        gone = outcomes[0].remote_id
        stage.box.change('Contact', {'id': gone, 'action': 'delete'})
        seen, cursor = {}, None
        while True:
            page = hub.poll_page('Contact', start, FAR, cursor)
            seen |= {record.remote_id: record.archived for record in page.records}
            if (cursor := page.cursor) is None:
                break
        assert len(seen) == 2100 and [one for one, gone in seen.items() if gone] == [gone]

    def test_a_poll_stays_behind_the_present_unless_told_otherwise(self, stage):
        hub = stage.connector(poll_lag=None)
        stage.by_hand('Contact', {'LastName': 'Ada'})
        start = datetime.now(timezone.utc).replace(microsecond=0)
        assert not hub.poll_page('Contact', start, datetime.now(timezone.utc)).records

    def test_a_locked_row_is_tried_again_by_itself_and_holds_up_no_other(self, hub, stage):
        (one, other) = hub.write('Contact', [person('Ada'), person('Eve')])
        stage.box.change('Contact', {'id': one.remote_id, 'action': 'lock'})
        changes = [
            Change(key='Ada', remote_id=one.remote_id, values={'Title': 'Countess'}),
            Change(key='Eve', remote_id=other.remote_id, values={'Title': 'First'}),
        ]
        outcomes = hub.write('Contact', changes)
        assert [outcome.status for outcome in outcomes] == ['failed', 'ok']
        assert outcomes[0].error.error_class == 'transient'

    def test_a_duplicate_rule_names_the_record_that_is_there(self, stage):
        stage.box.reset(
            limits={'enabled': False},
            duplicate_rules=[{'object': 'Contact', 'match': ['Email'], 'block': True}],
        )
        hub = stage.connector()
        there = stage.by_hand('Contact', {'LastName': 'Ada', 'Email': 'ada@example.com'})
        values = {'LastName': 'Ada', 'Email': 'ada@example.com'}
        (outcome,) = hub.write('Contact', [Change(key='k', values=values)])
        assert isinstance(outcome.error, ConflictError)
        assert outcome.error.remote_id == there

    def test_a_required_field_is_named(self, hub, stage):
        (outcome,) = hub.write('Contact', [Change(key='k', values={'FirstName': 'Ada'})])
        assert isinstance(outcome.error, DataError) and outcome.error.field == 'LastName'

    def test_used_up_calls_stop_the_connection_and_no_record(self, hub, stage):
        stage.fail_next(429, times=3)
        with pytest.raises(RateLimitError):
            hub.read('Contact', [stage.unknown_id], ['LastName'])

    def test_a_field_the_user_may_not_see_is_told(self, stage):
        stage.box.reset(limits={'enabled': False}, external_id='')
        with pytest.raises(ConfigurationError, match='see'):
            stage.bare_connector().create_external_id('Contact')

    def test_stages_and_owners_say_what_they_are(self, hub):
        fields = {field.name: field for field in hub.describe('Opportunity')}
        stages = fields['StageName'].options
        closed = [one for one in stages if one.meta['isClosed'] == 'true']
        assert {bool(one.meta['probability']) for one in closed} == {True, False}, 'won and lost'
        assert any('@' in one.meta['email'] for one in fields['OwnerId'].options)

    def test_values_that_look_like_queries_are_values(self, hub, stage):
        odd = "x' OR Name != '\\"
        known = stage.by_hand('Account', {'Name': odd})
        stage.by_hand('Account', {'Name': 'other'})
        found = hub.find('Account', 'Name', [odd], ['Name'])
        assert [one.remote_id for one in found[odd]] == [known]

    def test_a_version_that_ends_is_refused_where_it_is_entered(self, stage):
        for version in ('v40.0', '66', 'v66.0/../x'):
            with pytest.raises(ConfigurationError):
                stage.bare_connector(api_version=version).account()
