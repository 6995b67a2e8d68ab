"""Which events the app has subscribed to.

Promise: classic (``contact.propertyChange``) and generic (``object.propertyChange`` with an
``objectTypeId``) subscriptions, one a property; ``hs_lastmodifieddate`` and
``num_unique_conversion_events`` cannot be had, as documented. Weakness: at most what the documents
list; conversations and custom objects are left out.
"""

from __future__ import annotations

import itertools
from typing import Any

from ..core.errors import no_unknown_keys, require
from .kinds import KINDS, Kind, find_kind
from .schema import Schema, read_only

CHANGES = ("creation", "deletion", "merge", "restore", "propertyChange", "associationChange")
MAPPED = ("contacts", "companies", "deals")
STYLES = ("classic", "generic", "both")
NEVER = {"hs_lastmodifieddate", "lastmodifieddate", "num_unique_conversion_events"}
KEYS = {"subscriptionType", "eventType", "propertyName", "objectTypeId", "active", "id"}
MAX = 1000


class Subscriptions:
    """Subscription ids by what they are for: (type, objectTypeId or None, property or None)."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.rows: list[dict[str, Any]] = []
        self._ids: dict[tuple[str, str | None, str | None], int] = {}
        self.use_style("classic")

    def use_style(self, style: str) -> None:
        """Subscribe to everything of contacts, companies and deals."""
        require(style in STYLES, f"style must be one of {', '.join(STYLES)}.")
        rows: list[dict[str, Any]] = []
        for name in MAPPED:
            if style != "generic":
                rows += self._all_of(KINDS[name], classic=True)
            if style != "classic":
                rows += self._all_of(KINDS[name], classic=False)
        # There is no generic form of this one, so every style has it.
        rows.append({"subscriptionType": "contact.privacyDeletion"})
        self.replace(rows)

    def _all_of(self, kind: Kind, *, classic: bool) -> list[dict[str, Any]]:
        prefix = kind.singular if classic else "object"
        base = {} if classic else {"objectTypeId": kind.type_id}
        names = [
            name
            for name, row in self.schema.of(kind).items()
            if name not in NEVER and not read_only(row) and not row["hidden"]
        ]
        rows: list[dict[str, Any]] = []
        for change in CHANGES:
            entry = {"subscriptionType": f"{prefix}.{change}", **base}
            if change == "propertyChange":
                rows += [entry | {"propertyName": name} for name in names]
            else:
                rows.append(entry)
        return rows

    def replace(self, rows: Any) -> None:
        """Take other subscriptions. Raises ``ControlError``."""
        require(isinstance(rows, list), "subscriptions must be a list.")
        require(len(rows) <= MAX, f"An app has at most {MAX} subscriptions, not {len(rows)}.")
        numbers = itertools.count(3_855_001)
        self.rows = [self._parsed(row, next(numbers)) for row in rows]
        self._ids = {
            (row["subscriptionType"], row.get("objectTypeId"), row.get("propertyName")): row["id"]
            for row in self.rows
            if row["active"]
        }

    def _parsed(self, row: Any, number: int) -> dict[str, Any]:
        require(isinstance(row, dict), "A subscription must be an object.")
        no_unknown_keys(row, KEYS, "A subscription")
        event = row.get("subscriptionType") or row.get("eventType")
        require(isinstance(event, str) and "." in event, "A subscription needs a subscriptionType.")
        subject, _, change = event.partition(".")
        kind = find_kind(row.get("objectTypeId", "") if subject == "object" else subject)
        known = change in CHANGES or event == "contact.privacyDeletion"
        require(kind is not None and known, f"{event} cannot be subscribed to.")
        name = row.get("propertyName")
        if change == "propertyChange":
            require(name, f"{event} needs a propertyName: there is no wildcard.")
            require(name not in NEVER, f"{name} cannot be subscribed to.")
        parsed = {"id": row.get("id", number), "subscriptionType": event}
        if subject == "object":
            parsed["objectTypeId"] = kind.type_id
        if change == "propertyChange":
            parsed["propertyName"] = name
        return parsed | {"active": bool(row.get("active", True))}

    def find(self, event: str, type_id: str | None, name: str | None) -> int | None:
        """The id of the active subscription, if there is one."""
        return self._ids.get((event, type_id, name))
