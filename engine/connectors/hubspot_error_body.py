"""HubSpot's error bodies, read leniently: every key may be missing or of another type.

Promise: :func:`body_of` never raises, whatever came. The causes are found in ``errors[]`` and in
the JSON text that some versions put inside ``message``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from pydantic import Field, ValidationError

from ..errors import ContractError
from ..http import HttpResponse
from .hubspot_wire import Lenient, Wire

_EMBEDDED = re.compile(r'Property values were not valid: ?(\[.*\])', re.DOTALL)


class ErrorDetail(Wire):
    """One entry of ``errors``, or of the JSON text inside a validation message."""

    message: Lenient[str | None] = None
    code: Lenient[str | None] = None
    error: Lenient[str | None] = None
    name: Lenient[str | None] = None
    sub_category: Lenient[str | None] = Field(None, validation_alias='subCategory')
    context: Lenient[dict[str, Any] | None] = None

    @property
    def cause(self) -> str | None:
        return self.code or self.error or self.sub_category

    @property
    def property_name(self) -> str | None:
        return self.name or first(self.context, 'propertyName', 'name')


class ErrorBody(Wire):
    """A whole answer, or one entry of a batch's ``errors``."""

    category: Lenient[str | None] = None
    sub_category: Lenient[str | None] = Field(None, validation_alias='subCategory')
    message: Lenient[str | None] = None
    correlation_id: Lenient[str | None] = Field(None, validation_alias='correlationId')
    policy: Lenient[str | None] = Field(None, validation_alias='policyName')
    context: Lenient[dict[str, Any] | None] = None
    errors: Lenient[list[ErrorDetail] | None] = None

    @property
    def details(self) -> list[ErrorDetail]:
        """The causes named, from ``errors`` or from the JSON text inside the message."""
        return self.errors or _embedded(self.message or '')

    @property
    def code(self) -> str | None:
        named = (detail.cause for detail in self.details)
        return next(filter(None, named), None) or self.sub_category or self.category

    @property
    def field(self) -> str | None:
        """The property at fault."""
        named = (detail.property_name for detail in self.details)
        return next(filter(None, named), None) or first(self.context, 'propertyName')

    @property
    def fields(self) -> list[str]:
        """Every property named, once."""
        named = [detail.property_name for detail in self.details]
        return list(dict.fromkeys(filter(None, named)))

    @property
    def words(self) -> str:
        """HubSpot's own sentence, without the JSON that follows it."""
        inner = next((detail.message for detail in self.details if detail.message), None)
        return shortened(inner or self.message or 'no reason given', 300)


def body_of(data: Any) -> ErrorBody:
    """Whatever came, as an error body; an empty one where it is no object."""
    return _lenient(ErrorBody, data)


def body_of_answer(response: HttpResponse) -> ErrorBody:
    """The error an answer holds; HTML and half a JSON text give one that says so."""
    try:
        return body_of(response.json())
    except ContractError:
        return ErrorBody(message=f'an answer that is no JSON, status {response.status}')


def _embedded(message: str) -> list[ErrorDetail]:
    match = _EMBEDDED.search(message)
    try:
        rows = json.loads(match[1]) if match else []
    except (ValueError, RecursionError):
        return []
    return [_lenient(ErrorDetail, row) for row in rows]


def _lenient(model: type[Wire], data: Any) -> Any:
    try:
        return model.model_validate(data if isinstance(data, dict) else {})
    except ValidationError:
        return model()


def first(context: Mapping[str, Any] | None, *names: str) -> str | None:
    """The first text under one of ``names``, which HubSpot mostly wraps in a list."""
    for name in names:
        value = (context or {}).get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str | int) and value != '':
            return str(value)
    return None


def shortened(text: str, most: int = 80) -> str:
    """``text`` on one line, cut to ``most`` characters."""
    line = ' '.join(str(text).split())
    return line if len(line) <= most else f'{line[: most - 1]}…'
