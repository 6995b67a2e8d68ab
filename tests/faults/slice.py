"""One slice of the campaign: load and faults for a while, then calm, then the whole truth.

Promise: what is verified is verified at the end of every slice, by everything there is
(:mod:`.invariants`, the book of the load), with every fault lifted. Whatever stopped for a person
(an answer that made no sense, three dead workers in a row) a person replays once, as the screens
offer; what is still stopped after that is a violation.
"""

from __future__ import annotations

import contextlib
import heapq
import itertools
import random
import time
from collections import Counter
from dataclasses import dataclass, field

import psycopg2
import requests

from tests.faults import invariants, kinds_postgres, kinds_processes, kinds_remote, logs  # noqa: F401
from tests.faults.book import Book
from tests.faults.catalog import KINDS, Missed, Planned, plan
from tests.faults.load import Load
from tests.faults.rescue import RescueWatch
from tests.faults.trouble import Trouble
from tests.faults.violation import Violation
from tests.faults.world import PATIENCE, World

#: Calls in ten seconds that the account allows: HubSpot's.
LIMIT = 190
LEARN_SECONDS = 2
REPLAYS = 3


@dataclass
class Outcome:
    """What a slice came to."""

    number: int
    faults: Counter = field(default_factory=Counter)
    missed: Counter = field(default_factory=Counter)
    drain_seconds: float = 0
    replayed: Counter = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    records: int = 0


class Slice:
    """Slice `number` of the campaign of `seed` in `world`."""

    def __init__(self, world: World, book: Book, watch: RescueWatch, seed: int, number: int):
        self._world, self._book, self._watch = world, book, watch
        self._seed, self.outcome = seed, Outcome(number)
        self._trouble = Trouble(world, watch)
        self._log_at = world.odoo.log_path.stat().st_size
        self._active: list[tuple] = []
        self._order = itertools.count()

    def run(self, seconds: float) -> Outcome:
        may_stop = self._world.server.can_stop
        began = self._world.database.value("SELECT (now() AT TIME ZONE 'UTC')::text")
        planned = plan(self._seed, self.outcome.number, seconds, may_stop=may_stop)
        # The people stop with the faults, and those may take longer than planned.
        more = seconds * 10
        with Load(self._world, self._book, self._seed, self.outcome.number, more):
            self._break(planned, seconds)
            self._lift(float("inf"))
            self._world.calm()
        self._settle()
        self.outcome.violations += invariants.in_order(self._world, began)
        self._verify()
        return self.outcome

    # --- faults -------------------------------------------------------------------------------

    def _break(self, planned: list[Planned], seconds: float) -> None:
        begun, ahead, learnt = time.monotonic(), list(reversed(planned)), 0.0
        while (now := time.monotonic() - begun) < seconds:
            if not self._world.is_serving:
                begun += self._pause()
                continue
            if ahead and ahead[-1].at <= now:
                self._begin(ahead.pop(), now)
            self._lift(now)
            if now - learnt > LEARN_SECONDS:
                learnt = now
                with contextlib.suppress(psycopg2.Error):
                    self._book.learn(self._world.database)
            time.sleep(0.02)

    def _pause(self) -> float:
        """Odoo's first process has ended, and loads its models anew: that takes seconds without a
        fault, and would not end with one a second. Return how long it took.
        """
        begun = time.monotonic()
        self._lift(float("inf"))
        while not self._world.is_serving:
            assert time.monotonic() - begun < PATIENCE, "Odoo does not start any more"
            time.sleep(0.1)
        return time.monotonic() - begun

    def _begin(self, fault: Planned, now: float) -> None:
        running = KINDS[fault.kind].begin(self._trouble, random.Random(fault.seed))
        if self._passes(running.__enter__, fault):
            heapq.heappush(self._active, (now + fault.seconds, next(self._order), fault, running))

    def _lift(self, now: float) -> None:
        """End what is over."""
        while self._active and self._active[0][0] <= now:
            *_, fault, running = heapq.heappop(self._active)
            if self._passes(lambda one=running: one.__exit__(None, None, None), fault):
                self.outcome.faults[fault.kind] += 1

    def _passes(self, step, fault: Planned) -> bool:
        """Whether there was something to hit. Two faults may meet: what the one needs, the other
        has just broken.
        """
        try:
            step()
        except (Missed, psycopg2.Error):
            self.outcome.missed[fault.kind] += 1
            return False
        return True

    # --- calm ---------------------------------------------------------------------------------

    def _settle(self) -> None:
        """Drain; then replay what waits for a person, as often as a person would."""
        self._trouble.a_day_passes()
        self._trouble.reconnect()
        # What could not be delivered is not ours to wait for: the account tries again now.
        self._world.box.call("POST", "webhooks", {"flush": True, "flush_timeout_s": 1})
        try:
            self.outcome.drain_seconds = self._world.drain()
            for _ in range(REPLAYS):
                if not self._replay():
                    break
                self._world.drain()
        except AssertionError as error:
            self.outcome.violations.append(Violation("I11 everything drains", str(error)))

    def _replay(self) -> bool:
        stopped = self._world.stopped()
        if stopped:
            for row in stopped:
                self.outcome.replayed[f"{row[1]}: {row[5]}: {row[6]}"] += 1
            person = self._world.person()
            person.call("sync.lane", "action_replay", [row[0] for row in stopped])
        return bool(stopped)

    # --- the truth ----------------------------------------------------------------------------

    def _verify(self) -> None:
        found = self.outcome.violations
        try:
            found += invariants.echoes(self._world)
        except (AssertionError, requests.RequestException) as error:
            found.append(Violation("I11 reconciliation ends", str(error)))
        self._book.learn(self._world.database)
        found += invariants.violations(
            self._world, limit=LIMIT, since="infinity", log=self._new_log()
        )
        found += self._book.violations(invariants.read(self._world))
        found += invariants.fencing(self._watch.samples)
        self.outcome.records = len(self._book.records)

    def _new_log(self) -> str:
        with self._world.odoo.log_path.open("rb") as log:
            log.seek(self._log_at)
            return log.read().decode(errors="replace")
