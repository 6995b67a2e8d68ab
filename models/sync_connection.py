"""One account at one provider: who it is, how we reach it, and whether we may.

Life of a connection::

    draft ──connect──► connected ◄──resume── paused
                        │    ▲                 ▲
              refused   ▼    │ signed in again │
                       needs_auth ─────pause───┘

Promises: the state changes in :meth:`SyncConnection._update_state` and nowhere else; a person is
told once when a sign-in is needed; a copied or neutralised database never talks to the account.

The parts live in files of their own: what depends on the provider in
:mod:`.sync_connection_offer`, secrets in :mod:`.sync_connection_secrets`, the client in
:mod:`.sync_connection_client`, sign-in in :mod:`.sync_connection_oauth`, tokens in
:mod:`.sync_connection_tokens`, set-up in :mod:`.sync_connection_setup`, receiving in
:mod:`.sync_connection_webhook`, figures in :mod:`.sync_connection_health`.

Weakness: a database copied with PostgreSQL's own tools keeps its uuid, and cannot be told from
the original unless it is neutralised.
"""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..engine.connectors.base import CONNECTORS
from ..engine.retry import RetryPolicy
from .queue_cursor import queue_cursor

NEXT_STATES = {
    'draft': ('connected',),
    'connected': ('needs_auth', 'paused', 'draft'),
    'needs_auth': ('connected', 'paused', 'draft'),
    'paused': ('connected', 'draft'),
}
SIGN_IN_ACTIVITY = 'saas_sync.mail_activity_type_sign_in'


