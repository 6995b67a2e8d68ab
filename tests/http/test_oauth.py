"""Signing in with OAuth: the whole way through the browser, and every way it can fail."""

from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ...engine.errors import AuthError
from ...models.sync_connection import SIGN_IN_ACTIVITY
from ..account import AccountMixin

CALLBACK = '/saas_sync/oauth/callback'


class OAuthCase(AccountMixin, HttpCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_sandbox_connection(auth_method='oauth')
        self.env['sync.credential']._set(self.connection, 'access_token', None)
        self.connection.client_id = self.box.info['client_id']
        self.env['sync.credential']._set(
            self.connection, 'client_secret', self.box.info['client_secret'])
        self.connection.public_url = self.base_url()
        self.env.flush_all()

    def begin(self, user='admin'):
        """Press Connect; return what the consent page sends back: the query of the callback."""
        self.authenticate(user, user)
        connection = self.connection.with_user(self.env['res.users'].search([('login', '=', user)]))
        action = connection.action_connect()
        self.env.flush_all()
        self.assertEqual(action['type'], 'ir.actions.act_url')
        consent = requests.get(action['url'], timeout=10, allow_redirects=False)
        self.assertEqual(consent.status_code, 302, consent.text)
        target = urlsplit(consent.headers['Location'])
        self.assertEqual(target.path, CALLBACK)
        return {name: values[0] for name, values in parse_qs(target.query).items()}

    def come_back(self, **query):
        response = self.url_open(f'{CALLBACK}?{urlencode(query)}', allow_redirects=False)
        self.env.invalidate_all()
        return response

    def connect(self):
        self.assertEqual(self.come_back(**self.begin()).status_code, 303)

    def assertProblem(self, response, sentence, status=400):
        self.assertEqual(response.status_code, status, response.text)
        self.assertIn(sentence, response.text)
        self.assertNotIn('Traceback', response.text)
        self.assertFalse(self.connection.has_access_token)
        self.assertEqual(self.connection.state, 'draft')

    def token(self, name='access_token'):
        self.env.invalidate_all()
        return self.env['sync.credential']._get(self.connection, name)

    def token_calls(self):
        return [call for call in self.box.ledger() if call['path'].endswith('/token')]


@tagged('post_install', '-at_install')
class TestSignIn(OAuthCase):
    def test_the_whole_way_ends_connected_at_the_form_without_a_code_in_the_address(self):
        query = self.begin()
        response = self.come_back(**query)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(
            urlsplit(response.headers['Location']).path,
            f'/odoo/sync.connection/{self.connection.id}')
        self.assertNotIn(query['code'], response.headers['Location'])
        self.assertEqual(self.connection.state, 'connected')
        self.assertTrue(self.connection.has_refresh_token)
        self.assertEqual(self.connection._ask_account().account_id,
                         self.connection.remote_account)
        self.assertFalse(self.token('oauth_verifier'))

    def test_the_consent_page_gets_a_challenge_and_never_the_verifier_or_the_secret(self):
        url = self.connection.action_connect()['url']
        query = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        self.assertEqual(query['code_challenge_method'], 'S256')
        self.assertIn('crm.objects.deals.write', query['scope'])
        self.assertNotIn(self.box.info['client_secret'], url)
        self.assertNotIn(self.token('oauth_verifier').split('"')[3], url)

    def test_a_sign_in_works_once(self):
        query = self.begin()
        self.come_back(**query)
        response = self.come_back(**query)
        self.assertEqual(response.status_code, 400)
        self.assertIn('was used already', response.text)
        self.assertEqual(self.connection.state, 'connected')

    def test_a_newer_sign_in_replaces_the_older(self):
        older = self.begin()
        newer = self.begin()
        self.assertProblem(self.come_back(**older), 'another one was started after it')
        self.assertEqual(self.come_back(**newer).status_code, 303)

    def test_a_state_that_is_not_ours_is_refused(self):
        query = self.begin()
        for state in ('', 'x', 'A' * 80, '\xe9', query['state'][:-4] + 'AAAA'):
            with self.subTest(state):
                self.assertProblem(
                    self.come_back(code=query['code'], state=state), 'is not valid')
        self.assertProblem(self.come_back(), 'is not valid')

    def test_a_state_of_another_user_is_refused(self):
        query = self.begin()
        new_test_user(self.env, 'second_manager', 'saas_sync.group_manager')
        self.env.flush_all()
        self.authenticate('second_manager', 'second_manager')
        self.assertProblem(self.come_back(**query), 'is not valid')

    def test_an_expired_state_is_refused(self):
        query = self.begin()
        row = self.env['sync.credential']._find(self.connection, 'oauth_verifier')
        row.expires_at = '2020-01-01 00:00:00'
        self.env.flush_all()
        self.assertProblem(self.come_back(**query), 'was used already')

    def test_an_ordinary_user_is_told_that_a_manager_has_to_do_it(self):
        query = self.begin()
        new_test_user(self.env, 'sync_reader', 'saas_sync.group_user')
        self.env.flush_all()
        self.authenticate('sync_reader', 'sync_reader')
        with mute_logger('odoo.addons.base.models.ir_model'):
            self.assertProblem(self.come_back(**query), 'Only a manager', status=403)

    def test_without_a_session_one_signs_in_to_odoo_first(self):
        self.authenticate(None, None)
        response = self.come_back(code='x', state='x')
        self.assertEqual(response.status_code, 303)
        self.assertIn('/web/login', response.headers['Location'])

    def test_a_refusal_of_the_user_is_shown_escaped(self):
        query = self.begin()
        response = self.come_back(
            state=query['state'], error='access_denied',
            error_description='<script>alert(1)</script>' + 'x' * 5000)
        self.assertProblem(response, 'did not grant access')
        self.assertNotIn('<script>', response.text)
        self.assertLess(len(response.text), 3000)

    def test_a_wrong_client_secret_is_told_in_words(self):
        query = self.begin()
        self.env['sync.credential']._set(self.connection, 'client_secret', 'wrong')
        self.env.flush_all()
        self.assertProblem(self.come_back(**query), 'client secret is refused')

    def test_another_account_is_refused_and_its_tokens_are_not_kept(self):
        query = self.begin()
        self.connection.remote_account = '62515'
        self.env.flush_all()
        self.assertProblem(self.come_back(**query), 'account 62515')
        self.assertFalse(self.token('refresh_token'))

    def test_connecting_without_a_client_says_what_to_enter(self):
        self.connection.client_id = False
        with self.assertRaisesRegex(Exception, 'enter the client ID'):
            self.connection.action_connect()


@tagged('post_install', '-at_install')
class TestTokens(OAuthCase):
    def setUp(self):
        super().setUp()
        self.connect()
        self.mark = len(self.token_calls())

    def expire_soon(self):
        self.env['sync.credential']._set(
            self.connection, 'access_token', self.token(), lifetime=200)
        self.env.flush_all()

    def refusal(self):
        """The error of a call. Not assertRaises, which rolls back what the error left behind."""
        try:
            return self.fail(self.connection._connector().account())
        except AuthError as error:
            return error

    def test_a_token_is_refreshed_before_it_ends(self):
        before = self.token()
        self.expire_soon()
        self.connection._ask_account()
        self.assertNotEqual(self.token(), before)
        self.assertEqual(len(self.token_calls()), self.mark + 1)
        self.connection._ask_account()
        self.assertEqual(len(self.token_calls()), self.mark + 1)

    def test_a_token_refused_too_early_is_refreshed_once_and_the_call_repeated(self):
        self.box.call('POST', 'auth', {'expire_access': True})
        self.connection._ask_account()
        self.assertEqual(len(self.token_calls()), self.mark + 1)

    def test_who_comes_second_takes_the_token_of_the_first(self):
        stale = self.token()
        first, _seconds = self.connection._access_token(stale)
        second, _seconds = self.connection._access_token(stale)
        self.assertEqual(first, second)
        self.assertEqual(len(self.token_calls()), self.mark + 1)

    def test_a_rotated_refresh_token_is_kept(self):
        self.box.call('POST', 'config', {'rotate_refresh_token': True})
        before = self.token('refresh_token')
        for _time in range(2):
            self.expire_soon()
            self.connection._ask_account()
        self.assertNotEqual(self.token('refresh_token'), before)

    def test_a_revoked_grant_needs_a_person_who_is_told_once(self):
        self.box.call('POST', 'auth', {'revoke_refresh': True, 'expire_access': True})
        for _time in range(2):
            self.assertIn('Connect again', self.refusal().user_message)
        self.env.invalidate_all()
        self.assertEqual(self.connection.state, 'needs_auth')
        self.assertEqual(
            self.connection.activity_ids.activity_type_id, self.env.ref(SIGN_IN_ACTIVITY))
        self.assertEqual(len(self.connection.activity_ids), 1)
