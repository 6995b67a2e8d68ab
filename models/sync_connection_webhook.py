"""Receiving: whose delivery it is, whether it is genuine, and putting it into the log.

Promises: one SELECT finds the connection with all that is needed to judge a delivery; nothing is
stored before the signature over the raw bytes holds; a delivery is stored whole or not at all.

Weakness: a flood of badly signed deliveries costs one SELECT and some hashing each. It writes no
row; the log gets one line a minute.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone

from odoo import api, models

from ..engine.connectors.base import CONNECTORS, Connector
from ..engine.contracts import InboundEvent, WebhookRequest
from ..engine.errors import AuthError
from . import backlog
from .sync_connection_client import SETTING_COLUMNS

_logger = logging.getLogger(__name__)

TOKEN_FORMAT = re.compile(r'[A-Za-z0-9_-]{32,64}')
REPORT_SECONDS = 60


@dataclass(frozen=True)
class Receiver:
    """A connection, as far as a delivery is concerned."""

    connection_id: int
    state: str
    ceiling: int
    connector: Connector
    # Not in its repr, which a traceback with variables would show.
    secrets: tuple[bytes, ...] = field(repr=False)

    @property
    def is_paused(self) -> bool:
        """Only a pause refuses. What waits for a sign-in or for its set-up is kept all the same:
        it will be worked as soon as the account is connected."""
        return self.state == 'paused'


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    @api.model
    def _find_receiver(self, token) -> Receiver | None:
        """The receiver with this webhook token, without the ORM."""
        if not TOKEN_FORMAT.fullmatch(token):
            return None
        self.env.cr.execute(
            f"""
            SELECT c.id, c.name, c.state, c.backlog_ceiling, {', '.join(SETTING_COLUMNS)},
                   ARRAY(SELECT ARRAY[k.name, k.value] FROM sync_credential k
                          WHERE k.connection_id = c.id
                            AND k.name IN ('client_secret', 'client_secret_previous',
                                           'webhook_secret', 'webhook_secret_previous')
                            AND (k.expires_at IS NULL OR k.expires_at > now() AT TIME ZONE 'UTC')
                          ORDER BY k.name) AS secrets
              FROM sync_connection c WHERE c.webhook_token = %s
            """,
            [token],
        )
        row = self.env.cr.dictfetchone()
        return self._make_receiver(row) if row and row['provider'] in CONNECTORS else None

    @api.model
    def _make_receiver(self, row):
        connector_class = CONNECTORS[row['provider']]
        return Receiver(
            connection_id=row['id'],
            state=row['state'],
            ceiling=row['backlog_ceiling'],
            connector=connector_class(None, self._settings_of(row)),
            secrets=tuple(self._readable_secrets(row)),
        )

    @api.model
    def _readable_secrets(self, row):
        signing = CONNECTORS[row['provider']].signing_secret
        for name, value in row['secrets']:
            if name not in (signing, f'{signing}_previous'):
                continue  # it identifies us to the provider and signs nothing
            try:
                yield self.env['sync.credential']._decrypt(value, row['name']).encode()
            except AuthError as error:
                # The sender sees a refused signature and keeps the delivery; the operator reads:
                _report(row['id'], lambda count, why=error: _logger.error(
                    '%s deliveries cannot be verified: %s', count, why))

    @api.model
    def _receive(self, receiver: Receiver, request: WebhookRequest, correlation_id: str):
        """Store the events of a genuine delivery.

        :return: ``(accepted, duplicates)``
        :raises ContractError: the body is no delivery.
        """
        events = receiver.connector.parse(request)
        accepted, duplicates = self.env['sync.event']._ingest(
            self.env.cr, receiver.connection_id, list(map(_storable, events)), correlation_id
        )
        if accepted:
            backlog.add(self.env.cr, receiver.connection_id, accepted)
        return accepted, duplicates


def verify(receiver: Receiver, request: WebhookRequest) -> None:
    """Check the signature over the raw bytes, with the present and the previous secret.

    :raises SignatureError: also where no secret is stored: there is no unsigned mode.
    """
    receiver.connector.verify(request, receiver.secrets, datetime.now(timezone.utc))


def report_refusal(receiver: Receiver) -> None:
    """Count a badly signed delivery; the log gets a line a minute."""
    _report(receiver.connection_id, lambda count: _logger.warning(
        'Connection %s: %s deliveries refused, signature missing, stale or wrong',
        receiver.connection_id, count))


_refusals: dict[int, list] = {}


def _report(connection_id: int, say: Callable[[int], None]) -> None:
    """Say how often something happened since it was last said, at most once a minute."""
    now = time.monotonic()
    entry = _refusals.setdefault(connection_id, [0, -REPORT_SECONDS])
    entry[0] += 1
    if now - entry[1] >= REPORT_SECONDS:
        count, entry[:] = entry[0], [0, now]
        say(count)


def _storable(event: InboundEvent) -> InboundEvent:
    """PostgreSQL's text holds neither NUL nor half a surrogate pair, whatever a connector lets by.

    The payload is safe: it is stored as JSON in ASCII.
    """
    texts = ('event_type', 'remote_object', 'remote_id', 'reason', 'error')
    cleaned = {
        name: _clean(getattr(event, name)) for name in texts if getattr(event, name)
    }
    changed = {name: text for name, text in cleaned.items() if text != getattr(event, name)}
    return event.model_copy(update=changed) if changed else event


def _clean(text: str) -> str:
    return text.replace('\0', '').encode('utf-8', 'replace').decode('utf-8')
