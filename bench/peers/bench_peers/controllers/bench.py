"""What a webhook costs at least, and as others write it. None of these checks a signature."""

import json
import uuid
from datetime import datetime, timezone

from psycopg2.extras import execute_values

from odoo import SUPERUSER_ID, http
from odoo.http import request

INSERT = """
    INSERT INTO bench_event (connection_id, idempotency_key, event_type, kind, remote_object,
                             remote_id, occurred_at, payload, state, correlation_id, priority,
                             received_at, create_date)
    VALUES %s ON CONFLICT (connection_id, idempotency_key) DO NOTHING RETURNING id
"""
TEMPLATE = (
    "(1, %s, %s, 'changed', 'contacts', %s, %s, %s, 'pending', %s, 10,"
    " now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC')"
)
TOMORROW = 24 * 3600
OPTIONS = {
    'type': 'http', 'auth': 'none', 'methods': ['POST'], 'csrf': False, 'save_session': False,
    'readonly': False,
}


class BenchController(http.Controller):
    @http.route('/bench/ok', type='http', auth='none', save_session=False, csrf=False)
    def ok(self, **_query):
        return request.make_json_response('ok')

    @http.route('/bench/raw_insert', **OPTIONS)
    def raw_insert(self):
        """One statement for the whole delivery, the least that keeps it."""
        correlation = uuid.uuid4().hex
        rows = [
            (str(event['eventId']), event['subscriptionType'], str(event['objectId']),
             _moment(event), json.dumps(event), correlation)
            for event in self._events()
        ]
        stored = execute_values(
            request.env.cr._obj, INSERT, rows, template=TEMPLATE, page_size=len(rows), fetch=True)
        return request.make_json_response({'accepted': len(stored)}, status=202)

    @http.route('/bench/naive_create', **OPTIONS)
    def naive_create(self):
        """The ORM, one record an event, as most controllers do it."""
        request.update_env(user=SUPERUSER_ID, context={})
        for event in self._events():
            request.env['bench.event'].create(_vals(event))
        return request.make_json_response({'status': 'ok'}, status=202)

    @http.route('/bench/queue_job', **OPTIONS)
    def queue_job(self):
        """One job an event, as connectors built on queue_job do it. It is due tomorrow: what is
        measured is the taking-in, not the jobs."""
        request.update_env(user=SUPERUSER_ID, context={})
        events = request.env['bench.event']
        for event in self._events():
            events.with_delay(eta=TOMORROW)._bench_store_job(_vals(event))
        return request.make_json_response({'status': 'ok'}, status=202)

    @http.route('/bench/pull/<int:partner_id>', **OPTIONS)
    def pull(self, partner_id):
        """One job that reads a contact and writes its partner: what a delivery asks for."""
        request.update_env(user=SUPERUSER_ID, context={})
        request.env['res.partner'].browse(partner_id).with_delay()._bench_pull_one()
        return request.make_json_response({'status': 'ok'}, status=202)

    @staticmethod
    def _events():
        return json.loads(request.httprequest.get_data())


def _vals(event):
    return {
        'connection_id': 1,
        'idempotency_key': str(event['eventId']),
        'event_type': event['subscriptionType'],
        'kind': 'changed',
        'remote_object': 'contacts',
        'remote_id': str(event['objectId']),
        'occurred_at': _moment(event),
        'payload': json.dumps(event),
        'correlation_id': uuid.uuid4().hex,
    }


def _moment(event):
    seconds = event['occurredAt'] / 1000
    return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None, microsecond=0)
