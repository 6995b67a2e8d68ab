"""Replay everything that matches a filter: says how many, then does it in one statement.

The dialog takes the list's filter and not the rows on the screen, so that 100,000 rows travel
neither to the browser nor back.
"""

from __future__ import annotations

import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

#: What a replay does something to, by model.
REPLAYABLE = {
    'sync.lane': Domain('state', 'in', ('failed', 'quarantined', 'waiting')),
    'sync.event': Domain('state', '!=', 'pending') & Domain('remote_object', 'not in', (False, '')),
    'sync.outbox': Domain('state', '!=', 'pending'),
}


class SyncReplay(models.TransientModel):
    _name = 'sync.replay'
    _description = 'Replay everything that matches'

    res_model = fields.Char(required=True, readonly=True)
    domain = fields.Char(required=True, readonly=True, help='The filter of the list, as JSON.')
    selected_ids = fields.Json(readonly=True)
    scope = fields.Selection(
        [('filter', 'Everything the filter of the list finds'),
         ('selected', 'Only what is selected')],
        required=True, default='filter',
    )
    has_selection = fields.Boolean(compute='_compute_figures')
    count = fields.Integer('To replay', compute='_compute_figures')
    done_count = fields.Integer('Of these done already', compute='_compute_figures')

    @api.model
    def default_get(self, fields):
        context = self.env.context
        model = context.get('active_model')
        if model not in REPLAYABLE:
            raise UserError(self.env._('Open this from the list of failures, events or messages.'))
        ids = context.get('active_ids') or []
        domain = context.get('active_domain')
        if domain is None:  # from the form of one record
            domain = [('id', 'in', ids)]
        return {
            **super().default_get(fields), 'res_model': model,
            'domain': json.dumps(list(domain)), 'selected_ids': ids,
            'scope': 'selected' if ids and len(ids) > 1 else 'filter',
        }

    @api.depends('scope', 'domain', 'res_model')
    def _compute_figures(self):
        for wizard in self:
            messages = self.env[wizard.res_model]
            domain = wizard._domain()
            wizard.has_selection = bool(wizard.selected_ids)
            wizard.count = messages.search_count(domain)
            wizard.done_count = messages.search_count(
                domain & Domain('state', '=', 'done')) if 'lane_id' in messages._fields else 0

    def _domain(self):
        domain = Domain(json.loads(self.domain))
        if self.scope == 'selected':
            domain = Domain('id', 'in', self.selected_ids or [])
        return domain & REPLAYABLE[self.res_model]

    def action_replay(self):
        self.ensure_one()
        lanes = self.env['sync.lane']
        count = self.env[self.res_model]._replay_domain(self._domain())
        if not count:
            raise UserError(self.env._(
                'Nothing is left to replay: it was worked or replayed meanwhile.'))
        return lanes._notify(self.env._('%s are worked again now.', count))
