"""sObject Collections: up to 200 rows in a call, each with a result of its own.

Promise: results in the order of the rows, HTTP 200 even when rows fail; over 200 rows, over ten
chunks of one type or a value of the wrong JSON kind is 400 for the call; with ``allOrNone`` one bad
row takes all back. Two rows with one external id are both refused. Weakness: none known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import groupby
from typing import Any

from ..core.call import Answer
from . import present
from .errors import ApiError, unparsable
from .ids import long_id
from .records import Record
from .request import ApiRequest, ok
from .rows_api import selected
from .schema import SObject

MAX_ROWS = 200
MAX_RETRIEVED = 2000
MAX_CHUNKS = 10
WHOLE_CALL = {"JSON_PARSER_ERROR"}
ROLLED_BACK = (
    "Record rolled back because not all records were valid and the request was using AllOrNone "
    "header"
)


class CollectionsApi:
    """Handlers for ``/composite/sobjects``."""

    def create(self, request: ApiRequest) -> Answer:
        """POST: rows of any types."""
        records, all_or_none = _records(request)
        _check_chunks([_type(row) for row in records])
        caller, dml = request.caller, request.org.dml

        def one(row: dict[str, Any]) -> dict[str, Any]:
            return _success(dml.insert(_sobject(request, _type(row)), row, caller))

        return self._each(request, records, one, all_or_none)

    def update(self, request: ApiRequest) -> Answer:
        """PATCH: each row has its id."""
        records, all_or_none = _records(request)
        _check_chunks([_type(row) for row in records])
        caller, dml = request.caller, request.org.dml

        def one(row: dict[str, Any]) -> dict[str, Any]:
            number = next((row[name] for name in row if name.lower() == "id"), None)
            rest = {name: value for name, value in row.items() if name.lower() != "id"}
            if number is None:
                raise ApiError("MISSING_ARGUMENT", "Id not specified in an update call", [])
            return _success(dml.update(_sobject(request, _type(row)), number, rest, caller))

        return self._each(request, records, one, all_or_none)

    def upsert(self, request: ApiRequest) -> Answer:
        """PATCH by an external id: rows of one type."""
        records, all_or_none = _records(request)
        sobject, caller, dml = request.sobject, request.caller, request.org.dml
        name = dml.id_field(sobject, request.args["field"]).name
        counts = Counter(str(_key(row, name)).lower() for row in records)

        def one(row: dict[str, Any]) -> dict[str, Any]:
            if _type(row).lower() != sobject.name.lower():
                message = f"{_type(row)} is not the type of this call, {sobject.name}"
                raise ApiError("INVALID_TYPE", message, [])
            key = _key(row, name)
            if key not in (None, "") and counts[str(key).lower()] > 1:
                message = f"Duplicate external id specified: {key}"
                raise ApiError("DUPLICATE_VALUE", message, [name])
            record, created = dml.upsert(sobject, name, key, row, caller)
            return _success(record) | {"created": created}

        return self._each(request, records, one, all_or_none)

    def delete(self, request: ApiRequest) -> Answer:
        """DELETE ``?ids=``."""
        ids = request.words("ids")
        _check_count(len(ids), MAX_ROWS)
        schema = request.org.store.schema
        objects = [schema.by_id(number) for number in ids]
        _check_chunks([found.name if found else "" for found in objects])
        caller, dml = request.caller, request.org.dml

        def one(number: str) -> dict[str, Any]:
            sobject = schema.by_id(number)
            if sobject is None or long_id(number) is None:
                raise ApiError("MALFORMED_ID", f"malformed id {number}", [])
            record = dml.row(sobject, number)
            dml.delete(sobject, record.id, caller)
            return _success(record)

        return self._each(request, ids, one, request.flag("allOrNone"))

    def retrieve(self, request: ApiRequest) -> Answer:
        """GET ``?ids=&fields=``, or POST with both in the body; null for what is not there."""
        ids, names, most = request.words("ids"), request.words("fields"), MAX_ROWS
        if request.call.method == "POST":
            body, most = request.body(), MAX_RETRIEVED
            ids, names = body.get("ids", []), body.get("fields", [])
            if not isinstance(ids, list) or not isinstance(names, list):
                raise unparsable("ids and fields must be lists")
        _check_count(len(ids), most)
        sobject = request.sobject
        if not names:
            raise ApiError("MISSING_ARGUMENT", "fields not specified")
        fields = selected(sobject, [str(name) for name in names])
        rows: list[dict[str, Any] | None] = []
        for number in ids:
            record = request.org.store.get(long_id(str(number)) or "")
            known = record is not None and record.kind == sobject.name and not record.deleted
            rows.append(
                present.row(sobject, record, request.base, fields) if record and known else None
            )
        return ok(rows)

    def _each(
        self,
        request: ApiRequest,
        rows: list[Any],
        one: Callable[[Any], dict[str, Any]],
        all_or_none: bool,
    ) -> Answer:
        store, results, failed = request.org.store, [], False
        before = store.mark()
        for row in rows:
            mark = store.mark()
            try:
                results.append(one(row))
            except ApiError as error:
                if error.code in WHOLE_CALL:
                    raise
                store.rollback(mark)
                failed = True
                results.append({"success": False, "errors": [error.element()]})
        if failed and all_or_none:
            store.rollback(before)
            halted = ApiError("ALL_OR_NONE_OPERATION_ROLLED_BACK", ROLLED_BACK, [])
            results = [
                {"success": False, "errors": [halted.element()]} if row["success"] else row
                for row in results
            ]
        return ok(results)


def _success(record: Record) -> dict[str, Any]:
    return {"id": record.id, "success": True, "errors": []}


def _records(request: ApiRequest) -> tuple[list[dict[str, Any]], bool]:
    body = request.body()
    rows = body.get("records")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise unparsable("records must be a list of objects")
    _check_count(len(rows), MAX_ROWS)
    return rows, body.get("allOrNone") is True


def _check_count(count: int, most: int) -> None:
    if count > most:
        message = f"record limit reached. cannot submit more than {most} records into this call"
        raise ApiError("EXCEEDED_ID_LIMIT", message)
    if not count:
        raise ApiError("MISSING_ARGUMENT", "No records were given")


def _check_chunks(types: list[str]) -> None:
    chunks = sum(1 for _type, _rows in groupby(name.lower() for name in types))
    if chunks > MAX_CHUNKS:
        message = (
            f"Cannot have more than {MAX_CHUNKS} chunks in a single operation. Please rearrange "
            "the data to reduce chunking."
        )
        raise ApiError("LIMIT_EXCEEDED", message)


def _type(row: dict[str, Any]) -> str:
    attributes = row.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not isinstance(name, str):
        raise ApiError("INVALID_TYPE", "Each record needs attributes with its type")
    return name


def _sobject(request: ApiRequest, name: str) -> SObject:
    found = request.org.store.schema.find(name)
    if found is None or found.use == "tooling":
        raise ApiError("INVALID_TYPE", f"sObject type '{name}' is not supported.", [])
    return found


def _key(row: dict[str, Any], name: str) -> Any:
    return next((row[key] for key in row if key.lower() == name.lower()), None)
