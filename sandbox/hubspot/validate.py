"""Checks property values and brings them into the form HubSpot keeps.

Promise: every stored value is text; a refused one is a :class:`Problem` naming the property. Rules:
facts of the properties documentation (strings up to 65,536 characters, numbers without separators,
dates at midnight UTC, options by value and case). Weakness: no property validation rules.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from ..core.clock import iso, parse_iso
from .errors import Problem, bad_request
from .kinds import Kind
from .owners import Owners
from .pipelines import Pipelines
from .schema import Schema, is_multiple, read_only

MAX_STRING = 65_536
EMAIL = re.compile(r"[^@\s,;<>()\"]+@[^@\s,;<>()\"]+\.[^@\s.,;<>()\"]{2,}")
NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
DAY_MS = 86_400_000


class Refused(Exception):
    """A value that its property cannot hold: ``code`` and a sentence."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Validator:
    """Knows the account's properties, pipelines and owners."""

    def __init__(self, schema: Schema, pipelines: Pipelines, owners: Owners) -> None:
        self.schema = schema
        self.pipelines = pipelines
        self.owners = owners

    def check(
        self, kind: Kind, raw: Any, current: dict[str, str]
    ) -> tuple[dict[str, str | None], list[Problem]]:
        """Stored values (None: emptied) and what was refused; ``current`` is kept now."""
        if not isinstance(raw, dict):
            raise bad_request("Invalid input JSON: properties must be an object")
        values: dict[str, str | None] = {}
        problems: list[Problem] = []
        after = current | {k: v for k, v in raw.items() if isinstance(v, str)}
        for name, value in raw.items():
            if value is None:
                continue
            try:
                values[name] = self._value(kind, name, value, current, after)
            except Refused as refusal:
                problems.append(Problem(name, refusal.code, str(refusal)))
        return values, problems

    def _value(
        self, kind: Kind, name: str, value: Any, current: dict[str, str], after: dict[str, str]
    ) -> str | None:
        definition = self.schema.of(kind).get(name)
        if definition is None:
            raise Refused("PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist')
        if read_only(definition):
            message = f'"{name}" is a read only property; its value cannot be set.'
            raise Refused("READ_ONLY_VALUE", message)
        text = _text(name, value)
        if text == "":
            return None
        if kind.name in ("deals", "tickets") or name == "hubspot_owner_id":
            self._check_reference(kind, name, text, after)
        if name == "email" and kind.name == "contacts":
            return _email(text)
        if is_multiple(definition):
            return _multiple(definition, text, current.get(name, ""))
        return _CHECKS.get(definition["type"], _string)(definition, text)

    def _check_reference(self, kind: Kind, name: str, text: str, record: dict[str, str]) -> None:
        if name == "hubspot_owner_id" and not self.owners.usable(text):
            raise Refused("INVALID_OWNER_ID", f"Owner with id {text} does not exist")
        pipeline = "hs_pipeline" if kind.name == "tickets" else "pipeline"
        stage = "hs_pipeline_stage" if kind.name == "tickets" else "dealstage"
        if name == pipeline and text not in self.pipelines.of(kind):
            options = list(self.pipelines.of(kind))
            raise Refused("INVALID_OPTION", f"{text} was not one of the allowed options: {options}")
        if name == stage and not self.pipelines.stage(kind, record.get(pipeline), text):
            message = f"{text} is not a stage of pipeline {record.get(pipeline)}"
            raise Refused("INVALID_OPTION", message)


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and (math.isinf(value) or math.isnan(value)):
        raise Refused("INVALID_NUMBER", f"{value} was not a valid number.")
    if isinstance(value, str | int | float):
        return str(value)
    raise bad_request(f"Invalid input JSON: the value of {name} must be a string")


def _string(definition: dict, text: str) -> str:
    if len(text) > MAX_STRING:
        message = f"{definition['name']} is {len(text)} characters long, the most is {MAX_STRING}"
        raise Refused("INVALID_STRING_LENGTH", message)
    return text.lower() if definition["name"] == "domain" else text


def _email(text: str) -> str:
    address = text.strip().lower()
    if not EMAIL.fullmatch(address) or len(address) > 254:
        raise Refused("INVALID_EMAIL", f"Email address {text} is invalid")
    return address


def _number(definition: dict, text: str) -> str:
    if not NUMBER.fullmatch(text.strip()):
        raise Refused("INVALID_NUMBER", f"{text} was not a valid number.")
    return text.strip()


def _boolean(definition: dict, text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise Refused("INVALID_OPTION", f"{text} was not one of the allowed options: [true, false]")
    return text.lower()


def _milliseconds(text: str) -> int:
    if re.fullmatch(r"-?\d{5,15}", text):
        return int(text)
    try:
        return parse_iso(text)
    except ValueError:
        raise Refused("INVALID_LONG", f"{text} was not a valid long.") from None


def _date(definition: dict, text: str) -> str:
    moment = _milliseconds(text)
    if moment % DAY_MS:
        raise Refused("INVALID_DATE", f"{text} is at {moment} which is not midnight!")
    return iso(moment)[:10]


def _datetime(definition: dict, text: str) -> str:
    return iso(_milliseconds(text))


def _option(definition: dict, text: str) -> str:
    allowed = [option["value"] for option in definition["options"]]
    if text in allowed or (definition["externalOptions"] and not allowed):
        return text
    raise Refused("INVALID_OPTION", f"{text} was not one of the allowed options: {allowed}")


def _multiple(definition: dict, text: str, current: str) -> str:
    words = [word for word in text.split(";") if word]
    if text.startswith(";"):
        before = [word for word in current.split(";") if word and word not in words]
        words = before + words
    for word in words:
        _option(definition, word)
    return ";".join(dict.fromkeys(words))


_CHECKS: dict[str, Callable[[dict, str], str]] = {
    "number": _number,
    "bool": _boolean,
    "date": _date,
    "datetime": _datetime,
    "enumeration": _option,
}
