"""A mapping as people see it: one sentence, figures, the way to its links, failures, values."""

from __future__ import annotations

from odoo import api, fields, models


class SyncMapping(models.Model):
    _inherit = 'sync.mapping'

    summary = fields.Char(compute='_compute_summary')
    line_count = fields.Integer('Number of fields', compute='_compute_line_count')
    failed_count = fields.Integer('Failures', compute='_compute_failed_count')
    has_schema = fields.Boolean(compute='_compute_has_schema')
    object_hint = fields.Char(compute='_compute_object_hint')
    lacks_own_id = fields.Boolean(
        compute='_compute_lacks_own_id',
        help='The SaaS has no field for our own ID: new records are recognised by their values.')

    # === COMPUTE === #

    @api.depends('direction', 'connection_id', 'remote_object', 'model_id')
    def _compute_summary(self):
        for mapping in self:
            mapping.summary = mapping.connection_id and mapping._sentence()

    def _sentence(self):
        names = {
            'odoo': self.model_id.name or '?', 'object': self.remote_object or '?',
            'saas': self.connection_id._remote_label(),
        }
        if self.direction == 'in':
            return self.env._(
                'What changes in %(saas)s (%(object)s) is written to Odoo (%(odoo)s).', **names)
        if self.direction == 'out':
            return self.env._(
                'What changes in Odoo (%(odoo)s) is written to %(saas)s (%(object)s).', **names)
        return self.env._(
            '%(odoo)s in Odoo and %(object)s in %(saas)s are kept in step, both ways.', **names)

    @api.depends('line_ids')
    def _compute_line_count(self):
        for mapping in self:
            mapping.line_count = len(mapping.line_ids)

    def _compute_failed_count(self):
        groups = self.env['sync.lane']._read_group(
            [('connection_id', 'in', self.connection_id.ids),
             ('state', 'in', ('failed', 'quarantined'))],
            ['connection_id', 'object'], ['__count'])
        counts = {(connection.id, name): count for connection, name, count in groups}
        for mapping in self:
            mapping.failed_count = counts.get((mapping.connection_id.id, mapping.remote_object), 0)

    @api.depends('connection_id', 'remote_object')
    def _compute_has_schema(self):
        for mapping in self:
            mapping.has_schema = bool(self.env['sync.remote.field'].sudo().search_count(
                [('connection_id', '=', mapping.connection_id.id),
                 ('remote_object', '=', mapping.remote_object)], limit=1))

    @api.depends('connection_id', 'remote_object')
    def _compute_lacks_own_id(self):
        for mapping in self:
            mapping.lacks_own_id = bool(
                mapping._origin and mapping.connection_id and mapping.direction != 'in'
                and not mapping._own_id_field())

    @api.depends('connection_id')
    def _compute_object_hint(self):
        for mapping in self:
            connection = mapping.connection_id
            mapping.object_hint = ', '.join(connection._connector_class().objects) \
                if connection else False

    # === ACTIONS === #

    def action_import_now(self):
        """Read every record of the object once, in the background."""
        self.check_access('write')
        for connection in self.connection_id:
            connection._check_connected()
        self.env['sync.scan']._start_import(self)
        return self.connection_id[:1]._notify(self.env._(
            'The import has started; it runs in the background.'))

    def action_discover(self):
        """Learn the fields of the mapped object."""
        self.check_access('write')
        for mapping in self:
            mapping.connection_id._discover([mapping.remote_object])
        return self.connection_id[:1]._notify(self.env._('The fields are known now.'))

    def _post_record(self, record):
        """Put a record into the outbox because a person asked for it."""
        self.ensure_one()
        self.env['sync.outbox']._post(self.env.cr, [{
            'connection_id': self.connection_id.id, 'mapping_id': self.id,
            'remote_object': self.remote_object, 'res_model': record._name,
            'res_id': record.id, 'origin': 'sync_now', 'priority': 0,
        }])
        self.env['sync.worker']._wake_after_commit()

    def action_open_links(self):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'name': self.env._('Linked records'),
            'res_model': 'sync.link', 'view_mode': 'list,form',
            'domain': [('mapping_id', '=', self.id)], 'context': {'search_default_present': 1},
        }

    def action_open_failures(self):
        self.ensure_one()
        action = self.env['ir.actions.act_window']._for_xml_id('saas_sync.sync_lane_action')
        action['domain'] = [
            ('connection_id', '=', self.connection_id.id), ('object', '=', self.remote_object)]
        return action


class SyncMappingLine(models.Model):
    _inherit = 'sync.mapping.line'

    has_value_map = fields.Boolean(compute='_compute_has_value_map')
    remote_field_ids = fields.Many2many(
        'sync.remote.field', string='Fields in the SaaS', compute='_compute_remote_field_ids',
        inverse='_inverse_remote_field_ids',
        domain="[('connection_id', '=', connection_id), ('remote_object', '=', remote_object)]",
        help='Several where they make up one value in Odoo, as first and last name do; in order.',
    )

    @api.depends('converter')
    def _compute_has_value_map(self):
        for line in self:
            line.has_value_map = line.converter in ('stage', 'selection') and bool(line._origin)

    @api.depends('remote_field', 'mapping_id.connection_id', 'mapping_id.remote_object')
    def _compute_remote_field_ids(self):
        for line in self:
            known = {field.name: field.id for field in line._remote_schema()}
            names = line._remote_fields()
            line.remote_field_ids = [known[name] for name in names if name in known]

    @api.onchange('remote_field_ids')
    def _inverse_remote_field_ids(self):
        for line in self:
            line.remote_field = '+'.join(line.remote_field_ids.mapped('name')) or False

    def action_edit_values(self):
        """Pair the values of both sides in a dialog."""
        self.ensure_one()
        wizard = self.env['sync.value.map']._for_line(self)
        return {
            'type': 'ir.actions.act_window', 'res_model': wizard._name, 'res_id': wizard.id,
            'name': self.env._('Pair the values of "%s"', self.odoo_label),
            'view_mode': 'form', 'views': [(False, 'form')], 'target': 'new',
        }
