"""One row for each try of each lane; append-only, written with the outcome it tells of."""

from __future__ import annotations

from odoo import api, fields, models
from odoo.tools import SQL

from .queue_cursor import spread
from .sync_message import ERROR_CLASSES


class SyncAttempt(models.Model):
    _name = 'sync.attempt'
    _description = 'Synchronisation attempt'
    _order = 'id desc'

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade'
    )
    company_id = fields.Many2one(related='connection_id.company_id')
    direction = fields.Selection([('in', 'Inbound'), ('out', 'Outbound')], readonly=True)
    object = fields.Char('Remote object', readonly=True)
    key = fields.Char(
        'Record', readonly=True, help='The remote ID (inbound) or the Odoo record (outbound).'
    )
    outcome = fields.Selection(
        [
            ('done', 'Done'),
            ('nothing', 'Nothing to do'),
            ('ignored', 'Ignored'),
            ('retry', 'Will retry'),
            ('waiting', 'Waiting'),
            ('failed', 'Failed'),
            ('shadow', 'Shadow (not written)'),
        ],
        readonly=True,
    )
    started_at = fields.Datetime(readonly=True)
    duration = fields.Float('Duration (s)', readonly=True, digits=(12, 3), aggregator='avg')
    number = fields.Integer('Try', readonly=True)
    messages = fields.Integer('Messages drained', readonly=True)
    http_status = fields.Integer('HTTP status', readonly=True, aggregator=None)
    request_id = fields.Char('Request ID', readonly=True, help="To quote to the remote's support.")
    summary = fields.Text(readonly=True, help='What was compared and written; values are redacted.')
    error_class = fields.Selection(ERROR_CLASSES, readonly=True)
    error_message = fields.Text(readonly=True)
    traceback = fields.Text(readonly=True, groups='saas_sync.group_manager')
    correlation_id = fields.Char(readonly=True, index=True)

    _lane_idx = models.Index('(connection_id, direction, object, key, id)')
    _retention_idx = models.Index('(create_date)')

    _COLUMNS = (
        'connection_id', 'direction', 'object', 'key', 'outcome', 'started_at', 'duration',
        'number', 'messages', 'http_status', 'request_id', 'summary', 'error_class',
        'error_message', 'traceback', 'correlation_id',
    )

    @api.model
    def _log(self, cr, rows):
        """Append attempts in one statement; ``rows`` are dicts over ``_COLUMNS``."""
        if not rows:
            return
        sql, source = spread('key', {
            name: (self._fields[name].column_type[1], [row.get(name) for row in rows])
            for name in self._COLUMNS})
        cr.execute(SQL(
            """INSERT INTO sync_attempt (%s, create_date)
               SELECT %s, now() AT TIME ZONE 'UTC' FROM %s""",
            SQL(', ').join(map(SQL.identifier, sql)), SQL(', ').join(sql.values()), source))
