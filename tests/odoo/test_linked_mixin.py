"""The smart button: the state it shows, the sentences behind it, and who may read them."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user

from .test_views import ScreenCase


class TestState(ScreenCase):

    def test_a_record_without_a_link_is_not_synchronised(self):
        self.assertEqual(self.partner().sync_state, 'none')

    def test_the_button_is_hidden_where_nothing_maps_the_model(self):
        lead = self.env['crm.lead'].create({'name': 'Deal', 'type': 'opportunity'})
        self.assertFalse(lead.sync_is_set_up)
        self.assertTrue(self.partner().sync_is_set_up)

    def test_a_change_under_way_makes_it_pending_at_once(self):
        partner = self.partner()
        self.data.link(self.mapping, partner)
        self.assertEqual(partner.sync_state, 'in_sync')
        message = self.data.message(self.mapping, partner)
        partner.invalidate_recordset()
        self.assertEqual(partner.sync_state, 'pending')
        message.state = 'done'
        partner.invalidate_recordset()
        self.assertEqual(partner.sync_state, 'in_sync')

    def test_an_event_that_waits_makes_it_pending_too(self):
        partner = self.partner()
        link = self.data.link(self.mapping, partner)
        self.data.event(self.connection, link.remote_id)
        self.assertEqual(partner.sync_state, 'pending')

    def test_the_worst_of_several_links_is_shown(self):
        partner = self.partner()
        self.data.link(self.mapping, partner)
        other = self.data.connection('HubSpot US')
        mapping = self.data.mapping(other)
        link = self.data.link(mapping, partner, remote_id='9', state='excluded')
        for state in ('excluded', 'conflict'):
            link.state = state
            partner.invalidate_recordset()
            self.assertEqual(partner.sync_state, state)
        lane = self.data.failed_lane(other, f'res.partner,{partner.id}', direction='out')
        self.data.message(mapping, partner, lane, state='failed')
        partner.invalidate_recordset()
        self.assertEqual(partner.sync_state, 'failing')

    def test_a_replayed_failure_is_pending_and_no_longer_failing(self):
        partner = self.partner()
        self.data.link(self.mapping, partner)
        lane = self.data.failed_lane(self.connection, f'res.partner,{partner.id}', direction='out')
        self.data.message(self.mapping, partner, lane, state='failed')
        lane.action_replay()
        self.assertEqual(partner.sync_state, 'pending')

    def test_a_tombstone_does_not_count(self):
        partner = self.partner()
        self.data.link(self.mapping, partner, deleted_at=fields.Datetime.now())
        self.assertEqual(partner.sync_state, 'none')

    def test_a_list_of_records_costs_a_constant_number_of_queries(self):
        partners = self.env['res.partner'].create([{'name': f'P{i}'} for i in range(80)])
        for partner in partners:
            self.data.link(self.mapping, partner, remote_id=f'r{partner.id}')
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(5):
            partners.mapped('sync_state')

    def test_another_company_s_account_does_not_show(self):
        company = self.env['res.company'].create({'name': 'Elsewhere'})
        partner = self.partner()
        mapping = self.data.mapping(self.data.connection('Other', company_id=company.id))
        self.data.link(mapping, partner, state='failing')
        self.assertEqual(partner.with_user(self.outsider).sync_state, 'none')
        self.assertEqual(partner.with_context(
            allowed_company_ids=[self.env.company.id, company.id]).sync_state, 'failing')


class WhyCase(ScreenCase):

    def why(self, record, user=None):
        action = record.with_user(user or self.outsider).action_open_sync()
        status = self.env['sync.record.status'].with_user(
            user or self.outsider).browse(action['res_id'])
        return status.why_nothing or '\n'.join(status.line_ids.mapped('why'))


class TestWhy(WhyCase):

    def test_no_mapping(self):
        lead = self.env['crm.lead'].create({'name': 'Deal', 'type': 'opportunity'})
        why = self.why(lead, new_test_user(
            self.env, 'salesman', 'sales_team.group_sale_salesman_all_leads'))
        self.assertIn('No mapping synchronises Lead', why)

    def test_the_filter_is_named_with_the_condition_that_fails(self):
        self.mapping.domain = "[('is_company', '=', False), ('function', '!=', False)]"
        why = self.why(self.partner())
        self.assertIn('leaves it out', why)
        self.assertIn('Job Position is filled in (here: empty)', why)
        self.assertNotIn('Is a Company', why)

    def test_a_selection_is_named_by_its_labels(self):
        self.mapping.domain = "['|', ('type', '=', 'delivery'), ('type', '=', 'invoice')]"
        why = self.why(self.partner())
        self.assertIn('either Address Type is "Delivery"', why)
        self.assertIn(' or Address Type is "Invoice"', why)

    def test_the_direction(self):
        self.mapping.direction = 'in'
        self.assertIn('from HubSpot to Odoo only', self.why(self.partner()))

    def test_a_record_nobody_changed_yet(self):
        self.assertIn('Press "Sync now" to send it', self.why(self.partner()))

    def test_a_mapping_that_creates_nothing_says_what_it_waits_for(self):
        self.mapping.create_out = False
        self.assertIn(
            'as soon as HubSpot has a record that matches by Email', self.why(self.partner()))

    def test_a_paused_connection(self):
        self.connection.state = 'paused'
        self.assertIn('"HubSpot Europe" is paused', self.why(self.partner()))

    def test_refused_credentials(self):
        self.connection.state = 'needs_auth'
        self.assertIn('until a manager signs in again', self.why(self.partner()))

    def test_a_copied_database(self):
        self.connection.database_uuid = 'another database'
        self.assertIn('This database is a copy', self.why(self.partner()))

    def test_shadow_mode(self):
        self.connection.shadow = True
        self.assertIn('shadow mode', self.why(self.partner()))

    def test_excluded_by_whom(self):
        partner = self.partner()
        link = self.data.link(self.mapping, partner)
        link.with_user(self.operator).action_exclude()
        self.assertIn('Excluded by operator', self.why(partner))

    def test_failing_because(self):
        partner = self.partner()
        self.data.link(self.mapping, partner)
        lane = self.data.failed_lane(self.connection, f'res.partner,{partner.id}', direction='out')
        self.assertIn(lane.error_message, self.why(partner))
        self.assertIn('20 minutes ago', self.why(partner))

    def test_waiting_behind_what_and_until_when(self):
        partner = self.partner()
        self.data.lane(
            self.connection, f'res.partner,{partner.id}', direction='out', state='waiting',
            error_message='Waits for "Acme", which has to be sent first.',
            run_at=fields.Datetime.now() + timedelta(minutes=5))
        why = self.why(partner)
        self.assertIn('is tried again in 5 minutes', why)
        self.assertIn('Waits for "Acme"', why)

    def test_the_last_try(self):
        partner = self.partner()
        link = self.data.link(self.mapping, partner)
        self.env['sync.attempt'].create({
            'connection_id': self.connection.id, 'direction': 'in', 'object': 'contacts',
            'key': link.remote_id, 'outcome': 'nothing', 'summary': 'Both sides already agree.'})
        self.assertIn('nothing to do. Both sides already agree.', self.why(partner))

    def test_sleeping_workers_are_said_where_something_waits(self):
        partner = self.partner()
        self.data.message(self.mapping, partner)
        cron = self.env.ref('saas_sync.ir_cron_worker_1')
        cron.write({'active': True, 'nextcall': fields.Datetime.now() - timedelta(hours=1)})
        self.assertIn('do not run', self.why(partner))
        cron.nextcall = fields.Datetime.now() + timedelta(minutes=1)
        self.assertNotIn('do not run', self.why(partner))


class TestDialog(WhyCase):

    def status(self, partner, user):
        action = partner.with_user(user).action_open_sync()
        return self.env['sync.record.status'].with_user(user).browse(action['res_id'])

    def test_whoever_may_not_read_the_record_learns_nothing_of_it(self):
        lead = self.env['crm.lead'].create({'name': 'Deal', 'type': 'opportunity'})
        with self.assertRaises(AccessError):
            lead.with_user(self.outsider).action_open_sync()

    def test_nobody_reads_the_dialog_of_somebody_else(self):
        status = self.status(self.partner(), self.operator)
        with self.assertRaises(AccessError):
            status.with_user(self.outsider).read(['line_ids'])
        with self.assertRaises(AccessError):
            status.line_ids.with_user(self.outsider).read(['why'])

    def test_an_outsider_reads_the_reason_and_cannot_act(self):
        partner = self.partner()
        self.data.link(self.mapping, partner)
        line = self.status(partner, self.outsider).line_ids
        self.assertTrue(line.why)
        for method in ('action_sync_now', 'action_exclude', 'action_include'):
            with self.subTest(method), self.assertRaises(UserError):
                getattr(line, method)()

    def test_the_remote_id_is_a_link_to_the_account(self):
        line_of = self.status(self.linked(), self.operator).line_ids
        self.assertTrue(line_of.remote_url.startswith('https://app.hubspot.com/contacts/'))
        self.assertTrue(line_of.remote_url.endswith('/151'))

    def linked(self, **values):
        partner = self.partner()
        self.data.link(self.mapping, partner, **values)
        return partner

    def test_sync_now_posts_an_event_for_a_linked_record_and_hurries_what_failed(self):
        partner = self.linked()
        lane = self.data.failed_lane(self.connection, f'res.partner,{partner.id}', direction='out')
        self.status(partner, self.operator).line_ids.action_sync_now()
        self.assertEqual(lane.state, 'ready')
        self.assertTrue(self.env['sync.event'].search(
            [('remote_id', '=', '151'), ('state', '=', 'pending'), ('priority', '=', 0)]))

    def test_sync_now_sends_a_record_that_is_not_linked_yet(self):
        partner = self.partner()
        self.status(partner, self.operator).line_ids.action_sync_now()
        message = self.env['sync.outbox'].search([('res_id', '=', partner.id)])
        self.assertEqual((message.state, message.origin), ('pending', 'sync_now'))

    def test_sync_now_sends_where_nothing_may_come_in(self):
        self.mapping.direction = 'out'
        partner = self.linked()
        self.status(partner, self.operator).line_ids.action_sync_now()
        self.assertTrue(self.env['sync.outbox'].search([('res_id', '=', partner.id)]))
        self.assertFalse(self.env['sync.event'].search([('remote_id', '=', '151')]))

    def test_exclude_and_include_from_the_dialog(self):
        partner = self.linked()
        self.status(partner, self.operator).line_ids.action_exclude()
        partner.invalidate_recordset()
        self.assertEqual(partner.sync_state, 'excluded')
        self.status(partner, self.operator).line_ids.action_include()
        partner.invalidate_recordset()
        self.assertEqual(partner.sync_state, 'pending')
