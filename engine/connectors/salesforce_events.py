"""Signed JSON from a Flow or from Apex: an organisation's own webhook to us.

A body is one event or a list of them::

    {"id": "003…", "object": "Contact", "type": "updated", "event": "<unique>"}

``type`` is ``created``, ``updated``, ``deleted``, ``undeleted`` or ``merged`` (then ``id`` lives on
and ``losers`` lists the others). ``event`` tells two deliveries of one event from two events; where
it is missing, equal bytes of an element count once a second of ``at``, or once for ever.

Promise: any bytes give events or one :class:`~..errors.ContractError`; an element that does not fit
becomes an event with ``error`` set. The signature covers the time and the raw bytes:
``X-Signature: hex(HMAC-SHA256(secret, timestamp + ":" + body))``, ``X-Timestamp`` in seconds, or in
milliseconds as Apex's ``System.currentTimeMillis()`` has it.

Weakness: neither Flow nor Apex sends again by itself; what was lost, the poll finds.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from pydantic import Field, ValidationError

from ..contracts import EventKind, InboundEvent, WebhookRequest
from ..errors import ContractError, SignatureError
from ..json_text import loads
from ..signature import MAX_HEADER, REFUSED, TOLERANCE
from ..wire import Time, Wire
from .salesforce_objects import is_id, long_id

MAX_BYTES = 1024 * 1024
MAX_EVENTS = 5000
#: Digits of a moment in milliseconds, from 2001 to 2286.
_MILLISECONDS = 13
_KINDS: dict[str, EventKind] = {
    'created': 'change',
    'updated': 'change',
    'deleted': 'delete',
    'undeleted': 'restore',
    'merged': 'merge',
}


class _Element(Wire):
    id: str = Field(pattern=r'^[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?$')
    object: str = Field(pattern=r'^[A-Za-z][A-Za-z0-9_]{0,79}$')
    type: str = Field('updated', max_length=32)
    event: str | None = Field(None, max_length=255)
    at: Time = None
    losers: list[str] = Field(default_factory=list, max_length=10)


def verify(request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> None:
    """Check ``X-Signature`` over the time and the raw bytes.

    :raises SignatureError: unless one of the secrets signed exactly these bytes, just now.
    """
    timestamp = request.headers.get('x-timestamp', '')
    given = request.headers.get('x-signature', '')[:MAX_HEADER].lower().encode('utf-8', 'replace')
    message = timestamp.encode('utf-8', 'replace') + b':' + request.body
    good = False
    for secret in secrets:
        expected = hmac.new(secret, message, hashlib.sha256).hexdigest().encode()
        good |= bool(secret) and hmac.compare_digest(expected, given)
    if not (good and _is_fresh(timestamp, now)):
        raise SignatureError(REFUSED)


def _is_fresh(timestamp: str, now: datetime) -> bool:
    if not re.fullmatch('[0-9]{1,13}', timestamp):
        return False
    seconds = int(timestamp) / (1000 if len(timestamp) == _MILLISECONDS else 1)
    return abs(now.timestamp() - seconds) <= TOLERANCE


def parse(body: bytes, account: str | None) -> list[InboundEvent]:
    """The events of a delivery.

    :param account: the organisation's id, for the events.
    :raises ContractError: the body is no JSON of this kind.
    """
    data = loads(body, max_bytes=MAX_BYTES)
    if not isinstance(data, list | dict):
        raise ContractError('The body is neither an event nor a list of them.', code='BAD_JSON')
    rows = data if isinstance(data, list) else [data]
    if not rows or len(rows) > MAX_EVENTS:
        raise ContractError(f'{len(rows)} events, not 1 to {MAX_EVENTS}.', code='BAD_JSON')
    return [_event(row, account) for row in rows]


def _event(row: Any, account: str | None) -> InboundEvent:
    try:
        element = _Element.model_validate(row)
    except ValidationError as error:
        return _misfit(row, account, error)
    kind = _KINDS.get(element.type)
    return InboundEvent(
        idempotency_key=_key(row, element),
        event_type=f'{element.object}.{element.type}',
        kind=kind or 'ignored',
        reason=None if kind else f'The type "{element.type}" is none we act upon.',
        remote_object=element.object,
        remote_id=long_id(element.id),
        occurred_at=element.at,
        account=account,
        related_ids=tuple(long_id(one) for one in element.losers if is_id(one)),
        payload=row,
    )


def _misfit(row: Any, account: str | None, error: ValidationError) -> InboundEvent:
    first = error.errors(include_input=False, include_url=False)[0]
    place = '.'.join(str(part) for part in first['loc']) or 'the element'
    return InboundEvent(
        idempotency_key=_digest(row),
        event_type='unreadable',
        kind='change',
        account=account,
        payload=row,
        error=f'The event does not fit: {place}: {first["msg"]}.',
    )


def _key(row: Mapping[str, Any], element: _Element) -> str:
    if element.event is None:
        return _digest(row)
    return _digest(['event', element.object, long_id(element.id), element.event])


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(',', ':'))
    return hashlib.sha256(text.encode()).hexdigest()
