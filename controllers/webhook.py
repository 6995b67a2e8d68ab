"""``POST /saas_sync/webhook/<webhook_token>``: check, store, wake, answer. Nothing else.

=====  ==============================================================================
 200   the acknowledgement of an Outbound Message, in SOAP: committed
 202   ``{"accepted": n, "duplicates": m}``: committed
 400   the body is no delivery
 401   the signature is missing, stale or wrong; one fixed answer for all of these
 404   no connection has this token
 405   not a POST (mostly answered by Odoo's routing)
 413   more than 1 MiB (mostly answered by Odoo, which reads the announced length first)
 415   a type in which this provider sends nothing, or compressed
 503   paused, or too much waits already; ``Retry-After`` says when to come back
=====  ==============================================================================

The connector says how its sender is answered; what is refused is refused in the same words to all.

Promises: an answer of 200 or 202 is only sent after the commit, any other one left nothing behind;
what a sender can send never ends in a 5xx of ours but the two 503.

Weakness: Odoo reads a form before it calls us, so such a body is parsed (up to the size limit)
before it is refused. Whoever sends a byte a second holds a process of Odoo until
`limit_time_real`: Odoo's server reads head and body, and what comes after a refusal, without asking
us; only a proxy in front helps (docs/security.md).
"""

from __future__ import annotations

import uuid

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from odoo import SUPERUSER_ID, http
from odoo.http import request
from odoo.sql_db import Cursor

from ..engine.connectors.base import CONNECTORS
from ..engine.contracts import WebhookRequest
from ..engine.errors import ContractError, SignatureError
from ..models import backlog
from ..models.queue_cursor import next_transaction
from ..models.sync_connection_webhook import report_refusal, verify

MAX_BYTES = 1024 * 1024
RETRY_PAUSED = 300
RETRY_FULL = 60


class Refused(Exception):
    """A delivery that is answered with an error."""

    def __init__(self, status, reason, headers=()):
        super().__init__(reason)
        self.status, self.reason, self.headers = status, reason, list(headers)


class WebhookController(http.Controller):
    # auth='none': no user, no session and no language are looked up. readonly=False, because
    # auth='none' would otherwise start on a read-only cursor and run everything twice.
    @http.route(
        '/saas_sync/webhook/<string:webhook_token>',
        type='http', auth='none', methods=['POST'], csrf=False, save_session=False,
        # One byte more than is taken: what is too long then shows, whatever length it announced.
        readonly=False, max_content_length=MAX_BYTES + 1, foreign_sender=True,
    )
    def receive(self, webhook_token, **_query):
        try:
            body = self._read_body()
            self._start_transaction()
            delivery = self._delivery(body)
            receiver = self._find_receiver(webhook_token)
            accepted, duplicates = self._store(receiver, delivery)
            if accepted or duplicates:
                # Committed here and not by Odoo afterwards, so that the workers are woken on the
                # cursor at hand: borrowing another one cost a third of a delivery. Duplicates wake
                # them too: a sender who repeats himself may be all that is awake.
                next_transaction(request.env)
                request.env['sync.worker']._wake_here()
        except Refused as refused:
            return request.make_json_response(
                {'error': refused.reason}, headers=refused.headers, status=refused.status
            )
        return self._acknowledge(receiver.connector.acknowledge(delivery, accepted, duplicates))

    def _acknowledge(self, answer):
        return request.make_response(
            answer.body, headers=[('Content-Type', answer.content_type)], status=answer.status
        )

    def _read_body(self):
        """The raw bytes, once method, bounds and type are right."""
        received = request.httprequest
        if received.method != 'POST':  # Odoo lets OPTIONS pass on every route
            raise Refused(405, 'Send a POST.', [('Allow', 'POST')])
        if (received.content_length or 0) > MAX_BYTES:
            raise Refused(413, 'At most 1 MiB is accepted.')
        if not any(received.mimetype in cls.content_types for cls in CONNECTORS.values()):
            raise Refused(415, 'Send application/json.')
        if received.headers.get('Content-Encoding', 'identity').strip().lower() != 'identity':
            raise Refused(415, 'Send the body uncompressed.')
        try:
            body = received.get_data()
        except ClientDisconnected as error:
            raise Refused(400, 'The body ended before it was whole.') from error
        except RequestEntityTooLarge as error:
            raise Refused(413, 'At most 1 MiB is accepted.') from error
        if len(body) > MAX_BYTES:
            raise Refused(413, 'At most 1 MiB is accepted.')
        return body

    def _start_transaction(self):
        """READ COMMITTED from the first statement.

        There, ``ON CONFLICT DO NOTHING`` waits for a concurrent delivery of the same event and
        then does nothing; under Odoo's REPEATABLE READ it would fail, and be run again after up
        to two seconds. Nothing was written yet, so there is nothing to roll back. The pool sets
        the level back when it lends the connection again. A test's cursor stays as it is.
        """
        cr = request.env.cr
        if isinstance(cr, Cursor):
            cr.rollback()
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        # No context: reasons are stored in the language of the database, not of the sender.
        request.update_env(user=SUPERUSER_ID, context={})

    def _find_receiver(self, token):
        receiver = request.env['sync.connection']._find_receiver(token)
        if receiver is None:
            raise Refused(404, 'Unknown address.')
        if request.httprequest.mimetype not in receiver.connector.content_types:
            raise Refused(415, 'Send application/json.')
        return receiver

    def _store(self, receiver, delivery):
        try:
            verify(receiver, delivery)
            self._check_room(receiver)
            return request.env['sync.connection']._receive(receiver, delivery, uuid.uuid4().hex)
        except SignatureError as error:
            report_refusal(receiver)
            raise Refused(401, 'The signature is missing, stale or wrong.') from error
        except ContractError as error:
            raise Refused(400, str(error)) from error

    def _delivery(self, body):
        received = request.httprequest
        return WebhookRequest(
            method=received.method,
            url=_address(received),
            headers={name.lower(): value for name, value in received.headers.items()},
            body=body,
        )

    def _check_room(self, receiver):
        if receiver.is_paused:
            raise Refused(503, 'The connection is paused.', [('Retry-After', RETRY_PAUSED)])
        if not backlog.has_room(request.env.cr, receiver.connection_id, receiver.ceiling):
            raise Refused(503, 'Too much waits already.', [('Retry-After', RETRY_FULL)])


def _address(received):
    """The address as it was sent. Werkzeug's ``url`` is decoded here and there; it was signed raw.
    """
    target = received.environ.get('REQUEST_URI', '')
    return f'{received.scheme}://{received.host}{target}' if target[:1] == '/' else received.url
