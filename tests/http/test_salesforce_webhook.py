"""Salesforce's deliveries through the real route: what is answered, and what is kept."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...engine.connectors.salesforce_soap import ACKNOWLEDGEMENT
from ...models import backlog
from ..account import PUBLIC_URL, AccountMixin, notification, sign
from ..account import encode as encode_hubspot
from ..salesforce_delivery import SESSION, encode, number, outbound_message, sign_json

ORGANISATION = '00DQy0000000001MAA'
SECRET = 'a-secret-of-a-flow-that-nobody-knows'
SOAP = {'Content-Type': 'text/xml; charset=utf-8', 'SOAPAction': '""'}


class SalesforceWebhookCase(AccountMixin, HttpCase):
    def setUp(self):
        super().setUp()
        backlog.forget()
        self.addCleanup(backlog.forget)
        self.connection = self.env['sync.connection'].create({
            'name': 'Salesforce EU', 'provider': 'salesforce', 'public_url': PUBLIC_URL,
            'poll_enabled': False, 'remote_account': ORGANISATION,
            'base_url': 'https://acme.my.salesforce.com', 'client_id': 'app',
        })
        credentials = self.env['sync.credential']
        credentials._set(self.connection, 'webhook_secret', SECRET)
        credentials._set(self.connection, 'client_secret', 'secret-of-the-app')
        self.connection._update_state('connected')
        self.env['sync.mapping'].create({
            'connection_id': self.connection.id, 'remote_object': 'Contact',
            'model_id': self.env['ir.model']._get_id('res.partner'),
            'domain': "[('is_company', '=', False)]",
            'line_ids': [(0, 0, {'odoo_field': 'email', 'remote_field': 'Email'})],
        })
        self.env.flush_all()

    def path(self, connection=None):
        return urlsplit((connection or self.connection).webhook_url).path

    def send(self, body, headers, path=None):
        return self.opener.post(
            self.base_url() + (path or self.path()), data=body, headers=headers, timeout=12,
            allow_redirects=False)

    def events(self):
        self.env.invalidate_all()
        return self.env['sync.event'].search([('connection_id', '=', self.connection.id)])

    def assertRefused(self, response, status):
        self.assertEqual(response.status_code, status, response.text)
        self.assertNotIn('Ack', response.text)
        self.assertFalse(self.events())


@tagged('post_install', '-at_install')
class TestOutboundMessages(SalesforceWebhookCase):
    def message(self, *indexes, **changes):
        rows = [(number('04l', index), 'Contact', number('003', index)) for index in indexes]
        return outbound_message(changes.pop('organisation', ORGANISATION), *rows, **changes)

    def test_a_message_is_stored_and_acknowledged_in_its_own_words(self):
        response = self.send(self.message(1, 2), SOAP)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.content, ACKNOWLEDGEMENT)
        self.assertEqual(response.headers['Content-Type'], 'text/xml; charset=utf-8')
        self.assertRecordValues(self.events().sorted('remote_id'), [
            {'remote_object': 'Contact', 'remote_id': number('003', 1), 'state': 'pending'},
            {'remote_object': 'Contact', 'remote_id': number('003', 2), 'state': 'pending'},
        ])

    def test_a_message_that_comes_again_is_acknowledged_and_kept_once(self):
        """Salesforce sends a message until it is acknowledged, and sometimes once more; the
        second time it may stand beside another notification."""
        for body in (self.message(1), self.message(1), self.message(1, 2)):
            self.assertEqual(self.send(body, SOAP).content, ACKNOWLEDGEMENT)
        self.assertEqual(len(self.events()), 2)

    def test_an_organisation_is_told_by_15_characters_too(self):
        body = self.message(1, organisation=ORGANISATION[:15])
        self.assertEqual(self.send(body, SOAP).status_code, 200)

    def test_the_message_of_another_organisation_is_refused(self):
        for organisation in ('00DQy0000000002', '', 'x'):
            with self.subTest(organisation):
                self.assertRefused(
                    self.send(self.message(1, organisation=organisation), SOAP), 401)

    def test_before_the_organisation_is_known_nothing_is_believed(self):
        self.connection.remote_account = False
        self.env.flush_all()
        self.assertRefused(self.send(self.message(1), SOAP), 401)

    def test_a_body_that_is_no_message_is_refused(self):
        entity = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + self.message(1)
        for body in (b'', b'<x/>', b'{}', entity, self.message(), self.message(1)[:-20]):
            with self.subTest(body=body[:40]):
                self.assertRefused(self.send(body, SOAP), 400)

    def test_a_paused_connection_asks_for_the_message_again(self):
        self.connection._update_state('paused')
        self.env.flush_all()
        self.assertRefused(self.send(self.message(1), SOAP), 503)

    def test_the_session_id_is_neither_kept_nor_logged(self):
        """Who ticks "Send Session ID" sends a living user's credential with every message."""
        with self.assertLogs(level='DEBUG') as logs:
            self.assertEqual(self.send(self.message(1), SOAP).status_code, 200)
            refused = self.send(self.message(2, organisation='00DQy0000000002'), SOAP)
        self.assertEqual(refused.status_code, 401)
        self.assertNotIn(SESSION, refused.text)
        self.assertNotIn(SESSION, '\n'.join(logs.output))
        self.env.flush_all()
        for table in ('sync_event', 'sync_lane', 'sync_attempt', 'sync_connection', 'ir_logging'):
            self.env.cr.execute(
                f'SELECT count(*) FROM {table} t WHERE t::text LIKE %s', [f'%{SESSION[-12:]}%'])
            self.assertEqual(self.env.cr.fetchone()[0], 0, table)
        self.assertTrue(self.events().payload)

    def test_a_provider_who_sends_json_only_gets_no_xml_taken(self):
        hubspot = self.create_connection(remote_account='62515')
        hubspot._update_state('connected')
        self.env.flush_all()
        response = self.send(self.message(1), SOAP, self.path(hubspot))
        self.assertEqual(response.status_code, 415)
        body = encode_hubspot([notification(1)])
        path = self.path(hubspot)
        response = self.send(body, sign(body, PUBLIC_URL + path), path)
        self.assertEqual((response.status_code, response.json()),
                         (202, {'accepted': 1, 'duplicates': 0}))
        self.assertEqual(response.headers['Content-Type'], 'application/json')


