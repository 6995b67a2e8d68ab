"""What the two measures of idle latency share: both servers, idle pauses, percentiles.

Between two tries nothing happens for a random time up to a second, so that workers have gone to
sleep and are woken at any moment of their sleep. Promise: the clock stops when another session sees
the commit (looked at every 3 ms), or at the moment the stand-in's ledger gives for the call's
arrival. Weakness: a round has few tries, so its p99 is its slowest try.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from .contract import OURS, Contender, Measure, Sample, Target
from .server import Server
from .shell import Shell
from .stage import Pair, Stage
from .statistics import percentile

IDLE_SECONDS = 1.0
LOOK_SECONDS = 0.003
PATIENCE_SECONDS = 120
#: Of the tries that a peer gets: nothing is demanded of its tail.
PEER_SHARE = 0.4

BOUND = (
    "Odoo's cron worker: after a NOTIFY it sleeps for its process id modulo 100 ms, runs at nice"
    " 10, and opens a job with several transactions before our code begins. queue_job's jobs run"
    " in web workers, which nobody has to wake."
)
SLOWEST = (
    "This is the slowest try of a round: Odoo's cron worker was still ending its last run, or the"
    " machine was busy."
)


@dataclass(frozen=True)
class Idle:
    """Both worlds, a shell each for what people write, and how often to try."""

    stage: Stage
    pair: Pair
    ours_shell: Shell
    peers_shell: Shell
    tries: int

    def measure(
        self, server: Server, attempt: Callable[[int], float], round: int, *, share: float = 1
    ) -> Sample:
        """Try `share` of the tries; `attempt(number)` answers the seconds it took."""
        chance = random.Random(round)
        seconds = []
        with self.stage.meter(server) as meter:
            for number in range(math.ceil(self.tries * share)):
                time.sleep(chance.uniform(0, IDLE_SECONDS))
                seconds.append(attempt(number))
        return meter.sample(1000 * percentile(seconds, 0.5), **_tail(seconds))


def _tail(seconds: Sequence[float]) -> dict[str, float]:
    return {f"p{share}_ms": 1000 * percentile(seconds, share / 100) for share in (95, 99)}


@contextmanager
def idle(stage: Stage, tries: int) -> Iterator[Idle]:
    pair = stage.pair()
    with (
        pair.ours.shell("latency") as ours_shell,
        pair.peers.shell("latency") as peers_shell,
    ):
        yield Idle(stage, pair, ours_shell, peers_shell, tries)


Run = Callable[[Idle, int], Sample]


def measure(
    key: str,
    title: str,
    *,
    prepare: Callable[[Stage], AbstractContextManager[Idle]],
    ours: Run,
    queue_job: Run,
    peer: str,
    way: str,
) -> Measure:
    """A measure of latency; `way` is what happens between its two moments, for the report."""
    return Measure(
        key=key,
        title=title,
        unit="ms",
        better="lower",
        prepare=prepare,
        contenders=(
            Contender(OURS, "saas_sync", ours),
            Contender("queue_job", f"queue_job: {peer}", queue_job),
        ),
        targets=(
            Target("p50 at most 150 ms", at_most=150, explanation=f"The way is: {way}."),
            Target("p99 at most 1 s", figure="p99_ms", at_most=1000, explanation=SLOWEST),
        ),
        bound=BOUND,
        repeats=3,
    )
