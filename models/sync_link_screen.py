"""A link as people see it: what both sides agreed on, and what they differ in, side by side.

Values are handed to the screen as text, in a table the client escapes; nothing that came from a
remote is ever markup.
"""

from __future__ import annotations

from odoo import api, fields, models


class SyncLink(models.Model):
    _inherit = 'sync.link'

    provider = fields.Selection(related='connection_id.provider')
    conflict_table = fields.Json(compute='_compute_tables')
    snapshot_table = fields.Json(compute='_compute_tables')

    # === COMPUTE === #

    @api.depends('conflicts', 'snapshot', 'mapping_id.line_ids.odoo_field')
    def _compute_tables(self):
        for link in self:
            labels = link._field_labels()
            remote = link.connection_id.sudo()._remote_label()
            link.conflict_table = {
                'columns': [self.env._('Field'), self.env._('Agreed before'), self.env._('In Odoo'),
                            self.env._('In %s', remote)],
                'rows': [[labels.get(key, key), *map(link._as_text, values)]
                         for key, values in (link.conflicts or {}).items()],
            }
            link.snapshot_table = {
                'columns': [self.env._('Field'), self.env._('Value')],
                'rows': [[labels.get(key, key), link._as_text(value)]
                         for key, value in sorted((link.snapshot or {}).items())],
            }

    def _field_labels(self):
        return {line.odoo_field: line.odoo_label for line in self.mapping_id.line_ids}

    @api.model
    def _as_text(self, value):
        if value in (None, False, ''):
            return '' if value is not False else self.env._('No')
        if value is True:
            return self.env._('Yes')
        if isinstance(value, (list, tuple)):
            return ', '.join(map(str, value))
        return str(value)

    # === ACTIONS === #

    def action_open_attempts(self):
        """The tries of this record, in both directions."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'name': self.env._('Attempts'),
            'res_model': 'sync.attempt', 'view_mode': 'list,form',
            'domain': [
                ('connection_id', '=', self.connection_id.id), ('object', '=', self.remote_object),
                ('key', 'in', (self.remote_id, f'{self.res_model},{self.res_id}')),
            ],
        }
