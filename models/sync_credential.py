"""The secrets of a connection, encrypted with a key that is not in the database.

Promises: a secret is readable through :meth:`SyncCredential._get` and nothing else. Nobody has
access rights to this model, so no screen, export or RPC call returns a row; what is stored is a
Fernet token (AES-128-CBC with HMAC-SHA256, see the ``cryptography`` documentation).

Options: ``saas_sync_secret_key`` in the Odoo configuration file, or ``SAAS_SYNC_SECRET_KEY`` in
the environment (which wins): one Fernet key, or several separated by commas. The first encrypts,
all decrypt: put a new one in front, run ``_rotate()``, drop the old one.

Weakness: where no key is configured, one is generated into the database itself, so that a dump
holds both the secrets and their key. The log says so when it happens; once a key is configured,
``_rotate()`` moves the secrets over and removes the generated one.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import config

from ..engine.errors import AuthError
from . import clock

_logger = logging.getLogger(__name__)

KEY_OPTION = 'saas_sync_secret_key'
KEY_VARIABLE = 'SAAS_SYNC_SECRET_KEY'
KEY_PARAMETER = 'saas_sync.secret_key'


class SyncCredential(models.Model):
    _name = 'sync.credential'
    _description = 'Secret of a connection'
    _order = 'connection_id, name'

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade'
    )
    name = fields.Selection(
        [
            ('access_token', 'Access token'),
            ('refresh_token', 'Refresh token'),
            ('client_secret', 'Client secret'),
            ('client_secret_previous', 'Previous client secret'),
            ('webhook_secret', 'Webhook secret'),
            ('webhook_secret_previous', 'Previous webhook secret'),
            ('private_key', 'Private key'),
            ('rotation', 'Uses of a refresh token that have no answer'),
            ('oauth_verifier', 'Verifier of a sign-in under way'),
        ],
        required=True, readonly=True,
    )
    value = fields.Text(required=True, readonly=True, exportable=False)
    expires_at = fields.Datetime(readonly=True, help='Not used after this; empty: no limit.')

    _name_uniq = models.UniqueIndex('(connection_id, name)', 'This secret is already stored.')

    # === BUSINESS === #

    @api.model
    def _get(self, connection, name):
        """Return the secret, or ``None`` where there is none or it has expired.

        :raises AuthError: it was stored under a key we do not have any more.
        """
        row = self._find(connection, name)
        if not row or (row.expires_at and row.expires_at <= clock.now(self.env)):
            return None
        return self._decrypt(row.value, connection.name)

    @api.model
    def _set(self, connection, name, value, lifetime=None):
        """Store a secret, or forget it where ``value`` is empty. ``lifetime`` in seconds."""
        row = self._find(connection, name)
        if not value:
            return row.unlink()
        vals = {
            'value': self._encrypt(value),
            'expires_at': lifetime and clock.now(self.env) + timedelta(seconds=lifetime),
        }
        if row:
            return row.write(vals)
        return self.sudo().create({'connection_id': connection.id, 'name': name, **vals})

    @api.model
    def _names(self, connections):
        """``{connection id: names of its secrets}``; nothing is decrypted."""
        rows = self.sudo().search_fetch(
            [('connection_id', 'in', connections.ids)], ['connection_id', 'name']
        )
        return {
            connection.id: set(group.mapped('name'))
            for connection, group in rows.grouped('connection_id').items()
        }

    @api.model
    def _rotate(self):
        """Encrypt every secret anew with the first key. Return how many there were.

        A key that was generated into the database is removed once a configured one took over.
        """
        cipher = self._cipher()
        rows = self.sudo().search([('value', '!=', False)], order='id')
        for row in rows:
            row.value = cipher.rotate(row.value.encode()).decode()
        if self._configured_keys():
            self.env['ir.config_parameter'].sudo().set_param(KEY_PARAMETER, False)
        return len(rows)

    def _find(self, connection, name):
        return self.sudo().search_fetch(
            [('connection_id', '=', connection.id), ('name', '=', name)],
            ['value', 'expires_at'], order='id', limit=1,
        )

    # === CIPHER === #

    @api.model
    def _encrypt(self, value):
        return self._cipher(create=True).encrypt(value.encode()).decode()

    @api.model
    def _decrypt(self, value, label):
        try:
            return self._cipher().decrypt(value.encode()).decode()
        except InvalidToken as error:
            raise AuthError(
                f'no configured key decrypts the secrets of {label!r}',
                user_message=self.env._(
                    'The secrets of connection "%(name)s" were stored under another key. Restore '
                    '%(option)s in the server configuration, or enter the secrets again.',
                    name=label, option=KEY_OPTION,
                ),
            ) from error

    @api.model
    def _cipher(self, create=False):
        keys = self._configured_keys()
        keys += self._key_in_database(create=create and not keys)
        if not keys:
            raise InvalidToken
        try:
            return MultiFernet([Fernet(key) for key in keys])
        except ValueError as error:
            raise UserError(self.env._(
                'The server option %(option)s is not a valid key. Generate one with: '
                'python3 -c "from cryptography.fernet import Fernet; '
                'print(Fernet.generate_key().decode())"', option=KEY_OPTION,
            )) from error

    @api.model
    def _configured_keys(self):
        text = os.environ.get(KEY_VARIABLE) or config.get(KEY_OPTION) or ''
        return [key.strip() for key in text.split(',') if key.strip()]

    @api.model
    def _key_in_database(self, create):
        """The generated key, in a list; it keeps decrypting after a key was configured."""
        parameters = self.env['ir.config_parameter'].sudo()
        key = parameters.get_param(KEY_PARAMETER)
        if not key and create:
            key = Fernet.generate_key().decode()
            parameters.set_param(KEY_PARAMETER, key)
            _logger.warning(
                'No %s is configured: a key was generated into the database, so a database dump '
                'now holds the secrets of the connections together with their key. Set %s in the '
                'server configuration and run sync.credential._rotate().', KEY_OPTION, KEY_OPTION,
            )
        return [key] if key else []
