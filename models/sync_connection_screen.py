"""A connection as people see it: how far the set-up is, what is imported, where its rows are."""

from __future__ import annotations

from odoo import api, fields, models

from ..engine.connectors.base import CONNECTORS, Connector

#: Events that no lane will ever work: nothing tells which record they speak of.
UNREADABLE = (('state', '=', 'failed'), ('lane_id', '=', False))


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    mapping_count = fields.Integer('Number of mappings', compute='_compute_mapping_count')
    link_count = fields.Integer('Linked records', compute='_compute_link_count')
    conflict_count = fields.Integer('Conflicts', compute='_compute_link_count')
    failing_count = fields.Integer('Failing records', compute='_compute_failing')
    unreadable_count = fields.Integer(
        'Unreadable events', compute='_compute_failing',
        help='Stored as they arrived, but not in the form the provider promised.',
    )
    budget_ids = fields.One2many('sync.budget', 'connection_id', 'API budgets')
    has_credentials = fields.Boolean(compute='_compute_has_credentials')
    has_schema = fields.Boolean(compute='_compute_has_schema')
    has_external_id = fields.Boolean(compute='_compute_has_schema')
    is_weaker = fields.Boolean(
        compute='_compute_has_schema',
        help='Objects are synchronised that lack our ID field: a creation is preceded by a search.',
    )
    import_state = fields.Selection(
        [('none', 'Not imported'), ('running', 'Running'), ('done', 'Done')],
        compute='_compute_import',
    )
    import_text = fields.Char('Import', compute='_compute_import')
    is_receiving = fields.Boolean(
        compute='_compute_is_receiving', help='Deliveries can come in, or have come in.'
    )
    setup_step = fields.Integer(compute='_compute_setup_step', help='The next thing to do.')

    # === COMPUTE === #

    @api.depends('mapping_ids')
    def _compute_mapping_count(self):
        for connection in self:
            connection.mapping_count = len(connection.mapping_ids)

    def _compute_link_count(self):
        groups = self.env['sync.link']._read_group(
            [('connection_id', 'in', self.ids), ('deleted_at', '=', False)],
            ['connection_id'], ['__count'])
        conflicts = self.env['sync.link']._read_group(
            [('connection_id', 'in', self.ids), ('deleted_at', '=', False),
             ('state', '=', 'conflict')], ['connection_id'], ['__count'])
        links, open_conflicts = dict(groups), dict(conflicts)
        for connection in self:
            connection.link_count = links.get(connection._origin, 0)
            connection.conflict_count = open_conflicts.get(connection._origin, 0)

    def _compute_failing(self):
        groups = self.env['sync.event']._read_group(
            [('connection_id', 'in', self.ids), *UNREADABLE], ['connection_id'], ['__count'])
        unreadable = dict(groups)
        for connection in self:
            connection.unreadable_count = unreadable.get(connection._origin, 0)
            connection.failing_count = connection.failed_count - connection.unreadable_count

    @api.depends('auth_method', 'client_id', 'username', 'base_url', 'has_access_token',
                 'has_refresh_token', 'has_client_secret', 'has_private_key')
    def _compute_has_credentials(self):
        """Whether there is what the way of signing in takes."""
        for connection in self:
            app = bool(connection.sudo().client_id)
            ready = {
                'token': connection.has_access_token,
                'oauth': connection.has_access_token or connection.has_refresh_token,
                'client_credentials': app and connection.has_client_secret,
                'jwt': app and connection.has_private_key and bool(connection.sudo().username),
            }
            sign_in = CONNECTORS.get(connection.provider, Connector).sign_in
            placed = connection.base_url or connection.auth_method not in sign_in.own_address
            connection.has_credentials = bool(ready.get(connection.auth_method) and placed)

    @api.depends('mapping_ids.remote_object')
    def _compute_has_schema(self):
        """Known from the discovered schema, so that showing a form costs no remote call."""
        groups = self.env['sync.remote.field'].sudo()._read_group(
            [('connection_id', 'in', self.ids)],
            ['connection_id', 'remote_object'], ['name:array_agg'])
        schema = {(connection.id, name): set(names) for connection, name, names in groups}
        for connection in self:
            own = {
                name: names for (key, name), names in schema.items()
                if key == connection._origin.id
            }
            field = connection._settings()['external_id_field']
            needed = set(connection.mapping_ids.mapped('remote_object')) or set(own)
            connection.has_schema = bool(own)
            connection.is_weaker = bool(own) and any(
                field not in own.get(name, ()) for name in connection.mapping_ids.mapped(
                    'remote_object'))
            connection.has_external_id = bool(needed) and all(
                field in own.get(name, ()) for name in needed)

    @api.depends('mapping_ids.import_state', 'mapping_ids.import_count')
    def _compute_import(self):
        for connection in self:
            mappings = connection.mapping_ids.filtered(lambda mapping: mapping.direction != 'out')
            states = set(mappings.mapped('import_state'))
            connection.import_state = (
                'running' if 'running' in states else 'done' if states == {'done'} else 'none')
            connection.import_text = ' · '.join(
                self.env._('%(object)s: %(count)s read', object=mapping.remote_object,
                           count=mapping.import_count)
                for mapping in mappings if mapping.import_state != 'none')

    @api.depends('has_signing_secret', 'provider')
    def _compute_is_receiving(self):
        for connection in self:
            unsigned = CONNECTORS.get(connection.provider, Connector).unsigned_deliveries
            connection.is_receiving = connection.has_signing_secret or bool(
                unsigned and connection.last_event_at)

    @api.depends('has_credentials', 'remote_account', 'state', 'has_external_id', 'mapping_ids',
                 'is_receiving', 'import_state')
    def _compute_setup_step(self):
        for connection in self:
            steps = [
                connection.has_credentials,
                bool(connection.remote_account) and connection.state != 'draft',
                connection.has_external_id,
                bool(connection.mapping_ids),
                connection.is_receiving,
                connection.import_state == 'done',
            ]
            connection.setup_step = next(
                (number for number, done in enumerate(steps, 1) if not done), len(steps) + 1)

    # === ACTIONS === #

    def action_setup_external_id(self):
        """Create our ID property, and read the fields again so that the screen shows it."""
        self.ensure_one()
        notification = self.action_create_external_id()
        self._discover()
        return notification

    def action_choose_objects(self):
        """Say which objects take part: the mappings are laid out for them."""
        self.ensure_one()
        self.check_access('write')
        wizard = self.env['sync.choose.objects']._for_connection(self)
        return {
            'type': 'ir.actions.act_window', 'name': self.env._('Choose what to synchronise'),
            'res_model': wizard._name, 'res_id': wizard.id, 'view_mode': 'form',
            'views': [(False, 'form')], 'target': 'new',
        }

    def action_open_failures(self):
        return self._open('saas_sync.sync_lane_action')

    def action_open_unreadable(self):
        action = self._open('saas_sync.sync_unreadable_action', {})
        action['domain'] = [*action['domain'], *UNREADABLE]
        return action

    def action_open_waiting(self):
        return self._open('saas_sync.sync_lane_action', {
            'search_default_waiting': 1, 'search_default_open': 1})

    def action_open_links(self):
        return self._open('saas_sync.sync_link_action')

    def action_open_conflicts(self):
        return self._open('saas_sync.sync_conflict_action')

    def action_open_events(self):
        return self._open('saas_sync.sync_event_action', {})

    def action_open_outbox(self):
        return self._open('saas_sync.sync_outbox_action', {})

    def action_open_mappings(self):
        return self._open('saas_sync.sync_mapping_action', {'default_connection_id': self.id})

    def action_open_fields(self):
        return self._open('saas_sync.sync_remote_field_action')

    def _open(self, xml_id, context=None):
        """An action of the add-on, narrowed to this connection."""
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id(xml_id)
        action['domain'] = [('connection_id', '=', self.id)]
        if context is not None:
            action['context'] = context
        return action
