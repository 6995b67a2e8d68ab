"""Who may see and do what: users read and replay, managers configure, companies stay apart."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..account import AccountMixin

CONFIGURATION = ('sync.connection', 'sync.mapping', 'sync.mapping.line')
LOG = ('sync.link', 'sync.event', 'sync.outbox', 'sync.lane', 'sync.attempt',
       'sync.remote.field', 'sync.budget', 'sync.breaker')
SECRETIVE = ('webhook_token', 'webhook_url', 'access_token_input', 'client_secret_input',
             'client_id', 'database_uuid')


@tagged('post_install', '-at_install')
class TestSecurity(AccountMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.enter_single_transaction()
        self.reader = new_test_user(
            self.env, 'sync_reader', 'saas_sync.group_user,base.group_allow_export')
        self.manager = new_test_user(self.env, 'sync_manager', 'saas_sync.group_manager')
        self.stranger = new_test_user(self.env, 'stranger', 'base.group_user')
        self.connection = self.create_connection(remote_account='62515')
        self.mapping = self.map_contacts(self.connection)
        self.records = self.one_of_each(self.connection)

    def one_of_each(self, connection):
        """A row in every model of the log."""
        own = {'connection_id': connection.id}
        self.env['sync.budget']._take(connection, 'burst', 1, {'burst': (10, 1)})
        self.env['sync.breaker']._record(connection, False)
        created = {
            'sync.event': {'idempotency_key': 'k', 'remote_object': 'contacts'},
            'sync.outbox': {'res_model': 'res.partner', 'res_id': 1},
            'sync.lane': {'direction': 'in', 'object': 'contacts', 'key': '1', 'state': 'failed'},
            'sync.attempt': {'direction': 'in'},
            'sync.link': {'res_model': 'res.partner', 'res_id': 1, 'remote_object': 'contacts',
                          'remote_id': '1'},
            'sync.remote.field': {'remote_object': 'contacts', 'name': 'email'},
        }
        records = {
            model: self.env[model].create({**own, **values}) for model, values in created.items()}
        for model in ('sync.budget', 'sync.breaker'):
            records[model] = self.env[model].search([('connection_id', '=', connection.id)])
        mapping = connection.mapping_ids
        return {**records, 'sync.connection': connection, 'sync.mapping': mapping,
                'sync.mapping.line': mapping.line_ids}

    def assertNo(self, action):
        with mute_logger('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule'), \
                self.assertRaises(AccessError):
            action()

    def test_a_user_reads_everything_but_changes_nothing(self):
        for model in (*CONFIGURATION, *LOG):
            with self.subTest(model):
                record = self.records[model].with_user(self.reader)
                self.assertTrue(record.read(['id', 'display_name']))
                self.assertNo(lambda record=record: record.write({'create_uid': self.reader.id}))
                self.assertNo(record.unlink)
                self.assertNo(lambda record=record: record.create({}))

    def test_a_manager_configures_but_does_not_forge_the_log(self):
        for model in LOG:
            with self.subTest(model):
                record = self.records[model].with_user(self.manager)
                self.assertNo(record.unlink)
                self.assertNo(lambda record=record: record.create({}))
        connection = self.connection.with_user(self.manager)
        connection.name = 'Renamed'
        self.mapping.with_user(self.manager).line_ids[0].rule = 'odoo_wins'
        connection.create({'name': 'Second'})

    def test_who_has_no_right_sees_nothing(self):
        for model in (*CONFIGURATION, *LOG):
            with self.subTest(model):
                self.assertNo(self.records[model].with_user(self.stranger).read)

    def test_a_user_cannot_read_search_or_export_what_is_secret_on_a_connection(self):
        connection = self.connection.with_user(self.reader)
        self.assertFalse(set(SECRETIVE) & set(connection.fields_get()))
        self.assertFalse(set(SECRETIVE) & set(connection.read()[0]))
        for name in SECRETIVE:
            with self.subTest(name):
                self.assertNo(lambda name=name: connection.read([name]))
                self.assertNo(lambda name=name: connection.export_data([name]))
        token = self.connection.webhook_token
        self.assertNo(lambda: connection.search([('webhook_token', '=like', f'{token[:3]}%')]))

    def test_a_user_can_press_no_button_that_configures(self):
        connection = self.connection.with_user(self.reader)
        for name in ('action_test', 'action_connect', 'action_discover', 'action_import',
                     'action_create_external_id', 'action_poll', 'action_pause',
                     'action_resume', 'action_reset_to_draft', 'action_renew_webhook_token',
                     'action_forget_previous_secret', 'action_forget_credentials',
                     'action_download_project'):
            with self.subTest(name):
                self.assertNo(getattr(connection, name))

    def test_a_user_replays_a_failure(self):
        lane = self.records['sync.lane'].with_user(self.reader)
        self.env.flush_all()
        lane.action_replay()
        lane.invalidate_recordset()
        self.assertEqual(lane.state, 'ready')

    def test_another_company_s_account_does_not_exist(self):
        other = self.env['res.company'].create({'name': 'Other'})
        outsider = new_test_user(
            self.env, 'outsider', 'saas_sync.group_manager', company_id=other.id,
            company_ids=[Command.set(other.ids)])
        for model in (*CONFIGURATION, *LOG):
            with self.subTest(model):
                records = self.env[model].with_user(outsider)
                self.assertFalse(records.search([('id', 'in', self.records[model].ids)]))
                self.assertNo(self.records[model].with_user(outsider).read)
        self.assertNo(self.connection.with_user(outsider).action_pause)

    def test_every_model_of_the_add_on_has_rights_and_stored_ones_a_company_rule(self):
        own = self.env['ir.model'].search([
            ('model', '=like', 'sync.%'), ('abstract', '=', False), ('transient', '=', False)])
        self.assertGreater(len(own), 10)
        for model in own:
            with self.subTest(model.model):
                self.assertTrue(model.access_ids)
                if model.model != 'sync.credential':
                    self.assertTrue(model.rule_ids.filtered(lambda rule: not rule.groups))

    def test_nobody_was_given_any_right_on_secrets(self):
        rights = self.env['ir.model'].search([('model', '=', 'sync.credential')]).access_ids
        self.assertEqual(
            {any((r.perm_read, r.perm_write, r.perm_create, r.perm_unlink)) for r in rights},
            {False})
