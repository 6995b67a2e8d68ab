"""A connection: its life, its fences, its set-up, and what it says when something is wrong."""

import json
from io import BytesIO
from zipfile import ZipFile

from odoo.exceptions import UserError, ValidationError
from odoo.modules.neutralize import neutralize_database
from odoo.tests import tagged
from odoo.tests.common import TransactionCase
from odoo.tools import file_open

from ...engine.errors import AuthError
from ...models.stage_map import stage_params
from ...models.sync_connection import SIGN_IN_ACTIVITY
from ..account import AccountMixin


class ConnectionCase(AccountMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.enter_single_transaction()

    def assertRefused(self, pattern, **values):
        with self.assertRaisesRegex(ValidationError, pattern), self.env.cr.savepoint():
            self.connection.write(values)


@tagged('post_install', '-at_install')
class TestLife(ConnectionCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_connection()

    def refuse(self, sentence='The token was revoked. Enter a new one.'):
        self.env.flush_all()
        self.connection._set_needs_auth(AuthError('401', user_message=sentence))
        self.env.invalidate_all()

    def test_the_state_only_goes_where_the_diagram_leads(self):
        with self.assertRaisesRegex(UserError, 'HubSpot EU.*Set-up.*Paused'):
            self.connection.action_pause()
        self.connection._update_state('connected')
        self.connection.action_pause()
        self.connection.action_resume()
        self.assertEqual(self.connection.state, 'connected')

    def test_a_refused_account_asks_the_responsible_person_once(self):
        self.connection._update_state('connected')
        self.refuse()
        self.refuse()
        self.assertEqual(self.connection.state, 'needs_auth')
        activity = self.connection.activity_ids
        self.assertEqual(len(activity), 1)
        self.assertEqual(activity.user_id, self.connection.user_id)
        self.assertIn('revoked', activity.note)
        self.assertEqual(activity.activity_type_id, self.env.ref(SIGN_IN_ACTIVITY))
        said = [body for body in self.connection.message_ids.mapped('body') if 'revoked' in body]
        self.assertEqual(len(said), 1)

    def test_signing_in_again_closes_the_activity(self):
        self.connection._update_state('connected')
        self.refuse()
        self.connection._update_state('connected')
        self.assertFalse(self.connection.activity_ids)

    def test_a_paused_connection_is_not_disturbed_by_a_late_refusal(self):
        self.connection._update_state('connected')
        self.connection.action_pause()
        self.refuse()
        self.assertEqual(self.connection.state, 'paused')
        self.assertFalse(self.connection.activity_ids)

    def test_a_running_connection_is_not_deleted(self):
        self.connection._update_state('connected')
        with self.assertRaisesRegex(UserError, 'HubSpot EU.*Pause it first'):
            self.connection.unlink()
        self.connection.action_pause()
        self.env['sync.credential']._set(self.connection, 'access_token', 'x')
        self.env['sync.budget']._take(self.connection, 'burst', 1, {'burst': (10, 1)})
        self.connection.unlink()
        self.env.invalidate_all()
        self.assertFalse(self.env['sync.budget'].search([]))

    def test_once_records_are_linked_the_company_cannot_change(self):
        other = self.env['res.company'].create({'name': 'Other'})
        self.connection.company_id = other
        self.connection.company_id = self.env.company
        self.env['sync.link'].create({
            'connection_id': self.connection.id, 'res_model': 'res.partner', 'res_id': 1,
            'remote_object': 'contacts', 'remote_id': '1'})
        self.connection.company_id = self.env.company
        with self.assertRaisesRegex(UserError, 'HubSpot EU.*linked records.*Company'):
            self.connection.company_id = other

    def test_values_that_make_no_sense_are_refused_with_field_and_remedy(self):
        self.assertRefused('API address.*https', base_url='http://api.hubapi.com')
        self.assertRefused('API address', base_url='https://[::1')
        self.assertRefused('Public address', public_url='odoo.example.com')
        self.assertRefused('Public address', public_url='https://odoo.example.com/?db=x')
        self.assertRefused('Batch Size.*1 to 100.*101', batch_size=101)
        self.assertRefused('Max Attempts.*1 to 50', max_attempts=0)
        self.assertRefused('First wait', backoff_base=10, backoff_cap=5)
        self.assertRefused('Longest wait', backoff_cap=100000)
        self.assertRefused('Backlog Ceiling', backlog_ceiling=0)
        self.assertRefused('Poll every', poll_interval_minutes=0)

    def test_a_new_webhook_token_is_long_random_and_unlike_the_old_one(self):
        old = self.connection.webhook_token
        self.connection.action_renew_webhook_token()
        self.assertGreaterEqual(len(self.connection.webhook_token), 43)
        self.assertNotEqual(self.connection.webhook_token, old)
        self.assertEqual(
            self.connection.webhook_url,
            f'https://odoo.example.com/saas_sync/webhook/{self.connection.webhook_token}')


@tagged('post_install', '-at_install')
class TestFences(ConnectionCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_sandbox_connection()
        self.connection.action_test()

    def test_the_database_that_connected_is_live(self):
        self.assertTrue(self.connection._is_live())
        self.connection.action_pause()
        self.assertFalse(self.connection._is_live())

    def test_a_copied_database_is_silent_until_it_is_connected_on_purpose(self):
        self.env['ir.config_parameter'].set_param('database.uuid', 'another')
        self.connection.invalidate_recordset()
        self.assertTrue(self.connection.is_fenced)
        self.assertFalse(self.connection._is_live())
        self.connection.action_pause()
        with self.assertRaisesRegex(UserError, 'belongs to another database'):
            self.connection.action_resume()
        before = self.box.last_n()
        for action in (self.connection.action_discover, self.connection.action_create_external_id):
            with self.assertRaisesRegex(UserError, 'is a copy'):
                action()
        self.assertEqual(self.box.last_n(), before)
        self.connection.action_connect()
        self.assertTrue(self.connection._is_live())

    def test_a_neutralised_copy_holds_no_secret_receives_nothing_and_never_calls(self):
        draft = self.create_connection(name='In set-up')
        self.env.flush_all()
        with file_open('saas_sync/data/neutralize.sql') as script:
            self.env.cr.execute(script.read())
        self.env['ir.config_parameter'].set_param('database.is_neutralized', 'true')
        self.env.invalidate_all()
        self.assertFalse(self.env['sync.credential'].sudo().search([]))
        self.assertFalse(self.connection.webhook_token)
        self.assertFalse(self.connection.webhook_url)
        self.assertEqual((self.connection.state, draft.state), ('paused', 'draft'))
        self.assertFalse(self.connection._is_live())
        before = self.box.last_n()
        with self.assertRaisesRegex(AuthError, 'neutralised'):
            self.connection._connector()
        self.assertEqual(self.box.last_n(), before)

    def test_odoo_finds_our_script_when_it_neutralises(self):
        self.env.flush_all()
        neutralize_database(self.env.cr)
        self.env.invalidate_all()
        self.assertEqual(self.connection.state, 'paused')
        self.assertFalse(self.env['sync.credential'].sudo().search([]))


@tagged('post_install', '-at_install')
class TestSetUp(ConnectionCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_sandbox_connection()

    def test_a_good_token_connects_and_the_account_tells_who_it_is(self):
        self.connection.action_test()
        self.assertRecordValues(self.connection, [{
            'state': 'connected', 'remote_account': str(self.box.info['portal_id']),
            'currency': 'EUR', 'time_zone': 'Europe/Brussels',
            'ui_url': 'https://app.hubspot.com',
        }])
        self.assertEqual(
            self.connection._record_url('contacts', '12'),
            f'https://app.hubspot.com/contacts/{self.box.info["portal_id"]}/record/0-1/12')

    def test_a_wrong_token_is_told_in_words_and_changes_nothing(self):
        self.env['sync.credential']._set(self.connection, 'access_token', 'pat-na1-wrong')
        with self.assertRaisesRegex(UserError, 'HubSpot EU') as caught:
            self.connection.action_test()
        self.assertNotIn('pat-na1-wrong', str(caught.exception))
        self.assertEqual(self.connection.state, 'draft')

    def test_without_a_token_the_sentence_says_so(self):
        self.env['sync.credential']._set(self.connection, 'access_token', None)
        with self.assertRaisesRegex(UserError, 'no access token'):
            self.connection.action_test()

    def test_what_goes_wrong_while_a_person_waits_is_told_in_words(self):
        self.connection.action_test()
        self.box.call('POST', 'auth', {'tokens': {'narrow': {'scopes': []}}})
        self.env['sync.credential']._set(self.connection, 'access_token', 'narrow')
        for action in (self.connection.action_discover, self.connection.action_create_external_id,
                       self.connection._create_default_mappings):
            with self.assertRaisesRegex(UserError, 'HubSpot EU'):
                action()

    def test_an_unreachable_account_is_told_in_words(self):
        self.connection.base_url = 'http://127.0.0.1:9'
        with self.assertRaisesRegex(UserError, 'HubSpot EU'):
            self.connection.action_test()

    def test_the_token_of_another_account_is_refused(self):
        self.connection.remote_account = '62515'
        with self.assertRaisesRegex(UserError, '62515.*create another connection'):
            self.connection.action_test()
        self.assertEqual(self.connection.state, 'draft')

    def test_an_account_is_connected_once(self):
        self.connection.action_test()
        second = self.create_connection(
            name='Second', base_url=self.box.url, allow_private=True)
        self.env['sync.credential']._set(second, 'access_token', self.box.token)
        with self.assertRaisesRegex(UserError, 'already connected by "HubSpot EU"'):
            second.action_test()

    def test_testing_again_mends_what_waits_for_a_sign_in_and_leaves_a_pause(self):
        self.connection.action_test()
        self.env.flush_all()
        self.connection._set_needs_auth(AuthError('401'))
        self.connection.action_test()
        self.assertEqual(self.connection.state, 'connected')
        self.connection.action_pause()
        self.connection.action_test()
        self.assertEqual(self.connection.state, 'paused')

    def test_the_schema_is_discovered_and_a_property_that_left_is_archived(self):
        self.connection.action_discover()
        fields = self.env['sync.remote.field'].search([
            ('connection_id', '=', self.connection.id), ('remote_object', '=', 'contacts')])
        self.assertIn('email', fields.mapped('name'))
        count = len(fields)
        stale = fields[0].copy({'name': 'gone_property'})
        self.connection.action_discover()
        self.assertFalse(stale.active)
        self.assertEqual(self.env['sync.remote.field'].search_count([
            ('connection_id', '=', self.connection.id),
            ('remote_object', '=', 'contacts')]), count)

    def test_the_id_property_is_created_once_and_only_when_asked_for(self):
        self.connection.action_test()
        self.connection.action_discover()
        self.assertEqual(self.box.writes(), [])
        self.connection.action_create_external_id()
        created = len(self.box.writes())
        self.assertEqual(created, 3)
        self.connection.action_create_external_id()
        self.assertEqual(len(self.box.writes()), created)

    def test_the_default_mappings_are_laid_out_once(self):
        mappings = self.connection._create_default_mappings()
        self.assertEqual(
            mappings.mapped('remote_object'), ['companies', 'contacts', 'deals'])
        self.assertEqual(
            mappings.mapped('model'), ['res.partner', 'res.partner', 'crm.lead'])
        self.assertEqual(mappings[0].create_values, {'is_company': True})
        self.assertFalse(mappings[2].archive_is_delete)
        pairs = {line.odoo_field: line.remote_field for line in mappings[1].line_ids}
        self.assertEqual(pairs['name'], 'firstname+lastname')
        self.assertEqual(pairs['parent_id'], 'associations.companies')
        self.assertFalse(self.connection._create_default_mappings())

    def test_every_stage_of_the_pipeline_has_a_place_in_the_crm(self):
        deals = self.connection._create_default_mappings(['deals'])
        params = deals.line_ids.filtered(lambda line: line.odoo_field == 'stage_id').params
        options = self.env['sync.remote.field'].search([
            ('connection_id', '=', self.connection.id), ('name', '=', 'dealstage')]).options
        placed = {*params['map'], params['lost']}
        self.assertEqual(placed, {option['value'] for option in options})
        stages = self.env['crm.stage'].browse(params['map'].values())
        self.assertEqual(stages.exists(), stages)

    def test_polling_now_skips_nothing(self):
        self.connection.action_test()
        with self.assertRaisesRegex(UserError, 'does not poll'):
            self.connection.action_poll()
        self.connection.poll_enabled = True
        mapping = self.map_contacts(self.connection)
        self.connection.action_poll()
        first = mapping.poll_since
        self.connection.action_poll()
        self.assertLessEqual(mapping.poll_since, first)

    def test_importing_needs_a_connected_account(self):
        with self.assertRaisesRegex(UserError, 'Connect "HubSpot EU" first'):
            self.connection.action_import()
        self.connection.action_test()
        with self.assertRaisesRegex(UserError, 'no mappings yet'):
            self.connection.action_import()
        mapping = self.map_contacts(self.connection)
        self.connection.action_import()
        self.assertEqual(mapping.import_state, 'running')

    def test_the_project_template_asks_for_what_the_mappings_read_and_holds_no_secret(self):
        self.map_contacts(self.connection)
        name, content = self.connection._project_archive()
        self.assertEqual(name, 'hubspot-eu.zip')
        with ZipFile(BytesIO(content)) as archive:
            files = {path: archive.read(path).decode() for path in archive.namelist()}
        webhooks = json.loads(files['hubspot-eu/src/app/webhooks/webhooks-hsmeta.json'])['config']
        self.assertEqual(webhooks['settings']['targetUrl'], self.connection.webhook_url)
        changes = [row for row in webhooks['subscriptions']['crmObjects']
                   if row['subscriptionType'] == 'object.propertyChange']
        self.assertEqual([row['propertyName'] for row in changes], ['email'])
        app = json.loads(files['hubspot-eu/src/app/app-hsmeta.json'])['config']
        self.assertEqual(app['auth']['type'], 'static')
        self.assertIn('crm.objects.contacts.write', app['auth']['requiredScopes'])
        self.assertNotIn(self.box.token, str(files))
        self.assertNotIn('b2f4a7de', str(files))

    def test_a_hold_is_kept_and_never_shortened(self):
        self.connection.action_test()
        self.env.flush_all()
        self.connection._hold(600, AuthError('x', user_message='Slow down.'))
        until = self.connection.hold_until
        self.connection._hold(5, AuthError('x', user_message='Slow down.'))
        self.assertEqual(self.connection.hold_until, until)
        self.assertEqual(self.connection.last_error, 'Slow down.')


@tagged('post_install', '-at_install')
class TestStageMap(TransactionCase):
    STAGES = [
        (1, 'New', False), (2, 'Qualified', False), (3, 'Proposition', False), (4, 'Won', True)]

    @staticmethod
    def option(value, label, order, closed=False, probability='0.5', pipeline='default'):
        return {'value': value, 'label': label, 'meta': {
            'pipeline': pipeline, 'display_order': order, 'isClosed': str(closed).lower(),
            'probability': probability}}

    def test_a_stage_of_the_same_name_wins_over_its_position(self):
        params = stage_params([
            self.option('a', 'Something', 0), self.option('b', ' qualified ', 1),
            self.option('c', 'Other', 2)], self.STAGES)
        self.assertEqual(params['map'], {'a': 1, 'b': 2, 'c': 3})

    def test_won_goes_to_won_and_lost_is_an_outcome(self):
        params = stage_params([
            self.option('won', 'Closed Won', 1, True, '1.0'),
            self.option('lost', 'Closed Lost', 2, True, '0.0')], self.STAGES)
        self.assertEqual(params['map'], {'won': 4})
        self.assertEqual(params['lost'], 'lost')

    def test_every_pipeline_is_paired_by_its_own_positions(self):
        params = stage_params([
            self.option('a', 'x', 0, pipeline='p'), self.option('b', 'y', 0, pipeline='q'),
            self.option('c', 'z', 1, pipeline='q')], self.STAGES)
        self.assertEqual(params['map'], {'a': 1, 'b': 1, 'c': 2})
        self.assertEqual(
            params['companion'],
            {'field': 'pipeline', 'values': {'a': 'p', 'b': 'q', 'c': 'q'}})

    def test_no_stages_no_map(self):
        self.assertEqual(stage_params([], self.STAGES), {'map': {}})
