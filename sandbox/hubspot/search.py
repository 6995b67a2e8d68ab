"""The search endpoint's rules.

Promise: 200 a page, 10,000 a query (400 beyond), 5 groups of 6 filters, 18 in all, one sort, 3,000
characters; archived records are never found; what was written lately is found late, and not in
order, when a lag is set. Weakness: every record is looked at, 10,000 records take some 20 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .associations import Associations
from .errors import bad_request
from .filters import OPERATORS, Test, key_of, test_for, tokens
from .kinds import Kind, find_kind
from .records import Record
from .store import Store

MAX_PAGE = 200
MAX_RESULTS = 10_000
MAX_GROUPS = 5
MAX_FILTERS = 6
MAX_ALL_FILTERS = 18
MAX_CHARACTERS = 3000

Found = list[tuple[Record, dict[str, str]]]


class Search:
    """Finds records of one account."""

    def __init__(self, store: Store, associations: Associations) -> None:
        self.store = store
        self.associations = associations

    def run(self, kind: Kind, body: dict[str, Any]) -> tuple[int, Found, str | None]:
        """Total, one page of (record, properties as indexed), and the next page's ``after``."""
        limit, after = _page(body)
        groups = self._groups(kind, body.get("filterGroups") or [])
        found = [
            (record, seen)
            for record, seen in self._indexed(kind)
            if _matches(record, seen, groups) and _holds_words(kind, seen, body.get("query"))
        ]
        self._sort(kind, found, body.get("sorts") or [])
        page = found[after : after + limit]
        following = after + len(page)
        return len(found), page, str(following) if following < len(found) else None

    def _indexed(self, kind: Kind) -> Iterable[tuple[Record, dict[str, str]]]:
        now = self.store.clock.now()
        for record in self.store.table(kind):
            if record.views:
                _catch_up(record, now)
            if record.indexed is not None:
                yield record, record.indexed

    def _groups(self, kind: Kind, rows: Any) -> list[list[tuple[str, Test | None]]]:
        if not isinstance(rows, list) or len(rows) > MAX_GROUPS:
            raise bad_request(f"filterGroups must be a list of at most {MAX_GROUPS}")
        groups = [row.get("filters") if isinstance(row, dict) else None for row in rows]
        for filters in groups:
            if not isinstance(filters, list) or not filters or len(filters) > MAX_FILTERS:
                raise bad_request(f"Every filterGroup needs 1 to {MAX_FILTERS} filters")
        if sum(len(filters) for filters in groups if filters) > MAX_ALL_FILTERS:
            raise bad_request(f"A search takes at most {MAX_ALL_FILTERS} filters in all")
        return [[self._filter(kind, row) for row in filters] for filters in groups if filters]

    def _filter(self, kind: Kind, row: Any) -> tuple[str, Test | None]:
        if not isinstance(row, dict) or not isinstance(row.get("propertyName"), str):
            raise bad_request("A filter needs a propertyName and an operator")
        name, operator = row["propertyName"], row.get("operator")
        if operator not in OPERATORS:
            raise bad_request(f"Invalid operator {operator}: one of {sorted(OPERATORS)}")
        if name.startswith("associations."):
            return name, self._associated(kind, name, row)
        definition = self.store.schema.of(kind).get(name)
        return name, test_for(definition, row) if definition else None

    def _associated(self, kind: Kind, name: str, row: dict[str, Any]) -> Test:
        other = find_kind(name.partition(".")[2])
        if other is None or row["operator"] not in ("EQ", "IN"):
            raise bad_request(f"{name} can be searched with EQ or IN only")
        wanted = {str(value) for value in row.get("values") or [row.get("value")]}
        table = self.store.table(kind)

        def test(record_id: str | None) -> bool:
            return bool(wanted & set(self.associations.of(table.records[record_id or ""], other)))

        return test

    def _sort(self, kind: Kind, found: Found, sorts: Any) -> None:
        if not isinstance(sorts, list) or len(sorts) > 1:
            raise bad_request("A search takes one sort")
        found.sort(key=lambda pair: int(pair[0].id))
        if not sorts:
            return
        row = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": sorts[0]}
        name, direction = row.get("propertyName"), row.get("direction", "ASCENDING")
        if direction not in ("ASCENDING", "DESCENDING"):
            raise bad_request(f"Invalid sort direction {direction}")
        definition = self.store.schema.of(kind).get(str(name))
        if definition is None:
            return
        backwards = direction == "DESCENDING"
        held = [pair for pair in found if pair[1].get(name)]
        empty = [pair for pair in found if not pair[1].get(name)]
        held.sort(key=lambda pair: key_of(definition, pair[1][name]), reverse=backwards)
        found[:] = held + empty


def _page(body: dict[str, Any]) -> tuple[int, int]:
    limit, after = body.get("limit", 10), body.get("after") or 0
    if not isinstance(limit, int) or isinstance(limit, bool) or not 0 < limit <= MAX_PAGE:
        raise bad_request(f"limit must be between 1 and {MAX_PAGE}, not {limit}")
    if not str(after).isdecimal():
        raise bad_request(f"after must be a whole number, not {after}")
    if int(after) + limit > MAX_RESULTS:
        message = f"Paging stops at {MAX_RESULTS} results: after {after}, limit {limit} is beyond"
        raise bad_request(message, context={"after": [str(after)]})
    return limit, int(after)


def _catch_up(record: Record, now: int) -> None:
    """Let search see the newest state whose time has come; older ones that are due are skipped."""
    due = [position for position, (at, _state) in enumerate(record.views) if at <= now]
    if due:
        record.indexed = record.views[due[-1]][1]
        del record.views[: due[-1] + 1]


def _matches(record: Record, seen: dict[str, str], groups: list) -> bool:
    if not groups:
        return True
    return any(all(_holds(record, seen, *row) for row in filters) for filters in groups)


def _holds(record: Record, seen: dict[str, str], name: str, test: Test | None) -> bool:
    if test is None:
        return False
    return test(record.id if name.startswith("associations.") else seen.get(name))


def _holds_words(kind: Kind, seen: dict[str, str], query: Any) -> bool:
    if not query:
        return True
    held = [word for name in kind.searched for word in tokens(seen.get(name, ""))]
    return all(any(word.startswith(part) for word in held) for part in str(query).lower().split())
