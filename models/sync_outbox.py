"""The outbox: which record changed, written in the transaction of the change.

Promises: the change and its message commit or vanish together, whatever wrote the change. A
message says which record moved and never what it became; the payload is built from the record's
present state when the lane is worked, so a message can be neither stale nor out of order.
"""

from __future__ import annotations

import json

from odoo import api, fields, models

from .queue_cursor import insert_values


class SyncOutbox(models.Model):
    _name = 'sync.outbox'
    _description = 'Outbound message'
    _inherit = ['sync.message']
    _order = 'id desc'
    _direction = 'out'
    _news_sql = 'm.mapping_id, m.operation, m.changed_fields, m.origin'
    _lane_key_sql = "m.res_model || ',' || m.res_id"

    mapping_id = fields.Many2one('sync.mapping', readonly=True, ondelete='cascade')
    res_model = fields.Char('Odoo model', required=True, readonly=True)
    res_id = fields.Many2oneReference(
        'Odoo record ID', model_field='res_model', required=True, readonly=True
    )
    operation = fields.Selection(
        [('upsert', 'Create or update'), ('delete', 'Delete')],
        required=True, readonly=True, default='upsert',
    )
    changed_fields = fields.Json(readonly=True)
    changed_fields_text = fields.Char('Changed fields', compute='_compute_changed_fields_text')
    origin = fields.Char(readonly=True, help='What caused the message, other than a plain save.')

    _retention_idx = models.Index('(create_date)')
    _record_idx = models.Index('(res_model, res_id, id)')

    @api.depends('changed_fields')
    def _compute_changed_fields_text(self):
        for message in self:
            message.changed_fields_text = ', '.join(message.changed_fields or [])

    @api.model
    def _post(self, cr, rows):
        """Insert messages in one statement.

        :param rows: dicts with ``connection_id, mapping_id, remote_object, res_model, res_id``
            and, optionally, ``operation, changed_fields, origin, priority, correlation_id``.
        """
        if not rows:
            return
        values = [
            (
                row['connection_id'], row['mapping_id'], row['remote_object'],
                row['res_model'], row['res_id'], row.get('operation', 'upsert'),
                json.dumps(sorted(row.get('changed_fields') or ())), row.get('origin'),
                row.get('priority', 10), row.get('correlation_id'), self._kind(row),
            )
            for row in rows
        ]
        insert_values(
            cr,
            """
            INSERT INTO sync_outbox (
                connection_id, mapping_id, remote_object, res_model, res_id, operation,
                changed_fields, origin, priority, correlation_id, kind, state, create_date)
            VALUES %s
            """,
            values,
            "(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'pending', now() AT TIME ZONE 'UTC')",
        )

    @api.model
    def _kind(self, row):
        """Messages the pipeline has to tell apart are of different kinds: a claim reads only the
        newest of each."""
        kind = row.get('origin') or 'change'
        return f'{kind}, filter' if '(filter)' in (row.get('changed_fields') or ()) else kind
