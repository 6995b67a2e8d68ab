"""Tooling API: custom fields are made, looked up and deleted.

Promise: ``POST /tooling/sobjects/CustomField`` as documented, for who may customize the
application; the new field is hidden until a permission set gives access. Weakness: no other
tooling objects.
"""

from __future__ import annotations

from ..core.call import Answer
from .errors import ApiError, no_such_id
from .ids import long_id
from .query import Runner
from .records import Record
from .request import ApiRequest, ok
from .soql import parse


class ToolingApi:
    """Handlers for ``/tooling``."""

    def create(self, request: ApiRequest) -> Answer:
        """POST a CustomField: FullName and Metadata."""
        _check_right(request)
        body = request.body()
        hidden = not request.org.options.tooling_grants_access
        row = request.org.custom_fields.create(
            body.get("FullName"), body.get("Metadata"), hidden=hidden
        )
        answer = {"id": row.id, "success": True, "errors": [], "warnings": [], "infos": []}
        return Answer.of_json(201, answer)

    def get(self, request: ApiRequest) -> Answer:
        """GET a CustomField."""
        row = self._row(request)
        shown = {"attributes": {"type": "CustomField", "url": request.call.path}, "Id": row.id}
        return ok(shown | {name: row.get(name) for name in ("DeveloperName", "FullName")})

    def delete(self, request: ApiRequest) -> Answer:
        """DELETE a CustomField."""
        _check_right(request)
        request.org.custom_fields.drop(str(self._row(request).get("FullName")))
        return Answer(204)

    def query(self, request: ApiRequest) -> Answer:
        """``GET /tooling/query?q=``."""
        query = parse(request.call.query.get("q", ""))
        runner = Runner(request.org.store, f"{request.base}/tooling")
        total, rows = runner.run(query)
        answer = {"size": len(rows), "totalSize": total, "done": True, "queryLocator": None}
        return ok(answer | {"entityTypeName": query.source, "records": rows})

    @staticmethod
    def _row(request: ApiRequest) -> Record:
        number = request.args["id"]
        row = request.org.store.get(long_id(number))
        if row is None or row.kind != "CustomField":
            raise no_such_id(number)
        return row


def _check_right(request: ApiRequest) -> None:
    if not request.org.options.customize_application:
        message = "insufficient access rights: the user may not customize the application"
        raise ApiError("INSUFFICIENT_ACCESS", message)
