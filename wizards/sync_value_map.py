"""Pairing the values of both sides: the stages of a pipeline, the options of a selection."""

from __future__ import annotations

from odoo import api, fields, models
from odoo.fields import Command


class SyncValueMap(models.TransientModel):
    _name = 'sync.value.map'
    _description = 'Pair the values of a field'

    line_id = fields.Many2one('sync.mapping.line', required=True, readonly=True, ondelete='cascade')
    converter = fields.Selection(related='line_id.converter')
    pair_ids = fields.One2many('sync.value.map.pair', 'wizard_id')

    @api.model
    def _for_line(self, line):
        """The dialog of a mapping line: every option of the SaaS, and what it is in Odoo."""
        known = (line.params or {}).get('map') or {}
        options = {option['value']: option['label']
                   for option in line._remote_schema()[:1].options or []}
        options |= {value: value for value in known if value not in options}
        return self.create({'line_id': line.id, 'pair_ids': [
            Command.create(self._prepare_pair(line, value, label, known))
            for value, label in options.items()
        ]})

    @api.model
    def _prepare_pair(self, line, value, label, known):
        pair = {'remote_value': value, 'remote_label': label,
                'is_lost': value == (line.params or {}).get('lost')}
        if line.converter == 'stage':
            stage = self.env['crm.stage'].browse(known.get(value) or []).exists()
            return {**pair, 'stage_id': stage.id}
        return {**pair, 'selection_id': self._selection(line, known.get(value)).id}

    @api.model
    def _selection(self, line, value):
        field = line._last_field()
        return self.env['ir.model.fields.selection'].sudo().search(
            [('field_id.model', '=', field.model_name), ('field_id.name', '=', field.name),
             ('value', '=', value or '')], limit=1)

    def action_save(self):
        self.ensure_one()
        self.line_id.check_access('write')
        paired = {pair.remote_value: pair._odoo_value() for pair in self.pair_ids}
        params = dict(self.line_id.params or {})
        params['map'] = {value: odoo for value, odoo in paired.items() if odoo}
        self.line_id.params = params
        return {'type': 'ir.actions.act_window_close'}


class SyncValueMapPair(models.TransientModel):
    _name = 'sync.value.map.pair'
    _description = 'Pair of values'

    wizard_id = fields.Many2one('sync.value.map', required=True, ondelete='cascade')
    remote_value = fields.Char(readonly=True)
    remote_label = fields.Char('In the SaaS', readonly=True)
    is_lost = fields.Boolean(readonly=True)
    stage_id = fields.Many2one('crm.stage', 'Stage in Odoo')
    selection_id = fields.Many2one('ir.model.fields.selection', 'Value in Odoo')

    def _odoo_value(self):
        """What the mapping line's ``params`` hold for this value."""
        return self.stage_id.id or self.selection_id.sudo().value
