"""The figures of a connection: what waits, what failed, since when, and what is left to spend.

The budget is learnt from the answers to our calls; where a provider tells it on request, it is
asked once an hour as well, because other apps spend from it and calls of yesterday come back.

Read live, from partial indexes that hold only what is open; nothing is counted on the way in.
"""

from __future__ import annotations

import logging

from odoo import api, fields, models

from ..engine.errors import AuthError, SyncError
from .sync_budget import DAILY

_logger = logging.getLogger(__name__)


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

    version_note = fields.Char(
        'API notice', readonly=True, copy=False,
        help='What is to be known of the API version, when the account was last asked.',
    )

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

    @api.model
    def _cron_limits(self):
        """Ask what is left of the day, where a provider tells it. One account at a time, and one
        that does not answer costs the others nothing."""
        for connection in self.search([('state', '=', 'connected')]):
            if connection._is_live():
                connection._learn_limits()
            self.env['ir.cron']._commit_progress(1)

    def _learn_limits(self):
        defaults = self._connector_class().default_limits
        for reading in self._ask_limits():
            self.env['sync.budget']._learn(
                self, reading.bucket, defaults, limit=reading.limit, remaining=reading.remaining,
                period=reading.period, exact=True,
            )

    def _ask_limits(self):
        try:
            return self._connector(reserve=0).limits()
        except AuthError as error:
            self._set_needs_auth(error)
        except SyncError as error:
            # What could not be asked is learnt from the next answers.
            _logger.info('Connection %s did not tell its limits: %s', self.id, error)
        return []

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
