"""The rows of an object with indexes that are made when somebody first asks.

Promise: what a row can be looked up by is always that of its present state; deleted rows are not
found. Weakness: an index that was made once is kept up for ever.
"""

from __future__ import annotations

from typing import Any

from .fields import Field
from .records import Record


def key_of(field: Field, value: Any) -> Any:
    """What two values of a field have in common when Salesforce takes them for the same."""
    exact = not isinstance(value, str) or field.has("c") or field.type in ("id", "reference")
    return value if exact else value.lower()


class Table:
    """Rows by id, in the order of creation."""

    def __init__(self) -> None:
        self.rows: dict[str, Record] = {}
        self._indexes: dict[str, tuple[Field, dict[Any, dict[str, None]]]] = {}

    def put(self, record: Record) -> None:
        """Replace a row, or add it."""
        before = self.rows.get(record.id)
        for field, index in self._indexes.values():
            if before is not None:
                _leave(index, field, before)
            _enter(index, field, record)
        self.rows[record.id] = record

    def drop(self, record_id: str) -> None:
        """Forget a row."""
        record = self.rows.pop(record_id)
        for field, index in self._indexes.values():
            _leave(index, field, record)

    def find(self, field: Field, value: Any) -> list[Record]:
        """The live rows with a value."""
        if field.name not in self._indexes or self._indexes[field.name][0] is not field:
            index: dict[Any, dict[str, None]] = {}
            for record in self.rows.values():
                _enter(index, field, record)
            self._indexes[field.name] = (field, index)
        found = self._indexes[field.name][1].get(key_of(field, value), {})
        return [self.rows[record_id] for record_id in found]


def _enter(index: dict[Any, dict[str, None]], field: Field, record: Record) -> None:
    value = record.get(field.name)
    if value is not None and not record.deleted:
        index.setdefault(key_of(field, value), {})[record.id] = None


def _leave(index: dict[Any, dict[str, None]], field: Field, record: Record) -> None:
    value = record.get(field.name)
    if value is not None:
        index.get(key_of(field, value), {}).pop(record.id, None)
