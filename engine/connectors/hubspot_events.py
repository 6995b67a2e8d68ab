"""HubSpot's webhook deliveries: a body becomes events.

Promise: any bytes give a list of :class:`~..contracts.InboundEvent` or one
:class:`~..errors.ContractError`. An element that does not fit becomes an event with ``error``
set; one we have no use for becomes ``ignored`` with its reason. Equal notifications get equal
keys, in any order and at any attempt: the key leaves out ``attemptNumber`` and does not rest on
``eventId`` alone, which HubSpot says is not unique.

The value of a property may hold anything JSON can spell, NUL and lone surrogates included: what
one person typed into one field must not cost the other events of the delivery, which HubSpot drops
after its retries. In keys and in what we read, such characters make that one element a misfit.

Both vocabularies are read: classic (``contact.propertyChange``) and generic
(``object.propertyChange`` with ``objectTypeId``), and both names of the type,
``subscriptionType`` (real deliveries) and ``eventType`` (the documentation).

Weakness: the shapes of merges, restores and generic association changes are those of the
documentation and of third parties; no real one was seen.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from functools import cached_property
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    Field,
    ValidationError,
    model_validator,
)

from ..contracts import EventKind, InboundEvent
from ..errors import ContractError
from ..json_text import has_plain_keys, is_plain, loads, may_be_strange, plain
from .hubspot_objects import NAMES_BY_SINGULAR, NAMES_BY_TYPE_ID
from .hubspot_wire import Wire, moment

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(',', ':'))

MAX_BYTES = 1024 * 1024
#: HubSpot sends up to 100; more only come from somebody who means harm.
MAX_EVENTS = 5000

_KINDS: dict[str, EventKind] = {
    'creation': 'change',
    'propertyChange': 'change',
    'deletion': 'delete',
    'privacyDeletion': 'purge',
    'restore': 'restore',
    'merge': 'merge',
    'associationChange': 'association',
}


def _digits(value: Any) -> str:
    """An id as text; HubSpot sends whole numbers of up to twelve digits today."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ''
    if not (text.isascii() and text.isdigit() and len(text) <= 20):
        raise ValueError('must be a whole number of at most 20 digits')
    return text


def _occurred(value: Any) -> datetime:
    text = _digits(value)
    at = moment(text) if len(text) <= 16 else None
    if at is None:
        raise ValueError('must be a time in milliseconds')
    return at


def _plain(value: str) -> str:
    if not is_plain(value):
        raise ValueError('must have no NUL and no half characters in it')
    return value


Digits = Annotated[str, BeforeValidator(_digits)]
Occurred = Annotated[datetime, BeforeValidator(_occurred)]
Plain = Annotated[str, AfterValidator(_plain)]
ShortText = Annotated[Plain, Field(max_length=128)]
TypeId = Annotated[str, Field(pattern=r'^[0-9]{1,3}-[0-9]{1,12}$')]


class Notification(Wire):
    """One element of a delivery."""

    subscription_type: ShortText = Field(
        min_length=1, validation_alias=AliasChoices('subscriptionType', 'eventType')
    )
    event_id: Digits | None = Field(None, validation_alias='eventId')
    portal_id: Digits | None = Field(None, validation_alias='portalId')
    occurred_at: Occurred | None = Field(None, validation_alias='occurredAt')
    object_id: Digits | None = Field(None, validation_alias='objectId')
    object_type_id: TypeId = Field('', validation_alias='objectTypeId')
    property_name: Annotated[Plain, Field(max_length=255)] = Field(
        '', validation_alias='propertyName'
    )
    association_type: ShortText = Field('', validation_alias='associationType')
    from_id: Digits | None = Field(None, validation_alias='fromObjectId')
    to_id: Digits | None = Field(None, validation_alias='toObjectId')
    from_type_id: TypeId = Field('', validation_alias='fromObjectTypeId')
    new_id: Digits | None = Field(None, validation_alias='newObjectId')
    primary_id: Digits | None = Field(None, validation_alias='primaryObjectId')
    merged_ids: Annotated[tuple[Digits, ...], Field(max_length=1000)] = Field(
        (), validation_alias='mergedObjectIds'
    )

    @model_validator(mode='before')
    @classmethod
    def _without_nulls(cls, data: Any) -> Any:
        """A key that is null is a key that is not there."""
        if isinstance(data, dict):
            return {name: value for name, value in data.items() if value is not None}
        return data

    @property
    def subject(self) -> str:
        """The part of the key that names the record or records."""
        if self.from_id or self.to_id:
            return f'{self.from_id}>{self.to_id}'
        merged = '+'.join(sorted(self.merged_ids))
        merge = f'{self.new_id or ""}<{self.primary_id or ""}+{merged}'
        return self.object_id or merge

    @property
    def is_generic(self) -> bool:
        return self.subscription_type.startswith('object.')

    @cached_property
    def kind(self) -> EventKind:
        prefix, _dot, suffix = self.subscription_type.partition('.')
        known = prefix in NAMES_BY_SINGULAR or prefix == 'object'
        return _KINDS.get(suffix, 'ignored') if known else 'ignored'

    @property
    def remote_object(self) -> str:
        """The object of the record to look at; of an association, the from-side."""
        prefix = self.subscription_type.partition('.')[0]
        type_id = self.from_type_id or self.object_type_id
        if self.is_generic:
            return NAMES_BY_TYPE_ID.get(type_id, type_id)
        origin = self.association_type.lower().partition('_to_')[0] if self.from_id else ''
        return NAMES_BY_SINGULAR.get(origin) or NAMES_BY_SINGULAR.get(prefix, '')

    @property
    def remote_id(self) -> str:
        """The record to look at; of a merge, the one that lives on under a new id."""
        if self.kind == 'merge':
            return self.new_id or self.primary_id or self.object_id or ''
        if self.kind == 'association':
            return self.from_id or ''
        return self.object_id or ''

    @property
    def related_ids(self) -> tuple[str, ...]:
        if self.kind == 'merge':
            # The primary first: it is the one whose place the merged record takes.
            others = (self.primary_id, self.object_id, *self.merged_ids)
            unique = dict.fromkeys(filter(None, others))
            return tuple(one for one in unique if one != self.remote_id)
        return (self.to_id,) if self.kind == 'association' and self.to_id else ()


