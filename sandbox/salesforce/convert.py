"""Values as they come, in JSON or in CSV, into the form they are kept in.

Promise: texts are trimmed and an empty one is null, e-mail addresses become lower case (as
recorded), numbers are rounded to the field's scale, moments lose their milliseconds; what a field
cannot hold is refused with the code of the WSDL. Weakness: no currencies, no state and country
picklists.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from . import moments
from .errors import ApiError, unparsable
from .fields import NUMBERS, TEXTS, Field

EMAIL = re.compile(
    r"[^@\s,;<>()\"\[\]]+@[^@\s,;<>()\"\[\].]+(\.[^@\s,;<>()\"\[\].]+)*\.[a-zA-Z]{2,}"
)
MAX_INT = 99_999_999


def converted(field: Field, value: Any, *, csv: bool) -> Any:
    """The value as it is kept; None for an empty one. Raises :class:`ApiError`.

    References are only checked for being text here.
    """
    if value is None or value == "":
        return False if field.type == "boolean" else None
    if field.type in NUMBERS or field.type == "int":
        return _number(field, value)
    convert = _CONVERTERS.get(field.type)
    if convert is not None:
        return convert(field, value, csv)
    return _text(field, value)


def _text(field: Field, value: Any) -> str | None:
    if not isinstance(value, str):
        raise _wrong_kind(field, "string", value)
    text = value.strip()
    if not text:
        return None
    if field.length and field.type in TEXTS and len(text) > field.length:
        message = f"{field.label}: data value too large: {text[:300]} (max length={field.length})"
        raise ApiError("STRING_TOO_LONG", message, [field.name])
    if field.type == "email":
        return _email(field, text)
    if field.has("p"):
        return _choices(field, text)
    return text


def _email(field: Field, text: str) -> str:
    if not EMAIL.fullmatch(text):
        message = f"{field.label}: invalid email address: {text}"
        raise ApiError("INVALID_EMAIL_ADDRESS", message, [field.name])
    return text.lower()


def _choices(field: Field, text: str) -> str:
    given = text.split(";") if field.type == "multipicklist" else [text]
    known = {value.lower(): value for value in field.values}
    for word in given:
        if word.lower() not in known:
            message = f"{field.label}: bad value for restricted picklist field: {word}"
            raise ApiError("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message, [field.name])
    return ";".join(known[word.lower()] for word in given)


def _number(field: Field, value: Any) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _wrong_kind(field, field.type, value)
    try:
        number = Decimal(str(value).strip())
        finite = math.isfinite(number)
    except InvalidOperation:
        finite = False
    if not finite:
        raise _wrong_kind(field, field.type, value)
    if field.type == "int":
        if number != int(number) or abs(number) > MAX_INT:
            raise _out_of_range(field, value)
        return int(number)
    if abs(number) >= Decimal(10) ** (field.precision - field.scale):
        raise _out_of_range(field, value)
    # JSON shows all of these as 23.0: they are doubles.
    return float(number.quantize(Decimal(1).scaleb(-field.scale), ROUND_HALF_UP))


def _boolean(field: Field, value: Any, csv: bool) -> bool:
    if isinstance(value, bool):
        return value
    known = {"true": True, "1": True, "false": False, "0": False}
    word = str(value).strip().lower()
    if word in known and (csv or word in ("true", "false")):
        return known[word]
    raise _wrong_kind(field, "boolean", value)


def _date(field: Field, value: Any, csv: bool) -> str:
    try:
        text = str(value)
        day = moments.day_of(moments.parse(text)) if "T" in text else moments.parse_date(text)
    except (ValueError, OverflowError) as error:
        raise _wrong_kind(field, "date", value) from error
    return day.isoformat()


def _moment(field: Field, value: Any, csv: bool) -> int:
    try:
        text = str(value)
        if "T" not in text:
            return moments.day_start(moments.parse_date(text))
        return moments.parse(text) // 1000 * 1000
    except (ValueError, OverflowError) as error:
        raise _wrong_kind(field, "datetime", value) from error


_CONVERTERS: dict[str, Callable[[Field, Any, bool], Any]] = {
    "boolean": _boolean,
    "date": _date,
    "datetime": _moment,
}


def _wrong_kind(field: Field, kind: str, value: Any) -> ApiError:
    token = "STRING"
    if isinstance(value, bool):
        token = str(value).upper()
    elif isinstance(value, int | float):
        token = "NUMBER_INT" if isinstance(value, int) else "NUMBER_FLOAT"
    elif isinstance(value, dict | list):
        return unparsable(f"Cannot deserialize instance of {kind} from START_OBJECT value {{")
    return unparsable(
        f"Cannot deserialize instance of {kind} from VALUE_{token} value {value} or request may be "
        f"missing a required field at [line:1, column:1]"
    )


def _out_of_range(field: Field, value: Any) -> ApiError:
    message = f"{field.label}: value outside of valid range on numeric field: {value}"
    return ApiError("NUMBER_OUTSIDE_VALID_RANGE", message, [field.name])
