"""Odoo's log after a fault: no secret in it, no traceback of ours, no error of ours.

A database that goes away in the middle of a statement is no error of ours: Odoo's own framework
logs such a traceback, whoever ran the statement. Everything else that ends in our code is, and so
is every line of ours at ERROR. Weakness: a secret is found as it stands, not encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.faults.violation import Violation

_BEGIN = re.compile(
    r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d+ (?P<pid>\d+) (?P<level>[A-Z]+) \S+ (?P<logger>[\w.?]+): ",
    re.M,
)
_FRAME = re.compile(r'File "[^"]*/saas_sync/(?!tests/)')
OURS = "odoo.addons.saas_sync"
#: What a traceback ends in when the database, or the way to it, has gone.
_GONE = re.compile(
    r"^(psycopg2\.(OperationalError|InterfaceError|errors\.(AdminShutdown|CrashShutdown"
    r"|CannotConnectNow|IdleInTransactionSessionTimeout))"
    r"|odoo\.sql_db\.PoolError|psycopg2\.DatabaseError: (server closed|SSL|could not receive))",
    re.M,
)


@dataclass(frozen=True)
class Record:
    """One entry of the log, its traceback included."""

    level: str
    logger: str
    text: str

    @property
    def is_traceback_of_ours(self) -> bool:
        return "Traceback (most recent call last)" in self.text and bool(_FRAME.search(self.text))

    @property
    def database_has_gone(self) -> bool:
        return bool(_GONE.search(self.text))


def records(text: str) -> Iterator[Record]:
    begins = list(_BEGIN.finditer(text))
    ends = [match.start() for match in begins[1:]] + [len(text)]
    for match, end in zip(begins, ends, strict=True):
        yield Record(match["level"], match["logger"], text[match.start() : end])


def complaints(text: str, secrets: list[str]) -> Iterator[Violation]:
    """What must not be in the log."""
    for secret in secrets:
        if secret in text:
            at = text.index(secret)
            yield Violation("I10 no secret in the log", text[max(at - 200, 0) : at])
    for record in records(text):
        wrong = record.is_traceback_of_ours or (
            record.logger.startswith(OURS) and record.level in ("ERROR", "CRITICAL")
        )
        if wrong and not record.database_has_gone:
            yield Violation("I2 nothing fails unhandled", record.text[:200] + record.text[-1500:])
