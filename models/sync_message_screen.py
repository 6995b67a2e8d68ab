"""What a person sees of messages: one column that says what became of them; replay by filter.

Promise: a replay by filter is one UPDATE a table, whatever the number of rows, and touches only
what the user may read.
"""

from __future__ import annotations

from odoo import api, fields, models
from odoo.tools import SQL


class SyncMessage(models.AbstractModel):
    _inherit = 'sync.message'

    outcome_text = fields.Char('Outcome', compute='_compute_outcome_text')

    @api.depends('state', 'reason', 'error_message')
    def _compute_outcome_text(self):
        for message in self:
            failed = message.state == 'failed'
            message.outcome_text = (message.error_message if failed else '') or message.reason

    @api.model
    def _replay_domain(self, domain):
        """Work everything a filter finds again, without reading it.

        :return: the number of messages that are pending now or whose record is tried again
        """
        lanes = self.env['sync.lane']
        lanes._check_may_operate()
        self.flush_model()
        found = self._search(domain).subselect()
        held = SQL(
            'SELECT lane_id FROM %s WHERE id IN %s AND lane_id IS NOT NULL',
            SQL.identifier(self._table), found)
        # Through the cursor and not as the lanes' own query: the lanes are those of the messages.
        released = lanes.sudo()._replay_where(f'id IN ({held.code})', list(held.params))
        self.env.cr.execute(SQL(
            """UPDATE %s SET state = 'pending', reason = NULL, done_at = NULL, latency = NULL
                WHERE id IN %s AND lane_id IS NULL AND remote_object <> '' AND state <> 'pending'
                  AND %s""",
            SQL.identifier(self._table), found, SQL(self._replayable_sql)))
        count = self.env.cr.rowcount
        self.invalidate_model()
        self.env['sync.worker']._wake_after_commit()
        return count + released
