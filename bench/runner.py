"""Running measures: every contender once a round, the first one rotating.

Promise: contenders alternate, so that what the machine does meanwhile hits all of them; wrong work
ends its measure, which then has no figures at all, and the run fails in the end. Weakness: a round
that has begun is finished, whatever the time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from devkit.demo.progress import Progress

from .contract import Contender, Measure, Sample, WrongWork
from .stage import Stage

FULL_REPEATS = 5
QUICK_REPEATS = 3


@dataclass
class Outcome:
    """The samples of one measure, by contender, and how long all of it took."""

    measure: Measure
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    seconds: float = 0.0


def rounds_of(measure: Measure, asked: int | None, quick: bool) -> int:
    """How often: as asked for; else as usual, but no oftener than the measure bears."""
    if asked:
        return asked
    usual = QUICK_REPEATS if quick else FULL_REPEATS
    return min(usual, measure.repeats or usual)


def rotated(contenders: tuple[Contender, ...], number: int) -> tuple[Contender, ...]:
    """The contenders, beginning with another one each round."""
    start = number % len(contenders)
    return contenders[start:] + contenders[:start]


def run(measure: Measure, stage: Stage, rounds: int) -> Outcome:
    """Prepare a measure and run its rounds.

    :raises WrongWork: a contender has not done its work
    """
    begun = time.monotonic()
    outcome = Outcome(measure, {contender.key: [] for contender in measure.contenders})
    total = rounds * len(measure.contenders)
    with Progress(measure.title, total) as bar, _prepared(measure, stage) as prepared:
        prepared_after = time.monotonic() - begun
        done = 0
        for number in range(rounds):
            for contender in rotated(measure.contenders, number):
                bar.show(done, contender.title)
                outcome.samples[contender.key].append(_once(measure, contender, prepared, number))
                done += 1
        bar.remark = f"{rounds} rounds, prepared in {prepared_after:.0f} s"
    outcome.seconds = time.monotonic() - begun
    return outcome


@contextmanager
def _prepared(measure: Measure, stage: Stage) -> Iterator[Any]:
    """What its contenders need. Wrong work of a contender, which has its name, passes through."""
    with ExitStack() as ends:
        try:
            prepared = ends.enter_context(measure.prepare(stage))
        except WrongWork as wrong:
            raise WrongWork(f"{measure.title}, its preparation: {wrong}") from wrong
        yield prepared


def _once(measure: Measure, contender: Contender, prepared, number: int) -> Sample:
    try:
        return contender.run(prepared, number)
    except WrongWork as wrong:
        raise WrongWork(
            f"{measure.title}, {contender.title}, round {number + 1}: {wrong}"
        ) from wrong


def run_all(
    measures: Iterable[Measure], stage: Stage, asked: int | None
) -> tuple[dict[str, Outcome], list[str]]:
    """Run them one after the other; the outcomes by key, and a sentence for each that failed."""
    outcomes, failures = {}, []
    for measure in measures:
        try:
            outcomes[measure.key] = run(measure, stage, rounds_of(measure, asked, stage.quick))
        except WrongWork as wrong:
            failures.append(str(wrong))
            print(f"  ✗ {wrong}", flush=True)
            stage.end_pair()
    return outcomes, failures
