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


class Loader:
    """Fills an :class:`Account`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.store

    def load(self, body: dict[str, Any]) -> dict[str, int]:
        """Load ``{"contacts": [...], "owners": [...]}``; how many of each."""
        for row in body.get("owners", []):
            require(isinstance(row, dict), "An owner must be an object.")
        kinds = {known_kind(name): rows for name, rows in body.items() if name != "owners"}
        loaded = [record for kind, rows in kinds.items() for record in self._parse(kind, rows)]
        for row in body.get("owners", []):
            self.store.owners.add(row, self.store.clock.now())
        for record, _links in loaded:
            self._make_room(record)
            self.store.enter(record)
        for record, links in loaded:
            self._associate(record, links)
        return {name: len(rows) for name, rows in body.items()}

    def _parse(self, kind: Kind, rows: Any) -> list[tuple[Record, dict[str, Any]]]:
        require(isinstance(rows, list), f"{kind.name} must be a list of records.")
        return [self._record(kind, row) for row in rows]

    def _record(self, kind: Kind, row: Any) -> tuple[Record, dict[str, Any]]:
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
        self._check_names(kind, given)
        record.properties = own | given
        links = row.get("associations") or {}
        require(isinstance(links, dict), "associations must be an object of lists.")
        return record, links

    def _check_names(self, kind: Kind, values: dict[str, str]) -> None:
        schema, now = self.store.schema, self.store.clock.now()
        group = next(iter(schema.groups[kind.name]))
        for name in values:
            if name not in schema.of(kind):
                body = {"name": name, "label": name, "type": "string", "fieldType": "text"}
                schema.create(kind, body | {"groupName": group}, now)

    def _make_room(self, record: Record) -> None:
        table = self.store.table(record.kind)
        before = table.records.get(record.id)
        if before is not None:
            table.unindex(before, self.store.schema.unique_names(record.kind))
            table.remove(before)

    def _associate(self, record: Record, links: dict[str, Any]) -> None:
        for name, rows in links.items():
            kind = known_kind(name)
            for row in rows.get("results", []) if isinstance(rows, dict) else rows:
                wanted = str(row["id"] if isinstance(row, dict) else row)
                target = self.store.table(kind).records.get(wanted)
                require(target, f"There is no {kind.singular} {wanted} to associate with.")
                default = self.account.associations.default_type(record.kind, kind)
                self.account.associations.add(record, target, [default], None)


def _moment(text: Any) -> int:
    try:
        return parse_iso(str(text))
    except ValueError:
        require(False, f"{text} is not an ISO 8601 date and time.")
        raise
