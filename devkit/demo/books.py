"""What the ledger of a stand-in tells: which calls were made, and what they wrote.

Pure: entries of `GET /_sandbox/ledger` in, numbers out. A batch counts as many records as the
account confirmed, whatever its status; a call that changed nothing is no write. Salesforce's calls
are told by their paths. Weakness: a Bulk job is a write that names no records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

READS = re.compile(r"/(batch/read|search)$")
RECORD = re.compile(r"/crm/objects/[^/]+/(?P<kind>[a-z_]+)(/|$)|/crm/v3/objects/(?P<old>[a-z_]+)")
OTHER_WRITES = ("/properties", "/oauth", "/token", "/pipelines")

SALESFORCE = "/services/"
SALESFORCE_SETUP = re.compile(r"/oauth2/|/tooling/|/describe$|/limits$|/services/data/?$")
#: What the first three characters of an id say, and no others take part.
SALESFORCE_KINDS = {
    "001": "Account", "003": "Contact", "00Q": "Lead", "006": "Opportunity", "01t": "Product2",
    "01s": "Pricebook2", "01u": "PricebookEntry",
}  # fmt: skip


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
    def inward(self) -> int:
        """Calls to look at records."""
        return self.reads + self.searches

    @property
    def outward(self) -> int:
        """Calls to change records."""
        return self.writes + self.links

    @property
    def total(self) -> int:
        return self.inward + self.outward + self.setup


def classify(entries: Iterable[dict]) -> Calls:
    """Count `entries`."""
    calls = Calls()
    for entry in entries:
        what = sort_of(entry["method"], entry["path"])
        setattr(calls, what, getattr(calls, what) + 1)
        calls.limited += entry["status"] == 429 or _is_over_limit(entry)
        calls.refused += what == "writes" and entry["status"] in (400, 409, 207)
        if what == "writes":
            calls.written |= set(written(entry))
    return calls


def sort_of(method: str, path: str) -> str:
    """`reads`, `searches`, `writes` (records), `links` (associations) or `setup`."""
    if path.startswith(SALESFORCE):
        return _salesforce_sort(method, path)
    if path.endswith("/search"):
        return "searches"
    if method == "GET" or READS.search(path):
        return "reads"
    if any(part in path for part in OTHER_WRITES):
        return "setup"
    return "links" if "/associations/" in path else "writes"


def _salesforce_sort(method: str, path: str) -> str:
    if SALESFORCE_SETUP.search(path):
        return "setup"
    # A collection is read by POST to its object: /composite/sobjects/Contact.
    reads_many = method == "POST" and re.search(r"/composite/sobjects/\w+$", path)
    return "reads" if method == "GET" or reads_many else "writes"


def is_change(entry: dict) -> bool:
    """Whether the account has accepted a write of a record or an association. What it refused,
    such as one more try of an address that is none, has changed nothing.
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
    """The records that a call to write has written, as the account's answer names them."""
    if not 200 <= (entry["status"] or 0) < 300:
        return
    rows = _salesforce_rows if entry["path"].startswith(SALESFORCE) else _hubspot_rows
    yield from rows(entry)


def _hubspot_rows(entry: dict) -> Iterable[tuple[str, str]]:
    match = RECORD.search(entry["path"])
    kind = (match and (match["kind"] or match["old"])) or ""
    if entry["path"].endswith("/batch/archive"):
        rows = (entry["request_body"] or {}).get("inputs", [])
    else:
        body = entry["response_body"] or {}
        rows = body.get("results", [body] if "id" in body else [])
    for row in rows:
        yield kind, str(row["id"])
    if entry["method"] == "DELETE":
        yield kind, entry["path"].rsplit("/", 1)[1]


def _salesforce_rows(entry: dict) -> Iterable[tuple[str, str]]:
    body = entry["response_body"]
    if entry["status"] == 204:  # a single row answers nothing
        yield tuple(entry["path"].rsplit("/", 2)[1:])
    for row in body if isinstance(body, list) else [body or {}]:
        if row.get("success") and row.get("id"):
            yield SALESFORCE_KINDS.get(row["id"][:3], ""), row["id"]


def _is_over_limit(entry: dict) -> bool:
    body = entry["response_body"]
    rows = body if isinstance(body, list) else []
    return any(
        isinstance(row, dict) and row.get("errorCode") == "REQUEST_LIMIT_EXCEEDED" for row in rows
    )
