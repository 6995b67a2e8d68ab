"""How a record looks on the wire.

Promise: values are text, empty ones null; unknown properties asked for are left out without a word.
A write answers what was written and what HubSpot keeps beside it, as recorded. Weakness: fewer
calculated properties than a real portal has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ..core.clock import iso
from .config import Options
from .kinds import Kind
from .records import Record
from .schema import Schema

BESIDE = (
    "hs_is_contact",
    "hs_is_unworked",
    "hs_object_source",
    "hs_object_source_id",
    "hs_object_source_label",
    "hs_pipeline",
    "lifecyclestage",
)


@dataclass(frozen=True)
class Shape:
    """What a caller asked to see; ``names`` None means the default properties."""

    names: tuple[str, ...] | None = None
    history: tuple[str, ...] = ()
    associations: tuple[str, ...] = ()


def always(kind: Kind) -> tuple[str, ...]:
    """Properties that every answer carries."""
    return (kind.created, kind.modified, "hs_object_id")


class Presenter:
    """Words records for one account."""

    def __init__(self, options: Options, schema: Schema) -> None:
        self.options = options
        self.schema = schema

    def read(
        self, record: Record, shape: Shape, properties: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """As reads show it; ``properties`` stand in for the record's (search's older view)."""
        source = record.properties if properties is None else properties
        known = self.schema.of(record.kind)
        names = record.kind.shown if shape.names is None else shape.names
        wanted = sorted({*always(record.kind), *(name for name in names if name in known)})
        answer = self._frame(record, {name: source.get(name) for name in wanted})
        if shape.history:
            answer["propertiesWithHistory"] = {
                name: record.history.get(name, []) for name in shape.history if name in known
            }
        return answer

    def written(self, record: Record, names: Iterable[str]) -> dict[str, Any]:
        """As writes show it; values that were emptied are left out."""
        wanted = sorted({*names, *always(record.kind), *BESIDE})
        source = record.properties
        return self._frame(record, {name: source[name] for name in wanted if name in source})

    def whole(self, record: Record) -> dict[str, Any]:
        """Everything there is, for the control surface."""
        answer = self._frame(record, dict(sorted(record.properties.items())))
        answer["version"] = record.version
        answer["mergedInto"] = record.merged_into
        answer["erased"] = record.erased
        return answer

    def _frame(self, record: Record, properties: dict[str, str | None]) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "id": record.id,
            "properties": properties,
            "createdAt": iso(record.created),
            "updatedAt": iso(record.updated),
            "archived": record.archived,
            "url": self._url(record),
        }
        if record.archived and record.archived_at is not None:
            answer["archivedAt"] = iso(record.archived_at)
        return answer

    def _url(self, record: Record) -> str:
        place = f"https://{self.options.ui_domain}/contacts/{self.options.portal_id}"
        return f"{place}/record/{record.kind.type_id}/{record.id}"
