"""What remotes send, made into models: times, ids, and answers that may hold more than we need.

Promise: an answer that lacks what its model needs raises :class:`~.errors.ContractError`, one that
is no JSON at all :class:`~.errors.TransientError`, both in the name of the provider. Unknown keys
are ignored, so that a provider may add to its answers.

Weakness: a :data:`Lenient` field hides that the remote has changed its type.
"""

from __future__ import annotations

import re
from datetime import datetime, timezone
from typing import Annotated, Any, TypeVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WrapValidator,
)

from .errors import ContractError, TransientError
from .http_types import HttpResponse

_ISO = TypeAdapter(datetime)
_LOOKS_ISO = re.compile(r'\d{4}-\d{2}-\d{2}')
_LATEST_MS = 253_402_300_799_999  # the last millisecond that datetime can hold


def moment(value: Any) -> datetime | None:
    """Aware UTC time of an ISO text or of epoch milliseconds; ``None`` where it is neither."""
    text = str(value).strip() if isinstance(value, str | int) else ''
    if text.isascii() and text.isdigit():
        return _from_milliseconds(int(text)) if len(text) <= 16 else None
    try:
        # pydantic, because before Python 3.11 `fromisoformat` refuses `Z` and one-digit fractions
        parsed = _ISO.validate_python(text) if _LOOKS_ISO.match(text) else None
    except ValidationError:
        return None
    if parsed is None:
        return None
    aware = parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc)


def _from_milliseconds(value: int) -> datetime | None:
    if value > _LATEST_MS:
        return None
    seconds, rest = divmod(value, 1000)
    return datetime.fromtimestamp(seconds, timezone.utc).replace(microsecond=rest * 1000)


def milliseconds(value: datetime) -> int:
    """Epoch milliseconds of an aware time, rounded down."""
    seconds = int(value.replace(microsecond=0).timestamp())
    return seconds * 1000 + value.microsecond // 1000


def _text_id(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _lenient(value: Any, handler: Any) -> Any:
    """Take the field's default rather than refuse the whole answer."""
    try:
        return handler(value)
    except ValidationError:
        return None


TextId = Annotated[str, BeforeValidator(_text_id), Field(min_length=1, max_length=255)]
Time = Annotated[datetime | None, BeforeValidator(moment)]
T = TypeVar('T')
Lenient = Annotated[T, WrapValidator(_lenient)]


class Wire(BaseModel):
    """A model of something a remote sends: unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra='ignore', populate_by_name=True)


Model = TypeVar('Model', bound=Wire)


def read_model(model: type[Model], response: HttpResponse, provider: str) -> Model:
    """The answer as ``model``.

    :param provider: its name, for people.
    :raises TransientError: where the body is no JSON: cut off, or a page from something in between.
    :raises ContractError: where it is JSON, but lacks what the model needs.
    """
    return fit(model, read_json(response, provider), response, provider)


def read_json(response: HttpResponse, provider: str) -> Any:
    """The body as JSON.

    :raises TransientError: where it is none.
    """
    try:
        return response.json()
    except ContractError as error:
        raise TransientError(
            str(error),
            user_message=f'{provider}’s answer could not be read. The synchronisation tries again '
            'by itself.',
            code='UNREADABLE_ANSWER',
            status=response.status,
            request_id=response.request_id,
        ) from error


def fit(model: type[Model], data: Any, response: HttpResponse, provider: str) -> Model:
    """``data`` as ``model``; ``response`` only lends its status and request id to the error.

    :raises ContractError: where it lacks what the model needs.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = '.'.join(str(part) for part in first['loc'])
        raise ContractError(
            f'{model.__name__} does not fit: {place}: {first["msg"]}',
            user_message=f'{provider} answered in a form this version does not know. Nothing was '
            'lost; tell the maintainer of the connector.',
            code='UNKNOWN_ANSWER',
            status=response.status,
            request_id=response.request_id,
        ) from error
