"""Real deliveries, signed and posted to the real route, end as partners and opportunities.

The bodies are those of developers' posts (``recorded/hubspot/webhooks``, outside the project); the
records they speak of are put into a sandbox under their real ids.
"""

import json
import os
import unittest
from pathlib import Path
from urllib.parse import urlsplit

from odoo.tests import HttpCase, tagged

from ...models import backlog
from ..account import PUBLIC_URL, AccountMixin, encode, sign

FOLDER = Path(os.environ.get(
    'SAAS_SYNC_RECORDED', Path(__file__).resolve().parents[3] / 'shared' / 'recorded'))
DELIVERIES = FOLDER / 'hubspot' / 'webhooks'
CALLS = FOLDER / 'hubspot' / 'vcr'


@unittest.skipUnless(DELIVERIES.is_dir(), f'no recorded traffic in {FOLDER}')
@tagged('post_install', '-at_install')
class TestRecorded(AccountMixin, HttpCase):
    def setUp(self):
        super().setUp()
        backlog.forget()

    def deliver(self, name, kind, properties):
        """Post a recorded delivery to a connection of its portal; return ``(events, answer)``."""
        events = json.loads((DELIVERIES / f'{name}.json').read_text())
        self.prepare(events[0]['portalId'])
        self.put(kind, events[0].get('objectId') or events[0]['fromObjectId'], properties)
        return events, self.post(events)

    def prepare(self, portal):
        self.connection = self.create_sandbox_connection()
        self.box.reset(limits={'enabled': False}, portal_id=portal)
        self.connection.action_test()
        self.connection.action_create_external_id()
        self.connection._create_default_mappings()
        self.env.flush_all()

    def put(self, kind, remote_id, properties):
        self.box.call('POST', 'import', {kind: [{
            'id': str(remote_id), 'properties': properties, 'archived': False,
            'createdAt': '2025-07-01T08:54:19.094Z', 'updatedAt': '2025-07-01T08:54:19.094Z'}]})

    def post(self, events):
        path, body = urlsplit(self.connection.webhook_url).path, encode(events)
        response = self.opener.post(
            self.base_url() + path, data=body, headers=sign(body, PUBLIC_URL + path), timeout=12)
        self.assertEqual(response.status_code, 202, response.text)
        return response.json()

    def work(self):
        with self.registry.cursor() as cr:
            self.env(cr=cr, user=1)['sync.worker']._work()
        self.env.invalidate_all()

    def events(self):
        return self.env['sync.event'].search([('connection_id', '=', self.connection.id)])

    def record_of(self, kind, remote_id):
        link = self.env['sync.link'].search([
            ('connection_id', '=', self.connection.id), ('remote_object', '=', kind),
            ('remote_id', '=', str(remote_id))])
        self.assertEqual(link.state, 'in_sync', link.reason)
        return link._record()

    def test_a_contact_that_was_created_becomes_one_partner_and_no_answer_is_sent(self):
        events, answer = self.deliver('legacy_contact_create_2025', 'contacts', {
            'firstname': 'Max', 'lastname': 'Tester', 'email': 'max@example.org',
            'phone': '+32400000000'})
        self.assertEqual(answer, {'accepted': len(events), 'duplicates': 0})
        before = self.box.last_n()
        self.work()
        partner = self.record_of('contacts', events[0]['objectId'])
        self.assertRecordValues(partner, [
            {'name': 'Max Tester', 'email': 'max@example.org', 'is_company': False}])
        self.assertEqual(partner.phone.replace(' ', ''), '+32400000000')
        self.assertEqual(set(self.events().mapped('state')), {'done'})
        self.work()
        self.assertEqual(self.box.writes(after=before), [])
        self.assertEqual(self.post(events), {'accepted': 0, 'duplicates': len(events)})

    def test_a_generic_event_of_2026_does_the_same(self):
        events, answer = self.deliver(
            'generic_contact_property_2026', 'contacts', {'email': 'bhalli@hubspot.com'})
        self.assertEqual(answer['accepted'], 1)
        self.work()
        partner = self.record_of('contacts', events[0]['objectId'])
        self.assertEqual(partner.email, 'bhalli@hubspot.com')

    def test_an_association_of_a_deal_brings_the_deal(self):
        events, answer = self.deliver('association_change_2026', 'deals', {
            'dealname': 'Line items', 'amount': '1200.50', 'pipeline': 'default',
            'dealstage': 'appointmentscheduled', 'closedate': '2026-12-31T00:00:00Z'})
        self.assertEqual(answer['accepted'], 1)
        self.work()
        lead = self.record_of('deals', events[0]['fromObjectId'])
        self.assertRecordValues(lead, [
            {'name': 'Line items', 'type': 'opportunity', 'expected_revenue': 1200.5}])

    def test_echoes_of_several_portals_are_kept_and_only_ours_is_worked(self):
        events, answer = self.deliver(
            'echo_own_app_writes', 'contacts', {'email': 'echo@example.org'})
        self.assertEqual(answer['accepted'], len(events))
        self.work()
        self.assertTrue(self.record_of('contacts', events[0]['objectId']))
        others = self.events().filtered(lambda event: event.state == 'ignored')
        self.assertEqual(len(others), len(events) - 1)
        self.assertTrue(all('account' in event.reason for event in others))

    def test_a_recorded_record_is_read_as_it_was(self):
        answer = json.loads((CALLS / 'contacts__find_by_id.json').read_text())[0]['response']
        record = answer['body']
        self.prepare(50249912)
        self.box.call('POST', 'import', {'contacts': [record]})
        events = json.loads((DELIVERIES / 'generic_contact_property_2026.json').read_text())
        self.post([dict(events[0], portalId=50249912, objectId=int(record['id']))])
        self.work()
        partner = self.record_of('contacts', record['id'])
        self.assertRecordValues(partner, [{'name': 'Test User', 'email': 'test@example.org'}])
