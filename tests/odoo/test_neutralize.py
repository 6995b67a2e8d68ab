"""A neutralised copy: no secret, no address to be reached at, and not one call to the account."""

from odoo.exceptions import UserError
from odoo.modules.neutralize import get_neutralization_queries
from odoo.tests import tagged

from ...engine.errors import AuthError
from .common import SandboxCase


@tagged('post_install', '-at_install')
class TestNeutralize(SandboxCase):
    def setUp(self):
        super().setUp()
        self.remote_id = self.create_remote(
            'contacts', {'firstname': 'Ann', 'email': 'a@b.example'})
        self.notify(('contacts', self.remote_id))
        self.work()
        self.partner = self.record_of('contacts', self.remote_id)
        self.env.flush_all()

    def neutralize(self):
        for query in get_neutralization_queries(['base', 'saas_sync']):
            self.cr.execute(query)
        self.env.registry.clear_all_caches()
        self.env.invalidate_all()
        self.mark = self.box.last_n()

    def assertNothingWasSent(self):
        self.assertEqual(self.box.ledger(after=self.mark), [])

    def test_no_secret_is_left_in_any_table_of_ours(self):
        secrets = [self.box.token, self.box.secret]
        key = self.env['ir.config_parameter'].get_param('saas_sync.secret_key')
        token = self.connection.webhook_token
        self.neutralize()
        self.cr.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
            "AND (table_name LIKE 'sync\\_%' OR table_name IN ('ir_config_parameter', "
            "'mail_message', 'mail_tracking_value', 'mail_activity'))")
        for (table,) in self.cr.fetchall():
            self.cr.execute(f'SELECT t::text FROM "{table}" t')
            text = '\n'.join(row[0] for row in self.cr.fetchall())
            for secret in (*secrets, key, token):
                self.assertNotIn(secret, text, table)
        self.assertFalse(self.env['sync.credential'].sudo().search_count([]))

    def test_a_change_in_odoo_is_not_sent(self):
        self.neutralize()
        self.partner.city = 'Leuven'
        self.env['res.partner'].create({'name': 'Somebody New', 'email': 'new@example.com'})
        self.work(rounds=2)
        self.assertNothingWasSent()

    def test_what_was_waiting_is_not_sent_and_not_read(self):
        self.partner.city = 'Leuven'
        self.notify(('contacts', self.remote_id))
        self.env.flush_all()
        self.cr.flush()
        self.neutralize()
        self.work(rounds=2)
        self.assertNothingWasSent()

    def test_nobody_can_make_it_talk_by_pressing_buttons(self):
        self.neutralize()
        self.assertEqual(self.connection.state, 'paused')
        for action in ('action_resume', 'action_test', 'action_connect', 'action_discover',
                       'action_create_external_id', 'action_import', 'action_poll'):
            with self.subTest(action):
                try:
                    with self.cr.savepoint():
                        getattr(self.connection, action)()
                except (UserError, AuthError) as error:
                    self.assertTrue(str(error))
                self.work()
                self.assertNothingWasSent()

    def test_not_even_with_new_secrets(self):
        """Whoever enters a token into a copy is told that it is one."""
        self.neutralize()
        self.connection.access_token_input = self.box.token
        with self.assertRaisesRegex(UserError, 'neutralised copy'):
            self.connection.action_connect()
        self.assertNothingWasSent()

    def test_not_even_when_somebody_resumes_it_in_the_database(self):
        self.partner.city = 'Leuven'
        self.env.flush_all()
        self.cr.flush()
        self.neutralize()
        self.connection.state = 'connected'
        self.work(rounds=2)
        self.assertNothingWasSent()
        self.assertFalse(self.connection._is_live())

    def test_a_delivery_meant_for_the_original_finds_nobody(self):
        token = self.connection.webhook_token
        self.neutralize()
        self.assertIsNone(self.env['sync.connection']._find_receiver(token))

    def test_a_connection_in_set_up_stays_in_set_up(self):
        self.connection.state = 'draft'
        self.env.flush_all()
        self.neutralize()
        self.assertEqual(self.connection.state, 'draft')

    def test_it_still_shows_what_it_was(self):
        """The copy serves to look at things: links, events and mappings stay."""
        before = self.env['sync.link'].search_count([])
        self.neutralize()
        self.assertEqual(self.env['sync.link'].search_count([]), before)
        self.assertTrue(self.link_of(self.partner).snapshot)
