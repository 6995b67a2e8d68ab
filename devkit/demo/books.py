"""What the ledger of the HubSpot stand-in tells: which calls were made, and what they wrote.

Pure: entries of `GET /_sandbox/ledger` in, numbers out. A batch counts as many records as HubSpot
confirmed, whatever its status; a call that changed nothing is no write.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

READS = re.compile(r"/(batch/read|search)$")
RECORD = re.compile(r"/crm/objects/[^/]+/(?P<kind>[a-z_]+)(/|$)|/crm/v3/objects/(?P<old>[a-z_]+)")
OTHER_WRITES = ("/properties", "/oauth", "/token", "/pipelines")


@dataclass
class Calls:
    """Calls by what they were for; `written` holds `(kind, id)` of every record written."""

    reads: int = 0
    searches: int = 0
    writes: int = 0
    links: int = 0
    setup: int = 0
    refused: int = 0
    limited: int = 0
    written: set[tuple[str, str]] = field(default_factory=set)

    @property
    def total(self) -> int:
        return self.reads + self.searches + self.writes + self.links + self.setup


def classify(entries: Iterable[dict]) -> Calls:
    """Count `entries`."""
    calls = Calls()
    for entry in entries:
        what = sort_of(entry["method"], entry["path"])
        setattr(calls, what, getattr(calls, what) + 1)
        calls.limited += entry["status"] == 429
        calls.refused += what == "writes" and entry["status"] in (400, 409, 207)
        if what == "writes":
            calls.written |= set(written(entry))
    return calls


def sort_of(method: str, path: str) -> str:
    """`reads`, `searches`, `writes` (records), `links` (associations) or `setup`."""
    if path.endswith("/search"):
        return "searches"
    if method == "GET" or READS.search(path):
        return "reads"
    if any(part in path for part in OTHER_WRITES):
        return "setup"
    return "links" if "/associations/" in path else "writes"


def is_change(entry: dict) -> bool:
    """Whether HubSpot has accepted a write of a record or an association. What it refused, such as
    one more try of an address that is none, has changed nothing.
    """
    sort = sort_of(entry["method"], entry["path"])
    return (sort == "writes" and any(written(entry))) or (
        sort == "links" and 200 <= (entry["status"] or 0) < 300
    )


def described(entry: dict) -> str:
    """A call in one line."""
    body = json.dumps(entry["request_body"], ensure_ascii=False)
    return f"{entry['method']} {entry['path']} {body[:300]}"


def written(entry: dict) -> Iterable[tuple[str, str]]:
    """The records that a call to write has written, as HubSpot's answer names them."""
    match = RECORD.search(entry["path"])
    kind = (match and (match["kind"] or match["old"])) or ""
    status = entry["status"] or 0
    if not 200 <= status < 300:
        return
    if entry["path"].endswith("/batch/archive"):
        rows = (entry["request_body"] or {}).get("inputs", [])
    else:
        body = entry["response_body"] or {}
        rows = body.get("results", [body] if "id" in body else [])
    for row in rows:
        yield kind, str(row["id"])
    if entry["method"] == "DELETE":
        yield kind, entry["path"].rsplit("/", 1)[1]
