"""Turns changes into webhook events.

Promise: an event for every subscription that a change touches; all events of one save share
``occurredAt``; an association fires one event a side. Keys and their order are those of recorded
deliveries; merge, restore and generic association events follow the documents. Weakness: nobody
has published a real merge or restore event.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from ..core.clock import parse_iso
from ..core.delivery import Postman
from .config import Options
from .records import Actor, Record
from .schema import Schema
from .subscriptions import Subscriptions


class Journal:
    """Writes events for one account and hands them to the postman."""

    def __init__(self, options: Options, schema: Schema, postman: Postman) -> None:
        self.options = options
        self.schema = schema
        self.postman = postman
        self.subscriptions = Subscriptions(schema)
        self._rng = random.Random(options.seed)

    def created(self, record: Record, values: dict[str, str], actor: Actor, at: int) -> None:
        """A new record: its creation and every property that was given."""
        events = list(self._changes(record, values, actor, at))
        events += self._simple(record, "creation", actor, at, changeFlag="CREATED")
        self._post(events)

    def updated(self, record: Record, values: dict, actor: Actor, at: int) -> None:
        """Properties that have another value now."""
        self._post(list(self._changes(record, values, actor, at)))

    def deleted(self, record: Record, actor: Actor, at: int) -> None:
        """Into the recycle bin."""
        self._post(self._simple(record, "deletion", actor, at, changeFlag="DELETED"))

    def restored(self, record: Record, actor: Actor, at: int) -> None:
        """Out of the recycle bin."""
        self._post(self._simple(record, "restore", actor, at))

    def erased(self, record: Record, actor: Actor, at: int) -> None:
        """Deleted for privacy; comes besides the deletion."""
        if record.kind.name == "contacts":
            self._post(self._simple(record, "privacyDeletion", actor, at))

    def merged(
        self, winner: Record, losers: list[str], survivor: Record, moved: int, actor: Actor, at: int
    ) -> None:
        """Two records became a third."""
        facts = {
            "primaryObjectId": int(winner.id),
            "mergedObjectIds": [int(loser) for loser in losers],
            "newObjectId": int(survivor.id),
            "numberOfPropertiesMoved": moved,
        }
        self._post(self._simple(survivor, "merge", actor, at, **facts))

    def associated(
        self,
        source: Record,
        target: Record,
        spec: dict[str, Any],
        actor: Actor,
        *,
        removed: bool,
        at: int,
    ) -> None:
        """An association type was added or removed, seen from ``source``."""
        events = []
        kind = source.kind
        ends = {"fromObjectId": int(source.id), "toObjectId": int(target.id)}
        state = {"associationRemoved": removed, "isPrimaryAssociation": spec["primary"]}
        label = f"{kind.legacy}_TO_{target.kind.legacy}"
        classic = f"{kind.singular}.associationChange"
        if number := self.subscriptions.find(classic, None, None):
            event = self._event(number, classic, actor, at)
            events.append(event | {"associationType": label} | ends | state)
        if number := self.subscriptions.find("object.associationChange", kind.type_id, None):
            types = {"fromObjectTypeId": kind.type_id, "toObjectTypeId": target.kind.type_id}
            types["associationTypeId"] = spec["typeId"]
            types["associationCategory"] = spec["category"]
            event = self._event(number, "object.associationChange", actor, at)
            events.append(event | types | ends | state)
        self._post(events)

    # -- wording

    def _changes(
        self, record: Record, values: dict[str, Any], actor: Actor, at: int
    ) -> Iterator[dict[str, Any]]:
        kind = record.kind
        for name, value in values.items():
            change = {"propertyName": name, "propertyValue": self._wire(record, name, value)}
            classic = f"{kind.singular}.propertyChange"
            if number := self.subscriptions.find(classic, None, name):
                event = self._event(number, classic, actor, at)
                yield event | {"objectId": int(record.id)} | change
            if number := self.subscriptions.find("object.propertyChange", kind.type_id, name):
                event = self._event(number, "object.propertyChange", actor, at)
                subject = {"objectId": int(record.id), "objectTypeId": kind.type_id}
                yield event | subject | change | {"isSensitive": False}

    def _simple(
        self, record: Record, change: str, actor: Actor, at: int, **facts: Any
    ) -> list[dict[str, Any]]:
        kind, events = record.kind, []
        classic = f"{kind.singular}.{change}"
        if number := self.subscriptions.find(classic, None, None):
            event = self._event(number, classic, actor, at)
            events.append(event | {"objectId": int(record.id)} | facts)
        if number := self.subscriptions.find(f"object.{change}", kind.type_id, None):
            event = self._event(number, f"object.{change}", actor, at)
            subject = {"objectId": int(record.id), "objectTypeId": kind.type_id}
            events.append(event | subject | facts)
        return events

    def _event(self, subscription: int, event: str, actor: Actor, at: int) -> dict[str, Any]:
        return {
            "eventId": self._rng.getrandbits(32),
            "subscriptionId": subscription,
            "portalId": self.options.portal_id,
            "appId": self.options.app_id,
            "occurredAt": at,
            "subscriptionType": event,
            "attemptNumber": 0,
            "changeSource": actor.source,
            "sourceId": actor.source_id,
        }

    def _wire(self, record: Record, name: str, value: str | None) -> str:
        kind = self.schema.of(record.kind).get(name, {}).get("type")
        if value and kind in ("date", "datetime"):
            return str(parse_iso(value))
        return value or ""

    def _post(self, events: list[dict[str, Any]]) -> None:
        if events:
            self.postman.post(events)
