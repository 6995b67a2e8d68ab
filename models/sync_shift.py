"""One run of a worker, and the pace of its rounds.

Promise: the first round after a rest begins at once, a further one no sooner than
:data:`PACE_SECONDS` after the one before, unless that has left work undone. Meanwhile
:data:`PACE_LOCK` tells everybody that a round is about to begin (docs/adr/019).

Weakness: two workers that keep pace at once hold the lock one at a time; who relies on it relies on
that one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from odoo.sql_db import BaseCursor

#: From the start of a round to that of the next one, while there is less to do than a batch holds.
#: A round costs some thirty statements, and a batch a call, however little is in it: what comes in
#: a stream is worked five times a second and not one by one. After a rest, nothing waits.
PACE_SECONDS = 0.2
#: Advisory lock of a worker that is about to begin a round: news that is committed before it is
#: free again is seen by that round, and need wake nobody.
PACE_LOCK = 7216450001


@dataclass
class Shift:
    """One run of a worker.

    ``worker`` is the key of its advisory lock, held by ``guard``; none of them in test mode, where
    nobody waits. ``post`` is where it kept watch last, None if there was no room. ``is_relieved``:
    its time ended while it watched over others, and somebody has to come in its place.
    ``round_at`` is when its last round began; ``is_behind`` whether that has left work undone;
    ``scan_at`` when it looks for imports and polls next, ``owes_scan`` whether somebody may wait
    for that (all on the clock of ``time.monotonic``).
    """

    deadline: float | None = None
    worker: int | None = None
    guard: BaseCursor | None = None
    post: int | None = None
    is_relieved: bool = False
    round_at: float = 0.0
    is_behind: bool = True
    scan_at: float = 0.0
    owes_scan: bool = False

    @property
    def is_over(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def begin_round(self) -> bool:
        """Wait until the next round may begin, and tell whether there was time to wait."""
        early = self.round_at + PACE_SECONDS - time.monotonic()
        is_early = early > 0 and self.guard is not None and not self.is_behind
        if is_early:
            self.keep_pace(early)
        self.round_at, self.is_behind = time.monotonic(), False
        return is_early

    def keep_pace(self, seconds):
        """Wait; who stores news meanwhile need wake nobody, for we look once more afterwards."""
        self.guard.execute('SELECT pg_try_advisory_lock(%s)', [PACE_LOCK])
        is_mine = self.guard.fetchone()[0]
        time.sleep(seconds)
        if is_mine:
            self.guard.execute('SELECT pg_advisory_unlock(%s)', [PACE_LOCK])
