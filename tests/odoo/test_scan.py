"""Import, poll and sweep: what nobody told us of is found, and found once."""

from datetime import timedelta
from unittest.mock import patch

import psycopg2.errors

from odoo import fields
from odoo.tests import new_test_user, tagged

from ...models import sync_scan
from .common import SandboxCase


@tagged('post_install', '-at_install')
class TestScan(SandboxCase):

    def import_all(self):
        self.env['sync.scan']._start_import(self.connection.mapping_ids)
        self.work(rounds=2)

    def poll(self):
        self.connection.poll_enabled = True
        self.connection.mapping_ids.write({
            'poll_since': fields.Datetime.now() - timedelta(days=1), 'sweep_since': False})
        self.work(rounds=2)
        self.connection.poll_enabled = False

    def links(self):
        return self.env['sync.link'].search_count([('connection_id', '=', self.connection.id)])

    def test_an_import_links_everything_once_and_a_second_one_changes_nothing(self):
        self.fresh_account(seed_data={'contacts': 40, 'companies': 12, 'deals': 6, 'seed': 3})
        self.import_all()
        self.assertEqual(self.links(), 58)
        self.assertFalse(self.lanes())
        self.assertEqual(set(self.connection.mapping_ids.mapped('import_state')), {'done'})
        before = self.env['res.partner'].search_count([])
        self.import_all()
        self.assertEqual(self.links(), 58)
        self.assertEqual(self.env['res.partner'].search_count([]), before)
        self.assertSilence()

    def test_an_import_recognises_what_odoo_already_has(self):
        partner = self.env['res.partner'].create({'name': 'Known', 'email': 'KNOWN@example.com'})
        self.env.flush_all()
        self.cr.flush()
        self.env['sync.outbox'].search([]).unlink()
        remote_id = self.create_remote('contacts', {'email': 'known@example.com', 'city': 'Gent'})
        self.import_all()
        self.assertEqual(self.record_of('contacts', remote_id), partner)
        self.assertEqual(partner.city, 'Gent')

    def test_a_poll_finds_changes_without_webhooks(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Polled'})
        self.poll()
        partner = self.record_of('contacts', remote_id)
        self.assertTrue(partner)
        self.box.change('contacts', {'id': remote_id, 'properties': {'city': 'Gent'}})
        self.poll()
        self.assertEqual(partner.city, 'Gent')

    def test_a_long_poll_goes_on_where_it_stopped_and_leaves_nothing_out(self):
        """A poll of a busy account read all its pages in one go, and the lanes of that worker
        waited for the last of them. Now a step reads a few; a cursor keeps the place and the
        window, and only the last page moves "polled until" on."""
        self.box.change('contacts', [
            {'properties': {'firstname': f'Polled {number}'}} for number in range(250)])
        self.contacts.poll_since = start = fields.Datetime.now() - timedelta(days=1)
        with patch.object(sync_scan, 'MAX_POLL_PAGES', 1), self.enter_registry_test_mode():
            scan = self.env['sync.scan']
            self.assertEqual(scan._poll(self.connection, self.contacts), 1)
            self.assertTrue(self.contacts.poll_cursor)
            self.assertEqual(self.contacts.poll_since, start)
            while self.contacts.poll_cursor:
                scan._poll(self.connection, self.contacts)
        self.assertGreater(self.contacts.poll_since, start)
        posted = self.env['sync.event'].search([
            ('connection_id', '=', self.connection.id), ('event_type', '=', 'saas_sync.poll')])
        self.assertEqual(len(set(posted.mapped('remote_id'))), 250)

    def test_a_poll_does_not_read_again_what_it_knows(self):
        self.create_remote('contacts', {'firstname': 'Polled'})
        self.poll()
        before = self.env['sync.event'].search_count([])
        self.poll()
        self.assertEqual(self.env['sync.event'].search_count([]), before)

    def test_the_sweep_finds_deletions_nobody_reported(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Doomed'})
        self.poll()
        partner = self.record_of('contacts', remote_id)
        self.box.change('contacts', {'id': remote_id, 'action': 'delete'})
        self.poll()
        self.assertFalse(partner.active)

    def test_a_scan_that_loses_a_race_is_no_error_and_is_done_again(self):
        """Found by the fault campaign (seed 1).

        Timeline: a worker polls a mapping, in a snapshot of its own. Meanwhile the administrator
        presses "Poll now", or another worker is told to be silent: the row is written. The
        worker's commit cannot be serialised. It was logged as an error of ours, with a traceback.

        What this proves: such a race is rolled back, said in one line, and the next round polls.
        """
        remote_id = self.create_remote('contacts', {'firstname': 'Raced'})
        scan, original = type(self.env['sync.scan']), type(self.env['sync.scan'])._poll
        races = [psycopg2.errors.SerializationFailure('could not serialize access')]

        def poll(model, connection, mapping):
            if races:
                raise races.pop()
            return original(model, connection, mapping)

        with patch.object(scan, '_poll', poll), patch.object(sync_scan, '_logger') as log:
            self.poll()
        self.assertTrue(self.record_of('contacts', remote_id))
        self.assertFalse(races)
        self.assertEqual([name for name, _args, _kwargs in log.mock_calls], ['info'])

    def test_what_another_worker_has_just_done_is_left_alone(self):
        """Timeline: two workers find that a mapping which was never imported wants its schema
        read; the first does it, the second gets the lock after it. It went on to a poll that
        nobody had asked for, from no date at all: an error in the log (found by the fault
        campaign, seed 1)."""
        mappings = self.connection.mapping_ids
        mappings.write({'schema_checked_at': fields.Datetime.now(), 'poll_since': False})
        mark = self.box.last_n()
        with patch.object(type(self.env['sync.scan']), '_candidates', lambda _scan: mappings), \
                self.assertNoLogs(sync_scan.__name__, 'ERROR'):
            self.work()
        self.assertEqual(self.box.last_n(), mark)

    def test_our_own_writes_come_back_as_no_work(self):
        partner = self.env['res.partner'].create({'name': 'Ours', 'email': 'ours@example.com'})
        self.work()
        remote_id = self.link_of(partner).remote_id
        self.poll()
        events = self.env['sync.event'].search([('remote_id', '=', remote_id)])
        self.assertEqual(set(events.mapped('reason')), {'Both sides already agree.'})
        self.assertSilence()

    def test_an_edit_there_just_before_our_own_write_is_not_skipped_by_the_poll(self):
        """Found in review: the time of our own write was noted as known, so a poll skipped what a
        person had changed at HubSpot seconds before, for good."""
        remote_id = self.create_remote('contacts', {'firstname': 'Ann'})
        self.poll()
        partner = self.record_of('contacts', remote_id)
        self.box.change('contacts', {'id': remote_id, 'properties': {'phone': '+3225550102'}})
        partner.city = 'Gent'
        self.work()
        self.poll()
        self.assertTrue(partner.phone)
        self.assertEqual(self.box.object('contacts', remote_id)['properties']['city'], 'Gent')

    def test_an_import_after_shadow_mode_imports(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Rehearsed'})
        self.connection.shadow = True
        self.import_all()
        self.assertFalse(self.record_of('contacts', remote_id))
        self.connection.shadow = False
        self.import_all()
        self.assertTrue(self.record_of('contacts', remote_id))

    def test_send_all_sends_what_was_there_before_the_connection(self):
        partner = self.env['res.partner'].create({'name': 'Old Customer'})
        self.env.flush_all()
        self.cr.flush()
        self.env['sync.outbox'].search([]).unlink()
        self.contacts.domain = f"[('id', '=', {partner.id})]"
        self.contacts.action_send_all()
        self.work()
        self.assertTrue(self.link_of(partner))
        self.contacts.action_resync()
        self.assertSilence()

    def test_an_owner_is_the_user_of_exactly_that_address(self):
        """An underscore in the e-mail was a wildcard, and found somebody else."""
        other, right = (
            new_test_user(self.env, login, email=login, groups='base.group_user')
            for login in ('axb@example.com', 'a_b@example.com'))
        self.box.change('owners', {'properties': {
            'email': 'a_b@example.com', 'firstName': 'A', 'lastName': 'B'}})
        self.connection.action_discover()
        owner = next(
            option['value'] for option in self.env['sync.remote.field'].search([
                ('connection_id', '=', self.connection.id), ('remote_object', '=', 'contacts'),
                ('name', '=', 'hubspot_owner_id')]).options
            if 'a_b@example.com' in str(option))
        remote_id = self.create_remote('contacts', {'firstname': 'Ann', 'hubspot_owner_id': owner})
        self.notify(('contacts', remote_id))
        self.work()
        self.assertEqual(self.record_of('contacts', remote_id).user_id, right)
        self.assertNotEqual(right, other)
