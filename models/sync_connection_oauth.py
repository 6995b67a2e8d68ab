"""Signing in with OAuth, and keeping the access token fresh.

Promises: the ``state`` that travels through the browser is signed, expires after ten minutes, and
names the user who started; its verifier is stored encrypted and works once; an access token is
refreshed by one worker while the others wait, and is committed before anybody uses it.

Weakness: the lock is held during the token call, at most for the client's time-out; it is the one
remote call made under a lock, because two refreshes at once may revoke each other's token.
"""

from __future__ import annotations

import json
import math
import secrets
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import hash_sign, verify_hash_signed

from ..engine import oauth
from ..engine.errors import AuthError, TransientError
from .connection_adapters import REFRESH_AHEAD, FixedToken
from .queue_cursor import queue_cursor

SCOPE = 'saas_sync.oauth'
SIGN_IN_SECONDS = 600
CALLBACK = '/saas_sync/oauth/callback'


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    oauth_redirect_url = fields.Char(
        'Redirect URL', compute='_compute_oauth_redirect_url',
        help='Enter this as the redirect URL of the app.',
    )

    @api.depends('public_url')
    def _compute_oauth_redirect_url(self):
        for connection in self:
            connection.oauth_redirect_url = connection._public_url(CALLBACK)

    # === SIGNING IN === #

    def _oauth_begin(self):
        """Send the user to the provider's consent page."""
        self.ensure_one()
        with self._in_words():
            self._check_may_talk(fenced=True)
            self._oauth_client()
        endpoints = self._oauth_endpoints()
        verifier, nonce = oauth.new_verifier(), secrets.token_urlsafe(16)
        self.env['sync.credential']._set(
            self, 'oauth_verifier', json.dumps([nonce, verifier]), lifetime=SIGN_IN_SECONDS
        )
        url = oauth.authorize_url(
            self.base_url or endpoints.authorize_base, endpoints.authorize_path,
            client_id=self.client_id, redirect_uri=self.oauth_redirect_url,
            scopes=(self.scopes or '').split() or endpoints.scopes,
            state=self._oauth_state(nonce), verifier=verifier,
        )
        return {'type': 'ir.actions.act_url', 'url': url, 'target': 'self'}

    def _oauth_state(self, nonce):
        return hash_sign(
            self.env(su=True), SCOPE, [self.id, self.env.uid, nonce],
            expiration=timedelta(seconds=SIGN_IN_SECONDS),
        )

    @api.model
    def _oauth_open_state(self, state):
        """Return ``(connection, nonce)`` of a signed state.

        :raises UserError: it is not ours, too old, or another user's.
        """
        try:
            values = verify_hash_signed(self.env(su=True), SCOPE, state or '')
        except ValueError:  # no base64, no UTF-8, another version
            values = None
        if not values or values[1] != self.env.uid:
            raise UserError(self.env._(
                'This sign-in is not valid or took too long. Open the connection and press '
                'Connect again.'
            ))
        return self.browse(values[0]).exists(), values[2]

    def _oauth_complete(self, code, nonce):
        """Trade the code for tokens, check the account, and connect.

        :raises UserError: in words, for the page the browser shows.
        """
        self.ensure_one()
        verifier = self._oauth_pop_verifier(nonce)
        form = oauth.code_form(self._oauth_client(), code, self.oauth_redirect_url, verifier)
        with self._in_words():
            tokens = self._oauth_request(form)
        self._oauth_store(tokens)
        self._finish_connecting(self._ask_account(FixedToken(tokens.access_token)))

    def _oauth_pop_verifier(self, nonce):
        """The verifier of this sign-in. It is gone when this returns, whatever follows."""
        with queue_cursor(self.env) as cr:
            credentials = self.with_env(self.env(cr=cr, su=True)).env['sync.credential']
            stored = json.loads(credentials._get(self, 'oauth_verifier') or '[null, null]')
            if stored[0] == nonce:
                credentials._set(self, 'oauth_verifier', None)
        if stored[0] != nonce:
            raise UserError(self.env._(
                'This sign-in was used already, or another one was started after it. Open the '
                'connection "%s" and press Connect again.', self.name,
            ))
        return stored[1]

    # === TOKENS === #

    def _access_token(self, stale=None):
        """``(token, seconds left)``; refreshed when it ends soon or is ``stale``.

        :param stale: a token the provider has just refused
        :raises AuthError: the grant is refused; the connection needs a person now.
        """
        self.ensure_one()
        if self.auth_method == 'token':
            return self._static_token(stale)
        with queue_cursor(self.env) as cr:  # what others have committed by now
            current = self._stored_token(cr)
        if self._is_fresh(current, stale):
            return current
        try:
            return self._refresh_token(stale)
        except AuthError as error:
            self._set_needs_auth(error)
            raise
        except psycopg2.errors.LockNotAvailable as error:
            raise TransientError('another worker is still refreshing the token') from error

    def _static_token(self, stale):
        """The entered token; after a refusal, the one that was entered since, if there is one."""
        own = stale is not None and self.env['sync.credential']._find(self, 'access_token')
        if own:
            with queue_cursor(self.env) as cr:
                newest = own.with_env(self.env(cr=cr, su=True)).exists()
                if newest and newest.write_date > own.write_date:
                    return self._stored_token(cr)
        return self._stored_token(self.env.cr)

    def _stored_token(self, cr):
        credentials = self.env(cr=cr, su=True)['sync.credential']
        row = credentials._find(self, 'access_token')
        if not row:
            return None, 0
        seconds = math.inf
        if row.expires_at:
            seconds = (row.expires_at - fields.Datetime.now()).total_seconds()
        return credentials._decrypt(row.value, self.name), seconds

    @staticmethod
    def _is_fresh(current, stale):
        token, seconds = current
        return bool(token) and token != stale and seconds > REFRESH_AHEAD

    def _refresh_token(self, stale):
        """One worker refreshes; the others wait for the row and find its token."""
        with queue_cursor(self.env) as cr:
            cr.execute("SET LOCAL lock_timeout = '45s'")
            cr.execute(
                'SELECT id FROM sync_credential WHERE connection_id = %s '
                "AND name = 'refresh_token' FOR UPDATE", [self.id],
            )
            current = self._stored_token(cr)
            if self._is_fresh(current, stale):
                return current
            connection = self.with_env(self.env(cr=cr, su=True))
            refresh_token = connection.env['sync.credential']._get(self, 'refresh_token')
            if not refresh_token:
                raise AuthError('no refresh token', user_message=self.env._(
                    'Connection "%s" is not signed in. Press Connect.', self.name))
            tokens = connection._oauth_request(
                oauth.refresh_form(connection._oauth_client(), refresh_token))
            connection._oauth_store(tokens)
        return tokens.access_token, tokens.expires_in

    def _oauth_request(self, form):
        endpoints = self._oauth_endpoints()
        answer = self._http_client().request(
            'POST', endpoints.token_path, form=form, idempotent=False, authenticated=False
        )
        return oauth.parse_token_answer(answer.status, answer.body)

    def _oauth_store(self, tokens):
        credentials = self.env['sync.credential']
        credentials._set(self, 'access_token', tokens.access_token, lifetime=tokens.expires_in)
        if tokens.refresh_token:
            credentials._set(self, 'refresh_token', tokens.refresh_token)

    def _oauth_client(self):
        secret = self.env['sync.credential']._get(self, 'client_secret')
        client_id = self.sudo().client_id
        if not (client_id and secret):
            raise UserError(self.env._(
                'Connection "%s": enter the client ID and the client secret of the app first.',
                self.name,
            ))
        return {'client_id': client_id, 'client_secret': secret}

    def _oauth_endpoints(self):
        try:
            return oauth.ENDPOINTS[self.provider]
        except KeyError as error:
            raise UserError(self.env._(
                '%s has no sign-in with OAuth here. Use an access token.', self._remote_label(),
            )) from error
