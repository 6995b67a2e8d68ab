"""The access token of a connection, kept fresh for all workers at once.

Promises: one worker asks for a token while the others wait for it; what it got is committed before
anybody uses it, together with the address the provider names for the account. A refresh token that
is good for one use is never used blindly: that it is about to be used is committed first, so that a
worker that died, or an answer that never came, leaves a trace. Then it is tried once more when the
first use must be over, and after that a person signs in.

Weakness: the lock is held during the token call, at most for the client's time-out; it is the one
remote call made under a lock, because two refreshes at once may revoke each other's token.
"""

from __future__ import annotations

import json
import math
from datetime import timezone
from urllib.parse import urlsplit

import psycopg2

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_list

from ..engine.errors import AuthError, ContractError, SyncError, TransientError, UnknownOutcome
from ..engine.sign_in import CLIENT_CREDENTIALS, GRANTS, JWT, OAUTH, TOKEN, Client
from . import clock
from .connection_adapters import REFRESH_AHEAD
from .queue_cursor import queue_cursor

#: After so long a token call is over, whatever became of it (the client's total time-out is 120 s).
CALL_OVER_SECONDS = 180
#: A refresh token that rotates is used so often without an answer, then a person has to come.
MAX_USES = 2


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    instance_url = fields.Char(
        'Address of the account', readonly=True, copy=False,
        help='Where calls go, as the provider said with the last token.',
    )

    def _access_token(self, stale=None):
        """``(token, seconds left)``; a new one where it ends soon or is ``stale``.

        :param stale: a token the provider has just refused
        :raises AuthError: the grant is refused; the connection needs a person now.
        """
        self.ensure_one()
        if self.auth_method == TOKEN:
            return self._static_token(stale)
        with queue_cursor(self.env) as cr:  # what others have committed by now
            current = self._stored_token(cr)
        if self._is_fresh(current, stale):
            return current
        try:
            return self._renew_token(stale)
        except AuthError as error:
            self._set_needs_auth(error)
            raise
        except UnknownOutcome as error:  # of the token call: what it was for was not sent
            raise TransientError(
                f'token call: {error}', user_message=error.user_message, code=error.code,
                retry_after=error.retry_after,
            ) from error
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
            seconds = (row.expires_at - clock.now(credentials.env)).total_seconds()
        return credentials._decrypt(row.value, self.name), seconds

    @staticmethod
    def _is_fresh(current, stale):
        token, seconds = current
        return bool(token) and token != stale and seconds > REFRESH_AHEAD

    def _renew_token(self, stale):
        """One worker renews; the others wait for the row and find its token."""
        with queue_cursor(self.env) as cr:
            cr.execute("SET LOCAL lock_timeout = '45s'")
            cr.execute(
                'SELECT id FROM sync_credential WHERE connection_id = %s AND name = %s FOR UPDATE',
                [self.id, GRANTS[self.auth_method]],
            )
            current = self._stored_token(cr)
            if self._is_fresh(current, stale):
                return current
            connection = self.with_env(self.env(cr=cr, su=True))
            tokens = connection._ask_for_tokens()
            connection._oauth_store(tokens)
        return tokens.access_token, tokens.expires_in or math.inf

    # === ASKING === #

    def _ask_for_tokens(self):
        """New tokens, the way the connection signs in, without a person."""
        form = self._sign_in().form(
            self.auth_method, self._client(), self._sign_in_address(),
            clock.now(self.env).replace(tzinfo=timezone.utc),
        )
        if self.auth_method != OAUTH or not self._sign_in().rotates:
            return self._oauth_request(form)
        self._begin_rotation()
        try:
            return self._oauth_request(form)
        except (UnknownOutcome, ContractError):
            raise  # it may have been used
        except SyncError:
            self._forget_rotation()
            raise

    def _oauth_request(self, form):
        answer = self._http_client().request(
            'POST', self._oauth_endpoints().token_path, form=form, idempotent=False,
            authenticated=False,
        )
        own_host = self.allow_private and urlsplit(self.base_url or '').hostname
        return self._sign_in().read(answer.status, answer.body, own_host or None)

    def _oauth_store(self, tokens):
        """Keep what the provider gave, and where it says the account is."""
        self._check_token_account(tokens)
        credentials = self.env['sync.credential']
        credentials._set(self, 'access_token', tokens.access_token, lifetime=tokens.expires_in)
        if tokens.refresh_token:
            credentials._set(self, 'refresh_token', tokens.refresh_token)
        credentials._set(self, 'rotation', None)
        if (tokens.instance_url or False) != self.instance_url:
            self.instance_url = tokens.instance_url

    def _check_token_account(self, tokens):
        """A token of another account would let calls go there, with this one's records.

        :raises AuthError: it is another's.
        """
        if self.remote_account and tokens.account_id not in ('', self.remote_account):
            raise AuthError(
                f'the token is for account {tokens.account_id!r}',
                user_message=self.env._(
                    'The sign-in leads to account %(found)s, but connection "%(name)s" is set up '
                    'for account %(expected)s. Correct the address, the app or the user, or create '
                    'another connection.', found=tokens.account_id, name=self.name,
                    expected=self.remote_account),
            )

    # === A REFRESH TOKEN THAT IS GOOD FOR ONE USE === #

    def _begin_rotation(self):
        """Commit that the refresh token is about to be used. The caller holds the lock on it.

        Timeline of what this prevents: a worker sends the token, no answer comes within its
        time-out, another sends it again; the provider works both, sees the old token twice, and
        ends the whole grant. Seen from here, a worker killed in that call looks the same.

        :raises TransientError: a use without an answer may still be under way
        :raises AuthError: it was used in vain; a person has to sign in
        """
        with queue_cursor(self.env) as cr:
            connection = self.with_env(self.env(cr=cr, su=True))
            credentials = connection.env['sync.credential']
            now = clock.now(connection.env).replace(tzinfo=timezone.utc).timestamp()
            uses = json.loads(credentials._get(connection, 'rotation') or '[]')
            connection._check_rotation(uses, now)
            credentials._set(connection, 'rotation', json.dumps([*uses, now]))

    def _check_rotation(self, uses, now):
        left = uses and uses[-1] + CALL_OVER_SECONDS - now
        if uses and left > 0:
            raise TransientError(
                'a use of the refresh token has no answer yet', retry_after=left,
                user_message=self.env._(
                    'The sign-in of connection "%s" was renewed and no answer came. It is tried '
                    'once more in a few minutes.', self.name),
            )
        if len(uses) >= MAX_USES:
            raise AuthError(
                'no answer to the use of a refresh token that is good for one',
                user_message=self.env._(
                    'The sign-in of connection "%s" was renewed twice and no answer came; using it '
                    'again could end it. Press "Sign in again".', self.name),
            )

    def _forget_rotation(self):
        """The refresh token was not used after all, or is refused for good."""
        with queue_cursor(self.env) as cr:
            connection = self.with_env(self.env(cr=cr, su=True))
            connection.env['sync.credential']._set(connection, 'rotation', None)

    # === WHO ASKS === #

    def _client(self):
        """Who we are to the token endpoint.

        :raises AuthError: something is not entered yet; the sentence names it.
        """
        own, credentials = self.sudo(), self.env['sync.credential']
        client = Client(
            client_id=own.client_id or '',
            client_secret=credentials._get(self, 'client_secret') or '',
            username=own.username or '',
            private_key=credentials._get(self, 'private_key') or '',
            refresh_token=credentials._get(self, 'refresh_token') or '',
        )
        self._check_entered(client)
        if self.auth_method == OAUTH and not client.refresh_token:
            raise AuthError('no refresh token', user_message=self.env._(
                'Connection "%s" is not signed in. Press Connect.', self.name))
        return client

    def _check_entered(self, client):
        if missing := [label for value, label in self._client_needs(client) if not value]:
            raise AuthError('the sign-in is not complete', user_message=self.env._(
                'The sign-in is not complete: enter %s first.', format_list(self.env, missing)))

    def _client_needs(self, client):
        """``(value, what it is called)`` of all that the connection's way of signing in takes."""
        yield client.client_id, self.env._('the client ID')
        if self.auth_method in (OAUTH, CLIENT_CREDENTIALS):
            yield client.client_secret, self.env._('the client secret')
        if self.auth_method == JWT:
            yield client.username, self.env._('the user')
            yield client.private_key, self.env._('the key pair')
        if self.auth_method in self._sign_in().own_address:
            yield self.base_url, self.env._("the account's own address")

    def _sign_in(self):
        return self._connector_class().sign_in

    def _sign_in_address(self):
        return self.base_url or self._connector_class().default_base_url

    def _oauth_endpoints(self):
        endpoints = self._sign_in().endpoints
        if not endpoints:
            raise UserError(self.env._(
                '%s has no sign-in with OAuth here. Use an access token.', self._remote_label()))
        return endpoints
