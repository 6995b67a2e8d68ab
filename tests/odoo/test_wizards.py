"""The dialogs: replay by filter, choosing objects, pairing values."""


from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tests.common import TransactionCase

from ..account import AccountMixin
from .test_views import ScreenCase


class TestReplay(ScreenCase):

    def open(self, model, domain, ids=()):
        return self.env['sync.replay'].with_user(self.operator).with_context(
            active_model=model, active_domain=domain, active_ids=list(ids)).create({})

    def test_it_takes_the_filter_and_not_the_rows_on_the_screen(self):
        for key in range(3):
            self.data.failed_lane(self.connection, str(key))
        ready = self.data.lane(self.connection, '8')
        wizard = self.open('sync.lane', [('connection_id', '=', self.connection.id)])
        self.assertEqual(wizard.count, 3)
        wizard.action_replay()
        lanes = self.env['sync.lane'].search([('connection_id', '=', self.connection.id)])
        self.assertEqual(set(lanes.mapped('state')), {'ready'})
        self.assertEqual(ready.attempts, 0)

    def test_a_selection_can_be_meant_instead(self):
        lanes = [self.data.failed_lane(self.connection, str(key)) for key in range(3)]
        wizard = self.open('sync.lane', [], [lanes[0].id, lanes[1].id])
        self.assertEqual((wizard.scope, wizard.count), ('selected', 2))
        with Form(wizard) as form:
            form.scope = 'filter'
            self.assertEqual(form.count, 3)
            form.scope = 'selected'
        wizard.action_replay()
        self.assertEqual([lane.state for lane in lanes], ['ready', 'ready', 'failed'])

    def test_messages_are_replayed_whether_their_lane_waits_or_is_gone(self):
        lane = self.data.failed_lane(self.connection, '1')
        waiting = self.data.event(self.connection, '1', lane, state='failed')
        done = self.data.event(self.connection, '2', state='done')
        unreadable = self.data.event(self.connection, '3', state='failed', remote_object=False)
        wizard = self.open('sync.event', [('connection_id', '=', self.connection.id)])
        self.assertEqual((wizard.count, wizard.done_count), (2, 1))
        wizard.action_replay()
        self.assertEqual((lane.state, done.state), ('ready', 'pending'))
        self.assertEqual(waiting.lane_id, lane)
        self.assertEqual(unreadable.state, 'failed')

    def test_the_outbound_queue_can_be_replayed(self):
        message = self.data.message(self.mapping, self.partner(), state='cancelled')
        self.open('sync.outbox', [('id', '=', message.id)]).action_replay()
        self.assertEqual(message.state, 'pending')

    def test_with_nothing_left_it_says_so(self):
        wizard = self.open('sync.lane', [('connection_id', '=', self.connection.id)])
        self.assertEqual(wizard.count, 0)
        with self.assertRaisesRegex(UserError, 'Nothing is left to replay'):
            wizard.action_replay()

    def test_it_refuses_other_models(self):
        with self.assertRaisesRegex(UserError, 'Open this from the list'):
            self.open('res.partner', [])

    def test_a_filter_sent_by_hand_reaches_no_other_company(self):
        company = self.env['res.company'].create({'name': 'Elsewhere'})
        lane = self.data.failed_lane(self.data.connection('Other', company_id=company.id))
        self.data.failed_lane(self.connection)
        self.open('sync.lane', [(1, '=', 1)]).action_replay()
        self.assertEqual(lane.state, 'failed')

    def test_an_outsider_cannot_open_it(self):
        with self.assertRaises(AccessError):
            self.env['sync.replay'].with_user(self.outsider).create(
                {'res_model': 'sync.lane', 'domain': '[]'})

    def test_a_hundred_thousand_failures_are_replayed_by_a_few_statements(self):
        """Not timed, because machines differ: what does not grow with them is the number."""
        self.env.cr.execute(
            """INSERT INTO sync_lane (
                      connection_id, direction, object, key, state, run_at, priority, attempts,
                      crashes, pending_count, error_class, fingerprint, create_date, write_date)
               SELECT %s, 'in', 'contacts', 'k' || n, 'failed', now(), 10, 1, 0, 1, 'data',
                      'data|X', now(), now()
                 FROM generate_series(1, 100000) n""", [self.connection.id])
        wizard = self.open('sync.lane', [('fingerprint', '=', 'data|X')])
        self.assertEqual(wizard.count, 100000)
        before = self.env.cr.sql_log_count
        wizard.action_replay()
        self.assertIn(self.env.cr.sql_log_count - before, range(1, 25))
        self.assertEqual(self.env['sync.lane'].search_count(
            [('fingerprint', '=', 'data|X'), ('state', '=', 'ready')]), 100000)


class TestChooseObjects(AccountMixin, TransactionCase):

    def setUp(self):
        super().setUp()
        self.enter_single_transaction()
        self.connection = self.create_sandbox_connection()
        self.connection.action_connect()

    def open(self):
        action = self.connection.action_choose_objects()
        return self.env[action['res_model']].browse(action['res_id'])

    def test_it_offers_every_object_with_what_odoo_holds(self):
        lines = {line.remote_object: line for line in self.open().line_ids}
        self.assertEqual(set(lines), {'companies', 'contacts', 'deals'})
        self.assertEqual(lines['companies'].odoo_count, self.env['res.partner'].search_count(
            [('is_company', '=', True), ('company_id', 'in', (False, self.env.company.id))]))
        self.assertEqual(lines['deals'].model_label, 'Opportunities')

    def test_only_the_chosen_objects_get_a_mapping(self):
        wizard = self.open()
        wizard.line_ids.filtered(lambda line: line.remote_object == 'deals').is_chosen = False
        wizard.action_confirm()
        self.assertEqual(
            set(self.connection.mapping_ids.mapped('remote_object')), {'companies', 'contacts'})
        again = {line.remote_object: line.is_mapped for line in self.open().line_ids}
        self.assertEqual(again, {'companies': True, 'contacts': True, 'deals': False})

    def test_choosing_nothing_is_refused(self):
        wizard = self.open()
        wizard.line_ids.is_chosen = False
        with self.assertRaisesRegex(UserError, 'Choose at least one'):
            wizard.action_confirm()


class TestValueMap(ScreenCase):

    def test_a_stage_is_paired_in_a_dialog(self):
        schema = self.data.schema(self.connection, 'deals', {
            'dealname': ('Deal name', 'string'), 'dealstage': ('Deal stage', 'enumeration')})
        schema[1].options = [{'value': 'won', 'label': 'Closed won', 'meta': {}},
                             {'value': 'lost', 'label': 'Closed lost', 'meta': {}}]
        mapping = self.data.mapping(self.connection, 'deals', 'crm.lead', {
            'name': ('dealname', 'text'), 'stage_id': ('dealstage', 'stage')})
        line = mapping.line_ids.filtered(lambda line: line.converter == 'stage')
        line.params = {'map': {}, 'lost': 'lost', 'companion': {'field': 'pipeline', 'values': {}}}
        stage = self.env['crm.stage'].search([('is_won', '=', True)], limit=1)
        wizard = self.env['sync.value.map'].browse(line.action_edit_values()['res_id'])
        self.assertEqual(wizard.pair_ids.mapped('remote_label'), ['Closed won', 'Closed lost'])
        wizard.pair_ids[0].stage_id = stage
        wizard.action_save()
        self.assertEqual(line.params['map'], {'won': stage.id})
        self.assertEqual(line.params['lost'], 'lost')
        version = mapping.version
        self.env['sync.value.map'].browse(line.action_edit_values()['res_id']).action_save()
        self.assertGreater(mapping.version, version)
