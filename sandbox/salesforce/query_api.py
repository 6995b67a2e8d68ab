"""Query, queryAll, their further pages, and the counts of ``/limits/recordCount``.

Promise: as recorded; ``queryAll`` sees the recycle bin. Weakness: record counts are exact, where
Salesforce's are estimates of yesterday.
"""

from __future__ import annotations

from ..core.call import Answer
from .errors import ApiError, not_found
from .query import Runner
from .request import ApiRequest, ok
from .soql import parse


class QueryApi:
    """Handlers for SOQL."""

    def query(self, request: ApiRequest) -> Answer:
        """``GET /query?q=``."""
        return self._run(request, deleted=False)

    def query_all(self, request: ApiRequest) -> Answer:
        """``GET /queryAll?q=``."""
        return self._run(request, deleted=True)

    def more(self, request: ApiRequest) -> Answer:
        """``GET /query/{locator}``."""
        cursors = request.org.cursors
        return ok(cursors.next(request.args["locator"], self._size(request), request.base))

    def record_count(self, request: ApiRequest) -> Answer:
        """``GET /limits/recordCount?sObjects=Account``; empty objects are left out."""
        store, rows = request.org.store, []
        for name in request.words("sObjects"):
            sobject = store.schema.find(name)
            if sobject is None:
                raise not_found()
            count = sum(1 for _row in store.rows(sobject))
            if count:
                rows.append({"count": count, "name": sobject.name})
        return ok({"sObjects": rows})

    def _run(self, request: ApiRequest, *, deleted: bool) -> Answer:
        text = request.call.query.get("q")
        if not text:
            raise ApiError("MALFORMED_QUERY", "A query string has to be specified")
        runner = Runner(request.org.store, request.base, deleted=deleted)
        total, rows = runner.run(parse(text))
        return ok(request.org.cursors.first(total, rows, self._size(request), request.base))

    @staticmethod
    def _size(request: ApiRequest) -> int:
        return request.org.cursors.size(request.call.headers.get("sforce-query-options", ""))
