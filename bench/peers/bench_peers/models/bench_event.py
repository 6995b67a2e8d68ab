"""A table of the shape of ``sync.event``, for the floors and the naive peers to fill."""

from odoo import api, fields, models


class BenchEvent(models.Model):
    _name = 'bench.event'
    _description = 'Event, as a peer stores it'

    connection_id = fields.Integer(required=True)
    idempotency_key = fields.Char(required=True)
    event_type = fields.Char()
    kind = fields.Char()
    remote_object = fields.Char()
    remote_id = fields.Char()
    occurred_at = fields.Datetime()
    received_at = fields.Datetime(required=True, default=fields.Datetime.now)
    payload = fields.Text()
    state = fields.Char(required=True, default='pending')
    correlation_id = fields.Char()
    priority = fields.Integer(default=10)

    _idempotency_key_uniq = models.UniqueIndex('(connection_id, idempotency_key)')

    @api.model
    def _bench_store_job(self, event):
        """What a job that takes one event does: keep it."""
        self.create(event)
