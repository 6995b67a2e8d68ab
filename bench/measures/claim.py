"""Claim of 100 lanes: with an empty queue, a long history, a pile on one record, a pinned snapshot.

Each has a database of its own, so that none of them has what another one is measured with. Checked:
every claim holds the 100 lanes, the one of the pile all its messages. Weakness: the CPU seconds are
of the whole round, with the lay-out of each claim; the figure is of the claim alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import psycopg2

from ..contract import Contender, Measure, Sample, Target, require
from ..shell import Shell
from ..stage import Stage
from ..world import World

LANES = 100
CONTENDERS = {
    "empty": "an empty queue",
    "ours": "old messages",
    "hot": "messages waiting on one record",
    "pinned": "a snapshot pinned under churn",
}


@dataclass(frozen=True)
class Queues:
    shells: Mapping[str, Shell]
    times: int
    pile: int
    churned: int


@contextmanager
def pinned(world: World) -> Iterator[None]:
    """Somebody's transaction looks at the database as it was, and does not end."""
    connection = psycopg2.connect(dbname=world.name)
    connection.set_session(isolation_level="REPEATABLE READ")
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sync_connection")
        yield
    finally:
        connection.close()


@contextmanager
def prepare(stage: Stage) -> Iterator[Queues]:
    pile = stage.size(100_000, quick=10_000)
    with ExitStack() as stack:
        first = stack.enter_context(stage.ours(partners=stage.size(100, quick=20)))
        worlds = {"empty": first}
        for key in ("ours", "hot", "pinned"):
            worlds[key] = stack.enter_context(first.copy())
        shells = {key: stack.enter_context(one.shell("claim")) for key, one in worlds.items()}
        shells["ours"].call("fill", messages=stage.size(5_000_000, quick=200_000))
        shells["hot"].call("pile_up", messages=pile)
        stack.enter_context(pinned(worlds["pinned"]))
        seconds = stage.size(60, quick=8)
        churned = shells["pinned"].call("churn", lanes=LANES, seconds=seconds).result
        yield Queues(shells, stage.size(20, quick=8), pile, churned)


def claims(key: str) -> Callable[[Queues, int], Sample]:
    def run(prepared: Queues, round: int) -> Sample:
        done = prepared.shells[key].call("claims", lanes=LANES, times=prepared.times)
        found = done.result
        require(found["lanes"] == LANES, f"only {found['lanes']} lanes were claimed")
        waiting = LANES - 1 + prepared.pile if key == "hot" else LANES
        require(found["messages"] == waiting, f"{found['messages']} messages, not {waiting}")
        extra = {"churned_lanes": prepared.churned} if key == "pinned" else {}
        return done.sample(found["ms"], **extra)

    return run


MEASURE = Measure(
    key="claim",
    title=f"Claim of {LANES} lanes",
    unit="ms",
    better="lower",
    prepare=prepare,
    contenders=tuple(Contender(key, title, claims(key)) for key, title in CONTENDERS.items()),
    targets=(
        Target(
            "at most 1.2 × the empty queue with 5,000,000 old messages",
            over="empty",
            at_most=1.2,
            explanation="Every index a claim reads is partial, and holds what waits alone.",
        ),
        Target(
            "at most 1.2 × the empty queue with 100,000 messages on one record",
            contender="hot",
            over="empty",
            at_most=1.2,
            explanation="The claim walks from kind to kind and reads the newest of each.",
        ),
        Target(
            "at most 3 × the empty queue with a snapshot pinned for 60 s",
            contender="pinned",
            over="empty",
            at_most=3,
            explanation="Once a second a claim reads the index entries of all lanes that are gone,"
            " which no vacuum may take away; the others begin where the last one ended.",
        ),
    ),
    bound="One update a lane in every index of the lanes, and the commit.",
)
