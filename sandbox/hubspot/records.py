"""A CRM record, and who changed it.

Promise: ``properties`` hold text only and are replaced, never changed in place, so that an earlier
state stays what it was. Weakness: the history keeps the last twenty values of a property.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..core.clock import iso
from .kinds import Kind

HISTORY = 20


@dataclass(frozen=True)
class Actor:
    """Who changes: an app (``INTEGRATION``, its id) or a person (``CRM_UI``, ``userId:N``)."""

    source: str
    source_id: str
    user_id: int | None = None


@dataclass(slots=True)
class Record:
    """One record.

    ``views`` are the states that search has not indexed yet, oldest first; before ``readable``
    (ms) reads do not find the record, as happens right after its event.
    """

    kind: Kind
    id: str
    created: int
    updated: int
    properties: dict[str, str] = field(default_factory=dict)
    archived: bool = False
    archived_at: int | None = None
    merged_into: str | None = None
    erased: bool = False
    version: int = 1
    readable: int = 0
    indexed: dict[str, str] | None = None
    views: list[tuple[int, dict[str, str] | None]] = field(default_factory=list)
    history: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def remember(self, values: dict[str, str | None], actor: Actor, at: int) -> None:
        """Add values to the history."""
        for name, value in values.items():
            row = {
                "value": value or "",
                "timestamp": iso(at),
                "sourceType": actor.source,
                "sourceId": actor.source_id,
            }
            if actor.user_id:
                row["updatedByUserId"] = actor.user_id
            self.history[name] = [row, *self.history.get(name, [])][:HISTORY]
