"""sObject Rows: one row by id or by external id, and its object's describe.

Promise: 201 with the id, 204 without a body, 200 or 201 for an upsert (204 before version 46), 300
for an external id that several rows have; ``If-Unmodified-Since`` is 412 on a newer row,
``If-Modified-Since`` 304 on an older one or on a describe. Weakness: no ETags, no blobs.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer
from . import moments, present
from .errors import ApiError, no_such_id, not_found
from .fields import Field
from .ids import long_id
from .records import Record
from .request import ApiRequest, ok
from .schema import SObject

UPSERT_ANSWERS = 46.0


class RowsApi:
    """Handlers for ``/sobjects``."""

    def list(self, request: ApiRequest) -> Answer:
        """Describe global."""
        schema = request.org.store.schema
        return _conditional(request, schema.modified, lambda: schema.describe_global(request.base))

    def info(self, request: ApiRequest) -> Answer:
        """``GET /sobjects/{object}``."""
        sobject = request.sobject
        whole = request.org.store.schema.describe_global(request.base)["sobjects"]
        facts = next(row for row in whole if row["name"] == sobject.name)
        return ok({"objectDescribe": facts, "recentItems": []})

    def describe(self, request: ApiRequest) -> Answer:
        """``GET /sobjects/{object}/describe``."""
        sobject, schema = request.sobject, request.org.store.schema
        return _conditional(
            request, sobject.modified, lambda: schema.describe(sobject, request.base)
        )

    def create(self, request: ApiRequest) -> Answer:
        """``POST /sobjects/{object}``."""
        sobject = request.sobject
        record = request.org.dml.insert(sobject, request.body(), request.caller)
        address = f"{request.base}/sobjects/{sobject.name}/{record.id}"
        body = {"id": record.id, "success": True, "errors": []}
        return Answer.of_json(201, body, {"Location": address})

    # -- by id

    def get(self, request: ApiRequest) -> Answer:
        """``GET /sobjects/{object}/{id}``."""
        return self._shown(request, self._row(request))

    def update(self, request: ApiRequest) -> Answer:
        """``PATCH /sobjects/{object}/{id}``."""
        record, body = self._row(request, writing=True), request.body()
        _refuse_field(body, "Id")
        limit = moments.parse_http(request.call.headers.get("if-unmodified-since", ""))
        if limit is not None and record.values["LastModifiedDate"] > limit:
            message = "The record has been modified since the given date"
            raise ApiError("PRECONDITION_FAILED", message)
        request.org.dml.update(request.sobject, record.id, body, request.caller)
        return Answer(204)

    def delete(self, request: ApiRequest) -> Answer:
        """``DELETE /sobjects/{object}/{id}``."""
        record = self._row(request, writing=True)
        request.org.dml.delete(request.sobject, record.id, request.caller)
        return Answer(204)

    def _row(self, request: ApiRequest, *, writing: bool = False) -> Record:
        text = request.args["id"]
        number = long_id(text)
        if number is None or number[:3] != request.sobject.prefix:
            raise no_such_id(text)
        record = request.org.store.get(number)
        if record is None:
            raise not_found()
        if record.deleted:
            raise ApiError("ENTITY_IS_DELETED", "entity is deleted") if writing else not_found()
        return record

    # -- by external id

    def get_by(self, request: ApiRequest) -> Answer:
        """``GET /sobjects/{object}/{field}/{value}``."""
        return self._shown(request, self._by(request))

    def upsert(self, request: ApiRequest) -> Answer:
        """``PATCH /sobjects/{object}/{field}/{value}``."""
        sobject, body, caller = request.sobject, request.body(), request.caller
        name, text = request.args["field"], request.args["value"]
        field = request.org.dml.id_field(sobject, name)
        _refuse_field(body, field.name)
        if request.flag("updateOnly"):
            self._by(request)
        record, created = request.org.dml.upsert(sobject, field.name, text, body, caller)
        if request.number < UPSERT_ANSWERS and not created:
            return Answer(204)
        answer: dict[str, Any] = {"id": record.id, "success": True, "errors": []}
        if request.number >= UPSERT_ANSWERS:
            answer["created"] = created
        return Answer.of_json(201 if created else 200, answer)

    def delete_by(self, request: ApiRequest) -> Answer:
        """``DELETE /sobjects/{object}/{field}/{value}``."""
        record = self._by(request)
        request.org.dml.delete(request.sobject, record.id, request.caller)
        return Answer(204)

    def _by(self, request: ApiRequest) -> Record:
        name, text = request.args["field"], request.args["value"]
        found = request.org.dml.lookup(request.sobject, name, text, request.base)
        if found is None:
            raise not_found()
        return found

    def _shown(self, request: ApiRequest, record: Record) -> Answer:
        sobject = request.sobject
        since = moments.parse_http(request.call.headers.get("if-modified-since", ""))
        if since is not None and record.values["LastModifiedDate"] <= since:
            return Answer(304)
        names = request.words("fields")
        fields = selected(sobject, names) if names else None
        return ok(present.row(sobject, record, request.base, fields))


def selected(sobject: SObject, names: list[str]) -> list[Field]:
    """Fields by name, Id always among them. Raises :class:`ApiError`."""
    found = []
    for name in dict.fromkeys([*names, "Id"]):
        field = sobject.field(name)
        if field is None:
            message = f"No such column '{name}' on sobject of type {sobject.name}"
            raise ApiError("INVALID_FIELD", message)
        if field not in found:
            found.append(field)
    return found


def _refuse_field(body: dict[str, Any], name: str) -> None:
    if any(key.lower() == name.lower() for key in body):
        message = f"The {name} field should not be specified in the sobject data."
        raise ApiError("INVALID_FIELD", message)


def _conditional(request: ApiRequest, modified: int, make: Any) -> Answer:
    since = moments.parse_http(request.call.headers.get("if-modified-since", ""))
    headers = {"Last-Modified": moments.http_text(modified)}
    if since is not None and modified // 1000 * 1000 <= since:
        return Answer(304, b"", headers)
    answer = ok(make())
    answer.headers |= headers
    return answer
