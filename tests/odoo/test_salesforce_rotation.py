"""A refresh token that is good for one use, on connections of their own: two uses end the grant.

What a worker commits before it dies is seen by the next, so nothing here runs in one transaction.
"""

import json
from contextlib import suppress
from unittest.mock import patch

import requests

from odoo import SUPERUSER_ID, api
from odoo.tests import tagged

from ...engine.errors import AuthError, SyncError, TransientError, UnknownOutcome
from ...engine.http import HttpClient
from ...engine.oauth import authorize_url
from ...models.sync_connection_tokens import CALL_OVER_SECONDS
from ..sandbox_process import running
from .salesforce_case import SalesforceMixin
from .test_rivals import RivalsCase

VERIFIER = 'v' * 60


class SalesforceRivalsCase(SalesforceMixin, RivalsCase):
    """A connection that is committed, signed in by ``method``."""

    method = 'client_credentials'

    def setUp(self):  # pylint: disable=method-required-super
        RivalsCase.setUp(self)  # the mixin's would reset the organisation once more

    def committed(self, env):
        self.box = running('salesforce')
        self.box.reset(limits={'enabled': False})
        self.env, outer = env, self.env
        connection = self.create_salesforce(self.method)
        if self.method == 'oauth':
            env.cr.commit()  # pylint: disable=invalid-commit
            self.grant(connection)
        else:
            connection.action_connect()
        self.env = outer
        return connection.id

    def grant(self, connection):
        """The code flow without a browser; the way through one is in tests/http."""
        endpoints = connection._oauth_endpoints()
        url = authorize_url(
            self.box.url, endpoints.authorize_path, client_id=connection.client_id,
            redirect_uri=connection.oauth_redirect_url, scopes=endpoints.scopes, state='s',
            verifier=VERIFIER)
        back = requests.get(url, timeout=10, allow_redirects=False).headers['Location']
        code = back.partition('code=')[2].partition('&')[0]
        connection.env['sync.credential']._set(
            connection, 'oauth_verifier', json.dumps(['n', VERIFIER]))
        connection.env.cr.commit()  # pylint: disable=invalid-commit
        connection._oauth_complete(code, 'n')

    def alone(self, work):
        """``work(connection)`` in a transaction of its own."""
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            return work(env['sync.connection'].browse(self.connection_id))

    def secret(self, name='access_token'):
        return self.alone(lambda connection: connection.env['sync.credential']._get(
            connection, name))

    def state(self):
        return self.alone(lambda connection: connection.state)


@tagged('post_install', '-at_install')
class TestSalesforceRivals(SalesforceRivalsCase):
    def test_one_worker_signs_in_and_all_have_its_token(self):
        stale, mark = self.secret(), len(self.token_calls())
        results = self.race(lambda connection: connection._access_token(stale)[0])
        self.assertEqual(set(results), {self.secret()})
        self.assertNotEqual(results[0], stale)
        self.assertEqual(len(self.token_calls()) - mark, 1)


@tagged('post_install', '-at_install')
class TestRotation(SalesforceRivalsCase):
    method = 'oauth'

    def expire(self):
        self.box.call('POST', 'auth', {'expire_access': True})

    def renew(self):
        stale = self.secret()
        return self.alone(lambda connection: connection._access_token(stale)[0])

    def refusal(self):
        try:
            return self.fail(self.renew())
        except SyncError as error:
            return error

    def age(self):
        """As if the uses of the refresh token had been so long ago that their calls are over."""
        def make_older(connection):
            credentials = connection.env['sync.credential']
            uses = json.loads(credentials._get(connection, 'rotation'))
            credentials._set(connection, 'rotation', json.dumps(
                [one - CALL_OVER_SECONDS - 1 for one in uses]))
        self.alone(make_older)

    def test_every_renewal_brings_the_next_refresh_token(self):
        seen = {self.secret('refresh_token')}
        for _time in range(3):
            self.expire()
            self.assertTrue(self.alone(lambda connection: connection._ask_account().account_id))
            seen.add(self.secret('refresh_token'))
        self.assertEqual(len(seen), 4)
        self.assertIsNone(self.secret('rotation'))

    def test_of_several_workers_one_uses_it_and_all_have_its_token(self):
        """Two uses would end the grant: the next round would be refused."""
        for _round in range(2):
            stale, mark = self.secret(), len(self.token_calls())
            results = self.race(lambda connection, old=stale: connection._access_token(old)[0])
            self.assertEqual(len(set(results) - {stale}), 1)
            self.assertEqual(len(self.token_calls()) - mark, 1)
        self.assertEqual(self.state(), 'connected')

    def test_the_use_is_committed_before_the_token_is_sent(self):
        """A worker killed between sending and storing leaves the mark, and nobody sends the
        token again before that call must be over."""
        def killed(_connection, _form):
            self.assertEqual(len(json.loads(self.secret('rotation'))), 1)
            raise KeyboardInterrupt

        cls = type(self.env['sync.connection'])
        with patch.object(cls, '_oauth_request', killed), suppress(KeyboardInterrupt):
            self.renew()
        mark = len(self.token_calls())
        error = self.refusal()
        self.assertIsInstance(error, TransientError)
        self.assertGreater(error.retry_after, CALL_OVER_SECONDS - 60)
        self.assertEqual(len(self.token_calls()), mark)

    def test_no_answer_is_followed_by_one_more_use_and_then_by_a_person(self):
        """Timeline: the token is sent, the answer never comes. Within three minutes nobody sends
        it again. After that it is sent once more; no answer again: a person is asked, and the
        token is not sent a third time."""
        with patch.object(HttpClient, 'request', side_effect=UnknownOutcome('cut')) as sent:
            for _worker in range(2):
                error = self.refusal()
                self.assertIsInstance(error, TransientError)
                self.assertNotIsInstance(error, UnknownOutcome)
            self.assertEqual(sent.call_count, 1, 'sent again while it may be under way')
            self.age()
            self.assertIsInstance(self.refusal(), TransientError)
            self.age()
            self.assertIsInstance(self.refusal(), AuthError)
            self.assertEqual(sent.call_count, 2)
        self.assertEqual(self.state(), 'needs_auth')
        self.alone(self.grant)
        self.assertEqual(self.state(), 'connected')
        self.assertIsNone(self.secret('rotation'))

    def test_the_second_use_works_where_the_first_never_arrived(self):
        with patch.object(HttpClient, 'request', side_effect=UnknownOutcome('cut')):
            self.assertIsInstance(self.refusal(), TransientError)
        self.age()
        self.assertTrue(self.renew())
        self.assertIsNone(self.secret('rotation'))

    def test_the_second_use_of_a_token_whose_answer_was_lost_asks_for_a_person(self):
        """The organisation worked the first use; its answer, with the new token, is lost. The
        second use ends the grant, which was lost to us anyway: a person signs in again."""
        self.box.faults({'kind': 'commit_then_drop', 'match': '^POST .*/oauth2/token', 'count': 1})
        self.assertIsInstance(self.refusal(), TransientError)
        self.box.faults()
        self.age()
        self.assertIsInstance(self.refusal(), AuthError)
        self.assertEqual(self.state(), 'needs_auth')
        self.assertIn('sign in again', self.alone(lambda connection: connection.last_error))

    def test_a_token_that_was_never_sent_is_no_use(self):
        unreachable = TransientError('refused', code='NOT_REACHED')
        with patch.object(HttpClient, 'request', side_effect=unreachable):
            self.assertIs(self.refusal(), unreachable)
        self.assertIsNone(self.secret('rotation'))
        self.assertTrue(self.renew())
