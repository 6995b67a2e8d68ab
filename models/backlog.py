"""Is there room for another delivery? Answered without counting, nearly always.

Each process keeps, for every connection, the last exact count and adds what it has accepted
since. It counts again when that count is older than ten seconds or the estimate reaches the
ceiling, and the count itself stops at the ceiling: the cost of a delivery does not grow with the
backlog. While the connection is full, it counts at most once a second.

Weakness: the estimate knows nothing of what other processes accept or workers finish in between;
the ceiling can be overshot by what all processes accept within ten seconds.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

STALE_SECONDS = 10.0
FULL_SECONDS = 1.0


@dataclass
class _Estimate:
    waiting: int
    counted_at: float


_estimates: dict[tuple[str, int], _Estimate] = {}


def has_room(cr, connection_id: int, ceiling: int) -> bool:
    """Whether fewer than ``ceiling`` events of the connection wait."""
    key, now = (cr.dbname, connection_id), time.monotonic()
    known = _estimates.get(key)
    age = now - known.counted_at if known else STALE_SECONDS
    full = known is not None and known.waiting >= ceiling
    if age >= STALE_SECONDS or (full and age >= FULL_SECONDS):
        known = _estimates[key] = _Estimate(_count(cr, connection_id, ceiling), now)
    return known.waiting < ceiling


def add(cr, connection_id: int, accepted: int) -> None:
    """Events were accepted."""
    known = _estimates.get((cr.dbname, connection_id))
    if known:
        known.waiting += accepted


def forget() -> None:
    """Count anew at the next delivery (tests change the backlog behind our back)."""
    _estimates.clear()


def _count(cr, connection_id, ceiling):
    cr.execute(
        """SELECT count(*) FROM (
               SELECT 1 FROM sync_event WHERE connection_id = %s AND state = 'pending'
                LIMIT %s) waiting""",
        [connection_id, ceiling],
    )
    return cr.fetchone()[0]
