"""What a connection may choose depends on its provider: the connector's data say what there is.

Promise: no other file asks who the provider is. A connection starts with the first of what its
provider offers, and anything else is refused with what there is instead.

Weakness: another provider sets these choices back to its own; only a connection without links can
change it.
"""

from __future__ import annotations

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_list

from ..engine.connectors.base import CONNECTORS, Connector


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    auth_method = fields.Selection(
        [
            ('token', 'Access token'),
            ('client_credentials', 'Client credentials'),
            ('jwt', 'Key pair (JWT)'),
            ('oauth', 'OAuth'),
        ],
        'Sign-in', required=True, tracking=True, compute='_compute_provider_defaults', store=True,
        readonly=False, precompute=True,
        help='A token that is entered, an app that signs in by itself (client credentials, key '
             'pair), or a person who signs in with OAuth.',
    )
    api_version = fields.Selection(
        '_selection_api_version', 'API version', tracking=True,
        compute='_compute_provider_defaults', store=True, readonly=False, precompute=True,
    )
    batch_size = fields.Integer(
        required=True, help='Records in one remote call.', compute='_compute_provider_defaults',
        store=True, readonly=False, precompute=True,
    )
    auth_methods = fields.Json(compute='_compute_offer')
    api_versions = fields.Json(compute='_compute_offer')
    own_fields = fields.Json(compute='_compute_offer')
    signing_secret = fields.Char(compute='_compute_offer')
    sign_in_help = fields.Html(compute='_compute_help', sanitize=False)
    field_help = fields.Html(compute='_compute_help', sanitize=False)
    receive_help = fields.Html(compute='_compute_help', sanitize=False)

    # === COMPUTE AND CONSTRAINTS === #

    @api.model
    def _selection_api_version(self):
        return [pair for cls in CONNECTORS.values() for pair in cls.api_versions.items()]

    @api.depends('provider')
    def _compute_provider_defaults(self):
        """What a connection starts with: the first of what its provider offers."""
        for connection in self:
            cls = CONNECTORS.get(connection.provider, Connector)
            connection.auth_method = cls.sign_in.methods[0]
            connection.api_version = next(iter(cls.api_versions), False)
            connection.batch_size = cls.batch_size

    @api.depends('provider')
    def _compute_offer(self):
        """For the form, which shows no other choice."""
        for connection in self:
            cls = CONNECTORS.get(connection.provider, Connector)
            connection.auth_methods = list(cls.sign_in.methods)
            connection.api_versions = list(cls.api_versions)
            connection.own_fields = sorted(cls.own_fields)
            connection.signing_secret = cls.signing_secret

    @api.depends('provider', 'auth_method')
    def _compute_help(self):
        for connection in self:
            connection.sign_in_help = connection._help(connection.auth_method)
            connection.field_help = connection._help('field')
            connection.receive_help = connection._help('receive')

    def _help(self, topic):
        """What the set-up says where providers differ: a template of that name, if there is one."""
        field = CONNECTORS.get(self.provider, Connector).external_id_field
        name = f'saas_sync.help_{self.provider}_{topic}'
        return self.env['ir.qweb']._render(name, {'field': field}, raise_if_not_found=False)

    @api.constrains('provider', 'auth_method', 'api_version')
    def _check_offered(self):
        """The provider's connector says what there is; this says what was asked for instead."""
        for connection in self:
            cls = connection._connector_class()
            connection._check_among('auth_method', cls.sign_in.methods)
            if cls.api_versions:
                connection._check_among('api_version', cls.api_versions)

    def _check_among(self, field, offered):
        if self[field] in offered:
            return
        labels = dict(self._fields[field]._description_selection(self.env))
        raise ValidationError(self.env._(
            'Connection "%(name)s": %(provider)s has no "%(value)s" for the field %(field)s. '
            'Choose %(offered)s.', name=self.name, provider=self._remote_label(),
            value=labels.get(self[field], ''), field=self._fields[field]._description_string(
                self.env),
            offered=format_list(self.env, [labels[one] for one in offered], 'or'),
        ))
