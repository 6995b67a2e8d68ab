"""The inbound log: every event as received, under a key the database itself keeps unique.

Promises: an event that was acknowledged is here; the same notification, delivered any number of
times, is here once, for ever. One INSERT stores a whole delivery.

Weakness: the payload is kept as text, because PostgreSQL's jsonb refuses what senders may
legally send (an escaped NUL); it is cleared by retention, the row and its key are not.
"""

from __future__ import annotations

import json

from odoo import api, fields, models
from odoo.tools import SQL

from .queue_cursor import queue_cursor


class SyncEvent(models.Model):
    _name = 'sync.event'
    _description = 'Inbound event'
    _inherit = ['sync.message']
    _order = 'id desc'
    _direction = 'in'
    _lane_key_sql = 'm.remote_id'
    # A merge names records that no other one names, so those of all of them count.
    _news_sql = """m.event_type, m.occurred_at,
                   CASE WHEN m.kind <> 'merge' THEN m.related_ids ELSE (
                       SELECT string_agg(DISTINCT o.related_ids, ',') FROM sync_event o
                        WHERE o.lane_id = m.lane_id AND o.kind = m.kind) END AS related_ids"""
    _replayable_sql = "remote_id <> '' AND kind <> 'ignored'"

    idempotency_key = fields.Char(required=True, readonly=True)
    event_type = fields.Char(readonly=True)
    remote_id = fields.Char('Remote ID', readonly=True)
    related_ids = fields.Char(readonly=True, help='Other records of a merge or an association.')
    occurred_at = fields.Datetime(readonly=True)
    received_at = fields.Datetime(readonly=True, required=True, default=fields.Datetime.now)
    payload = fields.Text(readonly=True)
    payload_pretty = fields.Text(compute='_compute_payload_pretty', string='Payload (readable)')

    _idempotency_key_uniq = models.UniqueIndex(
        '(connection_id, idempotency_key)', 'This event is already in the log.'
    )
    _payload_idx = models.Index('(create_date) WHERE payload IS NOT NULL')
    _remote_idx = models.Index('(connection_id, remote_object, remote_id, id)')

    @api.depends('payload')
    def _compute_payload_pretty(self):
        for event in self:
            try:
                value = json.loads(event.payload or 'null')
            except ValueError:
                event.payload_pretty = event.payload
            else:
                pretty = json.dumps(value, indent=2, ensure_ascii=False)
                # A lone surrogate, which no answer to a browser can hold, is shown as its escape.
                event.payload_pretty = pretty.encode('utf-8', 'backslashreplace').decode()

    #: What differs from event to event of a delivery, in the order of :meth:`_prepare_row`.
    _INGEST_COLUMNS = {
        'idempotency_key': 'text', 'event_type': 'text', 'kind': 'text', 'remote_object': 'text',
        'remote_id': 'text', 'related_ids': 'text', 'occurred_at': 'timestamp', 'payload': 'text',
        'state': 'text', 'reason': 'text', 'error_class': 'text', 'error_message': 'text',
        'done_at': 'timestamp',
    }
    _INGEST = f"""
        INSERT INTO sync_event (connection_id, correlation_id, priority, received_at, create_date,
                                {', '.join(_INGEST_COLUMNS)})
        SELECT %s, %s, %s, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', n.* FROM %s n
        ON CONFLICT (connection_id, idempotency_key) DO NOTHING
    """
    # A column is one array: of a hundred rows spelt out, PostgreSQL reads and types each value by
    # itself, which took a third of the statement. For a single row it is the other way round.
    _ONE_ROW = f"(VALUES ({', '.join(f'%s::{kind}' for kind in _INGEST_COLUMNS.values())}))"
    _ROWS = f"unnest({', '.join(f'%s::{kind}[]' for kind in _INGEST_COLUMNS.values())})"

    # === INGEST === #

    @api.model
    def _ingest(self, cr, connection_id, events, correlation_id, priority=10):
        """Store ``events`` (of :class:`~..engine.contracts.InboundEvent`) in one statement.

        Runs on the given cursor without the ORM, since it is the webhook's whole cost. An event
        nobody mapped is stored as ignored, with the reason: "why did nothing happen" is the
        commonest question of all.

        :return: ``(accepted, duplicates)``
        """
        if not events:
            return 0, 0
        mapped = self.env['sync.mapping']._inbound_objects(cr, connection_id)
        # In the order of the unique index, so that two deliveries of the same events wait for
        # each other and do not deadlock.
        events = sorted(events, key=lambda event: event.idempotency_key)
        rows = [self._prepare_row(event, mapped) for event in events]
        source = SQL(self._ONE_ROW, *rows[0]) if len(rows) == 1 else SQL(
            self._ROWS, *map(list, zip(*rows, strict=True)))
        cr.execute(SQL(self._INGEST, connection_id, correlation_id, priority, source))
        return cr.rowcount, len(events) - cr.rowcount

    @api.model
    def _prepare_row(self, event, mapped):
        state, reason, error_class, error = 'pending', None, None, None
        if event.error:
            state, error_class, error = 'failed', 'contract', event.error
        elif event.kind == 'ignored':
            state, reason = 'ignored', event.reason
        elif event.remote_object not in mapped:
            state = 'ignored'
            reason = self.env._('No active mapping reads "%s".', event.remote_object)
        occurred_at = event.occurred_at and event.occurred_at.replace(tzinfo=None)
        payload = None if event.payload is None else json.dumps(event.payload)
        return (
            event.idempotency_key, event.event_type, event.kind, event.remote_object,
            event.remote_id, ','.join(event.related_ids) or None, occurred_at, payload,
            state, reason, error_class, error,
            fields.Datetime.now() if state == 'ignored' else None,
        )

    @api.model
    def _store(self, connection, events, correlation_id, priority=10):
        """Ingest outside a request: polls, imports, "Sync now". Commits; wakes the workers."""
        with queue_cursor(self.env) as cr:
            result = self._ingest(cr, connection.id, events, correlation_id, priority)
        if result[0]:
            self.env['sync.worker']._wake()
        return result
