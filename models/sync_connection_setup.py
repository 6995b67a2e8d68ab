"""Setting a connection up: prove the credentials, learn the schema, lay out the mappings.

Promises: a connection never slips to another account: the first account that answered is kept,
and a token of another one is refused. Nothing is created at the remote without being asked for.

Weakness: stages are paired by name, then by outcome, then by position; a person should look.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import file_open

from ..engine.contracts import Account
from ..engine.errors import SyncError
from ..engine.sign_in import OAUTH, UNATTENDED
from .stage_map import stage_params

#: provider → the default mappings, as data. Another add-on adds its file.
DEFAULT_MAPPINGS = {
    'hubspot': 'saas_sync/data/mappings/hubspot.json',
    'salesforce': 'saas_sync/data/mappings/salesforce.json',
}


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    # === ACTIONS === #

    def action_connect(self):
        """Prove the credentials and start; with OAuth, send the user to the provider."""
        self.ensure_one()
        self.check_access('write')
        if self.auth_method == OAUTH:
            return self._oauth_begin()
        if self.auth_method in UNATTENDED:
            return self._connect_unattended()
        return self._finish_connecting(self._ask_account())

    def action_test(self):
        """Ask the account who it is. Good credentials connect what waits for them; what is
        paused stays so."""
        self.ensure_one()
        self.check_access('write')
        if self.auth_method in UNATTENDED and self.state in ('draft', 'needs_auth'):
            return self._connect_unattended()
        account = self._ask_account()
        if self.state in ('draft', 'needs_auth'):
            return self._finish_connecting(account)
        self._adopt_account(account)
        return self._notify_connected()

    def action_discover(self):
        """Learn the fields of every object of the account."""
        self.check_access('write')
        counts = [connection._discover() for connection in self]
        return self._notify(self.env._('%s fields discovered.', sum(counts)))

    def action_create_external_id(self):
        """Create our unique ID property at the remote. Only ever called after asking."""
        self.check_access('write')
        for connection in self:
            objects = connection._mapped_objects() or connection._connector_class().objects
            connection._create_external_id(objects)
        return self._notify(self.env._('The ID property exists on every mapped object.'))

    def action_import(self):
        """Read everything the mappings cover, once; what exists is matched, not duplicated."""
        self.check_access('write')
        for connection in self:
            connection._check_connected()
            if not connection.mapping_ids:
                raise UserError(self.env._(
                    'Connection "%s" has no mappings yet. Choose objects first.', connection.name,
                ))
            connection.env['sync.scan']._start_import(connection.mapping_ids)
        return self._notify(self.env._('The import has started; it runs in the background.'))

    def action_poll(self):
        """Ask for changes now instead of at the next interval."""
        self.check_access('write')
        for connection in self:
            connection._check_connected()
            connection._make_poll_due()
        self.env['sync.worker']._wake_after_commit()
        return self._notify(self.env._('Changes will be asked for in a moment.'))

    def action_download_project(self):
        """A ready project for the provider's command line, for this connection."""
        self.ensure_one()
        self.check_access('write')
        url = f'/saas_sync/connection/{self.id}/project.zip'
        return {'type': 'ir.actions.act_url', 'url': url, 'target': 'download'}

    def _make_poll_due(self):
        """Let the last poll be an interval ago: due now, and nothing is skipped by it."""
        if not self.poll_enabled:
            raise UserError(self.env._(
                'Connection "%s" does not poll. Switch "Poll" on first.', self.name,
            ))
        due = fields.Datetime.now() - timedelta(minutes=self.poll_interval_minutes)
        for mapping in self.mapping_ids.filtered(lambda m: m.direction != 'out'):
            mapping.poll_since = min(mapping.poll_since or due, due)

    @api.model
    def _notify(self, message):
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {
                'type': 'success', 'message': message,
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def _check_connected(self):
        if not self._is_live():
            raise UserError(self.env._('Connect "%s" first.', self.name))

    # === ACCOUNT === #

    def _ask_account(self, token=None) -> Account:
        """Who answers at the other end, to the stored token or another one.

        The one call a copied database may make: it leads to being connected on purpose.

        :raises UserError: it refuses us or cannot be reached; in words.
        """
        self.ensure_one()
        with self._in_words():
            connector = self._connector(token=token, fenced=True, reserve=0)
            notice = connector.notice()  # first: of a version that is not offered, all else fails
            return connector.account().model_copy(update={'notice': notice})

    @contextmanager
    def _in_words(self):
        """What goes wrong while a person waits is told to that person."""
        try:
            yield
        except SyncError as error:
            raise UserError(self.env._(
                'Connection "%(name)s": %(reason)s', name=self.name, reason=error.user_message,
            )) from error

    def _adopt_account(self, account):
        """Take over what the account said of itself; the first one that answered is kept."""
        self._check_same_account(account)
        self._check_unique_account(account)
        self.write({
            'remote_account': account.account_id,
            'remote_name': account.name,
            'ui_url': account.ui_url,
            'currency': account.currency,
            'time_zone': account.time_zone,
            'version_note': account.notice,
        })

    def _check_same_account(self, account):
        if self.remote_account and self.remote_account != account.account_id:
            raise UserError(self.env._(
                'These credentials belong to account %(found)s, but connection "%(name)s" is set '
                'up for account %(expected)s. Enter the credentials of %(expected)s, or create '
                'another connection.', found=account.account_id, name=self.name,
                expected=self.remote_account,
            ))

    def _check_unique_account(self, account):
        """Two connections would answer each other's changes, and fight for the ID property."""
        other = self.sudo().search([
            ('id', '!=', self.id), ('provider', '=', self.provider), ('state', '!=', 'draft'),
            ('remote_account', '=', account.account_id),
        ], limit=1)
        if other:
            raise UserError(self.env._(
                'Account %(account)s is already connected by "%(other)s" (%(company)s). Reset '
                'that connection first.', account=account.account_id, other=other.name,
                company=other.company_id.name,
            ))

    def _finish_connecting(self, account):
        """From here on this database is the one that talks to the account."""
        self._adopt_account(account)
        self._update_state('connected', last_error=False, database_uuid=self._database_uuid())
        self.sudo().mapping_ids.schema_checked_at = False  # fields may have changed meanwhile
        return self._notify_connected()

    def _notify_connected(self):
        return self._notify(self.env._(
            'Connected to %(name)s (account %(account)s).',
            name=self.remote_name or self._remote_label(), account=self.remote_account,
        ))

    # === SCHEMA === #

    def _discover(self, objects=None):
        """Store the schema of ``objects`` (default: all); return the number of fields."""
        self.ensure_one()
        count = 0
        with self._in_words():
            connector = self._connector(reserve=0)
            for remote_object in objects or self._connector_class().objects:
                remote_fields = connector.describe(remote_object)
                count += self.env['sync.remote.field']._store(self, remote_object, remote_fields)
        return count

    def _create_external_id(self, objects):
        with self._in_words():
            connector = self._connector(reserve=0)
            missing = [name for name in objects if not connector.has_external_id(name)]
            for remote_object in missing:
                connector.create_external_id(remote_object)
        mapped = set(missing) & set(self._mapped_objects())
        if mapped:
            self._discover(sorted(mapped))  # from now on, records carry our ID

    def _mapped_objects(self):
        return list(dict.fromkeys(self.mapping_ids.mapped('remote_object')))

    # === DEFAULT MAPPINGS === #

    def action_create_mappings(self, objects=None):
        """Lay out the default mappings of ``objects`` (default: all) that do not exist yet."""
        self.check_access('write')
        for connection in self:
            connection._create_default_mappings(objects)
        return True

    def _create_default_mappings(self, objects=None):
        """Lay out the mappings of ``objects`` (default: all) that do not exist yet.

        :return: the new mappings
        """
        self.ensure_one()
        self.check_access('write')
        templates = self._default_mappings()
        wanted = [
            name for name in objects or templates
            if name in templates and name not in self._mapped_objects()
        ]
        self._discover_missing(wanted)
        vals = [self._prepare_mapping(name, templates[name]) for name in wanted]
        # Our own templates: whoever may connect the account may have them, Sales rights or not.
        return self.env['sync.mapping'].sudo().create(vals).sudo(False)

    def _default_mappings(self):
        with file_open(DEFAULT_MAPPINGS[self.provider]) as file:
            return json.load(file)

    def _discover_missing(self, objects):
        known = self.env['sync.remote.field']._read_group(
            [('connection_id', '=', self.id), ('remote_object', 'in', objects)], ['remote_object']
        )
        missing = [name for name in objects if (name,) not in known]
        if missing:
            self._discover(missing)

    def _prepare_mapping(self, remote_object, template):
        lines = [
            self._prepare_line(remote_object, position, line)
            for position, line in enumerate(template['lines'])
            if self._has_fields(remote_object, line)
        ]
        return {
            **{key: value for key, value in template.items() if key not in ('model', 'lines')},
            'connection_id': self.id,
            'remote_object': remote_object,
            'model_id': self.env['ir.model']._get_id(template['model']),
            'line_ids': [Command.create(line) for line in lines],
        }

    def _prepare_line(self, remote_object, position, line):
        vals = {'sequence': 10 * (position + 1), **line}
        if line.get('converter') == 'stage':
            vals['params'] = self._stage_params(remote_object, line['remote_field'])
        return vals

    def _has_fields(self, remote_object, line):
        """Not every account has every property (a free one lacks some)."""
        known = set(self.env['sync.remote.field'].search([
            ('connection_id', '=', self.id), ('remote_object', '=', remote_object),
        ]).mapped('name'))
        return set(line['remote_field'].split('+')) <= known

    def _stage_params(self, remote_object, name):
        options = self.env['sync.remote.field'].search([
            ('connection_id', '=', self.id), ('remote_object', '=', remote_object),
            ('name', '=', name),
        ], limit=1).options
        stages = self.env['crm.stage'].sudo().search([('team_ids', '=', False)])
        return stage_params(options or [], [
            (stage.id, stage.name, stage.is_won) for stage in stages
        ])
