"""Running measures: every contender once a round, the first one rotating.

Promise: contenders alternate, so that what the machine does meanwhile hits all of them; the first
wrong work ends the run with its measure, contender and round named. Weakness: a measure that has
begun a round finishes it, whatever the time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

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
    with Progress(measure.title, total) as bar, measure.prepare(stage) as prepared:
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


def _once(measure: Measure, contender: Contender, prepared, number: int) -> Sample:
    try:
        return contender.run(prepared, number)
    except WrongWork as wrong:
        raise WrongWork(
            f"{measure.title}, {contender.title}, round {number + 1}: {wrong}"
        ) from wrong


def run_all(
    measures: Iterable[Measure], stage: Stage, asked: int | None
) -> Mapping[str, Outcome]:
    return {
        measure.key: run(measure, stage, rounds_of(measure, asked, stage.quick))
        for measure in measures
    }
