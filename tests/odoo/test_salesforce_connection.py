"""Signing in to Salesforce: by the app itself, and by a key pair."""

import io
import json
import zipfile
from contextlib import suppress
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ...engine.contracts import InboundEvent
from ...engine.errors import AuthError
from ...engine.http import HttpClient
from ...models.sync_connection import SIGN_IN_ACTIVITY
from .salesforce_case import SalesforceCase


@tagged('post_install', '-at_install')
class TestSignIn(SalesforceCase):
    def test_an_app_signs_in_by_itself_and_the_organisation_says_who_it_is(self):
        connection = self.create_salesforce()
        connection.action_connect()
        self.assertEqual(connection.state, 'connected')
        self.assertEqual(connection.remote_account, self.box.info['org_id'])
        self.assertEqual(connection.instance_url, self.box.url)
        self.assertTrue(connection.has_access_token)
        self.assertFalse(connection.has_refresh_token)
        self.assertEqual(connection._ask_account().account_id, connection.remote_account)

    def test_a_key_pair_signs_in_and_its_private_half_stays_here(self):
        connection = self.create_salesforce('jwt')
        self.upload_certificate(connection)
        connection.action_connect()
        self.assertEqual(connection.state, 'connected')
        self.assertNotIn('PRIVATE', connection.certificate)
        self.assertNotIn('PRIVATE', str(connection.read()))
        self.assertIn('PRIVATE', self.secret(connection, 'private_key'))
        self.assertNotIn(self.box.secret, json.dumps(self.token_calls()[-1]))

    def test_a_key_pair_that_was_not_uploaded_is_refused_in_words(self):
        connection = self.create_salesforce('jwt')
        self.upload_certificate(connection)
        connection.action_new_key_pair()
        with self.assertRaisesRegex(UserError, 'Approve the user'):
            connection.action_connect()

    def test_what_is_not_entered_yet_is_named(self):
        connection = self.create_salesforce('jwt', client_id=False, username=False)
        with self.assertRaisesRegex(UserError, 'the client ID, the user,? and the key pair'):
            connection.action_connect()
        self.assertFalse(connection.has_credentials)

    def test_client_credentials_need_the_organisations_own_address(self):
        connection = self.create_salesforce(base_url=False, allow_private=False)
        with self.assertRaisesRegex(UserError, "account's own address"):
            connection.action_connect()
        self.assertEqual(self.token_calls(), [])

    def test_a_way_of_signing_in_that_the_provider_lacks_is_refused_with_those_it_has(self):
        connection = self.create_salesforce()
        for vals, sentence in (
            ({'auth_method': 'token'}, 'has no "Access token".*Key pair'),
            ({'api_version': '2026-09'}, 'has no "2026-09" .*API version.*v66.0'),
        ):
            with self.assertRaises(ValidationError) as caught:
                connection.write(vals)
            self.assertRegex(str(caught.exception), sentence)
        with self.assertRaises(ValidationError) as caught:
            self.create_connection(auth_method='jwt')
        self.assertRegex(str(caught.exception), 'HubSpot has no "Key pair')

    def test_a_connection_starts_with_what_its_provider_offers(self):
        connection = self.create_salesforce()
        self.assertEqual(connection.api_version, 'v66.0')
        self.assertEqual(connection.batch_size, 200)
        self.assertEqual(connection._settings()['external_id_field'], 'Odoo_Id__c')
        hubspot = self.create_connection()
        self.assertEqual((hubspot.auth_method, hubspot.api_version, hubspot.batch_size),
                         ('token', '2026-09', 100))
        self.assertEqual(hubspot._settings()['external_id_field'], 'odoo_external_id')

    def test_the_address_of_a_stranger_gets_no_token(self):
        """A token answer that names another host would send every later call, with its token,
        there. Nothing of such an answer is kept."""
        connection = self.create_salesforce()
        self.box.call('POST', 'config', {'instance_url': 'https://salesforce.example.com'})
        with self.assertRaisesRegex(UserError, 'not Salesforce'):
            connection.action_connect()
        connection.invalidate_recordset()
        self.assertFalse(connection.instance_url)
        self.assertIsNone(self.secret(connection))
        self.assertEqual(connection.state, 'draft')

    def test_the_loopback_address_is_believed_of_a_sandbox_only(self):
        connection = self.create_salesforce()
        connection.write({'allow_private': False, 'base_url': 'https://acme.my.salesforce.com'})
        answer = json.dumps({'access_token': 'x', 'instance_url': self.box.url}).encode()
        with self.assertRaises(AuthError):
            connection._sign_in().read(200, answer)

    def test_the_token_of_another_organisation_is_refused(self):
        connection = self.create_salesforce()
        connection.action_connect()
        self.env.flush_all()
        self.box.reset(limits={'enabled': False}, org_id='00DQy0000000002MAA')
        with suppress(AuthError):
            connection._connector().account()
        connection.invalidate_recordset()
        self.assertEqual(connection.state, 'needs_auth')
        self.assertIn('00DQy0000000002', connection.last_error)

    def test_every_call_goes_to_the_address_the_last_token_named(self):
        connection = self.create_salesforce()
        connection.action_connect()
        other = self.box.url.replace('127.0.0.1', 'localhost')
        connection.instance_url = other
        asked = []
        with patch.object(HttpClient, 'request', lambda _self, *_args, **call: asked.append(
                call.get('base_url'))), suppress(AttributeError):
            connection._connector().account()
        self.assertEqual(asked, [other])

    def test_no_secret_is_read_by_anybody(self):
        connection = self.create_salesforce('jwt')
        self.upload_certificate(connection)
        connection.action_connect()
        connection.webhook_secret_input = 'a-secret-of-flow'
        manager = new_test_user(
            self.env, 'sf_manager', 'saas_sync.group_manager,base.group_system')
        self.env.flush_all()
        shown = str(connection.with_user(manager).read())
        for name in ('private_key', 'webhook_secret', 'access_token', 'client_secret'):
            value = self.secret(connection, name)
            self.assertTrue(value)
            self.assertNotIn(value, shown)
            self.env.cr.execute('SELECT count(*) FROM sync_credential WHERE value LIKE %s',
                                [f'%{value[:40]}%'])
            self.assertEqual(self.env.cr.fetchone()[0], 0)
        row = self.env['sync.credential']._find(connection, 'private_key').with_user(manager)
        with self.assertRaises(AccessError):
            row.read(['value'])