@tagged('post_install', '-at_install')
class TestSignedJson(SalesforceWebhookCase):
    EVENT = {'id': number('003', 7), 'object': 'Contact', 'type': 'updated', 'event': 'e-1'}

    def test_a_signed_event_is_stored_once(self):
        body = encode(self.EVENT)
        for counts in ({'accepted': 1, 'duplicates': 0}, {'accepted': 0, 'duplicates': 1}):
            response = self.send(body, sign_json(body, SECRET))
            self.assertEqual((response.status_code, response.json()), (202, counts))
        self.assertEqual(self.events().remote_id, number('003', 7))

    def test_without_the_right_signature_nothing_is_believed(self):
        body = encode(self.EVENT)
        good = sign_json(body, SECRET)
        wrong = {
            'missing': {'Content-Type': 'application/json'},
            'another body': sign_json(body + b' ', SECRET),
            'another secret': sign_json(body, 'x'),
            'the secret of the app, which signs nothing': sign_json(body, 'secret-of-the-app'),
            'too old': sign_json(body, SECRET, at=time.time() - 400),
            'time exchanged': {**good, 'X-Timestamp': str(int(time.time()))},
        }
        for why, headers in wrong.items():
            with self.subTest(why):
                self.assertRefused(self.send(body, headers), 401)

    def test_a_replaced_secret_goes_on_verifying_for_a_week(self):
        self.connection.webhook_secret_input = 'the-next-secret'
        self.env.flush_all()
        body = encode(self.EVENT)
        self.assertEqual(self.send(body, sign_json(body, SECRET)).status_code, 202)
        self.assertEqual(self.send(body, sign_json(body, 'the-next-secret')).status_code, 202)
        self.connection.action_forget_previous_secret()
        self.env.flush_all()
        self.assertEqual(self.send(body, sign_json(body, SECRET)).status_code, 401)

    def test_without_a_secret_there_is_no_unsigned_mode(self):
        self.env['sync.credential']._set(self.connection, 'webhook_secret', None)
        self.env.flush_all()
        body = encode(self.EVENT)
        for headers in ({'Content-Type': 'application/json'}, sign_json(body, '')):
            self.assertRefused(self.send(body, headers), 401)


@tagged('post_install', '-at_install')
class TestDownloads(SalesforceWebhookCase):
    def fetch(self, login, name):
        self.authenticate(login, login)
        return self.url_open(f'/saas_sync/connection/{self.connection.id}/{name}')

    def test_a_manager_gets_the_certificate_and_never_the_private_key(self):
        self.connection.action_new_key_pair()
        self.env.flush_all()
        answer = self.fetch('admin', 'certificate.crt')
        self.assertEqual(answer.status_code, 200)
        self.assertIn('salesforce-eu.crt', answer.headers['Content-Disposition'])
        self.assertIn('BEGIN CERTIFICATE', answer.text)
        self.assertNotIn('PRIVATE', answer.text)

    def test_an_ordinary_user_gets_neither_file(self):
        self.connection.action_new_key_pair()
        new_test_user(self.env, 'sf_reader', 'saas_sync.group_user')
        self.env.flush_all()
        for name in ('certificate.crt', 'project.zip'):
            with mute_logger('odoo.http', 'odoo.addons.base.models.ir_model'):
                self.assertEqual(self.fetch('sf_reader', name).status_code, 403)

    def test_without_a_key_pair_the_sentence_says_what_to_do(self):
        with mute_logger('odoo.http'):
            answer = self.fetch('admin', 'certificate.crt')
        self.assertEqual(answer.status_code, 422)
        self.assertIn('no key pair yet', answer.text)
