"""Runs a parsed query over the store.

Promise: rows in the order asked for, by id without one; nulls first unless told; parents up to five
levels; the limits of OFFSET and FIELDS(ALL). Weakness: a result is made at once and kept whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from . import present
from .errors import ApiError, unknown_field
from .fields import TEXTS, Field
from .moments import day_of
from .query_shape import AggregateShape, RowShape
from .records import Record
from .schema import CHILDREN, SObject
from .soql import Compare, Junction, Order, Path, Query
from .soql_filter import Filter, Getter
from .store import Store

MAX_OFFSET = 2000
MAX_LEVELS = 5


class Runner:
    """Runs queries; ``deleted``: rows of the recycle bin are seen too (queryAll)."""

    def __init__(self, store: Store, base: str, *, deleted: bool = False) -> None:
        self.store = store
        self.base = base
        self.deleted = deleted

    def run(self, query: Query) -> tuple[int, list[dict[str, Any]]]:
        """totalSize and rows. Raises :class:`ApiError`."""
        sobject = self.sobject(query.source)
        if query.counts:
            return len(self.rows(query, sobject)), []
        if query.aggregates:
            found = AggregateShape(self.resolver(query, sobject), query).rows(
                self.rows(query, sobject, limited=False)
            )
            found = _limited(query, found)
            return len(found), found
        shape = RowShape(self, query, sobject)
        found = [shape.show(record) for record in self.rows(query, sobject)]
        return len(found), found

    def sobject(self, name: str) -> SObject:
        """An object by name. Raises :class:`ApiError`."""
        found = self.store.schema.find(name)
        if found is None:
            message = (
                f"\nsObject type '{name}' is not supported. If you are attempting to use a custom "
                "object, be sure to append the '__c' after the entity name."
            )
            raise ApiError("INVALID_TYPE", message)
        return found

    def child(self, parent: SObject, relation: str) -> tuple[SObject, Field]:
        """The object and field behind the name of a child relationship."""
        for sobject, field in self.store.schema.children(parent):
            if (CHILDREN.get((sobject.name, field.name)) or "").lower() == relation.lower():
                return sobject, field
        message = f"Didn't understand relationship '{relation}' in FROM part of query call."
        raise ApiError("INVALID_TYPE", message)

    # -- rows

    def rows(
        self,
        query: Query,
        sobject: SObject,
        among: list[Record] | None = None,
        *,
        limited: bool = True,
    ) -> list[Record]:
        """The rows that a query finds, in order; ``among`` some instead of all."""
        if query.offset > MAX_OFFSET:
            message = f"Maximum SOQL offset allowed is {MAX_OFFSET}"
            raise ApiError("NUMBER_OUTSIDE_VALID_RANGE", message)
        resolve = self.resolver(query, sobject)
        source = self._candidates(query, sobject, resolve) if among is None else among
        found = list(source)
        if query.where is not None:
            today = day_of(self.store.clock.now())
            test = Filter(resolve, self._ids_of, today).test(query.where)
            found = [record for record in found if test(record)]
        if not query.group:
            _sort(found, query.order, resolve)
        return _limited(query, found) if limited else found

    def _candidates(
        self, query: Query, sobject: SObject, resolve: Callable[[Path], tuple[Field, Getter]]
    ) -> Iterator[Record]:
        wanted = _ids_in(query.where, resolve)
        if wanted is None:
            yield from self.store.rows(sobject, deleted=self.deleted)
            return
        rows = self.store.table(sobject).rows
        for record_id in sorted(wanted & rows.keys()):
            record = rows[record_id]
            if not record.deleted or (self.deleted and not self.store.is_gone(record)):
                yield record

    def _ids_of(self, query: Query) -> set[Any]:
        sobject = self.sobject(query.source)
        if len(query.items) != 1 or not isinstance(query.items[0], Path):
            raise ApiError("MALFORMED_QUERY", "A sub-query of IN selects one id field")
        field, get = self.resolver(query, sobject)(query.items[0])
        if field.type not in ("id", "reference"):
            raise ApiError("MALFORMED_QUERY", "A sub-query of IN selects one id field")
        return {get(record) for record in self.rows(query, sobject)} - {None}

    # -- paths

    def resolver(self, query: Query, sobject: SObject) -> Callable[[Path], tuple[Field, Getter]]:
        """Finds the field of a path and how to read it from a row of ``sobject``."""
        return lambda path: self._resolve(self.parts(query, sobject, path), sobject, path)

    @staticmethod
    def parts(query: Query, sobject: SObject, path: Path) -> tuple[str, ...]:
        """A path without the object's own name or alias in front."""
        own = {sobject.name.lower(), query.source.lower(), (query.alias or "").lower()}
        if len(path.parts) > 1 and path.parts[0].lower() in own:
            # "Account.Name FROM Contact" is the parent, "Contact.Name FROM Contact" the row.
            return path.parts[1:]
        return path.parts

    def _resolve(
        self, parts: tuple[str, ...], sobject: SObject, path: Path
    ) -> tuple[Field, Getter]:
        if len(parts) > MAX_LEVELS + 1:
            raise ApiError("MALFORMED_QUERY", f"More than {MAX_LEVELS} levels of relationships")
        name, *rest = parts
        if not rest:
            field = sobject.field(name)
            if field is None:
                raise unknown_field(sobject.name, name)
            return field, _getter(field)
        reference, parent = self.parent(sobject, name)
        field, get = self._resolve(tuple(rest), parent, path)
        return field, lambda row: self._through(row, reference, get)

    def parent(self, sobject: SObject, name: str) -> tuple[Field, SObject]:
        """The reference field of a relationship and where it leads."""
        reference = sobject.relation(name)
        targets = reference.refers if reference else ()
        found = next(filter(None, map(self.store.schema.find, reversed(targets))), None)
        if reference is None or found is None:
            message = (
                f"Didn't understand relationship '{name}' in field path. If you are attempting to "
                "use a custom relationship, be sure to append the '__r' after the custom "
                "relationship name."
            )
            raise ApiError("INVALID_FIELD", message)
        return reference, found

    def _through(self, record: Record, reference: Field, get: Getter) -> Any:
        parent = self.store.get(record.get(reference.name))
        return None if parent is None else get(parent)