@tagged('post_install', '-at_install')
class TestRenewal(SalesforceCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_salesforce()
        self.connection.action_connect()
        self.mark = len(self.token_calls())

    def test_a_session_that_ended_is_renewed_once_and_the_call_repeated(self):
        before = self.secret(self.connection)
        self.box.call('POST', 'auth', {'expire_access': True})
        self.connection._ask_account()
        self.assertNotEqual(self.secret(self.connection), before)
        self.assertEqual(len(self.token_calls()), self.mark + 1)

    def test_who_comes_second_takes_the_token_of_the_first(self):
        stale = self.secret(self.connection)
        tokens = {self.connection._access_token(stale)[0] for _worker in range(3)}
        self.assertEqual(len(tokens), 1)
        self.assertEqual(len(self.token_calls()), self.mark + 1)

    def test_an_app_that_is_refused_needs_a_person_who_is_told_once(self):
        self.box.call('POST', 'auth', {'expire_access': True, 'refuse_tokens': {
            'error': 'invalid_client', 'error_description': 'app must be installed into org'}})
        for _worker in range(2):
            with suppress(AuthError):
                self.connection._connector().account()
        self.env.invalidate_all()
        self.assertEqual(self.connection.state, 'needs_auth')
        self.assertIn('installed', self.connection.last_error)
        self.assertEqual(
            self.connection.activity_ids.activity_type_id, self.env.ref(SIGN_IN_ACTIVITY))
        self.box.call('POST', 'auth', {'refuse_tokens': None})
        self.connection.action_test()
        self.assertEqual(self.connection.state, 'connected')
        self.assertFalse(self.connection.activity_ids)

    def test_a_day_at_salesforce_is_counted_however_we_signed_in(self):
        self.connection._ask_account()
        self.assertTrue(self.env['sync.budget'].search([
            ('connection_id', '=', self.connection.id), ('bucket', '=', 'daily')]))


@tagged('post_install', '-at_install')
class TestSetUp(SalesforceCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_salesforce()

    def config(self, **options):
        self.box.call('POST', 'config', options)

    def connect(self):
        self.connection.action_connect()
        self.env.flush_all()

    def test_an_api_version_that_is_not_offered_is_refused_with_what_is(self):
        self.config(last_version=65)
        with self.assertRaisesRegex(UserError, 'v31.0 to v65.0'):
            self.connect()
        self.assertEqual(self.connection.state, 'draft')

    def test_an_api_version_that_will_end_is_a_warning_until_another_is_chosen(self):
        self.config(last_version=74)
        self.connect()
        self.assertIn('8 releases old', self.connection.version_note)
        self.connection.api_version = 'v68.0'
        self.connection.action_test()
        self.assertFalse(self.connection.version_note)

    def test_where_our_field_is_missing_the_connection_says_so_until_it_is_made(self):
        self.box.reset(
            limits={'enabled': False}, external_id='', tooling_grants_access=True)
        self.connect()
        self.connection._create_default_mappings(['Account', 'Contact'])
        self.assertTrue(self.connection.is_weaker)
        self.assertEqual(self.connection.setup_step, 3)
        self.connection.action_setup_external_id()
        self.connection.invalidate_recordset()
        self.assertFalse(self.connection.is_weaker)
        self.assertTrue(self.connection.has_external_id)

    def test_a_field_that_exists_and_is_hidden_is_told_with_the_remedy(self):
        self.box.reset(limits={'enabled': False}, external_id='')
        self.connect()
        self.connection._create_default_mappings(['Account'])
        with self.assertRaisesRegex(UserError, 'permission set'):
            self.connection.action_setup_external_id()

    def test_the_package_holds_the_field_of_what_is_mapped(self):
        self.connect()
        self.connection._create_default_mappings(['Account', 'Contact'])
        name, content = self.connection._project_archive()
        self.assertEqual(name, 'salesforce-eu.zip')
        names = zipfile.ZipFile(io.BytesIO(content)).namelist()
        self.assertIn('salesforce-eu/objects/Contact.object', names)
        self.assertNotIn('salesforce-eu/objects/Lead.object', names)

    def test_a_certificate_that_ends_within_a_month_is_a_warning(self):
        self.connection.action_new_key_pair()
        self.assertFalse(self.connection.certificate_ends_soon)
        ends = self.connection.certificate_ends_at
        with freeze_time(ends - timedelta(days=29)):
            self.connection.invalidate_recordset()
            self.assertTrue(self.connection.certificate_ends_soon)

    def test_an_outbound_message_needs_no_secret_and_counts_as_receiving(self):
        self.connect()
        self.assertFalse(self.connection.is_receiving)
        self.env['sync.event']._ingest(self.env.cr, self.connection.id, [InboundEvent(
            idempotency_key='x', event_type='outboundMessage', kind='change',
            remote_object='Contact', remote_id='003000000000001AAA')], 'c')
        self.connection.invalidate_recordset()
        self.assertTrue(self.connection.is_receiving)
