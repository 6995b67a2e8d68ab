"""The operators of search.

Promise: dates and numbers compare as such, texts without regard to case; IN and NOT_IN want lower
case for texts, as documented; an unknown property matches nothing, without an error. Weakness:
tokens are split at blanks and punctuation, HubSpot's analyser is richer.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Callable
from typing import Any

from ..core.clock import iso, parse_iso
from .errors import ApiError, bad_request

OPERATORS = {
    "EQ",
    "NEQ",
    "LT",
    "LTE",
    "GT",
    "GTE",
    "BETWEEN",
    "IN",
    "NOT_IN",
    "HAS_PROPERTY",
    "NOT_HAS_PROPERTY",
    "CONTAINS_TOKEN",
    "NOT_CONTAINS_TOKEN",
}
EPOCH = "1970-01-01T00:00:00.000Z"
_SPLIT = re.compile(r"[\s@,;:/()\"'+]+")
Test = Callable[[str | None], bool]


def tokens(text: str) -> list[str]:
    """Words in lower case, whole domains and their parts alike."""
    words = [word for word in _SPLIT.split(text.lower()) if word]
    parts = [part for word in words for part in re.split(r"[.\-_]+", word) if part]
    return list(dict.fromkeys([text.lower(), *words, *parts]))


def key_of(definition: dict[str, Any], value: str) -> Any:
    """``value`` in the form in which its type compares. Raises ``ValueError``."""
    match definition["type"]:
        case "date" | "datetime":
            return moment_key(value)
        case "number":
            return float(value)
        case "string" | "phone_number":
            return value.lower()
    return value


def moment_key(value: str) -> str:
    """A moment as ``2024-10-20T19:50:47.612Z``, which sorts as text. Raises ``ValueError``."""
    if len(value) == len(EPOCH) and value.endswith("Z"):
        return value
    return iso(int(value) if re.fullmatch(r"-?\d{1,14}", value) else parse_iso(value))


def test_for(definition: dict[str, Any], row: dict[str, Any]) -> Test:
    """A test of a stored value for one filter. Raises :class:`ApiError` for a bad filter."""
    operator = row["operator"]
    if operator == "HAS_PROPERTY":
        return lambda value: bool(value)
    if operator == "NOT_HAS_PROPERTY":
        return lambda value: not value
    if operator in ("IN", "NOT_IN"):
        return _membership(definition, row, operator)
    if operator.endswith("CONTAINS_TOKEN"):
        return _token(row, operator)
    return _comparison(definition, row, operator)


def _membership(definition: dict[str, Any], row: dict[str, Any], operator: str) -> Test:
    values = row.get("values")
    if not isinstance(values, list) or not values:
        raise bad_request(f"{operator} needs a list of values for {row['propertyName']}")
    # Text values must be given in lower case; they are compared as they are.
    text = definition["type"] in ("string", "phone_number")
    wanted = {str(value) if text else _bound(definition, str(value)) for value in values}

    def test(value: str | None) -> bool:
        held = bool(value) and key_of(definition, value or "") in wanted
        return held if operator == "IN" else bool(value) and not held

    return test


def _token(row: dict[str, Any], operator: str) -> Test:
    pattern = str(row.get("value") or "").lower()
    if not pattern:
        raise bad_request(f"{operator} needs a value for {row['propertyName']}")

    def test(value: str | None) -> bool:
        words = tokens(value or "")
        held = any(fnmatch.fnmatchcase(word, pattern) for word in words)
        held = held or all(part in words for part in _SPLIT.split(pattern) if part)
        return bool(value) and held if operator == "CONTAINS_TOKEN" else not (value and held)

    return test


def _comparison(definition: dict[str, Any], row: dict[str, Any], operator: str) -> Test:
    if row.get("value") is None:
        raise bad_request(f"{operator} needs a value for {row['propertyName']}")
    low = _bound(definition, str(row["value"]))
    if definition["type"] in ("date", "datetime") and low == EPOCH:
        # The real service fails on the epoch instead of refusing it.
        raise ApiError(500, None, "internal error")
    high = None
    if operator == "BETWEEN":
        if row.get("highValue") is None:
            raise bad_request(f"BETWEEN needs a highValue for {row['propertyName']}")
        high = _bound(definition, str(row["highValue"]))
    compare = _COMPARE[operator]
    return lambda value: bool(value) and compare(key_of(definition, value or ""), low, high)


def _bound(definition: dict[str, Any], value: str) -> Any:
    try:
        return key_of(definition, value)
    except (ValueError, OverflowError):
        message = f"{value} is not a valid {definition['type']} for {definition['name']}"
        raise bad_request(message) from None


_COMPARE: dict[str, Callable[[Any, Any, Any], bool]] = {
    "EQ": lambda value, low, _high: value == low,
    "NEQ": lambda value, low, _high: value != low,
    "LT": lambda value, low, _high: value < low,
    "LTE": lambda value, low, _high: value <= low,
    "GT": lambda value, low, _high: value > low,
    "GTE": lambda value, low, _high: value >= low,
    "BETWEEN": lambda value, low, high: low <= value <= high,
}