class SyncConnection(models.Model):
    _name = 'sync.connection'
    _description = 'SaaS connection'
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'name, id'

    #: What cannot change any more once records are linked.
    IDENTITY = frozenset({'provider', 'company_id', 'external_namespace'})

    name = fields.Char(required=True, tracking=True)
    # Only what has a registered connector. An add-on that brings a provider extends the selection
    # with selection_add and registers its class (see engine/connectors/base.py).
    provider = fields.Selection(
        [('hubspot', 'HubSpot'), ('salesforce', 'Salesforce')], required=True, default='hubspot',
        tracking=True,
    )
    company_id = fields.Many2one(
        'res.company', required=True, index=True, default=lambda self: self.env.company,
        help='Only records of this company, and those all companies share, take part.',
    )
    user_id = fields.Many2one(
        'res.users', 'Responsible', default=lambda self: self.env.user, tracking=True,
        domain=[('share', '=', False)], help='Is told when the account needs a person.',
    )
    state = fields.Selection(
        [
            ('draft', 'Set-up'),
            ('connected', 'Connected'),
            ('needs_auth', 'Sign-in needed'),
            ('paused', 'Paused'),
        ],
        required=True, default='draft', copy=False, tracking=True,
    )
    shadow = fields.Boolean(
        tracking=True, help='Read, merge and log as usual, but write nothing on either side.'
    )

    # --- the account ---
    base_url = fields.Char(
        'API address', tracking=True, help="Leave empty for the provider's own address."
    )
    allow_private = fields.Boolean(
        'Allow private addresses', tracking=True,
        help='For a sandbox on this machine or network only. Never for a real account.',
    )
    remote_account = fields.Char(
        'Account', copy=False, tracking=True,
        help='The ID of the account (of the portal, of the organisation), as it told us itself.',
    )
    remote_name = fields.Char('Account name', copy=False, readonly=True)
    ui_url = fields.Char("The provider's screens", copy=False, readonly=True)
    currency = fields.Char('Account currency', copy=False, readonly=True)
    time_zone = fields.Char('Account time zone', copy=False, readonly=True, default='UTC')
    external_namespace = fields.Char(
        'Namespace', required=True, readonly=True, copy=False,
        default=lambda self: secrets.token_hex(4),
        help='Part of the IDs we give to remote records, so that two databases never meet.',
    )
    database_uuid = fields.Char(
        'Database', readonly=True, copy=False, groups='saas_sync.group_manager',
        help='The database that was connected; a copy has another and stays silent.',
    )
    is_fenced = fields.Boolean(
        'Belongs to another database', compute='_compute_is_fenced',
        help='This database is a copy. Connect again to make it the one that talks to the account.',
    )

    # --- receiving ---
    webhook_token = fields.Char(
        readonly=True, copy=False, groups='saas_sync.group_manager', exportable=False,
        default=lambda self: self._new_webhook_token(),
    )
    webhook_url = fields.Char(
        'Webhook address', compute='_compute_webhook_url', groups='saas_sync.group_manager',
        exportable=False, help='Paste this as the target URL of the webhooks.',
    )
    public_url = fields.Char(
        'Public address', help='Where the provider reaches this server; empty: web.base.url.'
    )
    accept_v1 = fields.Boolean(
        'Accept old signatures', tracking=True,
        help='Also accept HubSpot signatures of version 1, which can be replayed. Only for a '
             'proxy that drops the newer headers.',
    )
    backlog_ceiling = fields.Integer(
        required=True, default=100000,
        help='With this many events waiting, deliveries are answered 503 until there is room.',
    )

    # --- policy ---
    max_attempts = fields.Integer(required=True, default=8)
    backoff_base = fields.Float('First wait (s)', required=True, default=5)
    backoff_cap = fields.Float('Longest wait (s)', required=True, default=3600)
    poll_enabled = fields.Boolean(
        'Poll', default=True, help='Ask for changes as well, behind or instead of webhooks.'
    )
    poll_interval_minutes = fields.Integer('Poll every (minutes)', required=True, default=15)

    # --- what happened ---
    last_error = fields.Char(readonly=True, copy=False)
    hold_until = fields.Datetime(
        readonly=True, copy=False, help='The provider asked us to be silent until then.'
    )
    mapping_ids = fields.One2many('sync.mapping', 'connection_id', 'Mappings')

    _webhook_token_uniq = models.UniqueIndex('(webhook_token)', 'This webhook token is taken.')
    _namespace_uniq = models.UniqueIndex('(external_namespace)', 'This namespace is taken.')

    # === COMPUTE AND CONSTRAINTS === #

    @api.depends('webhook_token', 'public_url')
    def _compute_webhook_url(self):
        for connection in self:
            token = connection.webhook_token
            connection.webhook_url = token and connection._public_url(
                f'/saas_sync/webhook/{token}'
            )

    @api.depends('database_uuid')
    def _compute_is_fenced(self):
        current = self._database_uuid()
        for connection in self.sudo():
            stored = connection.database_uuid
            connection.is_fenced = bool(stored) and stored != current

    @api.constrains('base_url', 'public_url', 'allow_private')
    def _check_urls(self):
        for connection in self:
            schemes = ('https', 'http') if connection.allow_private else ('https',)
            connection._check_url('base_url', schemes)
            connection._check_url('public_url', ('https', 'http'))

    def _check_url(self, field, schemes):
        """A base address: scheme and host, no query; a path only where a proxy adds one."""
        try:
            parts = urlsplit(self[field] or 'https://unset')
        except ValueError:  # for example an unclosed bracket
            parts = urlsplit('')
        plain = not (parts.query or parts.fragment or '@' in parts.netloc)
        if parts.scheme in schemes and parts.hostname and plain:
            return
        raise ValidationError(self.env._(
            'Connection "%(name)s": %(field)s must be an address that begins with %(schemes)s and '
            'has neither query nor password, not "%(value)s".', name=self.name, value=self[field],
            field=self._fields[field]._description_string(self.env), schemes=' / '.join(schemes),
        ))

    @api.constrains(
        'batch_size', 'max_attempts', 'backoff_base', 'backoff_cap', 'backlog_ceiling',
        'poll_interval_minutes',
    )
    def _check_policy(self):
        for connection in self:
            most = connection._connector_class().batch_size
            bounds = {
                'batch_size': (1, most),
                'max_attempts': (1, 50),
                'backoff_base': (1, connection.backoff_cap),
                'backoff_cap': (1, 86400),
                'backlog_ceiling': (1, 10000000),
                'poll_interval_minutes': (1, 1440),
            }
            for field, (low, high) in bounds.items():
                connection._check_between(field, low, high)

    def _check_between(self, field, low, high):
        if not low <= self[field] <= high:
            raise ValidationError(self.env._(
                'Connection "%(name)s": %(field)s must be from %(low)s to %(high)s, not %(value)s.',
                name=self.name, field=self._fields[field]._description_string(self.env),
                low=low, high=high, value=self[field],
            ))

    # === CRUD === #

    def write(self, vals):
        if changed := self.IDENTITY & vals.keys():
            self._check_identity(changed, vals)
        return super().write(vals)

    def _check_identity(self, names, vals):
        """Links belong to one account and one company: with links, neither can be exchanged."""
        linked = self.env['sync.link'].sudo()._read_group(
            [('connection_id', 'in', self.ids)], ['connection_id']
        )
        for (connection,) in linked:
            for name in names:
                field = self._fields[name]
                if field.convert_to_write(connection[name], connection) != vals[name]:
                    raise UserError(self.env._(
                        'Connection "%(name)s" has linked records, so its %(field)s cannot change '
                        'any more. Create another connection.', name=connection.name,
                        field=field._description_string(self.env),
                    ))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_running(self):
        for connection in self:
            if connection.state not in ('draft', 'paused'):
                raise UserError(self.env._(
                    'Connection "%s" is running. Pause it first; deleting it also deletes its '
                    'mappings, links and log.', connection.name,
                ))

    def copy_data(self, default=None):
        return [
            dict(vals, name=self.env._('%s (copy)', connection.name))
            for connection, vals in zip(self, super().copy_data(default), strict=True)
        ]

    # === ACTIONS === #

    def action_pause(self):
        self.check_access('write')
        for connection in self:
            connection._update_state('paused')

    def action_resume(self):
        """Go on. A copied database has to be connected again instead, on purpose."""
        self.check_access('write')
        for connection in self:
            if connection.is_fenced:
                raise UserError(self.env._(
                    'Connection "%s" belongs to another database. Connect it again to make this '
                    'database the one that talks to the account.', connection.name,
                ))
            connection._update_state('connected')

    def action_reset_to_draft(self):
        self.check_access('write')
        for connection in self:
            connection._update_state('draft')

    def action_renew_webhook_token(self):
        """A new address; the old one answers 404 from now on."""
        self.check_access('write')
        for connection in self:
            connection.webhook_token = self._new_webhook_token()

    # === STATE === #

    def _update_state(self, target, reason=None, **values):
        """Go to ``target``, write ``values`` along, and say why in the chatter.

        :raises UserError: the present state does not lead there.
        """
        self.ensure_one()
        if self.state != target and target not in NEXT_STATES[self.state]:
            raise UserError(self.env._(
                'Connection "%(name)s" is in state "%(state)s", which does not lead to '
                '"%(target)s".', name=self.name, state=self._state_label(self.state),
                target=self._state_label(target),
            ))
        arrived = self.state != target
        self.write({'state': target, **values})
        if reason:
            self.message_post(body=reason)
        if arrived and target == 'connected':
            self.activity_feedback([SIGN_IN_ACTIVITY])
            self.env['sync.worker']._wake_after_commit()

    def _set_needs_auth(self, error):
        """The account refuses us: stop, and tell the responsible person once.

        Runs on a cursor of its own, since the caller's transaction is about to be rolled back.
        ``SKIP LOCKED`` makes one of several refused workers do it and the others go on; NO KEY,
        because every message being inserted holds a key lock on its connection.

        :param error: the :class:`~..engine.errors.AuthError`
        """
        self.ensure_one()
        with queue_cursor(self.env) as cr:
            cr.execute(
                "SELECT 1 FROM sync_connection WHERE id = %s AND state = 'connected' "
                'FOR NO KEY UPDATE SKIP LOCKED', [self.id],
            )
            if cr.fetchone():
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                self.with_env(env)._announce_needs_auth(error.user_message)
        self.invalidate_recordset(['state', 'last_error'])

    def _announce_needs_auth(self, sentence):
        self._update_state('needs_auth', reason=sentence, last_error=sentence)
        self.activity_schedule(
            SIGN_IN_ACTIVITY, user_id=(self.user_id or self.create_uid).id,
            summary=self.env._('Sign in to %s again', self._remote_label()), note=sentence,
        )

    def _state_label(self, state):
        return dict(self._fields['state']._description_selection(self.env))[state]

    # === WHAT THE ENGINE ASKS === #

    def _is_live(self):
        """Whether this database may talk to the account now."""
        self.ensure_one()
        return self.state == 'connected' and not self.is_fenced and not self._is_neutralized()

    def _retry_policy(self):
        return RetryPolicy(
            max_attempts=self.max_attempts, base_seconds=self.backoff_base,
            cap_seconds=self.backoff_cap,
        )

    def _connector_class(self):
        """The class registered for the provider.

        :raises UserError: the add-on that brought the provider is not loaded.
        """
        self.ensure_one()
        try:
            return CONNECTORS[self.provider]
        except KeyError as error:
            raise UserError(self.env._(
                'No connector is installed for "%s". Install the add-on that brings it.',
                self.provider,
            )) from error

    def _remote_label(self):
        return self._connector_class().label

    @api.model
    def _is_neutralized(self):
        return bool(self.env['ir.config_parameter'].sudo().get_param('database.is_neutralized'))

    @api.model
    def _database_uuid(self):
        return self.env['ir.config_parameter'].sudo().get_param('database.uuid')

    @api.model
    def _new_webhook_token(self):
        return secrets.token_urlsafe(32)

    def _public_url(self, path=''):
        base = self.public_url or self.env['ir.config_parameter'].sudo().get_param('web.base.url')
        return (base or '').rstrip('/') + path
