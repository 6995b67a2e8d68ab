"""Takes whole records over, as they were recorded or made up, without events.

Promise: ids, dates and values stay what they are; properties the catalog lacks are added as texts.
All of a load is checked before any of it is done. Weakness: no version or history comes along.
"""

from __future__ import annotations

from typing import Any

from ..core.clock import iso, parse_iso
from ..core.errors import no_unknown_keys, require
from .account import Account
from .kinds import Kind
from .owners import check_owner
from .people import known_kind
from .records import Record

KEYS = {
    "id",
    "properties",
    "createdAt",
    "updatedAt",
    "archived",
    "archivedAt",
    "associations",
    "url",
    "version",
    "mergedInto",
    "erased",
    "new",
    "objectWriteTraceId",
}

#: A record and the associations that came with it.
Loaded = tuple[Record, dict[str, Any]]


class Loader:
    """Fills an :class:`Account`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.store

    def load(self, body: dict[str, Any]) -> dict[str, int]:
        """Load ``{"contacts": [...], "owners": [...]}``; how many of each."""
        rest = dict(body)
        owners = rest.pop("owners", [])
        require(isinstance(owners, list), "owners must be a list.")
        for row in owners:
            check_owner(row)
        kinds = {known_kind(name): rows for name, rows in rest.items()}
        loaded = [found for kind, rows in kinds.items() for found in self._parse(kind, rows)]
        links = self._links(loaded)
        for row in owners:
            self.store.owners.add(row, self.store.clock.now())
        for record, _associations in loaded:
            self._enter(record)
        for record, kind, number in links:
            target = self.store.table(kind).records[number]
            default = self.account.associations.default_type(record.kind, kind)
            self.account.associations.add(record, target, [default], None)
        return {name: len(rows) for name, rows in body.items()}

    def _links(self, loaded: list[Loaded]) -> list[tuple[Record, Kind, str]]:
        coming = {(record.kind.name, record.id) for record, _associations in loaded}
        links = []
        for record, associations in loaded:
            for name, rows in associations.items():
                kind = known_kind(name)
                for number in map(_target, rows.get("results", []) if _wrapped(rows) else rows):
                    there = number in self.store.table(kind).records
                    known = there or (kind.name, number) in coming
                    require(known, f"There is no {kind.singular} {number} to associate with.")
                    links.append((record, kind, number))
        return links

    def _parse(self, kind: Kind, rows: Any) -> list[Loaded]:
        require(isinstance(rows, list), f"{kind.name} must be a list of records.")
        return [self._record(kind, row) for row in rows]

    def _record(self, kind: Kind, row: Any) -> Loaded:
        require(isinstance(row, dict), f"A {kind.singular} must be an object.")
        no_unknown_keys(row, KEYS, f"A {kind.singular}")
        values = row.get("properties", {})
        require(isinstance(values, dict), "properties must be an object.")
        number = str(row.get("id") or self.store.new_id(kind))
        require(number.isdecimal(), f"The id {number} must consist of digits.")
        now = iso(self.store.clock.now())
        created = _moment(row.get("createdAt") or values.get(kind.created) or now)
        updated = _moment(row.get("updatedAt") or values.get(kind.modified) or iso(created))
        record = Record(kind, number, created, updated, archived=bool(row.get("archived")))
        if record.archived:
            record.archived_at = _moment(row.get("archivedAt") or iso(updated))
        own = {kind.created: iso(created), kind.modified: iso(updated), "hs_object_id": number}
        given = {name: str(value) for name, value in values.items() if value not in (None, "")}
        record.properties = own | given
        links = row.get("associations") or {}
        require(isinstance(links, dict), "associations must be an object of lists.")
        return record, links

    def _add_missing(self, record: Record) -> None:
        schema, kind = self.store.schema, record.kind
        group = next(iter(schema.groups[kind.name]))
        for name in record.properties:
            if name not in schema.of(kind):
                body = {"name": name, "label": name, "type": "string", "fieldType": "text"}
                schema.create(kind, body | {"groupName": group}, self.store.clock.now())

    def _enter(self, record: Record) -> None:
        self._add_missing(record)
        table = self.store.table(record.kind)
        before = table.records.get(record.id)
        if before is not None:
            table.unindex(before, self.store.schema.unique_names(record.kind))
            table.remove(before)
        self.store.enter(record)


def _wrapped(rows: Any) -> bool:
    """Whether a list comes as the API wraps it: ``{"results": [...]}``."""
    require(isinstance(rows, dict | list), "associations must be lists of ids.")
    return isinstance(rows, dict)


def _target(row: Any) -> str:
    return str(row.get("id") if isinstance(row, dict) else row)


def _moment(text: Any) -> int:
    try:
        return parse_iso(str(text))
    except ValueError:
        require(False, f"{text} is not an ISO 8601 date and time.")
        raise
