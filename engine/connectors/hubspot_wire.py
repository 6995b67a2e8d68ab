"""The shapes of HubSpot's REST answers, as pydantic models.

Promise: see :mod:`..wire`, which reads them. What we do not need is ignored, so that HubSpot may
add to its answers.

Weakness: error bodies are read leniently (see :mod:`.hubspot_error_body`): a strange error body
must not hide the error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, Field

from .. import wire
from ..http import HttpResponse
from ..wire import Lenient, Model, TextId, Time, Wire, milliseconds, moment

__all__ = ('milliseconds', 'moment')


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


def read_model(model: type[Model], response: HttpResponse) -> Model:
    """The answer as ``model``; errors as :func:`..wire.read_model` has them."""
    return wire.read_model(model, response, 'HubSpot')


def fit(model: type[Model], data: Any, response: HttpResponse) -> Model:
    """``data`` as ``model``; errors as :func:`..wire.fit` has them."""
    return wire.fit(model, data, response, 'HubSpot')


def text_values(values: Mapping[str, Any]) -> dict[str, str]:
    """Values as HubSpot takes them: text, and ``''`` to empty a property."""
    return {name: _wire_text(value) for name, value in values.items()}


def _wire_text(value: Any) -> str:
    if value is None:
        return ''
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
