"""getUpdated and getDeleted: ids that changed in a span of time.

Promise: seconds are ignored; spans of less than a minute, that end before they start or begin over
30 days (deleted: 15) ago are refused; over 600,000 ids are EXCEEDED_ID_LIMIT. Deleted rows are told
of even when they were purged. Weakness: the delete log is never shortened before its 15 days.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer
from . import moments
from .errors import ApiError
from .request import ApiRequest, ok

MINUTE = 60_000
UPDATED_DAYS = 30
DELETED_DAYS = 15
MAX_IDS = 600_000


class ReplicationApi:
    """Handlers for ``/sobjects/{object}/updated`` and ``deleted``."""

    def updated(self, request: ApiRequest) -> Answer:
        """Ids of rows that were created or changed, live ones only."""
        start, end = self._span(request, UPDATED_DAYS)
        store = request.org.store
        ids = [
            record.id
            for record in store.rows(request.sobject)
            if start <= record.values["SystemModstamp"] < end
        ]
        return ok({"ids": _few(ids), "latestDateCovered": self._covered(request, end)})

    def deleted(self, request: ApiRequest) -> Answer:
        """Ids and moments of deletions."""
        start, end = self._span(request, DELETED_DAYS)
        rows = request.org.store.table(request.sobject).rows.values()
        found = [
            {"id": record.id, "deletedDate": moments.text_of(record.deleted_at // 1000 * 1000)}
            for record in rows
            if record.deleted_at is not None and start <= record.deleted_at < end
        ]
        earliest = request.org.clock.now() - DELETED_DAYS * moments.DAY_MS
        body: dict[str, Any] = {"deletedRecords": _few(found)}
        body["earliestDateAvailable"] = moments.text_of(earliest // MINUTE * MINUTE)
        return ok(body | {"latestDateCovered": self._covered(request, end)})

    def _span(self, request: ApiRequest, days: int) -> tuple[int, int]:
        now, bounds = request.org.clock.now(), []
        for name in ("start", "end"):
            try:
                bounds.append(moments.parse(request.call.query.get(name, "")))
            except (ValueError, OverflowError) as error:
                message = f"{name} is not a date with time and zone"
                raise ApiError("INVALID_REPLICATION_DATE", message) from error
        start, end = (moment // MINUTE * MINUTE for moment in bounds)
        if start < now - days * moments.DAY_MS - MINUTE:
            message = f"startDate cannot be more than {days} days ago"
            raise ApiError("INVALID_REPLICATION_DATE", message)
        if end - start < MINUTE:
            message = "endDate must be at least one minute greater than startDate"
            raise ApiError("INVALID_REPLICATION_DATE", message)
        return start, end

    @staticmethod
    def _covered(request: ApiRequest, end: int) -> str:
        return moments.text_of(min(end, request.org.clock.now() // MINUTE * MINUTE))


def _few(rows: list[Any]) -> list[Any]:
    if len(rows) > MAX_IDS:
        raise ApiError("EXCEEDED_ID_LIMIT", f"exceeded the limit of {MAX_IDS} ids")
    return rows
