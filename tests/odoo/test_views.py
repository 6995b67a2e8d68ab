"""Promises of the screens that need no browser: what they show, to whom, and at what cost."""

from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, new_test_user
from odoo.tests.common import TransactionCase

from ..account import SECRET
from ..screen_data import ScreenData

TOKEN = 'pat-na1-0123456789'


class ScreenCase(TransactionCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.data = ScreenData(cls.env)
        cls.connection = cls.data.connection()
        cls.mapping = cls.data.mapping(
            cls.connection, domain="[('is_company', '=', False)]", match_keys='email')
        cls.operator = new_test_user(cls.env, 'operator', 'saas_sync.group_user')
        cls.outsider = new_test_user(cls.env, 'outsider', 'base.group_user')

    def partner(self, name='Ada Lovelace', **values):
        """A partner whose creation left no message behind."""
        partner = self.env['res.partner'].create({'name': name, **values})
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env['sync.outbox'].sudo().search([('res_id', '=', partner.id)]).unlink()
        return partner


class TestMenus(ScreenCase):

    def visible(self, user):
        return self.env['ir.ui.menu'].with_user(user)._visible_menu_ids()

    def test_without_the_group_there_is_no_menu(self):
        self.assertNotIn(self.env.ref('saas_sync.menu_root').id, self.visible(self.outsider))

    def test_with_the_group_every_menu_but_the_settings_is_there(self):
        menus = self.env['ir.ui.menu'].search(
            [('id', 'child_of', self.env.ref('saas_sync.menu_root').id)])
        missing = menus.filtered(lambda menu: menu.id not in self.visible(self.operator))
        self.assertEqual(missing, self.env.ref('saas_sync.menu_settings'))

    def test_every_action_of_a_menu_opens_all_of_its_views(self):
        menus = self.env['ir.ui.menu'].search(
            [('id', 'child_of', self.env.ref('saas_sync.menu_root').id), ('action', '!=', False)])
        self.assertGreaterEqual(len(menus), 14)
        for menu in menus.filtered(lambda menu: menu.action.res_model != 'res.config.settings'):
            model = self.env[menu.action.res_model].with_user(self.operator)
            for view_id, kind in menu.action.views:
                with self.subTest(menu=menu.name, view=kind):
                    self.assertTrue(model.get_view(view_id, kind)['arch'])


class TestConnectionForm(ScreenCase):

    def test_a_secret_is_written_and_never_comes_back(self):
        with Form(self.env['sync.connection']) as form:
            form.name = 'New'
            form.access_token_input = TOKEN
        connection = form.record
        self.assertTrue(connection.has_access_token)
        self.assertEqual(self.env['sync.credential']._get(connection, 'access_token'), TOKEN)
        names = [
            name for name, field in connection._fields.items() if field.type in ('char', 'text')]
        self.assertNotIn(TOKEN, str(connection.read(names)))

    def test_the_set_up_names_the_next_step(self):
        connection = self.env['sync.connection'].create({'name': 'New'})
        self.assertEqual(connection.setup_step, 1)
        connection.access_token_input = TOKEN
        self.assertEqual(connection.setup_step, 2)
        connection.write({'state': 'connected', 'remote_account': '77'})
        self.assertEqual(connection.setup_step, 3)
        self.data.schema(connection, 'contacts', {
            'firstname': ('First name', 'string'), 'lastname': ('Last name', 'string'),
            'email': ('Email', 'email'), 'odoo_external_id': ('Odoo ID', 'string')})
        connection.invalidate_recordset()
        self.assertEqual(connection.setup_step, 4)
        mapping = self.data.mapping(connection)
        self.assertEqual(connection.setup_step, 5)
        connection.client_secret_input = SECRET
        self.assertEqual(connection.setup_step, 6)
        mapping.import_state = 'done'
        self.assertEqual(connection.setup_step, 7)

    def test_unreadable_events_are_counted_apart_from_failing_records(self):
        self.data.failed_lane(self.connection)
        self.data.event(self.connection, '7', state='failed', error_message='No objectId.')
        self.assertEqual(self.connection.failing_count, 1)
        self.assertEqual(self.connection.unreadable_count, 1)
        action = self.connection.action_open_unreadable()
        self.assertEqual(self.env['sync.event'].search(action['domain']).remote_id, '7')

    def test_an_operator_reads_the_form_without_the_manager_s_fields(self):
        connections = self.env['sync.connection'].with_user(self.operator)
        arch = connections.get_view(view_type='form')['arch']
        self.assertNotIn('access_token_input', arch)
        self.assertNotIn('webhook_url', arch)


class TestFailures(ScreenCase):

    def groups(self, **options):
        return self.env['sync.lane'].with_user(self.operator).web_read_group(
            [('state', '=', 'failed')], ['fingerprint'], ['pending_count:sum'], **options)['groups']

    def test_a_cause_is_named_by_its_sentence_the_commonest_first(self):
        self.data.failed_lane(self.connection, '1', 'stage')
        for key in ('2', '3'):
            self.data.failed_lane(self.connection, key, 'duplicate')
        groups = self.groups()
        self.assertEqual([group['__count'] for group in groups], [2, 1])
        self.assertTrue(groups[0]['fingerprint'].startswith('HubSpot has two contacts'))
        found = self.env['sync.lane'].search(groups[0]['__extra_domain'])
        self.assertEqual(set(found.mapped('key')), {'2', '3'})

    def test_two_causes_of_one_sentence_stay_two_groups(self):
        for key in ('1', '2'):
            self.data.failed_lane(
                self.connection, key, error_message='Same', fingerprint=f'data|{key}')
        names = [group['fingerprint'] for group in self.groups()]
        self.assertEqual(len(set(names)), 2)

    def test_a_sentence_without_end_is_cut_in_the_heading_only(self):
        lane = self.data.failed_lane(self.connection, error_message='very long ' * 500)
        self.assertLess(len(self.groups()[0]['fingerprint']), 300)
        self.assertEqual(len(lane.error_message), 5000)

    def test_an_unfolded_cause_stays_unfolded_when_the_list_is_read_again(self):
        self.data.failed_lane(self.connection, '1', 'stage')
        name = self.groups()[0]['fingerprint']
        opened = self.groups(
            opening_info=[
                {'value': name, 'folded': False, 'offset': 0, 'limit': 80, 'groups': None}],
            unfold_read_specification={'key': {}})
        self.assertEqual([record['key'] for record in opened[0]['__records']], ['1'])

    def test_a_button_on_a_cause_works_on_everything_it_makes_fail(self):
        lanes = self.env['sync.lane']
        for key in range(5):
            lanes |= self.data.failed_lane(self.connection, str(key), 'stage')
        other = self.data.failed_lane(self.connection, '9', 'duplicate')
        domain = [('fingerprint', '=', lanes[0].fingerprint)]
        model = self.env['sync.lane'].with_user(self.operator)
        model.action_assign_matching(domain)
        self.assertEqual(lanes.user_id, self.operator)
        model.action_replay_matching(domain)
        self.assertEqual(set(lanes.mapped('state')), {'ready'})
        self.assertEqual(other.state, 'failed')

    def test_ignoring_a_cause_cancels_its_messages_and_only_those(self):
        lane = self.data.failed_lane(self.connection, '1', 'stage')
        event = self.data.event(self.connection, '1', lane, state='failed')
        kept = self.data.event(
            self.connection, '2', self.data.failed_lane(self.connection, '2', 'duplicate'),
            state='failed')
        self.env['sync.lane'].with_user(self.operator).action_ignore_matching(
            [('fingerprint', '=', lane.fingerprint)])
        self.assertEqual(event.state, 'cancelled')
        self.assertFalse(lane.exists())
        self.assertEqual(kept.state, 'failed')

    def test_an_outsider_can_neither_read_nor_replay_nor_take_failures(self):
        self.data.failed_lane(self.connection)
        lanes = self.env['sync.lane'].with_user(self.outsider)
        with self.assertRaises(AccessError):
            lanes.search([])
        for what in ('replay', 'ignore', 'assign'):
            with self.subTest(what), self.assertRaises(UserError):
                getattr(lanes, f'action_{what}_matching')([])

    def test_another_company_s_failures_are_out_of_reach_of_every_button(self):
        company = self.env['res.company'].create({'name': 'Elsewhere'})
        lane = self.data.failed_lane(self.data.connection('Other', company_id=company.id))
        self.env['sync.lane'].with_user(self.operator).action_replay_matching([])
        self.assertEqual(lane.state, 'failed')

    def test_the_form_shows_what_waits_and_what_was_tried(self):
        lane = self.data.failed_lane(self.connection)
        event = self.data.event(self.connection, '151', lane)
        attempt = self.data.attempt(lane)
        self.assertEqual(lane.event_ids, event)
        self.assertEqual(lane.attempt_ids, attempt)
        self.assertEqual(attempt.outcome_text, lane.error_message)


class TestMessages(ScreenCase):

    def test_a_queue_row_names_its_record_and_only_to_who_may_read_it(self):
        partner = self.partner()
        message = self.data.message(self.mapping, partner)
        self.assertEqual(message.with_user(self.operator).res_name, 'Ada Lovelace')
        lead_mapping = self.data.mapping(
            self.connection, 'deals', 'crm.lead', {'name': ('dealname', 'text')})
        lead = self.env['crm.lead'].create({'name': 'Secret deal', 'type': 'opportunity'})
        message = self.data.message(lead_mapping, lead)
        self.assertEqual(message.with_user(self.operator).res_name, f'crm.lead {lead.id}')

    def test_names_of_a_page_of_the_queue_cost_a_constant_number_of_queries(self):
        for number in range(80):
            self.data.message(self.mapping, self.partner(f'Person {number}'))
        messages = self.env['sync.outbox'].with_user(self.operator).search([], limit=80)
        self.env.invalidate_all()
        with self.assertQueryCount(8):
            messages.mapped('res_name')

    def test_a_payload_that_is_markup_stays_text(self):
        payload = {'propertyValue': '<script>alert(1)</script>'}
        event = self.data.event(self.connection, payload=payload)
        self.assertEqual(event._fields['payload_pretty'].type, 'text')
        self.assertIn('<script>alert(1)</script>', event.payload_pretty)


class TestLinks(ScreenCase):

    def test_a_conflict_shows_both_values_side_by_side_as_text(self):
        partner = self.partner()
        link = self.data.link(self.mapping, partner, state='conflict', conflicts={
            'email': ['a@x.example', 'b@x.example', '<b>c@x.example</b>']})
        table = link.conflict_table
        self.assertEqual(table['columns'][2:], ['In Odoo', 'In HubSpot'])
        self.assertEqual(
            table['rows'], [['Email', 'a@x.example', 'b@x.example', '<b>c@x.example</b>']])

    def test_the_snapshot_names_fields_as_odoo_does(self):
        link = self.data.link(self.mapping, self.partner(), snapshot={'email': None, 'name': 'Ada'})
        self.assertEqual(link.snapshot_table['rows'], [['Email', ''], ['Name', 'Ada']])


class TestMappingForm(ScreenCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fields = {field.name: field for field in cls.data.schema(cls.connection, 'contacts', {
            'firstname': ('First name', 'string'), 'lastname': ('Last name', 'string'),
            'email': ('Email', 'email'), 'jobtitle': ('Job title', 'string')})}

    def test_a_field_is_added_by_choosing_it(self):
        with Form(self.mapping) as form, form.line_ids.new() as line:
            line.odoo_field = 'function'
            line.remote_field_ids.add(self.fields['jobtitle'])
        self.assertEqual(self.mapping.line_ids[-1].remote_field, 'jobtitle')

    def test_several_fields_keep_their_order(self):
        line = self.mapping.line_ids.filtered(lambda line: line.odoo_field == 'name')
        self.assertEqual(line.remote_field_ids.mapped('name'), ['firstname', 'lastname'])
        line.remote_field_ids = [
            Command.set([self.fields['lastname'].id, self.fields['firstname'].id])]
        self.assertEqual(set(line.remote_field.split('+')), {'firstname', 'lastname'})

    def test_saving_other_fields_keeps_a_field_that_is_not_discovered(self):
        line = self.mapping.line_ids.filtered(lambda line: line.odoo_field == 'email')
        self.fields['email'].active = False
        line.invalidate_recordset()
        with Form(self.mapping) as form:
            form.match_keys = False
        self.assertEqual(line.remote_field, 'email')

    def test_the_mapping_says_in_a_sentence_what_it_does(self):
        self.assertEqual(
            self.mapping.summary,
            'Contact in Odoo and contacts in HubSpot are kept in step, both ways.')

    def test_importing_needs_a_connected_account(self):
        self.connection.state = 'paused'
        with self.assertRaisesRegex(UserError, 'Connect "HubSpot Europe" first'):
            self.mapping.action_import_now()
