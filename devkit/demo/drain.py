"""Waiting until nothing is on its way any more, in Odoo and at the accounts, with a progress line.

Promise: two looks in a row have found nothing waiting, nothing undelivered and nothing arriving in
between. Raises :class:`~..problems.Problem` when nothing moves for a while, naming what is stuck.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from ..problems import Problem
from .account import Account
from .children import Children
from .measure import Database
from .progress import Progress

LOOK_SECONDS = 0.25
# A lane that backs off for longer than a worker lingers waits for the next full minute.
STUCK_SECONDS = 150


@dataclass(frozen=True)
class Mark:
    """The last event, outbound message and attempt at a moment of our clock."""

    event: int
    message: int
    attempt: int
    at: float


class Drain:
    """Watches one database and the accounts that it talks to."""

    def __init__(self, database: Database, accounts: Sequence[Account], children: Children):
        self._database, self._accounts, self._children = database, accounts, children

    def mark(self) -> Mark:
        """The place in both logs where what comes next begins."""
        rows = self._database
        last = (rows.last_event(), rows.last_message(), rows.last_attempt())
        return Mark(*last, time.monotonic())

    def wait(self, title: str, mark: Mark, expected: int = 0, *, again: int = 0) -> float:
        """Wait for silence; return the seconds from `mark` until the last message was worked.

        :param expected: messages that will arrive after `mark`, for the progress line
        :param again: older messages that were put to work once more
        """
        quiet_since = time.monotonic()
        with Progress(title, expected + again) as bar:
            watch = _Watch()
            while not watch.is_silent:
                self._look(watch, mark)
                if not watch.nothing_waits:
                    quiet_since = time.monotonic()
                done = watch.worked + max(again - watch.left, 0)
                bar.total = max(bar.total, done)
                bar.show(done)
                time.sleep(LOOK_SECONDS)
            bar.remark = f"{watch.worked + again:,} messages"
        return max(quiet_since - mark.at, LOOK_SECONDS)

    def _look(self, watch: _Watch, mark: Mark) -> None:
        if dead := self._children.dead():
            raise Problem(f"The process {dead} has ended; see .dev/logs/demo-{dead}.log.")
        waiting = self._database.waiting()
        watch.left = waiting.events + waiting.outbox
        pending = sum(one.state()["deliveries"]["pending"] for one in self._accounts)
        worked = self._database.worked(mark.event, mark.message)
        watch.saw(worked, bool(waiting) or pending > 0, (worked, waiting, pending))
        if watch.stuck_for > STUCK_SECONDS:
            raise Problem(
                f"Nothing has moved for {STUCK_SECONDS} s, and this is left: {waiting},"
                f" {pending} undelivered. " + "; ".join(map(str, self._database.stuck())),
                "The log is .dev/logs/demo-odoo.log; the screens of SaaS Sync show each attempt.",
            )


class _Watch:
    """What two looks say together."""

    def __init__(self) -> None:
        self.worked = self.left = 0
        self.nothing_waits = self.is_silent = False
        self._seen: object = None
        self._moved = time.monotonic()

    def saw(self, worked: int, waits: bool, everything: object) -> None:
        same = everything == self._seen
        self.is_silent = same and not waits and self.nothing_waits
        self.nothing_waits, self.worked, self._seen = not waits, worked, everything
        if not same:
            self._moved = time.monotonic()

    @property
    def stuck_for(self) -> float:
        return time.monotonic() - self._moved
