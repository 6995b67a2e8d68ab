"""The records of one object type with the indexes that keep calls cheap.

Promise: unique values and e-mail addresses (secondary ones too) find their live record in one
look-up; an id that was merged away leads to its survivor. Weakness: search reads every record.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterator

from .kinds import Kind
from .records import Record


def unique_key(name: str, value: str) -> str:
    """The form in which unique values are compared."""
    return value.lower() if name == "email" else value


class Table:
    """Records by id, in the order of their ids."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.records: dict[str, Record] = {}
        self.unique: dict[str, dict[str, str]] = {}
        self._order: list[int] = []

    def __iter__(self) -> Iterator[Record]:
        return iter(self.records.values())

    def add(self, record: Record) -> None:
        """Add a record whose id is new."""
        self.records[record.id] = record
        bisect.insort(self._order, int(record.id))

    def remove(self, record: Record) -> None:
        """Forget a record for good."""
        del self.records[record.id]
        self._order.remove(int(record.id))

    def get(self, record_id: str) -> Record | None:
        """The record of an id, or the survivor it was merged into."""
        record = self.records.get(record_id)
        while record is not None and record.merged_into:
            record = self.records.get(record.merged_into)
        return record

    def find(self, name: str, value: str) -> Record | None:
        """The live record that holds a unique value."""
        found = self.unique.get(name, {}).get(unique_key(name, value))
        return self.records[found] if found else None

    def after(self, first_id: int) -> Iterator[Record]:
        """Records from ``first_id`` on, by id."""
        for number in self._order[bisect.bisect_left(self._order, first_id) :]:
            yield self.records[str(number)]

    def index(self, record: Record, names: list[str]) -> None:
        """Enter a live record's unique values."""
        for name, key in self._keys(record, names):
            self.unique.setdefault(name, {})[key] = record.id

    def unindex(self, record: Record, names: list[str]) -> None:
        """Take a record's unique values out."""
        for name, key in self._keys(record, names):
            if self.unique.get(name, {}).get(key) == record.id:
                del self.unique[name][key]

    def _keys(self, record: Record, names: list[str]) -> Iterator[tuple[str, str]]:
        for name in names:
            if value := record.properties.get(name):
                yield name, unique_key(name, value)
        if self.kind.name == "contacts":
            for address in record.properties.get("hs_additional_emails", "").split(";"):
                if address:
                    yield "email", address.lower()
