"""How the rows of a query look: fields, parents' fields, children, aggregates.

Promise: names in the case of the describe, parents and children nested as recorded, aggregates
without an alias as ``expr0``. Weakness: no grouping by date functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import present
from .errors import ApiError, unknown_field
from .fields import NUMBERS, Field
from .moments import text_of
from .records import Record
from .schema import SObject
from .soql import Aggregate, FieldSet, Path, Query

if TYPE_CHECKING:
    from .query import Runner

MAX_ALL = 200


class RowShape:
    """Shows the rows of one query."""

    def __init__(self, runner: Runner, query: Query, sobject: SObject) -> None:
        self.runner = runner
        self.base = runner.base
        #: (name in the answer, how to read it)
        self.columns: list[tuple[str, Callable[[Record], Any]]] = []
        self.parents: dict[str, RowShape] = {}
        for item in query.items:
            self._add(item, query, sobject)

    def show(self, record: Record) -> dict[str, Any]:
        """A row of the answer."""
        shown: dict[str, Any] = {"attributes": present.attributes(record, self.base)}
        for name, read in self.columns:
            shown[name] = read(record)
        return shown

    def _add(self, item: Any, query: Query, sobject: SObject) -> None:
        if isinstance(item, Path):
            self._path(self.runner.parts(query, sobject, item), sobject)
        elif isinstance(item, FieldSet):
            if item.which != "STANDARD" and (query.limit is None or query.limit > MAX_ALL):
                message = f"The SOQL FIELDS function must have a LIMIT of at most {MAX_ALL}"
                raise ApiError("MALFORMED_QUERY", message)
            for field in sobject.fields.values():
                if item.which == "ALL" or field.custom == (item.which == "CUSTOM"):
                    self._path((field.name,), sobject)
        elif isinstance(item, Query) and not item.aggregates:
            self._children(item, sobject)
        else:
            raise ApiError("MALFORMED_QUERY", "A child relationship cannot be aggregated")

    def _path(self, parts: tuple[str, ...], sobject: SObject) -> None:
        name, *rest = parts
        if rest:
            self._parent(name, tuple(rest), sobject)
            return
        field = sobject.field(name)
        if field is None:
            raise unknown_field(sobject.name, name)
        if all(known != field.name for known, _read in self.columns):
            self.columns.append((field.name, lambda row: present.value(field, row)))

    def _parent(self, name: str, rest: tuple[str, ...], sobject: SObject) -> None:
        reference, parent = self.runner.parent(sobject, name)
        relation = reference.relation or name
        if relation not in self.parents:
            shape = RowShape(self.runner, Query([], parent.name), parent)
            self.parents[relation] = shape
            store = self.runner.store

            def read(record: Record) -> Any:
                found = store.get(record.get(reference.name))
                return None if found is None else shape.show(found)

            self.columns.append((relation, read))
        self.parents[relation]._path(rest, parent)

    def _children(self, query: Query, parent: SObject) -> None:
        sobject, reference = self.runner.child(parent, query.source)
        shape = RowShape(self.runner, query, sobject)
        table = self.runner.store.table(sobject)

        def read(record: Record) -> Any:
            among = table.find(reference, record.id)
            rows = [shape.show(row) for row in self.runner.rows(query, sobject, among)]
            return {"totalSize": len(rows), "done": True, "records": rows} if rows else None

        self.columns.append((query.source, read))


class AggregateShape:
    """Shows the groups of one query."""

    def __init__(self, resolve: Callable[[Path], tuple[Field, Any]], query: Query) -> None:
        self.resolve = resolve
        self.query = query
        grouped = {path.parts for path in query.group}
        for path in query.group:
            self._comparable(path)
        for item in query.items:
            if not isinstance(item, Path | Aggregate):
                raise ApiError("MALFORMED_QUERY", "Only fields and aggregates can be grouped")
            if isinstance(item, Path) and item.parts not in grouped:
                name = ".".join(item.parts)
                message = f"Field must be grouped or aggregated: {name}"
                raise ApiError("MALFORMED_QUERY", message)

    def _comparable(self, path: Path) -> tuple[Field, Any]:
        field, get = self.resolve(path)
        if not field.comparable:
            message = f"field '{field.name}' can not be grouped in a query call"
            raise ApiError("MALFORMED_QUERY", message)
        return field, get

    def rows(self, records: list[Record]) -> list[dict[str, Any]]:
        """One row a group; one in all without GROUP BY."""
        keys = [self.resolve(path) for path in self.query.group]
        groups: dict[tuple, list[Record]] = {} if keys else {(): []}
        for record in records:
            groups.setdefault(tuple(get(record) for _field, get in keys), []).append(record)
        return [self._row(members) for members in groups.values()]

    def _row(self, members: list[Record]) -> dict[str, Any]:
        shown: dict[str, Any] = {"attributes": {"type": "AggregateResult"}}
        unnamed = 0
        for item in self.query.items:
            if isinstance(item, Path):
                field, get = self.resolve(item)
                shown[field.name] = _plain(field, get(members[0]))
                continue
            name = item.alias
            if name is None:
                name, unnamed = f"expr{unnamed}", unnamed + 1
            shown[name] = self._value(item, members)
        return shown

    def _value(self, item: Aggregate, members: list[Record]) -> Any:
        field, get = self._comparable(item.path) if item.path else (None, None)
        if field is None or get is None:
            raise ApiError("MALFORMED_QUERY", "COUNT() must be the only element of a SELECT list")
        values = [value for value in map(get, members) if value is not None]
        if item.function == "COUNT":
            return len(values)
        if item.function == "COUNT_DISTINCT":
            return len(set(values))
        if not values:
            return None
        if item.function in ("MIN", "MAX"):
            return _plain(field, (min if item.function == "MIN" else max)(values))
        if field.type not in NUMBERS and field.type != "int":
            message = f"field {field.name} does not support aggregate operator {item.function}"
            raise ApiError("MALFORMED_QUERY", message)
        total = sum(values)
        return total if item.function == "SUM" else total / len(values)


def _plain(field: Field, value: Any) -> Any:
    return text_of(value) if field.type == "datetime" and value is not None else value
