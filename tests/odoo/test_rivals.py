"""Several workers and several deliveries at once: real transactions on connections of their own.

What is created here is committed, and deleted again when the test ends.
"""

import random
import threading

import requests

from odoo import api
from odoo.tests import TransactionCase, tagged

from ...engine.contracts import WebhookRequest
from ...engine.errors import AuthError
from ...models.queue_cursor import queue_cursor
from ...models.sync_connection_webhook import verify
from ..account import PUBLIC_URL, AccountMixin, encode, notification, sign
from ..sandbox_process import hubspot


class RivalsCase(AccountMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.box = hubspot()
        self.box.reset(limits={'enabled': False})
        with self.registry.cursor() as cr:
            self.connection_id = self.committed(api.Environment(cr, api.SUPERUSER_ID, {}))
        self.addCleanup(self.delete)

    def committed(self, env):
        """Create what the rivals work on; return the connection's id."""
        self.env, outer = env, self.env
        connection = self.create_connection(
            base_url=self.box.url, allow_private=True, client_id=self.box.info['client_id'])
        env['sync.credential']._set(
            connection, 'client_secret', self.box.info['client_secret'])
        self.map_contacts(connection)
        connection._update_state('connected', database_uuid=connection._database_uuid())
        self.env = outer
        return connection.id

    def delete(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            connection = env['sync.connection'].browse(self.connection_id)
            connection.state = 'draft'
            connection.unlink()

    def race(self, work, rivals=4):
        """Run ``work(connection)`` in threads, each in its own transaction; return the results."""
        results, errors, gate = [], [], threading.Barrier(rivals)

        def run():
            try:
                with self.registry.cursor() as cr:
                    env = api.Environment(cr, api.SUPERUSER_ID, {})
                    connection = env['sync.connection'].browse(self.connection_id)
                    gate.wait(20)
                    results.append(work(connection))
            except Exception as error:  # noqa: BLE001 (shown by the assertion below)
                errors.append(error)

        threads = [threading.Thread(target=run) for _number in range(rivals)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertFalse([thread for thread in threads if thread.is_alive()], 'a rival waits')
        self.assertEqual(errors, [])
        return results

    def fresh(self):
        """The connection as it is committed now."""
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return api.Environment(cr, api.SUPERUSER_ID, {})['sync.connection'].browse(
            self.connection_id)


@tagged('post_install', '-at_install')
class TestRivals(RivalsCase):
    def test_one_worker_refreshes_the_token_and_all_have_it(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, api.SUPERUSER_ID, {})
            connection = env['sync.connection'].browse(self.connection_id)
            connection.auth_method = 'oauth'
            tokens = self.sign_in(connection)
            env['sync.credential']._set(connection, 'access_token', tokens[0], lifetime=100)
            env['sync.credential']._set(connection, 'refresh_token', tokens[1])
        before = len(self.token_calls())
        results = self.race(lambda connection: connection._access_token()[0])
        self.assertEqual(len(set(results)), 1)
        self.assertNotEqual(results[0], tokens[0])
        self.assertEqual(len(self.token_calls()) - before, 1)

    def sign_in(self, connection):
        """An access and a refresh token, the way the provider gives them."""
        form = {'grant_type': 'authorization_code', **connection._oauth_client(),
                'code': self.consent(connection), 'redirect_uri': connection.oauth_redirect_url}
        tokens = connection._oauth_request(form)
        return tokens.access_token, tokens.refresh_token

    def consent(self, connection):
        answer = requests.get(
            f'{self.box.url}/oauth/authorize', allow_redirects=False, timeout=10, params={
                'client_id': connection.client_id, 'state': 'x',
                'redirect_uri': connection.oauth_redirect_url})
        return answer.headers['Location'].partition('code=')[2].partition('&')[0]

    def token_calls(self):
        return [call for call in self.box.ledger() if call['path'].endswith('/token')]

    def test_a_refusal_seen_by_all_is_told_once(self):
        self.race(lambda connection: connection._set_needs_auth(
            AuthError('401', user_message='The token was revoked.')))
        connection = self.fresh()
        self.assertEqual(connection.state, 'needs_auth')
        self.assertEqual(len(connection.activity_ids), 1)

    def test_a_refusal_does_not_wait_for_whoever_edits_the_connection(self):
        with self.registry.cursor() as cr:
            cr.execute('SELECT 1 FROM sync_connection WHERE id = %s FOR UPDATE',
                       [self.connection_id])
            self.race(lambda connection: connection._set_needs_auth(AuthError('401')), rivals=1)
            self.race(lambda connection: connection._hold(5, AuthError('429')), rivals=1)
        self.assertEqual(self.fresh().state, 'connected')

    def test_deliveries_of_the_same_events_at_once_store_each_event_once(self):
        events = [notification(number) for number in range(40)]

        def deliver(connection):
            chance, accepted = random.Random(), 0
            for _time in range(10):
                mixed = chance.sample(events, 20)
                with queue_cursor(connection.env) as cr:
                    accepted += self.receive(connection.with_env(connection.env(cr=cr)), mixed)
            return accepted

        accepted = self.race(deliver)
        stored = self.fresh().env['sync.event'].search(
            [('connection_id', '=', self.connection_id)])
        self.assertEqual(len(stored), sum(accepted))
        self.assertEqual(len(set(stored.mapped('idempotency_key'))), len(stored))
        self.assertLessEqual(len(stored), 40)

    def receive(self, connection, events):
        secret = self.box.info['client_secret']
        path, body = connection.webhook_url.removeprefix(PUBLIC_URL), encode(events)
        headers = {name.lower(): value for name, value in
                   sign(body, PUBLIC_URL + path, secret=secret).items()}
        delivery = WebhookRequest(
            method='POST', url=PUBLIC_URL + path, headers=headers, body=body)
        receiver = connection._find_receiver(connection.webhook_token)
        verify(receiver, delivery)
        accepted, duplicates = connection._receive(receiver, delivery, 'race')
        self.assertEqual(accepted + duplicates, len(events))
        return accepted
