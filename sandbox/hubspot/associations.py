"""Associations between records, with their types in both directions.

Promise: an association is seen from both ends, each with its own type id; making a company primary
also makes the unlabelled association, a record has at most one primary company, and the first
company becomes primary. Type ids are HubSpot's. Weakness: no limits on how many.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from .errors import bad_request
from .journal import Journal
from .kinds import KINDS, Kind
from .records import Actor, Record
from .store import Store


@dataclass(frozen=True)
class Type:
    """One direction of an association type; ``inverse`` is the id seen from the other end."""

    source: str
    target: str
    id: int
    inverse: int
    label: str | None = None
    category: str = "HUBSPOT_DEFINED"

    @property
    def primary(self) -> bool:
        """Whether it marks the primary company."""
        return self.label == "Primary"

    def as_dict(self) -> dict[str, Any]:
        """As answers show it."""
        return {"category": self.category, "typeId": self.id, "label": self.label}


def _pair(a: str, b: str, ab: int, ba: int, label: str | None = None) -> list[Type]:
    return [Type(a, b, ab, ba, label), Type(b, a, ba, ab, label)]


HUBSPOT_TYPES = [
    *_pair("contacts", "companies", 279, 280),
    *_pair("contacts", "companies", 1, 2, "Primary"),
    *_pair("deals", "contacts", 3, 4),
    *_pair("deals", "companies", 341, 342),
    *_pair("deals", "companies", 5, 6, "Primary"),
    *_pair("deals", "line_items", 19, 20),
    *_pair("contacts", "tickets", 15, 16),
    *_pair("tickets", "companies", 339, 340),
    *_pair("tickets", "companies", 26, 25, "Primary"),
    *_pair("deals", "tickets", 27, 28),
    Type("companies", "companies", 450, 450),
    Type("companies", "companies", 13, 14, "Child Company"),
    Type("companies", "companies", 14, 13, "Parent Company"),
    Type("contacts", "contacts", 449, 449),
    Type("deals", "deals", 451, 451),
]

Links = dict[str, set[int]]


class Associations:
    """Association types by pair of object types, and the associations themselves."""

    def __init__(self, store: Store, journal: Journal) -> None:
        self.store = store
        self.journal = journal
        self.types: dict[tuple[str, str], dict[int, Type]] = defaultdict(dict)
        # (object type, id) -> other object type -> other id -> type ids
        self._links: dict[tuple[str, str], dict[str, Links]] = defaultdict(dict)
        self._next = itertools.count(10_001)
        store.on_presence = self.refresh
        for row in HUBSPOT_TYPES:
            self.types[row.source, row.target][row.id] = row

    # -- types

    def types_of(self, source: Kind, target: Kind) -> dict[int, Type]:
        """Types from ``source`` to ``target``; 400 when the two cannot be associated."""
        found = self.types.get((source.name, target.name))
        if not found:
            message = f"{source.legacy} and {target.legacy} cannot be associated"
            raise bad_request(message)
        return found

    def default_type(self, source: Kind, target: Kind) -> Type:
        """The unlabelled one."""
        return next(row for row in self.types_of(source, target).values() if row.label is None)

    def type(self, source: Kind, target: Kind, spec: Any) -> Type:
        """The type of ``{"associationCategory", "associationTypeId"}``."""
        if not isinstance(spec, dict):
            raise bad_request("An association type must be an object")
        number, category = spec.get("associationTypeId"), spec.get("associationCategory")
        found = self.types_of(source, target).get(number) if isinstance(number, int) else None
        if found is None or found.category != category:
            message = f"{category} type id {number} does not exist between these object types"
            raise bad_request(message, subCategory="crm.associations.INVALID_ASSOCIATION_TYPE")
        return found

    def add_label(self, source: Kind, target: Kind, label: str, inverse: str) -> list[Type]:
        """A label of the account's own; two types, one a direction."""
        self.types_of(source, target)
        a, b = next(self._next), next(self._next)
        rows = [
            Type(source.name, target.name, a, b, label, "USER_DEFINED"),
            Type(target.name, source.name, b, a, inverse, "USER_DEFINED"),
        ]
        for row in rows:
            self.types[row.source, row.target][row.id] = row
        return rows

    # -- reading

    def of(self, record: Record, target: Kind) -> dict[str, list[Type]]:
        """Live associated records of an object type: id -> types."""
        table = self.store.table(target)
        types = self.types.get((record.kind.name, target.name), {})
        links = self._links.get((record.kind.name, record.id), {}).get(target.name, {})
        return {
            other: [types[number] for number in sorted(numbers)]
            for other, numbers in sorted(links.items(), key=lambda item: int(item[0]))
            if not table.records[other].archived
        }

    def all_of(self, record: Record) -> dict[str, list[dict[str, Any]]]:
        """Everything a record is associated with, for the control surface."""
        found = {name: self.of(record, kind) for name, kind in KINDS.items()}
        return {
            name: [
                {"id": other, "types": [row.as_dict() for row in types]}
                for other, types in rows.items()
            ]
            for name, rows in found.items()
            if rows
        }

    def primary_company(self, record: Record) -> str | None:
        """The id of the primary company."""
        for other, types in self.of(record, KINDS["companies"]).items():
            if any(row.primary for row in types):
                return other
        return None

    # -- changing

    def add(
        self, source: Record, target: Record, types: list[Type], actor: Actor | None
    ) -> list[Type]:
        """Associate; returns the types that are new, seen from ``source``.

        ``actor`` None: a load, so nobody is told and no record counts as modified.
        """
        wanted = dict.fromkeys(types)
        default = self.default_type(source.kind, target.kind)
        wanted.setdefault(default)
        self._with_primary(source, target, wanted)
        held = {row.id for row in self._held(source, target)}
        new = [row for row in wanted if row.id not in held]
        for row in new:
            if row.primary:
                self._drop_other_primary(source, target, actor)
            self._link(source, target).add(row.id)
            self._link(target, source).add(row.inverse)
            self._tell(source, target, row, actor, removed=False)
        self._mirror(source, target, touch=actor is not None)
        return new

    def _with_primary(self, source: Record, target: Record, wanted: dict[Type, None]) -> None:
        child = source if target.kind.name == "companies" else target
        rows = self.types_of(source.kind, target.kind).values()
        primary = next((row for row in rows if row.primary), None)
        if primary and self.primary_company(child) is None:
            wanted.setdefault(primary)

    def _drop_other_primary(self, source: Record, target: Record, actor: Actor | None) -> None:
        child, company = (source, target) if target.kind.name == "companies" else (target, source)
        before = self.primary_company(child)
        if before is not None and before != company.id:
            other = self.store.table(KINDS["companies"]).records[before]
            primary = [row for row in self._held(child, other) if row.primary]
            self.remove(child, other, primary, actor)

    def remove(
        self, source: Record, target: Record, types: list[Type] | None, actor: Actor | None
    ) -> list[Type]:
        """Take types away (None: all of them); returns those that were there."""
        held = self._held(source, target)
        gone = [row for row in held if types is None or row in types]
        for row in gone:
            self._link(source, target).discard(row.id)
            self._link(target, source).discard(row.inverse)
            self._tell(source, target, row, actor, removed=True)
        for one, other in ((source, target), (target, source)):
            links = self._links[one.kind.name, one.id].get(other.kind.name, {})
            if not links.get(other.id, True):
                del links[other.id]
        self._mirror(source, target, touch=actor is not None)
        return gone

    def refresh(self, record: Record) -> None:
        """Bring the neighbours of a record that went or came back up to date."""
        for kind_name, links in self._links.get((record.kind.name, record.id), {}).items():
            for other_id in list(links):
                other = self.store.tables[kind_name].records[other_id]
                self._settle_primary(record, other)
                self._mirror(other, record, touch=True)

    def _settle_primary(self, record: Record, other: Record) -> None:
        """A company that comes back yields to the one that became primary meanwhile."""
        child, company = (record, other) if other.kind.name == "companies" else (other, record)
        if company.kind.name != "companies" or child.kind.name == "companies":
            return
        found = self.of(child, company.kind)
        if sum(any(row.primary for row in types) for types in found.values()) > 1:
            for row in self._held(child, company):
                if row.primary:
                    self._link(child, company).discard(row.id)
                    self._link(company, child).discard(row.inverse)

    def move(self, old: Record, new: Record) -> None:
        """Give the associations of ``old`` to ``new``, without events (a merge)."""
        for kind_name, links in list(self._links.pop((old.kind.name, old.id), {}).items()):
            target_table = self.store.tables[kind_name]
            for other_id, numbers in links.items():
                other = target_table.records[other_id]
                self._links[kind_name, other_id].get(old.kind.name, {}).pop(old.id, None)
                for row in [self.types[old.kind.name, kind_name][number] for number in numbers]:
                    if row.primary and self._has_primary(new, other):
                        continue
                    self._link(new, other).add(row.id)
                    self._link(other, new).add(row.inverse)
                self._mirror(new, other, touch=True)

    def _has_primary(self, one: Record, other: Record) -> bool:
        child = one if other.kind.name == "companies" else other
        return self.primary_company(child) is not None

    def _held(self, source: Record, target: Record) -> list[Type]:
        types = self.types_of(source.kind, target.kind)
        links = self._links.get((source.kind.name, source.id), {}).get(target.kind.name, {})
        return [types[number] for number in sorted(links.get(target.id, ()))]

    def _link(self, source: Record, target: Record) -> set[int]:
        links = self._links[source.kind.name, source.id].setdefault(target.kind.name, {})
        return links.setdefault(target.id, set())

    def _mirror(self, *ends: Record, touch: bool) -> None:
        """Keep the properties that follow from associations."""
        for record in ends:
            values: dict[str, str | None] = {}
            if record.kind.name == "contacts":
                values["associatedcompanyid"] = self.primary_company(record)
                values["num_associated_deals"] = self._count(record, "deals")
            if record.kind.name in ("companies", "deals"):
                values["num_associated_contacts"] = self._count(record, "contacts")
            if values and not record.archived:
                self.store.set_system(record, values, touch=touch)

    def _count(self, record: Record, kind_name: str) -> str | None:
        links = self._links.get((record.kind.name, record.id), {}).get(kind_name, {})
        records = self.store.tables[kind_name].records
        return str(sum(not records[other].archived for other in links) or "") or None

    def _tell(
        self, source: Record, target: Record, row: Type, actor: Actor | None, *, removed: bool
    ) -> None:
        if actor is None:
            return
        at = self.store.clock.now()
        for one, other, number in ((source, target, row.id), (target, source, row.inverse)):
            spec = {"typeId": number, "category": row.category, "primary": row.primary}
            self.journal.associated(one, other, spec, actor, removed=removed, at=at)
