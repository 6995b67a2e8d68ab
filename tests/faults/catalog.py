"""Every kind of fault: how it begins, and how it is lifted.

Promise: which faults come when, and with which parameters, is a pure function of the seed and the
slice (`plan`). Each kind is a context manager over the :class:`Trouble` of a slice: what it does
before its `yield` is the fault, what it does after is the end of it. Kinds are listed, with how
often they come in proportion and how long they last, in `KINDS`.

Weakness: what exactly is hit (which statement, which call, which worker) is decided by the moment,
and moments are real. A fault that found nothing to hit in its time is not counted.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

#: Faults a second. One in six ends what a worker is doing: were there more of those, workers would
#: die before they come to any work, and nothing else would be put to the test.
PACE = 1.25


@dataclass(frozen=True)
class Kind:
    """`weight` is how often it comes in proportion, `seconds` how long it lasts."""

    name: str
    group: str
    weight: float
    seconds: tuple[float, float]
    begin: Callable[..., AbstractContextManager]
    stops_postgres: bool


KINDS: dict[str, Kind] = {}


def fault(group: str, weight: float, seconds=(0.3, 1.5), *, name: str = "", stops_postgres=False):
    """Register a kind; the function gets the trouble and a random source of its own, and yields
    once. It may raise :class:`Missed`, after its yield too, where there was nothing to hit.
    """

    def register(begin: Callable[..., Iterator[None]]):
        label = name or begin.__name__.strip("_")
        KINDS[label] = Kind(label, group, weight, seconds, contextmanager(begin), stops_postgres)
        return begin

    return register


class Missed(Exception):
    """There was nothing to hit."""


@dataclass(frozen=True)
class Planned:
    """A fault of the plan: of `kind`, from `at` for `seconds`, with `seed` for its particulars."""

    at: float
    kind: str
    seconds: float
    seed: str


def plan(seed: int, number: int, seconds: float, *, may_stop: bool = True) -> list[Planned]:
    """The faults of slice `number`; `may_stop` whether PostgreSQL may be stopped."""
    rng = random.Random(f"{seed}:{number}:faults")
    kinds = [kind for kind in KINDS.values() if may_stop or not kind.stops_postgres]
    weights = [kind.weight for kind in kinds]
    planned, at = [], 0.0
    while (at := at + rng.expovariate(PACE)) < seconds:
        [kind] = rng.choices(kinds, weights)
        lasts = min(rng.uniform(*kind.seconds), seconds - at)
        planned.append(Planned(at, kind.name, lasts, f"{seed}:{number}:{len(planned)}"))
    return planned
