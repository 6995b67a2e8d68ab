"""Entering and changing the secrets of a connection: written through the form, never read back.

A secret that signs deliveries goes on verifying deliveries for a week, the time HubSpot lets
both live, so that a rotation loses nothing.
"""

import re

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.connectors.base import CONNECTORS, Connector
from ..engine.errors import AuthError

PREVIOUS_SECRET_SECONDS = 7 * 24 * 3600


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    access_token_input = fields.Char(
        'Access token', compute='_compute_inputs', inverse='_inverse_access_token',
        groups='saas_sync.group_manager', exportable=False, copy=False,
        help='Of the private app, the project app or the service key. It is stored encrypted and '
             'never shown again.',
    )
    client_secret_input = fields.Char(
        'Client secret', compute='_compute_inputs', inverse='_inverse_client_secret',
        groups='saas_sync.group_manager', exportable=False, copy=False,
        help='Of the app: it identifies us, and signs the webhooks where the provider has no '
             'secret of their own for them. It is stored encrypted and never shown again.',
    )
    webhook_secret_input = fields.Char(
        'Webhook secret', compute='_compute_inputs', inverse='_inverse_webhook_secret',
        groups='saas_sync.group_manager', exportable=False, copy=False,
        help='Signs the deliveries that your own automations send. It is stored encrypted and '
             'never shown again.',
    )
    client_id = fields.Char('Client ID', copy=False, groups='saas_sync.group_manager')
    username = fields.Char(
        'User', copy=False, groups='saas_sync.group_manager',
        help='The user at the provider whom the app signs in as.',
    )
    app_id = fields.Char(
        'App ID', copy=False, help='Tells changes made by us from those of other apps.'
    )
    scopes = fields.Char(help='Asked for at sign-in; empty: what the add-on needs.')
    has_access_token = fields.Boolean(compute='_compute_has_secrets')
    has_refresh_token = fields.Boolean(compute='_compute_has_secrets')
    has_client_secret = fields.Boolean(compute='_compute_has_secrets')
    has_private_key = fields.Boolean(compute='_compute_has_secrets')
    has_signing_secret = fields.Boolean(
        compute='_compute_has_secrets', help='Deliveries can be verified.'
    )
    has_previous_secret = fields.Boolean(compute='_compute_has_secrets')

    # === COMPUTE === #

    def _compute_inputs(self):
        self.access_token_input = self.client_secret_input = self.webhook_secret_input = False

    def _inverse_access_token(self):
        for connection in self.filtered('access_token_input'):
            connection._set_secret('access_token', connection.access_token_input)

    def _inverse_client_secret(self):
        for connection in self.filtered('client_secret_input'):
            connection._set_secret('client_secret', connection.client_secret_input)

    def _inverse_webhook_secret(self):
        for connection in self.filtered('webhook_secret_input'):
            connection._set_secret('webhook_secret', connection.webhook_secret_input)

    @api.depends('access_token_input', 'client_secret_input', 'webhook_secret_input', 'provider')
    def _compute_has_secrets(self):
        stored = self.env['sync.credential']._names(self)
        for connection in self:
            names = stored.get(connection._origin.id, ())
            connection.has_access_token = 'access_token' in names
            connection.has_refresh_token = 'refresh_token' in names
            connection.has_client_secret = 'client_secret' in names
            connection.has_private_key = 'private_key' in names
            signing = connection._signing_secret()
            connection.has_signing_secret = signing in names
            connection.has_previous_secret = f'{signing}_previous' in names

    # === ACTIONS === #

    def action_forget_previous_secret(self):
        """Deliveries signed with the replaced secret are refused from now on."""
        self.check_access('write')
        for connection in self:
            previous = f'{connection._signing_secret()}_previous'
            self.env['sync.credential']._set(connection, previous, None)

    def action_forget_credentials(self):
        """Forget every secret; the connection goes back to set-up."""
        self.check_access('write')
        self.env['sync.credential'].sudo().search([('connection_id', 'in', self.ids)]).unlink()
        for connection in self:
            connection._update_state('draft')

    # === BUSINESS === #

    def _set_secret(self, name, value):
        """Store a secret someone entered. Surrounding blanks are a slip of the clipboard."""
        self.ensure_one()
        self.check_access('write')
        credentials = self.env['sync.credential']
        value = value.strip()
        self._check_secret(name, value)
        if name == self._signing_secret():
            self._keep_previous_secret(name, value)
        credentials._set(self, name, value)
        self.message_post(body=self.env._('%s replaced.', self._secret_label(name)))

    def _check_secret(self, name, value):
        """A secret travels in a header: visible ASCII, nothing else (RFC 9110, section 5.5)."""
        if not re.fullmatch('[!-~]+', value):
            raise UserError(self.env._(
                'Connection "%(connection)s": the %(secret)s holds blanks, line breaks or other '
                'characters that none has. Copy it again, and nothing around it.',
                connection=self.name, secret=self._secret_label(name).lower(),
            ))

    def _keep_previous_secret(self, name, value):
        credentials = self.env['sync.credential']
        try:
            previous = credentials._get(self, name)
        except AuthError:
            return  # stored under a lost key: it cannot verify anything any more
        if previous and previous != value:
            credentials._set(
                self, f'{name}_previous', previous, lifetime=PREVIOUS_SECRET_SECONDS
            )

    def _signing_secret(self):
        """The name of the secret that signs this provider's deliveries."""
        return CONNECTORS.get(self.provider, Connector).signing_secret

    @api.model
    def _secret_label(self, name):
        selection = self.env['sync.credential']._fields['name']._description_selection(self.env)
        return dict(selection)[name]
