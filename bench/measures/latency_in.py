"""Idle latency inwards: from a delivery sent until its change is in the partner, committed.

For queue_job a request enqueues the job that reads the contact and writes the partner.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import requests

from devkit.demo.books import is_change

from .. import latency
from ..contract import Sample, require
from ..latency import Idle
from ..stage import Stage
from ..world import World

CITY = "SELECT city FROM res_partner WHERE id = %s"
_towns = itertools.count(1)


@contextmanager
def prepare(stage: Stage) -> Iterator[Idle]:
    with latency.idle(stage, tries=stage.size(50, quick=8)) as idle:
        deliver(idle, 0)  # what is loaded at the first call is nobody's latency
        enqueue(idle, 0)
        yield idle


def arrival(idle: Idle, world: World, number: int, send: Callable[[int, str], None]) -> float:
    """Change a contact, `send` the news, wait for the partner; the seconds that took."""
    partner, remote_id = world.partners[number % len(world.partners)]
    town = f"Town {next(_towns)}"
    idle.stage.account.change("contacts", [{"id": remote_id, "properties": {"city": town}}])
    begun = time.perf_counter()
    send(partner, remote_id)
    world.wait(
        lambda: world.database.one(CITY, partner) == town,
        f"the partner of contact {remote_id} is in {town}",
        latency.PATIENCE_SECONDS,
        latency.LOOK_SECONDS,
    )
    return time.perf_counter() - begun


def deliver(idle: Idle, number: int) -> float:
    def send(_partner: int, remote_id: str) -> None:
        idle.pair.ours.deliver(idle.pair.ours_server, [idle.pair.ours.event(remote_id)])

    return arrival(idle, idle.pair.ours, number, send)


def enqueue(idle: Idle, number: int) -> float:
    def send(partner: int, _remote_id: str) -> None:
        url = f"{idle.pair.peers_server.url}/bench/pull/{partner}"
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(url, timeout=60)
        require(answer.status_code == 202, f"the enqueuing was answered {answer.status_code}")

    return arrival(idle, idle.pair.peers, number, send)


def ours(idle: Idle, round: int) -> Sample:
    account = idle.stage.account
    mark = account.calls
    sample = idle.measure(idle.pair.ours_server, lambda number: deliver(idle, number), round)
    idle.pair.ours.settle()
    echoes = [call for call in account.ledger(after=mark) if is_change(call)]
    require(not echoes, f"{len(echoes)} changes that came in were sent back")
    return sample


def queue_job(idle: Idle, round: int) -> Sample:
    return idle.measure(
        idle.pair.peers_server,
        lambda number: enqueue(idle, number),
        round,
        share=latency.PEER_SHARE,
    )


MEASURE = latency.measure(
    "latency_in",
    "Idle latency (median), webhook in until partner written",
    prepare=prepare,
    ours=ours,
    queue_job=queue_job,
    peer="enqueued until written",
    way="the request, its commit, NOTIFY, Odoo's cron worker waking and taking its job, claiming,"
    " one call to read the contact, merging, writing, the commit",
)
