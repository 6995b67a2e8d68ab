"""Idle latency outwards: from the commit of a partner's change until the call arrives at the
account.

For queue_job the save enqueues the job that makes the call, in the same transaction.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from devkit.demo.books import is_change

from .. import latency
from ..contract import Sample, require
from ..latency import Idle
from ..shell import Shell
from ..stage import Stage
from ..world import World

_towns = itertools.count(1)


@contextmanager
def prepare(stage: Stage) -> Iterator[Idle]:
    with latency.idle(stage, tries=stage.size(50, quick=8)) as idle:
        departure(idle.pair.ours, idle.ours_shell, "write", 0)
        departure(idle.pair.peers, idle.peers_shell, "write_and_enqueue", 0)
        yield idle


def departure(world: World, shell: Shell, function: str, number: int) -> float:
    """Save a partner, wait for the call; the seconds between the commit and its arrival."""
    partner, remote_id = world.partners[number % len(world.partners)]
    town, mark = f"Place {next(_towns)}", world.account.calls
    committed = shell.call(function, partner=partner, city=town).result["at"]
    calls = world.wait(
        lambda: [call for call in world.account.ledger(after=mark) if is_change(call)],
        f"contact {remote_id} was sent",
        latency.PATIENCE_SECONDS,
    )
    require(len(calls) == 1 and town in str(calls[0]["request_body"]), f"sent was {calls!r}")
    return max(_moment(calls[0]) - committed, 0.0)


def _moment(call: dict) -> float:
    """When the call arrived; the ledger has milliseconds."""
    return datetime.fromisoformat(call["time"].replace("Z", "+00:00")).timestamp()


def ours(idle: Idle, round: int) -> Sample:
    def attempt(number: int) -> float:
        return departure(idle.pair.ours, idle.ours_shell, "write", number)

    sample = idle.measure(idle.pair.ours_server, attempt, round)
    idle.pair.ours.settle()
    return sample


def queue_job(idle: Idle, round: int) -> Sample:
    def attempt(number: int) -> float:
        return departure(idle.pair.peers, idle.peers_shell, "write_and_enqueue", number)

    return idle.measure(idle.pair.peers_server, attempt, round, share=latency.PEER_SHARE)


MEASURE = latency.measure(
    "latency_out",
    "Idle latency (median), partner written until call made",
    prepare=prepare,
    ours=ours,
    queue_job=queue_job,
    peer="enqueued until called",
    way="NOTIFY, Odoo's cron worker waking and taking its job, claiming, reading the partner, the"
    " call",
)
