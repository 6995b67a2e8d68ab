"""Pages of query results.

Promise: a page of ``query_page`` rows, or of ``batchSize`` in ``Sforce-Query-Options`` (200 to
2000), and the address of the next one; the ten newest results are kept, an older one is
INVALID_QUERY_LOCATOR. Weakness: rows are shown as they were when the query ran.
"""

from __future__ import annotations

import re
from typing import Any

from .config import Options
from .errors import ApiError
from .ids import Ids

MAX_CURSORS = 10
BATCH = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


class Cursors:
    """Results that were not read to their end."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._ids = Ids(options.seed)
        self._kept: dict[str, tuple[int, list[dict[str, Any]]]] = {}

    def size(self, header: str) -> int:
        """How many rows a page has."""
        match = BATCH.search(header)
        if match is None:
            return self.options.query_page
        return min(max(int(match[1]), 200), self.options.query_page)

    def first(self, total: int, rows: list[dict[str, Any]], size: int, base: str) -> dict[str, Any]:
        """The first page."""
        if len(rows) <= size:
            return {"totalSize": total, "done": True, "records": rows}
        name = self._ids.new("01g")
        self._kept[name] = (total, rows)
        while len(self._kept) > MAX_CURSORS:
            del self._kept[next(iter(self._kept))]
        return self._page(name, 0, size, base)

    def next(self, locator: str, size: int, base: str) -> dict[str, Any]:
        """The page that a locator leads to. Raises :class:`ApiError`."""
        name, _, place = locator.partition("-")
        if name not in self._kept or not place.isdecimal():
            raise ApiError("INVALID_QUERY_LOCATOR", "invalid query locator")
        return self._page(name, int(place), size, base)

    def _page(self, name: str, start: int, size: int, base: str) -> dict[str, Any]:
        total, rows = self._kept[name]
        page: dict[str, Any] = {"totalSize": total, "done": start + size >= len(rows)}
        if not page["done"]:
            page["nextRecordsUrl"] = f"{base}/query/{name}-{start + size}"
        return page | {"records": rows[start : start + size]}
