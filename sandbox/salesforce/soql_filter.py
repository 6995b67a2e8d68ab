"""Turns the conditions of a query into functions over rows.

Promise: texts compare in any case, ids in their 18-character form, an empty value only with null;
``!=`` and NOT IN take empty values in, as at Salesforce. A literal of the wrong kind is refused.
Weakness: every row of the object is looked at, unless ids are given.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from datetime import date
from typing import Any

from . import moments
from .errors import ApiError
from .fields import NUMBERS, TEXTS, Field
from .ids import long_id
from .records import Record
from .soql import Compare, Junction, Literal
from .soql_dates import span

Getter = Callable[[Record], Any]
Test = Callable[[Record], bool]
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
}


class Filter:
    """Compiles conditions; ``resolve`` finds a path's field and how to read it, ``ids_of`` runs a
    sub-query, ``today`` is the day that date literals count from.
    """

    def __init__(
        self,
        resolve: Callable[[Any], tuple[Field, Getter]],
        ids_of: Callable[[Any], set[Any]],
        today: date,
    ) -> None:
        self.resolve = resolve
        self.ids_of = ids_of
        self.today = today

    def test(self, node: Any) -> Test:
        """A function that says whether a row fits."""
        if isinstance(node, Junction):
            tests = [self.test(item) for item in node.items]
            if node.op == "NOT":
                return lambda row: not tests[0](row)
            every = all if node.op == "AND" else any
            return lambda row: every(one(row) for one in tests)
        return self._compare(node)

    def _compare(self, node: Compare) -> Test:
        field, get = self.resolve(node.path)
        if not field.comparable:
            message = f"field '{field.name}' can not be filtered in a query call"
            raise ApiError("INVALID_FIELD", message)
        if node.op in ("INCLUDES", "EXCLUDES"):
            return self._includes(node, field, get)
        if node.op in ("IN", "NOT IN"):
            return self._in(node, field, get)
        if node.op == "LIKE":
            return self._like(node, field, get)
        return self._ordered(node.op, field, node.values[0], get)

    def _in(self, node: Compare, field: Field, get: Getter) -> Test:
        if node.query is not None:
            wanted = {self._folded(field, value) for value in self.ids_of(node.query)}
        else:
            wanted = {self.value(field, literal) for literal in node.values}
        fold = self._fold(field)
        if node.op == "IN":
            return lambda row: fold(get(row)) in wanted
        return lambda row: fold(get(row)) not in wanted

    def _includes(self, node: Compare, field: Field, get: Getter) -> Test:
        if field.type != "multipicklist":
            message = f"{node.op} is for multi-select picklists, not for {field.name}"
            raise ApiError("INVALID_QUERY_FILTER_OPERATOR", message)
        groups = [set(str(literal.value).lower().split(";")) for literal in node.values]

        def fits(row: Record) -> bool:
            chosen = set((get(row) or "").lower().split(";"))
            return any(group <= chosen for group in groups)

        return fits if node.op == "INCLUDES" else lambda row: not fits(row)

    def _like(self, node: Compare, field: Field, get: Getter) -> Test:
        [literal] = node.values
        if field.type not in TEXTS:
            message = f"invalid operator on {field.type} field"
            raise ApiError("INVALID_QUERY_FILTER_OPERATOR", message)
        if literal.kind != "string":
            raise _wrong_kind(field, "string")
        pattern = re.compile(_like_pattern(literal.value), re.IGNORECASE | re.DOTALL)
        return lambda row: bool(pattern.fullmatch(get(row) or ""))

    def _ordered(self, op: str, field: Field, literal: Literal, get: Getter) -> Test:
        if literal.kind == "span":
            return self._in_span(op, field, literal, get)
        wanted, fold, compare = self.value(field, literal), self._fold(field), OPERATORS[op]
        if op in ("=", "!="):
            return lambda row: compare(fold(get(row)), wanted)
        if field.type == "boolean":
            raise ApiError("INVALID_QUERY_FILTER_OPERATOR", "invalid operator on boolean field")

        def fits(row: Record) -> bool:
            value = fold(get(row))
            return value is not None and wanted is not None and compare(value, wanted)

        return fits

    def _in_span(self, op: str, field: Field, literal: Literal, get: Getter) -> Test:
        try:
            days = span(literal.value, self.today)
        except (OverflowError, ValueError):  # out of the calendar
            days = None
        if days is None:
            message = f"Bind variables only allowed in Apex code: {literal.value}"
            raise ApiError("MALFORMED_QUERY", message)
        if field.type not in ("date", "datetime"):
            raise _wrong_kind(field, field.type)
        low, high = _bounds(field, *days)
        tests: dict[str, Callable[[Any], bool]] = {
            "=": lambda value: low <= value <= high,
            "!=": lambda value: not low <= value <= high,
            "<": lambda value: value < low,
            "<=": lambda value: value <= high,
            ">": lambda value: value > high,
            ">=": lambda value: value >= low,
        }
        fits = tests[op]
        return lambda row: get(row) is not None and fits(get(row))

    # -- values

    def _fold(self, field: Field) -> Callable[[Any], Any]:
        if field.type in TEXTS and not field.has("c"):
            return lambda value: value.lower() if isinstance(value, str) else value
        return lambda value: value

    def _folded(self, field: Field, value: Any) -> Any:
        return self._fold(field)(value)

    def value(self, field: Field, literal: Literal) -> Any:
        """A literal in the form that rows are compared in. Raises :class:`ApiError`."""
        if literal.kind == "null":
            return None
        wanted = _kind_wanted(field)
        if literal.kind != wanted:
            raise _wrong_kind(field, wanted)
        if field.type in ("id", "reference"):
            return _id(literal.value)
        if wanted == "string":
            # An empty text is kept as null.
            return self._folded(field, literal.value.strip()) or None
        if wanted == "datetime":
            return _moment(literal.value)
        return literal.value


def _kind_wanted(field: Field) -> str:
    if field.type in NUMBERS or field.type == "int":
        return "number"
    return field.type if field.type in ("boolean", "date", "datetime") else "string"


def _id(text: str) -> str | None:
    if text == "":
        return None
    found = long_id(text)
    if found is None:
        raise ApiError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {text}")
    return found


def _moment(text: str) -> int:
    try:
        return moments.parse(text)
    except (ValueError, OverflowError) as error:
        raise ApiError("MALFORMED_QUERY", f"Invalid datetime: {text}") from error


def _bounds(field: Field, first: date, last: date) -> tuple[Any, Any]:
    if field.type == "date":
        return first.isoformat(), last.isoformat()
    return moments.day_start(first), moments.day_start(last) + moments.DAY_MS - 1


def _like_pattern(text: str) -> str:
    parts = re.split(r"(\\[%_]|[%_])", text)
    signs = {"%": ".*", "_": ".", "\\%": "%", "\\_": "_"}
    return "".join(signs.get(part, re.escape(part)) for part in parts)


def _wrong_kind(field: Field, wanted: str) -> ApiError:
    names = {"datetime": "dateTime", "number": "double"}
    quoted = "should be enclosed in quotes" if wanted == "string" else None
    message = (
        f"value of filter criterion for field '{field.name}' must be of type "
        f"{names.get(wanted, wanted)} and {quoted or 'should not be enclosed in quotes'}"
    )
    return ApiError("INVALID_FIELD", message)
