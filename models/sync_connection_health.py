"""The figures of a connection: what waits, what failed, since when, and what is left to spend.

Read live, from partial indexes that hold only what is open; nothing is counted on the way in.
"""

from __future__ import annotations

from odoo import api, fields, models

from .sync_budget import DAILY


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    waiting_count = fields.Integer('Waiting', compute='_compute_health')
    failed_count = fields.Integer('Failed', compute='_compute_health')
    oldest_waiting_at = fields.Datetime('Waiting since', compute='_compute_health')
    last_event_at = fields.Datetime('Last event', compute='_compute_health')
    breaker_state = fields.Selection(
        [('closed', 'Closed'), ('open', 'Open'), ('half_open', 'Probing')],
        'Circuit breaker', compute='_compute_budget',
    )
    budget_used = fields.Integer(
        'Calls today', compute='_compute_budget', help='Of all apps of the account together.'
    )
    budget_limit = fields.Integer('Calls a day', compute='_compute_budget')
    budget_percent = fields.Float('API budget used (%)', compute='_compute_budget')

    # === COMPUTE === #

    def _compute_health(self):
        figures = self._figures()
        for connection in self:
            own = figures.get(connection._origin.id, {})
            connection.waiting_count = own.get('waiting', 0)
            connection.failed_count = own.get('failed', 0)
            connection.oldest_waiting_at = own.get('oldest')
            connection.last_event_at = own.get('last_event')

    def _figures(self):
        """``{id: {waiting, failed, oldest, last_event}}`` in one statement."""
        for model in ('sync.connection', 'sync.event', 'sync.outbox', 'sync.lane'):
            self.env[model].flush_model()
        self.env.cr.execute(
            """
            SELECT c.id, coalesce(i.waiting, 0) + coalesce(o.waiting, 0) AS waiting,
                   coalesce(l.failed, 0) + coalesce(i.unreadable, 0) AS failed,
                   least(i.oldest, o.oldest) AS oldest,
                   (SELECT max(e.create_date) FROM sync_event e
                     WHERE e.connection_id = c.id) AS last_event
              FROM sync_connection c
              LEFT JOIN (SELECT connection_id,
                                count(*) FILTER (WHERE state = 'pending') AS waiting,
                                min(create_date) FILTER (WHERE state = 'pending') AS oldest,
                                count(*) FILTER (WHERE state = 'failed' AND lane_id IS NULL)
                                AS unreadable
                           FROM sync_event WHERE state IN ('pending', 'failed')
                            AND connection_id = ANY(%(ids)s) GROUP BY 1) i
                     ON i.connection_id = c.id
              LEFT JOIN (SELECT connection_id, count(*) AS waiting, min(create_date) AS oldest
                           FROM sync_outbox WHERE state = 'pending'
                            AND connection_id = ANY(%(ids)s) GROUP BY 1) o
                     ON o.connection_id = c.id
              LEFT JOIN (SELECT connection_id, count(*) AS failed
                           FROM sync_lane WHERE state IN ('failed', 'quarantined')
                            AND connection_id = ANY(%(ids)s) GROUP BY 1) l
                     ON l.connection_id = c.id
             WHERE c.id = ANY(%(ids)s)
            """,
            {'ids': self.ids},
        )
        return {row['id']: row for row in self.env.cr.dictfetchall()}

    def _compute_budget(self):
        budgets = self.env['sync.budget'].sudo().search_fetch(
            [('connection_id', 'in', self.ids), ('bucket', '=', DAILY)]
        ).grouped('connection_id')
        breakers = self.env['sync.breaker'].sudo().search_fetch(
            [('connection_id', 'in', self.ids)]
        ).grouped('connection_id')
        for connection in self:
            day = budgets.get(connection._origin, self.env['sync.budget'])
            over = day.resets_at and day.resets_at <= fields.Datetime.now()
            connection.budget_used = 0 if over else day.used
            connection.budget_limit = day.capacity
            connection.budget_percent = 100 * connection.budget_used / (day.capacity or 1)
            breaker = breakers.get(connection._origin, self.env['sync.breaker'])
            connection.breaker_state = breaker.state or 'closed'

    # === BUSINESS === #

    def _health(self):
        """The figures as plain values, for the health route."""
        now = fields.Datetime.now()
        return [
            {
                'id': connection.id,
                'name': connection.name,
                'state': connection.state,
                'waiting': connection.waiting_count,
                'failed': connection.failed_count,
                'oldest_pending_seconds': self._seconds_since(connection.oldest_waiting_at, now),
            }
            for connection in self
        ]

    @api.model
    def _seconds_since(self, moment, now):
        return max(int((now - moment).total_seconds()), 0) if moment else 0
