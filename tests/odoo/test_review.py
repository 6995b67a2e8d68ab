"""Regressions found by reading: each test tells the story of its bug."""

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from .common import SandboxCase


@tagged('post_install', '-at_install')
class TestReview(SandboxCase):

    def test_two_remote_records_that_match_one_odoo_record_are_two(self):
        """Both took the one partner, their links collided, and a collision cost no try: the batch
        of a hundred was repeated for ever."""
        known = self.env['res.partner'].create(
            {'name': 'Acme', 'is_company': True, 'website': 'https://acme.example'})
        self.env.flush_all()
        self.cr.flush()
        self.env['sync.outbox'].search([]).unlink()
        ids = [self.create_remote('companies', {'name': f'Acme {n}', 'domain': 'acme.example'})
               for n in (1, 2)]
        other = self.create_remote('companies', {'name': 'Other'})
        self.notify(*(('companies', i) for i in [*ids, other]))
        self.work(rounds=2)
        partners = [self.record_of('companies', i) for i in ids]
        self.assertIn(known, partners)
        self.assertEqual(len(set(partners)), 2)
        self.assertTrue(self.record_of('companies', other))
        self.assertFalse(self.lanes())

    def test_a_parent_that_cannot_be_applied_does_not_hold_up_strangers(self):
        """The parents of a batch were applied together, in every half of it: one bad company
        failed a hundred contacts, related or not."""
        bad = self.create_remote('companies', {'name': 'Bad', 'country': 'Atlantis'})
        good = self.create_remote('companies', {'name': 'Good'})
        child, niece, stranger = (
            self.create_remote('contacts', {'firstname': name}) for name in ('A', 'B', 'C'))
        for contact, company in ((child, bad), (niece, good)):
            self.box.change('contacts', {
                'id': contact, 'action': 'associate', 'to': {'type': 'companies', 'id': company}})
        self.notify(*(('contacts', i) for i in (child, niece, stranger)))
        self.work(rounds=2)
        self.assertEqual(
            self.record_of('contacts', niece).parent_id, self.record_of('companies', good))
        self.assertTrue(self.record_of('contacts', stranger))
        self.assertTrue(self.record_of('contacts', child))
        self.assertEqual(self.lanes(state='failed').mapped('key'), [bad])

    def test_what_was_archived_in_odoo_is_not_revived_by_any_event_of_the_remote(self):
        """With the policy "keep the other side", the remote record lives on, and its next event
        un-archived the Odoo record."""
        self.contacts.delete_policy = 'ignore'
        remote_id = self.create_remote('contacts', {'firstname': 'Ann'})
        self.notify(('contacts', remote_id))
        self.work()
        partner = self.record_of('contacts', remote_id)
        partner.action_archive()
        self.work()
        self.box.change('contacts', {'id': remote_id, 'properties': {'city': 'Gent'}})
        self.notify(('contacts', remote_id))
        self.work()
        self.assertFalse(partner.active)
        self.assertSilence()

    def test_an_edit_of_what_only_the_remote_may_say_is_restored(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Ann', 'city': 'Gent'})
        self.notify(('contacts', remote_id))
        self.work()
        partner = self.record_of('contacts', remote_id)
        self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'city').rule = 'remote_wins'
        partner.city = 'Elsewhere'
        self.work(rounds=2)
        self.assertEqual(partner.city, 'Gent')
        self.assertSilence()

    def test_an_edit_under_ask_me_looks_at_the_other_side_first(self):
        """No webhook has arrived yet for what was changed there: it was overwritten unasked."""
        remote_id = self.create_remote('contacts', {'firstname': 'Ann', 'city': 'Gent'})
        self.notify(('contacts', remote_id))
        self.work()
        partner = self.record_of('contacts', remote_id)
        self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'city').rule = 'manual'
        self.box.change('contacts', {'id': remote_id, 'properties': {'city': 'Brugge'}})
        partner.city = 'Leuven'
        self.work(rounds=2)
        self.assertEqual(self.link_of(partner).state, 'conflict')
        self.assertEqual(self.box.object('contacts', remote_id)['properties']['city'], 'Brugge')

    def test_an_edit_under_ask_me_that_nobody_contradicts_is_sent(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Ann', 'city': 'Gent'})
        self.notify(('contacts', remote_id))
        self.work()
        self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'city').rule = 'manual'
        self.record_of('contacts', remote_id).city = 'Leuven'
        self.work(rounds=2)
        self.assertEqual(self.box.object('contacts', remote_id)['properties']['city'], 'Leuven')
        self.assertSilence()

    def test_a_user_without_the_group_can_change_nothing_of_a_link(self):
        partner = self.env['res.partner'].create({'name': 'Max Tester'})
        self.work()
        link = self.link_of(partner)
        stranger = new_test_user(self.env, 'stranger', groups='base.group_user')
        for action in ('action_exclude', 'action_include', 'action_sync_now', 'action_keep_odoo'):
            with self.subTest(action=action), self.assertRaises(UserError):
                getattr(link.with_user(stranger), action)()

    def test_a_user_who_may_only_write_partners_saves_without_noticing_us(self):
        clerk = new_test_user(
            self.env, 'clerk', groups='base.group_user,base.group_partner_manager')
        partner = self.env['res.partner'].create({'name': 'Max Tester'})
        self.work()
        partner.with_user(clerk).write({'city': 'Gent'})
        partner.with_user(clerk).unlink()
        self.env.flush_all()
        self.cr.flush()
        self.assertTrue(self.env['sync.outbox'].search([('res_id', '=', partner.id)]))

    def test_a_mapping_that_stopped_sending_harms_nobody(self):
        """"Both ways" turned into "only in" with messages waiting: every record was taken for one
        that had left the filter, and archived at HubSpot."""
        partner = self.env['res.partner'].create({'name': 'Max Tester'})
        self.work()
        link = self.link_of(partner)
        self.contacts.leave_policy = 'archive'
        partner.city = 'Gent'
        self.env.flush_all()
        self.cr.flush()
        self.contacts.direction = 'in'
        self.work()
        self.assertFalse(self.box.object('contacts', link.remote_id)['archived'])
        self.assertFalse(self.lanes())

    def test_what_waits_for_a_mapping_that_is_gone_is_settled(self):
        self.notify(('contacts', '1'), ('contacts', '2'))
        self.contacts.unlink()
        self.work()
        states = self.env['sync.event'].search([('remote_object', '=', 'contacts')]).mapped('state')
        self.assertEqual(set(states), {'ignored'})
        self.assertFalse(self.lanes())

    def test_a_field_mapped_later_does_not_overwrite_what_was_never_read(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Ann', 'jobtitle': 'CEO'})
        line = self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'function')
        line.unlink()
        self.notify(('contacts', remote_id))
        self.work()
        partner = self.record_of('contacts', remote_id)
        self.env['sync.mapping.line'].create({
            'mapping_id': self.contacts.id, 'odoo_field': 'function',
            'remote_field': 'jobtitle', 'rule': 'prefer_remote'})
        partner.write({'function': 'Clerk', 'city': 'Gent'})
        self.work(rounds=2)
        self.assertEqual(partner.function, 'CEO')
        record = self.box.object('contacts', remote_id)['properties']
        self.assertEqual((record['jobtitle'], record['city']), ('CEO', 'Gent'))
        self.assertSilence()

    def test_an_echo_does_not_bring_back_what_was_just_deleted(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Ann'})
        self.notify(('contacts', remote_id))
        self.work()
        self.record_of('contacts', remote_id).unlink()
        self.notify(('contacts', remote_id))
        self.work(rounds=2)
        self.assertTrue(self.box.object('contacts', remote_id)['archived'])
        self.assertFalse(self.env['res.partner'].search([('name', '=', 'Ann')]))

    def test_a_merge_of_a_merge_finds_its_end(self):
        """A was merged into B, then B into C: the retired link of A was taken for the survivor,
        the two led to each other, and the worker went round for ever."""
        ids = [self.create_remote('contacts', {'firstname': f'M{n}'}) for n in range(3)]
        self.notify(*(('contacts', i) for i in ids))
        self.work()
        first = self.box.change(
            'contacts', {'id': ids[1], 'action': 'merge', 'other': ids[0]})['id']
        self.notify(('contacts', first), kind='merge')
        self.work()
        second = self.box.change(
            'contacts', {'id': ids[2], 'action': 'merge', 'other': first})['id']
        self.notify(('contacts', second), kind='merge')
        self.work()
        for remote_id in (*ids, first, second):
            self.notify(('contacts', remote_id))
        self.assertSilence()
        self.assertEqual(len({self.record_of('contacts', second).id}), 1)

    def test_a_filter_that_broke_does_not_stop_a_users_save(self):
        partner = self.env['res.partner'].create({'name': 'Max Tester'})
        self.env.flush_all()
        self.cr.execute('UPDATE sync_mapping SET domain = %s WHERE id = %s',
                        ["[('gone', '=', 1)]", self.contacts.id])
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        partner.city = 'Gent'
        self.env.flush_all()
        with self.assertLogs('odoo.addons.saas_sync.models.sync_capture', 'ERROR'):
            self.cr.flush()

    def test_a_child_finds_its_parent_that_comes_later(self):
        """The company could not be applied when its contact was; once it could, nobody looked at
        the contact again, and it stayed without company, "in sync"."""
        company = self.create_remote('companies', {'name': 'Late', 'country': 'Atlantis'})
        contact = self.create_remote('contacts', {'firstname': 'Bo'})
        self.box.change('contacts', {
            'id': contact, 'action': 'associate', 'to': {'type': 'companies', 'id': company}})
        self.notify(('contacts', contact))
        self.work(rounds=2)
        partner = self.record_of('contacts', contact)
        self.assertFalse(partner.parent_id)
        self.box.change('companies', {'id': company, 'properties': {'country': 'Belgium'}})
        self.notify(('companies', company))
        self.work(rounds=2)
        self.assertEqual(partner.parent_id, self.record_of('companies', company))
        self.assertSilence()
