"""Faults of processes: workers killed at named points, at random, and several at a time."""

from __future__ import annotations

import time

from engine import pause
from tests.faults.catalog import Missed, fault


def _at(point: str):
    @fault("kill", 0.5, (4, 10), name=f"kill {point}")
    def begin(trouble, rng):
        order = trouble.world.arm(point)
        yield
        struck = trouble.world.struck(order)
        trouble.world.disarm(order)
        if not struck:
            raise Missed


for _point in pause.POINTS:
    _at(_point)


@fault("kill", 1.2, name="kill a cron worker at work")
def _at_work(trouble, rng):
    """One of the two, while claims are held: nearly always by both."""
    trouble.until(lambda: trouble.watch.held)
    _kill(trouble, rng, "WorkerCron", 1)
    yield


@fault("kill", 0.5, name="kill a cron worker")
def _cron(trouble, rng):
    _kill(trouble, rng, "WorkerCron", 1)
    yield


@fault("kill", 1, name="kill a web worker")
def _web(trouble, rng):
    _kill(trouble, rng, "WorkerHTTP", 1)
    yield


@fault("kill", 0.15, (2, 4), name="kill storm")
def _storm(trouble, rng):
    """Every worker there is, one after the other, as fast as they come back."""
    for _ in range(rng.randint(3, 6)):
        for kind in ("WorkerCron", "WorkerHTTP"):
            for pid in trouble.world.workers(kind):
                trouble.world.kill(pid)
        time.sleep(rng.uniform(0.1, 0.5))
    yield


def _kill(trouble, rng, kind: str, number: int) -> None:
    workers = trouble.world.workers(kind)
    for pid in rng.sample(workers, min(number, len(workers))):
        if not trouble.world.kill(pid):
            raise Missed
    if not workers:
        raise Missed
