"""Row locks: who may not write what at this moment.

Promise: a write takes its row and the rows it belongs to (a contact's account); one that is held by
another call or by hand is refused with UNABLE_TO_LOCK_ROW, and one that a fault hits with what the
fault says. Options: ``lock_hold_ms``, for how long a finished call keeps its rows; ``share``, of
the rows that a fault hits. Weakness: Salesforce waits up to ten seconds before it refuses; here it
refuses at once.
"""

from __future__ import annotations

import random

from ..core.clock import Clock
from .config import Options
from .errors import ApiError
from .records import Record

PARENTS = ("AccountId", "ParentId", "Product2Id", "Pricebook2Id")


class Locks:
    """Held rows by id."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.manual: set[str] = set()
        self.share = 0.0
        #: Code and message of the rows that a fault hits; None: they are locked.
        self.fault: tuple[str, str] | None = None
        self.rng = random.Random(options.seed)
        self._held: dict[str, tuple[int, object]] = {}

    def take(self, rows: list[str], caller: object) -> None:
        """Lock rows for a call. Raises :class:`ApiError`."""
        now = self.clock.now()
        for record_id in rows:
            until, holder = self._held.get(record_id, (0, None))
            busy = until > now and holder is not caller
            if record_id in self.manual or busy:
                raise refusal(record_id)
        if self.share and self.rng.random() < self.share:
            raise ApiError(*self.fault, []) if self.fault else refusal(rows[0] if rows else "")
        if self.options.lock_hold_ms:
            until = now + self.options.lock_hold_ms
            self._held.update(dict.fromkeys(rows, (until, caller)))


def rows_of(record: Record | None, values: dict) -> list[str]:
    """The ids that a write of ``values`` to ``record`` locks."""
    found = [record.id] if record else []
    for name in PARENTS:
        for value in (values.get(name), record.get(name) if record else None):
            if value and value not in found:
                found.append(value)
    return found


def refusal(record_id: str) -> ApiError:
    """400 for a row that somebody else holds."""
    message = f"unable to obtain exclusive access to this record or 1 records: {record_id}"
    return ApiError("UNABLE_TO_LOCK_ROW", message, [])
