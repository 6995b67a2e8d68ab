"""Signing in: through a person's browser, or by the app itself.

Promises: the ``state`` that travels through the browser is signed, expires after ten minutes, and
names the user who started; its verifier is stored encrypted and works once; nothing is kept of a
sign-in that leads to another account.

Weakness: whoever may read the browser's history sees the code of a sign-in, used up.
"""

from __future__ import annotations

import json
import secrets
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import hash_sign, verify_hash_signed

from ..engine import oauth
from ..engine.sign_in import Client
from .connection_adapters import FixedToken
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
            client = self._oauth_client()
        endpoints = self._oauth_endpoints()
        verifier, nonce = oauth.new_verifier(), secrets.token_urlsafe(16)
        self.env['sync.credential']._set(
            self, 'oauth_verifier', json.dumps([nonce, verifier]), lifetime=SIGN_IN_SECONDS
        )
        url = oauth.authorize_url(
            self.base_url or endpoints.authorize_base, endpoints.authorize_path,
            client_id=client['client_id'], redirect_uri=self.oauth_redirect_url,
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
        with self._in_words():
            client = self._oauth_client()
            form = oauth.code_form(client, code, self.oauth_redirect_url, verifier)
            self._oauth_store(tokens := self._oauth_request(form))
        self._finish_connecting(self._ask_account(FixedToken(tokens.access_token)))

    def _connect_unattended(self):
        """The app signs in by itself: nobody has to be sent anywhere."""
        self.ensure_one()
        with self._in_words():
            self._check_may_talk(fenced=True)
            self._oauth_store(tokens := self._ask_for_tokens())
        return self._finish_connecting(self._ask_account(FixedToken(tokens.access_token)))

    def _oauth_client(self):
        """The pair of the app, before there is a refresh token."""
        own, credentials = self.sudo(), self.env['sync.credential']
        pair = Client(own.client_id or '', credentials._get(self, 'client_secret') or '')
        self._check_entered(pair)
        return {'client_id': pair.client_id, 'client_secret': pair.client_secret}

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
