"""Secrets are encrypted, come back only to the code that needs them, and can be rotated."""

from datetime import timedelta
from unittest.mock import patch

from cryptography.fernet import Fernet

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tests.common import TransactionCase, new_test_user

from ...engine.errors import AuthError
from ...models.sync_credential import KEY_PARAMETER, KEY_VARIABLE
from ..account import AccountMixin

TOKEN = 'pat-eu1-11111111-2222-3333-4444-555555555555'


def configured(*keys):
    return patch.dict('os.environ', {KEY_VARIABLE: ', '.join(keys)})


@tagged('post_install', '-at_install')
class TestCredentials(AccountMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_connection()
        self.credentials = self.env['sync.credential']

    def stored(self, name='access_token'):
        self.env.flush_all()
        self.env.cr.execute(
            'SELECT value FROM sync_credential WHERE connection_id = %s AND name = %s',
            [self.connection.id, name])
        row = self.env.cr.fetchone()
        return row and row[0]

    def test_a_secret_comes_back_and_the_database_does_not_hold_it_readable(self):
        self.credentials._set(self.connection, 'access_token', TOKEN)
        self.assertEqual(self.credentials._get(self.connection, 'access_token'), TOKEN)
        self.assertNotIn(TOKEN, self.stored())

    def test_setting_nothing_forgets_the_secret(self):
        self.credentials._set(self.connection, 'access_token', TOKEN)
        self.credentials._set(self.connection, 'access_token', None)
        self.assertIsNone(self.credentials._get(self.connection, 'access_token'))
        self.assertIsNone(self.stored())

    def test_an_expired_secret_is_no_secret(self):
        self.credentials._set(self.connection, 'access_token', TOKEN, lifetime=60)
        self.assertEqual(self.credentials._get(self.connection, 'access_token'), TOKEN)
        row = self.credentials._find(self.connection, 'access_token')
        row.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertIsNone(self.credentials._get(self.connection, 'access_token'))

    def test_nobody_reads_searches_exports_or_writes_the_rows_not_even_a_manager(self):
        manager = new_test_user(
            self.env, 'sync_manager', 'saas_sync.group_manager,base.group_system')
        self.credentials._set(self.connection, 'access_token', TOKEN)
        row = self.credentials._find(self.connection, 'access_token').with_user(manager)
        for attempt in (
            lambda: row.read(['value']),
            lambda: row.export_data(['value']),
            lambda: row.search([]),
            lambda: row.search([('value', 'like', 'gAAAA%')]),
            lambda: row.write({'value': 'x'}),
            lambda: row.unlink(),
            lambda: row.create({'connection_id': self.connection.id, 'name': 'refresh_token',
                                'value': 'x'}),
        ):
            with self.assertRaises(AccessError):
                attempt()

    def test_what_is_entered_in_the_form_is_stored_and_never_shown_again(self):
        self.connection.access_token_input = f'  {TOKEN}\n'
        self.env.flush_all()
        self.assertEqual(self.credentials._get(self.connection, 'access_token'), TOKEN)
        self.connection.invalidate_recordset()
        self.assertFalse(self.connection.access_token_input)
        self.assertTrue(self.connection.has_access_token)
        texts = ' '.join(self.connection.message_ids.mapped('body'))
        self.assertIn('Access token replaced', texts)
        self.assertNotIn(TOKEN, texts)
        self.assertNotIn(TOKEN, str(self.connection.read()))

    def test_a_replaced_client_secret_goes_on_verifying_for_a_week(self):
        before = self.credentials._get(self.connection, 'client_secret')
        self.connection.client_secret_input = 'another-secret'
        previous = self.credentials._find(self.connection, 'client_secret_previous')
        self.assertEqual(self.credentials._get(self.connection, 'client_secret_previous'), before)
        left = (previous.expires_at - fields.Datetime.now()).total_seconds()
        self.assertAlmostEqual(left, 7 * 24 * 3600, delta=60)
        self.connection.action_forget_previous_secret()
        self.assertIsNone(self.credentials._get(self.connection, 'client_secret_previous'))

    def test_entering_the_same_client_secret_again_is_no_rotation(self):
        secret = self.credentials._get(self.connection, 'client_secret')
        self.connection.client_secret_input = secret
        self.assertFalse(self.connection.has_previous_secret)

    def test_a_copy_has_no_secret_and_another_address(self):
        self.credentials._set(self.connection, 'access_token', TOKEN)
        self.connection.write({'client_id': 'abc', 'remote_account': '62515'})
        copy = self.connection.copy()
        self.assertFalse(self.credentials._names(copy))
        self.assertFalse(copy.has_access_token or copy.client_id or copy.remote_account)
        self.assertNotEqual(copy.webhook_token, self.connection.webhook_token)
        self.assertNotEqual(copy.external_namespace, self.connection.external_namespace)
        self.assertEqual(copy.state, 'draft')

    # --- keys ---------------------------------------------------------------------------------

    def test_a_second_key_in_front_encrypts_and_the_first_still_decrypts(self):
        old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
        with configured(old):
            self.credentials._set(self.connection, 'access_token', TOKEN)
        with configured(new, old):
            self.assertEqual(self.credentials._get(self.connection, 'access_token'), TOKEN)
            self.assertGreaterEqual(self.credentials._rotate(), 1)
        with configured(new):
            self.assertEqual(self.credentials._get(self.connection, 'access_token'), TOKEN)

    def test_without_the_key_it_was_stored_under_the_sentence_says_what_to_do(self):
        with configured(Fernet.generate_key().decode()):
            self.credentials._set(self.connection, 'access_token', TOKEN)
        with configured(Fernet.generate_key().decode()), self.assertRaises(AuthError) as caught:
            self.credentials._get(self.connection, 'access_token')
        self.assertIn('HubSpot EU', caught.exception.user_message)
        self.assertIn('saas_sync_secret_key', caught.exception.user_message)

    def test_a_key_that_is_none_is_refused_with_the_way_to_make_one(self):
        with configured('secret'), self.assertRaisesRegex(UserError, 'generate_key'):
            self.credentials._set(self.connection, 'access_token', TOKEN)

    def test_a_key_is_generated_once_with_a_warning_and_leaves_after_a_rotation(self):
        parameters = self.env['ir.config_parameter']
        parameters.set_param(KEY_PARAMETER, False)
        self.credentials.sudo().search([]).unlink()
        with self.assertLogs('odoo.addons.saas_sync.models.sync_credential', 'WARNING') as logs:
            self.credentials._set(self.connection, 'access_token', TOKEN)
        key = parameters.get_param(KEY_PARAMETER)
        self.assertNotIn(key, ''.join(logs.output))
        self.credentials._set(self.connection, 'refresh_token', TOKEN)
        self.assertEqual(parameters.get_param(KEY_PARAMETER), key)
        with configured(Fernet.generate_key().decode()):
            self.assertEqual(self.credentials._get(self.connection, 'access_token'), TOKEN)
            self.credentials._rotate()
            self.assertEqual(self.credentials._get(self.connection, 'access_token'), TOKEN)
        self.assertFalse(parameters.get_param(KEY_PARAMETER))
