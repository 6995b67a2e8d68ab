"""One row of a Bulk job.

Promise: an empty cell changes nothing, ``#N/A`` empties, ``Account.Odoo_Id__c`` sets a relationship
by external id; what becomes of the row is its id, whether it is new, and its error. Weakness:
polymorphic columns (``Owner:User.Username``) are not read.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

from .dml import Dml
from .errors import ApiError

if TYPE_CHECKING:
    from .bulk import Job

NULL = "#N/A"


def outcome(dml: Dml, job: Job, row: list[str], twice: set[str]) -> tuple[str, bool, str | None]:
    """Do a row: (id, created, error); ``twice`` are external ids that its chunk has twice."""
    mark = dml.store.mark()
    try:
        key = _key(job, row)
        if key.lower() in twice:
            message = f"Duplicate external id specified: {key}"
            raise ApiError("DUPLICATE_VALUE", message, [job.external_id or ""])
        return _written(dml, job, _values(job, row))
    except ApiError as error:
        dml.store.rollback(mark)
        return _own_id(job, row), False, error.text()


def _written(dml: Dml, job: Job, values: dict[str, Any]) -> tuple[str, bool, str | None]:
    caller = dataclasses.replace(job.caller, csv=True, key=job.id)
    record_id = next((value for name, value in values.items() if name.lower() == "id"), None)
    rest = {name: value for name, value in values.items() if name.lower() != "id"}
    match job.operation:
        case "insert":
            return dml.insert(job.sobject, rest, caller).id, True, None
        case "update":
            return dml.update(job.sobject, str(record_id or ""), rest, caller).id, False, None
        case "upsert":
            name = job.external_id or "Id"
            key = next((v for n, v in values.items() if n.lower() == name.lower()), None)
            record, created = dml.upsert(job.sobject, name, key, values, caller)
            return record.id, created, None
    record = dml.row(job.sobject, str(record_id or ""))
    dml.delete(job.sobject, record.id, caller)
    if job.operation == "hardDelete":
        gone = dml.store.get(record.id)
        if gone is not None:
            dml.store.purge(gone)
    return record.id, False, None


def _values(job: Job, row: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, cell in zip(job.header, row, strict=True):
        if cell == "":
            continue
        value = None if cell == NULL else cell
        relation, dot, field = name.partition(".")
        if dot:
            values[relation] = None if value is None else {field: value}
        else:
            values[name] = value
    return values


def problem(job: Job) -> str | None:
    """What makes the whole CSV unusable: a column that is no field, a row of another width."""
    for name in job.header:
        relation, dot, inner = name.partition(".")
        field = job.sobject.relation(relation) if dot else job.sobject.field(name)
        if field is None or (dot and not inner):
            return f"InvalidBatch : Field name not found : {name}"
    for number, row in enumerate(job.rows, 2):
        if len(row) != len(job.header):
            found = f"{len(row)} columns in line {number}, {len(job.header)} in the header"
            return f"InvalidBatch : Failed to parse CSV. There are {found}."
    return None


def repeated(job: Job, rows: list[list[str]]) -> set[str]:
    """External ids that stand in more than one of ``rows``: all of these are refused."""
    if job.operation != "upsert":
        return set()
    counts = Counter(_key(job, row).lower() for row in rows)
    return {key for key, count in counts.items() if key and count > 1}


def _key(job: Job, row: list[str]) -> str:
    return _cell(job, row, job.external_id or "Id") if job.operation == "upsert" else ""


def _own_id(job: Job, row: list[str]) -> str:
    return _cell(job, row, "Id")


def _cell(job: Job, row: list[str], wanted: str) -> str:
    pairs = zip(job.header, row, strict=False)
    return next((cell for name, cell in pairs if name.lower() == wanted.lower()), "")
