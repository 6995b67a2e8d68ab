"""Running measures: every contender once a round, the first one rotating.

Promise: contenders alternate, so that what the machine does meanwhile hits all of them; wrong work
ends its measure, which then has no figures at all, and the run fails in the end. On a machine that
is slow or busy a measure has fewer rounds, so that the run keeps its time; two it has always, all
of them where they are short beside the preparation, and a round that has begun is finished.
Weakness: so a very slow machine exceeds the time all the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from devkit.demo.progress import Progress

from .contract import Contender, Measure, Sample, WrongWork
from .stage import Stage

FULL_REPEATS = 5
QUICK_REPEATS = 3
LEAST_REPEATS = 2
#: Seconds within which a run without `--repeats` tries to end.
FULL_SECONDS = 16 * 60
QUICK_SECONDS = 210
#: Measures differ: one may take twice its equal share of what is left.
SHARE = 2


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


def run(measure: Measure, stage: Stage, rounds: int, seconds: float = math.inf) -> Outcome:
    """Prepare a measure and run its rounds, fewer where `seconds` would not do.

    :raises WrongWork: a contender has not done its work
    """
    begun = time.monotonic()
    outcome = Outcome(measure, {contender.key: [] for contender in measure.contenders})
    with (
        Progress(measure.title, rounds * len(measure.contenders)) as bar,
        _prepared(measure, stage) as prepared,
    ):
        ready = time.monotonic()
        for number in range(rounds):
            working = time.monotonic() - ready
            if not _has_time(number, rounds, ready - begun, working, seconds):
                break
            _round(outcome, prepared, number, bar)
            bar.remark = f"{number + 1} rounds, prepared in {ready - begun:.0f} s"
    outcome.seconds = time.monotonic() - begun
    return outcome


def _has_time(done: int, rounds: int, preparing: float, working: float, seconds: float) -> bool:
    """Whether one more round fits, if it takes as long as those before.

    All of them do where they take less than half as long as the preparation: what was prepared for
    minutes is not judged by two rounds of a few seconds.
    """
    if done < LEAST_REPEATS:
        return True
    each = working / done
    return preparing + each * (done + 1) <= seconds or each * rounds <= preparing / 2


def _round(outcome: Outcome, prepared: Any, number: int, bar: Progress) -> None:
    measure = outcome.measure
    for place, contender in enumerate(rotated(measure.contenders, number)):
        bar.show(number * len(measure.contenders) + place, contender.title)
        outcome.samples[contender.key].append(_once(measure, contender, prepared, number))


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
    measures: Sequence[Measure], stage: Stage, asked: int | None
) -> tuple[dict[str, Outcome], list[str]]:
    """Run them one after the other; the outcomes by key, and a sentence for each that failed."""
    outcomes, failures = {}, []
    end = time.monotonic() + (QUICK_SECONDS if stage.quick else FULL_SECONDS)
    for place, measure in enumerate(measures):
        share = SHARE * (end - time.monotonic()) / (len(measures) - place)
        rounds = rounds_of(measure, asked, stage.quick)
        try:
            outcomes[measure.key] = run(measure, stage, rounds, math.inf if asked else share)
        except WrongWork as wrong:
            failures.append(str(wrong))
            print(f"  ✗ {wrong}", flush=True)
            stage.end_pair()
    return outcomes, failures