def parse(body: bytes, settings: Mapping[str, Any]) -> list[InboundEvent]:
    """The events of a delivery, in its order (which means nothing).

    :raises ContractError: where the body is no JSON array of at most :data:`MAX_EVENTS` elements.
    """
    value = loads(body, max_bytes=MAX_BYTES)
    elements = [value] if isinstance(value, dict) else value
    if not isinstance(elements, list):
        raise ContractError('the body is no JSON array of events', code='BAD_SHAPE')
    if len(elements) > MAX_EVENTS:
        raise ContractError(
            f'the body holds {len(elements)} events, at most {MAX_EVENTS} are taken',
            code='TOO_LARGE',
        )
    account = str(settings.get('account_id') or '')
    strange = may_be_strange(body)
    return [_event(element, account, strange) for element in elements]


def _event(element: Any, account: str, strange: bool) -> InboundEvent:
    try:
        note = Notification.model_validate(element)
    except ValidationError as error:
        return _misfit(element, _why(error))
    if strange and not has_plain_keys(element):
        return _misfit(element, 'the name of a key has a NUL or half a character in it')
    if note.kind == 'ignored':
        return _ignored(note, element, f'Events of type {note.subscription_type} are not used.')
    if account and note.portal_id and note.portal_id != account:
        reason = f'It is about HubSpot account {note.portal_id}, this connection to {account}.'
        return _ignored(note, element, reason)
    if not note.remote_id or not note.remote_object:
        return _misfit(element, 'it does not say which record it is about')
    return InboundEvent(
        kind=note.kind,
        remote_object=note.remote_object,
        remote_id=note.remote_id,
        related_ids=note.related_ids,
        **_frame(note, element),
    )


def _frame(note: Notification, element: Any) -> dict[str, Any]:
    return {
        'idempotency_key': idempotency_key(note),
        'event_type': note.subscription_type,
        'occurred_at': note.occurred_at,
        'account': note.portal_id,
        'payload': element,
    }


def _ignored(note: Notification, element: Any, reason: str) -> InboundEvent:
    return InboundEvent(
        kind='ignored',
        remote_object=note.remote_object,
        remote_id=note.remote_id,
        reason=reason,
        **_frame(note, element),
    )


def _why(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    place = '.'.join(str(part) for part in first['loc'])
    return f'{place}: {first["msg"]}' if place else first['msg']


def _misfit(element: Any, why: str) -> InboundEvent:
    sentence = f'The event does not fit HubSpot’s schema: {why}'
    known = element if isinstance(element, dict) else {}
    named = known.get('subscriptionType', known.get('eventType'))
    return InboundEvent(
        idempotency_key=_digest(
            {key: value for key, value in known.items() if key != 'attemptNumber'} or element
        ),
        event_type=plain(named[:128]) if isinstance(named, str) else 'unreadable',
        kind='ignored',
        payload=element,
        reason=sentence,
        error=sentence,
    )


def idempotency_key(note: Notification) -> str:
    """SHA-256, in hex, of what tells one notification from another."""
    occurred = note.occurred_at.isoformat() if note.occurred_at else ''
    parts = (
        note.portal_id or '',
        note.subscription_type,
        note.object_type_id,
        note.subject,
        note.event_id or '',
        occurred,
        note.property_name,
    )
    # The array of these texts, text by text: a text alone is encoded at a tenth of the price.
    return _sha256(f'[{",".join(map(_ENCODER.encode, parts))}]')


def _digest(value: Any) -> str:
    """Of any JSON: the encoder writes ASCII, in which a lone surrogate is an escape."""
    return _sha256(_ENCODER.encode(value))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
