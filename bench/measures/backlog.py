"""A backlog worked off: five events a record, twice as many records, one worker, its memory.

Half of the records first, then all of them: were the time not linear in the records, the whole
would take longer for each than the half. Memory is what the worker's process has resident, looked
at while it works and compared with before; it is flat if the second half of the work has not
brought more than the first. Checked: every record holds the new values, is linked, nothing waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from .. import pipelines
from ..contract import Contender, Measure, Sample, Target, require
from ..shell import Done, Shell
from ..stage import Stage
from ..world import Ours

EACH = 5
LOOK_SECONDS = 0.2
#: Within so many MB a process counts as flat: what the allocator keeps comes and goes.
FLAT_MB = 30


@dataclass(frozen=True)
class Backlog:
    ours: Ours
    shell: Shell


@dataclass
class Watched:
    """What a process had resident while the block ran."""

    shell: Shell
    seen: list[float] = field(default_factory=list)

    def __enter__(self) -> Watched:
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(LOOK_SECONDS):
            self.seen.append(self.shell.rss())

    def growth(self) -> float:
        """The most of the second half, less the most of the first."""
        middle = len(self.seen) // 2
        return max(self.seen[middle:], default=0) - max(self.seen[:middle], default=0)


@contextmanager
def prepare(stage: Stage) -> Iterator[Backlog]:
    records = stage.size(20_000, quick=300)
    with stage.ours(partners=records) as ours, ours.shell(pipelines.INSIDE) as shell:
        # Warm: what the first batch loads, once and for all, is no part of the backlog.
        worked(Backlog(ours, shell), [remote for _partner, remote in ours.partners[:100]], " warm")
        yield Backlog(ours, shell)


def worked(prepared: Backlog, remote_ids: Sequence[str], mark: str) -> tuple[Done, Watched, float]:
    """Change the contacts, store their events, and work them off."""
    ours, shell = prepared.ours, prepared.shell
    pipelines.change_contacts(ours, remote_ids, mark)
    shell.call("store_events", remote_ids=list(remote_ids), each=EACH)
    idle = shell.rss()
    with Watched(shell) as watched:
        done = shell.call("work")
    pipelines.require_applied(ours, mark, len(remote_ids))
    open_events = ours.database.one("SELECT count(*) FROM sync_event WHERE state <> 'done'")
    require(not open_events, f"{open_events} events are not done")
    return done, watched, idle


def part(prepared: Backlog, round: int, sort: str, share: float) -> Sample:
    everybody = [remote for _partner, remote in prepared.ours.partners]
    remote_ids = everybody[: int(len(everybody) * share)]
    done, watched, idle = worked(prepared, remote_ids, pipelines.town(sort, round))
    return done.sample(
        1000 * done.wall / len(remote_ids),
        cpu_ms=1000 * done.cpu_odoo / len(remote_ids),
        rss_above_idle_mb=max(watched.seen, default=idle) - idle,
        rss_growth_mb=watched.growth(),
    )


def ours(prepared: Backlog, round: int) -> Sample:
    return part(prepared, round, "whole", 1)


def half(prepared: Backlog, round: int) -> Sample:
    return part(prepared, round, "half", 0.5)


MEASURE = Measure(
    key="backlog",
    title="A backlog of five events a record, one worker: time for each record",
    unit="ms",
    better="lower",
    prepare=prepare,
    contenders=(
        Contender("ours", "the whole backlog", ours),
        Contender("half", "half of it", half),
    ),
    targets=(
        Target(
            "linear: at most 1.15 × the time for each record of half of it",
            over="half",
            at_most=1.15,
            explanation="Dispatch, claim and settlement read what they work on, and no more.",
        ),
        Target(
            "at most 300 MB resident above idle",
            figure="rss_above_idle_mb",
            at_most=300,
            explanation="A batch of a hundred records is held at a time.",
        ),
        Target(
            "flat: the second half of the work brings no more memory than the first",
            figure="rss_growth_mb",
            at_most=FLAT_MB,
            explanation="What the ORM has cached of a batch is dropped with it.",
        ),
    ),
    bound="The inbound pipeline's own work on each record.",
    repeats=1,
)
