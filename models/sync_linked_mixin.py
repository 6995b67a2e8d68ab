"""The smart button of a business record: its state at the SaaS, and the way to "Why?".

The state is computed when a form shows it and never stored; whoever may read the record may read
its state. What goes beyond states and sentences is for the add-on's own groups.
"""

from __future__ import annotations

from odoo import api, fields, models

from .sync_standing import STATES


class SyncLinkedMixin(models.AbstractModel):
    _name = 'sync.linked.mixin'
    _description = 'Business record that may be linked to a SaaS'

    sync_state = fields.Selection(
        STATES, 'SaaS Sync', compute='_compute_sync_state', groups='base.group_user'
    )
    sync_is_set_up = fields.Boolean(compute='_compute_sync_state', groups='base.group_user')

    @api.depends_context('allowed_company_ids', 'uid')
    def _compute_sync_state(self):
        standing = self.env['sync.standing']
        states = standing._states(self._origin)
        is_set_up = bool(standing._mappings(self._name))
        for record in self:
            state = states.get(record._origin.id, 'none')
            record.sync_state = state
            record.sync_is_set_up = is_set_up or state != 'none'

    def action_open_sync(self):
        """The dialog that says how the record stands, and why."""
        self.ensure_one()
        self.check_access('read')
        status = self.env['sync.record.status']._for_record(self)
        return {
            'type': 'ir.actions.act_window', 'name': self.env._('SaaS Sync: %s', self.display_name),
            'res_model': status._name, 'res_id': status.id, 'view_mode': 'form',
            'views': [(False, 'form')], 'target': 'new', 'context': {'dialog_size': 'medium'},
        }
