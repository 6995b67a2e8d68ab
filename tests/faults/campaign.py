"""The random campaign: slices of load and faults, each followed by a full verification.

Promises: the plan of a run (who does what, which faults come when, with which values) is a pure
function of the seed; one violation makes the run fail, and leaves its evidence (logs, ledger,
deliveries, plan) in `.dev/faults/<seed>/`. Weakness: timing is real, so a violation that hangs on
a race may need the same seed more than once.

`python -m tests.faults.campaign --minutes 20 --seed 1` is what `./dev faults` runs.
"""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

from devkit.layout import this_checkout
from tests.faults import report
from tests.faults.book import Book
from tests.faults.database import missing
from tests.faults.rescue import RescueWatch
from tests.faults.slice import LIMIT, Outcome, Slice
from tests.faults.world import World

#: Seconds of load and faults before everything is verified.
SLICE_SECONDS = 90
#: The account delivers as HubSpot does: at least once, in no order.
DELIVERY = {"duplicate_rate": 0.25, "shuffle": True, "concurrency": 4, "max_batch": 20}
LIMITS = {"enabled": True, "burst": LIMIT}


class Campaign:
    """`outcomes` of the slices so far."""

    def __init__(self, seed: int, say=print):
        self.seed, self._say = seed, say
        self.outcomes: list[Outcome] = []
        self.rescues: list[float] = []
        self.restarts = 0
        self.stops_postgres = True

    def run(self, seconds: float, slice_seconds: float = SLICE_SECONDS) -> None:
        """Slices until the time is over, or something is wrong."""
        with World(self.seed, limits=LIMITS) as world, RescueWatch(world.database) as watch:
            self.stops_postgres = world.server.can_stop
            world.supervisor.on_death = watch.forget
            world.subscribe(seed=self.seed, **DELIVERY)
            book, end = Book(), time.monotonic() + seconds
            while time.monotonic() < end and not self.failed:
                left = max(end - time.monotonic(), 10)
                self._slice(world, book, watch, min(slice_seconds, left))
                self.rescues, self.restarts = watch.seconds, world.supervisor.restarts

    def _slice(self, world: World, book: Book, watch: RescueWatch, seconds: float) -> None:
        part = Slice(world, book, watch, self.seed, len(self.outcomes) + 1)
        self.outcomes.append(part.outcome)
        try:
            part.run(seconds)
        except BaseException:
            self._keep(world, part.outcome)
            raise
        if part.outcome.violations:
            self._keep(world, part.outcome)
        self._say(report.line(part.outcome))

    @property
    def failed(self) -> bool:
        return any(outcome.violations for outcome in self.outcomes)

    @property
    def faults(self) -> Counter:
        return sum((outcome.faults for outcome in self.outcomes), Counter())

    @property
    def missed(self) -> Counter:
        return sum((outcome.missed for outcome in self.outcomes), Counter())

    def _keep(self, world: World, outcome: Outcome) -> None:
        """The evidence of a slice that went wrong."""
        folder = evidence(self.seed) / f"slice-{outcome.number}"
        folder.mkdir(parents=True, exist_ok=True)
        text = "\n\n".join(map(str, outcome.violations))
        (folder / "violations.txt").write_text(text, encoding="utf-8")
        shutil.copy(world.odoo.log_path, folder / "odoo.log")
        (folder / "postgres.log").write_text(world.server.log(), encoding="utf-8")
        for name in ("ledger", "deliveries"):
            (folder / f"{name}.jsonl").write_text(world.box.call("GET", name).text)
        world.database.dump(folder / "database.sql")


def evidence(seed: int) -> Path:
    """Where the evidence of a run is kept."""
    return this_checkout().dev / "faults" / str(seed)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--document", action="store_true")
    options = parser.parse_args()
    if missing():
        print(f"run it by ./dev faults, which sets {', '.join(missing())}", file=sys.stderr)
        return 2
    shutil.rmtree(evidence(options.seed), ignore_errors=True)
    campaign = Campaign(options.seed, say=lambda text: print(text, flush=True))
    begun = time.monotonic()
    with contextlib.suppress(KeyboardInterrupt):
        campaign.run(options.minutes * 60)
    table = report.markdown(campaign, time.monotonic() - begun)
    print(table)
    path = evidence(options.seed).with_suffix(".md")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(table, encoding="utf-8")
    if options.document:
        report.document(table)
    return 1 if campaign.failed or not campaign.outcomes else 0


if __name__ == "__main__":
    sys.exit(main())