def _getter(field: Field) -> Getter:
    if field.type == "boolean":
        return lambda row: bool(row.get(field.name))
    if field.type == "address":
        return lambda row: present.value(field, row)
    name = field.name
    return lambda row: row.values.get(name)


def _ids_in(node: Any, resolve: Callable[[Path], tuple[Field, Getter]]) -> set[str] | None:
    """The ids a query is confined to, so that a re-read does not look at every row."""
    if isinstance(node, Junction) and node.op == "AND":
        found = [ids for ids in (_ids_in(item, resolve) for item in node.items) if ids is not None]
        return set.intersection(*found) if found else None
    if not isinstance(node, Compare) or node.query or node.op not in ("=", "IN"):
        return None
    if [part.lower() for part in node.path.parts] != ["id"]:
        return None
    test = Filter(resolve, lambda _query: set(), day_of(0))
    field, _get = resolve(node.path)
    return {test.value(field, literal) for literal in node.values}


def _sort(
    found: list[Record], order: list[Order], resolve: Callable[[Path], tuple[Field, Getter]]
) -> None:
    if not order:
        found.sort(key=lambda record: record.id)
    for key in reversed(order):
        field, get = resolve(key.path)
        if not field.comparable:
            raise ApiError(
                "MALFORMED_QUERY", f"field '{field.name}' can not be sorted in a query call"
            )
        fold = str.lower if field.type in TEXTS else None

        def rank(record: Record, get: Getter = get, fold: Any = fold) -> Any:
            value = get(record)
            return "" if value is None else fold(value) if fold else value

        empty = [record for record in found if get(record) is None]
        full = [record for record in found if get(record) is not None]
        full.sort(key=rank, reverse=key.descending)
        found[:] = [*full, *empty] if key.nulls_last else [*empty, *full]


def _limited(query: Query, found: list[Any]) -> list[Any]:
    end = None if query.limit is None else query.offset + query.limit
    return found[query.offset : end]
