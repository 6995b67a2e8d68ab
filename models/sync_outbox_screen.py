"""The outbound queue with the names of the records it speaks of."""

from __future__ import annotations

from odoo import api, fields, models
from odoo.exceptions import UserError

from .record_names import record_names


class SyncOutbox(models.Model):
    _inherit = 'sync.outbox'

    res_name = fields.Char('Record', compute='_compute_res_name')

    @api.depends('res_model', 'res_id')
    def _compute_res_name(self):
        names = record_names(self.env, [(m.res_model, m.res_id) for m in self])
        for message in self:
            message.res_name = names.get(
                (message.res_model, message.res_id), f'{message.res_model} {message.res_id}')

    def action_open_record(self):
        self.ensure_one()
        if not record_names(self.env, [(self.res_model, self.res_id)]):
            raise UserError(self.env._(
                '%s was deleted, or you may not read it.', self.res_name))
        return {
            'type': 'ir.actions.act_window', 'res_model': self.res_model, 'res_id': self.res_id,
            'view_mode': 'form', 'views': [(False, 'form')],
        }
