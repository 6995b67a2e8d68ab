"""The shapes of HubSpot's REST answers, as pydantic models, and the way into them.

Promise: an answer that lacks what we need raises :class:`~..errors.ContractError`, one that is no
JSON at all :class:`~..errors.TransientError`. What we do not need is ignored, so that HubSpot may
add to its answers.

Weakness: error bodies are read leniently (see :mod:`.hubspot_error_body`): a strange error body
must not hide the error.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Annotated, Any, TypeVar

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    WrapValidator,
)

from ..errors import ContractError, TransientError
from ..http import HttpResponse

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
    """A model of something HubSpot sends: unknown keys are ignored."""

    model_config = ConfigDict(frozen=True, extra='ignore', populate_by_name=True)


class WireRecord(Wire):
    """A CRM record. ``new`` only comes from an upsert."""

    id: TextId
    properties: dict[str, Any] = Field(default_factory=dict)
    created_at: Time = Field(None, validation_alias='createdAt')
    updated_at: Time = Field(None, validation_alias='updatedAt')
    archived: bool = False
    new: Lenient[bool | None] = None
    trace_id: Lenient[str | None] = Field(None, validation_alias='objectWriteTraceId')
    url: Lenient[str | None] = None


class BatchAnswer(Wire):
    """The answer of a batch write; ``errors`` are read by :mod:`.hubspot_error_body`."""

    results: list[WireRecord] = Field(default_factory=list)
    errors: list[dict[str, Any]] = Field(default_factory=list)


class BatchRead(Wire):
    """The answer of a batch read. Without ``results`` it is none: nothing follows from it.

    ``errors`` name the ids it found no record of.
    """

    results: list[WireRecord]
    errors: Lenient[list[dict[str, Any]] | None] = None


class Next(Wire):
    after: TextId


class Paging(Wire):
    next: Next | None = None


class RecordPage(Wire):
    """The answer of a listing or a search."""

    results: list[WireRecord]
    paging: Paging | None = None
    total: int | None = None

    @property
    def after(self) -> str | None:
        """Where the next page starts."""
        return self.paging.next.after if self.paging and self.paging.next else None


class AssociationType(Wire):
    type_id: Lenient[int | None] = Field(None, validation_alias='typeId')
    label: Lenient[str | None] = None


class Associated(Wire):
    """One far end of an association; the older layout calls the id ``id``."""

    id: TextId = Field(validation_alias=AliasChoices('toObjectId', 'id'))
    types: list[AssociationType] = Field(
        default_factory=list, validation_alias='associationTypes'
    )


class Reference(Wire):
    id: TextId


class AssociationRow(Wire):
    origin: Reference = Field(validation_alias='from')
    to: list[Associated] = Field(default_factory=list)
    paging: Paging | None = None


class AssociationAnswer(Wire):
    """``errors`` only name the records that have none, so they are not read."""

    results: list[AssociationRow]


class PairRow(Wire):
    """A confirmed association; the two creating calls word it differently."""

    origin: Lenient[Reference | None] = Field(None, validation_alias='from')
    target: Lenient[Reference | None] = Field(None, validation_alias='to')
    from_id: Lenient[TextId | None] = Field(None, validation_alias='fromObjectId')
    to_id: Lenient[TextId | None] = Field(None, validation_alias='toObjectId')

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """The id it goes from and the id it goes to."""
        return (
            self.origin.id if self.origin else self.from_id,
            self.target.id if self.target else self.to_id,
        )


class BatchPairs(Wire):
    results: list[PairRow] = Field(default_factory=list)
    errors: list[dict[str, Any]] = Field(default_factory=list)


class Option(Wire):
    value: str
    label: str = ''
    hidden: Lenient[bool | None] = False
    description: Lenient[str | None] = ''


class Modification(Wire):
    read_only_value: Lenient[bool | None] = Field(False, validation_alias='readOnlyValue')


class Property(Wire):
    """The definition of a property."""

    name: str
    label: str = ''
    type: str = ''
    field_type: str = Field('', validation_alias='fieldType')
    description: Lenient[str | None] = ''
    options: list[Option] = Field(default_factory=list)
    calculated: Lenient[bool | None] = False
    unique: Lenient[bool | None] = Field(False, validation_alias='hasUniqueValue')
    archived: Lenient[bool | None] = False
    modification: Lenient[Modification | None] = Field(
        None, validation_alias='modificationMetadata'
    )
    referenced: Lenient[str | None] = Field(None, validation_alias='referencedObjectType')

    @property
    def read_only(self) -> bool:
        """Calculated, or kept by HubSpot: writing it is refused."""
        return bool(self.calculated or (self.modification and self.modification.read_only_value))


class PropertyList(Wire):
    results: list[Property]


class Owner(Wire):
    id: TextId
    email: Lenient[str | None] = None
    first_name: Lenient[str | None] = Field(None, validation_alias='firstName')
    last_name: Lenient[str | None] = Field(None, validation_alias='lastName')
    user_id: Lenient[int | None] = Field(None, validation_alias='userId')
    archived: bool = False

    @property
    def label(self) -> str:
        """The name a person knows the owner by."""
        return f'{self.first_name or ""} {self.last_name or ""}'.strip() or self.email or self.id


class OwnerPage(Wire):
    results: list[Owner]
    paging: Paging | None = None


class Stage(Wire):
    id: TextId
    label: str = ''
    display_order: Lenient[int | None] = Field(None, validation_alias='displayOrder')
    metadata: dict[str, Any] = Field(default_factory=dict)
    archived: bool = False


class Pipeline(Wire):
    id: TextId
    label: str = ''
    display_order: Lenient[int | None] = Field(None, validation_alias='displayOrder')
    stages: list[Stage] = Field(default_factory=list)
    archived: bool = False


class PipelineList(Wire):
    results: list[Pipeline]


class AccountDetails(Wire):
    portal_id: TextId = Field(validation_alias='portalId')
    ui_domain: str = Field('app.hubspot.com', validation_alias='uiDomain')
    time_zone: str = Field('UTC', validation_alias='timeZone')
    currency: Lenient[str | None] = Field('', validation_alias='companyCurrency')
    account_type: Lenient[str | None] = Field('', validation_alias='accountType')
    hosting: Lenient[str | None] = Field('', validation_alias='dataHostingLocation')


Model = TypeVar('Model', bound=Wire)


def read_model(model: type[Model], response: HttpResponse) -> Model:
    """The answer as ``model``.

    :raises TransientError: where the body is no JSON: cut off, or a page from something in between.
    :raises ContractError: where it is JSON, but lacks what the model needs.
    """
    try:
        data = response.json()
    except ContractError as error:
        raise TransientError(
            str(error),
            user_message='HubSpot’s answer could not be read. The synchronisation tries again by '
            'itself.',
            code='UNREADABLE_ANSWER',
            status=response.status,
            request_id=response.request_id,
        ) from error
    return fit(model, data, response)


def fit(model: type[Model], data: Any, response: HttpResponse) -> Model:
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
            user_message='HubSpot answered in a form this version does not know. Nothing was lost; '
            'tell the maintainer of the connector.',
            code='UNKNOWN_ANSWER',
            status=response.status,
            request_id=response.request_id,
        ) from error


def text_values(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as HubSpot takes them: text, and ``''`` to empty a property."""
    return {name: _wire_text(value) for name, value in values.items()}


def _wire_text(value: Any) -> str:
    if value is None:
        return ''
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
