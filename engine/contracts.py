"""What crosses the border between the engine and a connector.

The models are frozen: a message is a fact, and facts do not change while they travel.
Times are timezone-aware UTC. Wire values are what the remote sends and takes (HubSpot: strings,
``None`` for empty); canonical values are what :mod:`.convert` makes of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .errors import SyncError

RemoteId = Annotated[str, Field(min_length=1, max_length=255)]

#: What an inbound event tells us to look at. Only ``ignored`` is never followed by a read.
EventKind = Literal[
    'change', 'association', 'delete', 'purge', 'restore', 'merge', 'poll', 'import', 'ignored'
]


class Contract(BaseModel):
    model_config = ConfigDict(frozen=True, extra='forbid', arbitrary_types_allowed=True)


class WebhookRequest(Contract):
    """A delivery exactly as it arrived. ``headers`` have lower-case names."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


class InboundEvent(Contract):
    """One notification: *which* record moved at the remote, never the new state itself.

    ``idempotency_key`` is equal for two deliveries of one notification and for nothing else.
    ``error`` is set where the element did not fit its schema: it is stored, and shown as failed.
    ``reason`` is set where ``kind`` is ``ignored``: a sentence that says why.
    ``related_ids`` are the other records of a merge (the losers) or of an association.
    """

    idempotency_key: str = Field(min_length=1, max_length=64)
    event_type: str = Field(max_length=128)
    kind: EventKind
    remote_object: str = Field(default='', max_length=128)
    remote_id: str = Field(default='', max_length=255)
    occurred_at: datetime | None = None
    account: str | None = None
    related_ids: tuple[str, ...] = ()
    payload: Any = None
    reason: str | None = None
    error: str | None = None


class RemoteRecord(Contract):
    """A record as the remote returned it.

    ``remote_id`` is the id it has *now*; a merge may have changed it since we asked.
    ``values`` holds the fields that were asked for and nothing else: an absent key means
    "not read", ``None`` means empty. ``associations`` likewise: object name → ids, the primary
    one first. ``became`` is what a conversion made of it (a lead: an opportunity, a contact and
    an account): object name → id; from then on it only stands for these.
    """

    remote_id: RemoteId
    values: Mapping[str, Any] = Field(default_factory=dict)
    associations: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    updated_at: datetime | None = None
    created_at: datetime | None = None
    archived: bool = False
    merged_ids: tuple[str, ...] = ()
    became: Mapping[str, str] = Field(default_factory=dict)
    url: str | None = None


class Page(Contract):
    """One page of a listing or a poll. ``cursor`` is opaque; ``None`` ends the scan."""

    records: tuple[RemoteRecord, ...]
    cursor: str | None = None


class Change(Contract):
    """One record to write at the remote.

    ``key`` is our own external id; answers are correlated by it and never by position.
    ``remote_id`` is ``None`` for a record that may not exist there yet: the connector upserts it
    by ``key``. ``associations`` holds the wanted ids by object; only those objects are touched.
    ``dropped`` are associations known from the last snapshot that have to go. ``keyless``: the
    object has no field for ``key``; the record is created plainly, once, and the answer may be
    lost (``unknown``).
    """

    key: str = Field(min_length=1, max_length=255)
    operation: Literal['upsert', 'delete'] = 'upsert'
    remote_id: str | None = None
    values: Mapping[str, Any] = Field(default_factory=dict)
    associations: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    dropped: Mapping[str, tuple[str, ...]] = Field(default_factory=dict)
    keyless: bool = False


class Outcome(Contract):
    """What became of one :class:`Change`.

    ``unknown`` means sent without an answer: the caller reads back before it creates anything.
    ``remote_id`` may differ from the one we sent (the record was merged meanwhile).
    """

    key: str
    status: Literal['ok', 'failed', 'unknown']
    remote_id: str | None = None
    created: bool = False
    updated_at: datetime | None = None
    error: SyncError | None = None
    http_status: int | None = None
    request_id: str | None = None


class FieldOption(Contract):
    """A value of an enumeration. ``meta`` holds what the remote says of it, as it says it
    (for a stage: its pipeline, whether it is closed, its probability; for an owner: the e-mail)."""

    value: str
    label: str
    meta: Mapping[str, Any] = Field(default_factory=dict)


class RemoteField(Contract):
    """A property of a remote object, as discovered.

    ``required``: a record cannot be created without it. ``demanded``: it is never empty, be it
    that the remote fills it in itself; emptying it is refused.
    """

    name: str
    label: str
    type: Literal[
        'string', 'text', 'integer', 'float', 'boolean', 'date', 'datetime', 'enumeration',
        'multi_enumeration', 'phone', 'email', 'reference', 'association', 'other',
    ]
    wire_type: str = ''
    read_only: bool = False
    required: bool = False
    demanded: bool = False
    unique: bool = False
    max_length: int | None = None
    options: tuple[FieldOption, ...] = ()
    help: str = ''


class Account(Contract):
    """Who answers at the other end."""

    account_id: str
    name: str = ''
    ui_url: str = ''
    time_zone: str = 'UTC'
    currency: str = ''
    #: What an administrator should know before it hurts.
    notice: str = ''
    details: Mapping[str, Any] = Field(default_factory=dict)
