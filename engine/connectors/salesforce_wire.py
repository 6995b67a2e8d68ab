"""The shapes of Salesforce's REST answers, as pydantic models.

Promise: see :mod:`..wire`, which reads them. Records are read as they are: ``attributes`` and the
fields that were asked for.

Sources: REST API Developer Guide; the recorded describes and collection answers of CumulusCI.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .. import wire
from ..http import HttpResponse
from ..wire import Lenient, Model, TextId, Wire

LABEL = 'Salesforce'


class Refusal(Wire):
    """One entry of ``errors`` of a row, or of the list that a refused call answers.

    Rows say ``statusCode``, calls ``errorCode``.
    """

    status_code: Lenient[str | None] = Field(None, validation_alias='statusCode')
    error_code: Lenient[str | None] = Field(None, validation_alias='errorCode')
    message: Lenient[str | None] = None
    fields: Lenient[list[str] | None] = None
    duplicate: Lenient[dict[str, Any] | None] = Field(None, validation_alias='duplicateResult')

    @property
    def code(self) -> str | None:
        return self.status_code or self.error_code


class SaveResult(Wire):
    """The result of one row of a collection, in the place of the row."""

    id: Lenient[TextId | None] = None
    success: bool
    created: Lenient[bool | None] = None
    errors: list[Refusal] = Field(default_factory=list)


class QueryAnswer(Wire):
    total: int = Field(0, validation_alias='totalSize')
    done: bool = True
    next_url: Lenient[str | None] = Field(None, validation_alias='nextRecordsUrl')
    records: list[dict[str, Any]] = Field(default_factory=list)


class PicklistValue(Wire):
    value: str
    label: Lenient[str | None] = None
    active: Lenient[bool | None] = True


class DescribedField(Wire):
    """A field of a describe; what is missing is taken for ``False``."""

    name: str
    label: str = ''
    type: str = ''
    length: Lenient[int | None] = None
    nillable: Lenient[bool | None] = True
    createable: Lenient[bool | None] = False
    updateable: Lenient[bool | None] = False
    defaulted: Lenient[bool | None] = Field(False, validation_alias='defaultedOnCreate')
    external_id: Lenient[bool | None] = Field(False, validation_alias='externalId')
    unique: Lenient[bool | None] = False
    calculated: Lenient[bool | None] = False
    help: Lenient[str | None] = Field('', validation_alias='inlineHelpText')
    picklist: list[PicklistValue] = Field(default_factory=list, validation_alias='picklistValues')
    references: list[str] = Field(default_factory=list, validation_alias='referenceTo')


class Describe(Wire):
    name: str
    label: str = ''
    fields: list[DescribedField]
    createable: Lenient[bool | None] = True
    updateable: Lenient[bool | None] = True


class Version(Wire):
    version: str
    label: str = ''


class DailyRequests(Wire):
    most: Lenient[int | None] = Field(None, validation_alias='Max')
    left: Lenient[int | None] = Field(None, validation_alias='Remaining')


class Limits(Wire):
    """What of ``/limits`` we read."""

    requests: Lenient[DailyRequests | None] = Field(None, validation_alias='DailyApiRequests')


class DeletedRow(Wire):
    id: TextId
    deleted_date: wire.Time = Field(None, validation_alias='deletedDate')


class DeletedAnswer(Wire):
    """``getDeleted``: ids purged or in the bin, and from when on the answer is complete."""

    rows: list[DeletedRow] = Field(default_factory=list, validation_alias='deletedRecords')
    earliest: wire.Time = Field(None, validation_alias='earliestDateAvailable')
    latest: wire.Time = Field(None, validation_alias='latestDateCovered')


class Job(Wire):
    """A Bulk API 2.0 ingest job."""

    id: TextId
    state: str
    processed: Lenient[int | None] = Field(0, validation_alias='numberRecordsProcessed')
    failed: Lenient[int | None] = Field(0, validation_alias='numberRecordsFailed')
    message: Lenient[str | None] = Field(None, validation_alias='errorMessage')


def read_model(model: type[Model], response: HttpResponse) -> Model:
    """The answer as ``model``; errors as :func:`..wire.read_model` has them."""
    return wire.read_model(model, response, LABEL)


def read_list(model: type[Model], response: HttpResponse) -> list[Model | None]:
    """An answer that is a list, entry by entry; ``None`` where the entry is ``null``.

    :raises ContractError: it is no list, or an entry does not fit.
    """
    rows = wire.read_json(response, LABEL)
    if not isinstance(rows, list):
        return [wire.fit(model, rows, response, LABEL)]
    return [None if row is None else wire.fit(model, row, response, LABEL) for row in rows]
