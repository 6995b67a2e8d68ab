"""What becomes of samples: medians with their ranges, ratios round by round, verdicts on targets.

Pure. Promise: a ratio is taken within one round, where both contenders met the same machine, and
only then is the median taken; a figure that was not measured is judged as such and never passes.
Weakness: a range is the least and the greatest of three to five rounds, no confidence interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from .contract import Measure, Sample, Target

#: Samples of one measure: by contender, one a round.
Rounds = Mapping[str, Sequence[Sample]]


@dataclass(frozen=True)
class Spread:
    """A median with its range."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(median(values), min(values), max(values))


@dataclass(frozen=True)
class Verdict:
    """A target, judged. `reached` is None where there was nothing to judge; `figure` is the
    contender's own, `ratio` what was compared where the target is a ratio.
    """

    target: Target
    reached: bool | None
    figure: Spread | None = None
    ratio: Spread | None = None

    @property
    def judged(self) -> Spread | None:
        return self.ratio if self.target.over else self.figure

    @property
    def state(self) -> str:
        return {True: "reached", False: "not reached", None: "not measured"}[self.reached]


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed: the nearest rank.

    :raises ValueError: there are no values
    """
    if not values:
        raise ValueError("no values, no percentile")
    ranked = sorted(values)
    rank = -(-len(ranked) * round(share * 1_000_000) // 1_000_000)
    return ranked[max(rank, 1) - 1]


def spread(samples: Sequence[Sample], figure: str) -> Spread | None:
    """Of one figure over all rounds; None where no sample has it."""
    values = [_figure(sample, figure) for sample in samples]
    known = [value for value in values if value is not None]
    return Spread.of(known) if known else None


def ratios(above: Sequence[Sample], below: Sequence[Sample], figure: str) -> Spread | None:
    """`above / below` round by round; None where there is nothing to divide, or by."""
    pairs = [
        (_figure(one, figure), _figure(two, figure))
        for one, two in zip(above, below, strict=False)
    ]
    values = [one / two for one, two in pairs if one is not None and two]
    return Spread.of(values) if values else None


def judge(measure: Measure, target: Target, results: Mapping[str, Rounds]) -> Verdict:
    """Judge one target of `measure` by the results of every measure of the run."""
    own = results.get(measure.key, {})
    samples = own.get(target.contender, ())
    figure = spread(samples, target.figure)
    if figure is None:
        return Verdict(target, None)
    if target.over is None:
        return Verdict(target, _holds(target, figure.median), figure)
    ratio = _ratio(target, samples, figure, own, results)
    return Verdict(target, ratio and _holds(target, ratio.median), figure, ratio)


def _ratio(
    target: Target,
    samples: Sequence[Sample],
    figure: Spread,
    own: Rounds,
    results: Mapping[str, Rounds],
) -> Spread | None:
    """Round by round within a measure; between measures, whose rounds have nothing in common, by
    the medians."""
    other, slash, contender = target.over.rpartition("/")
    if not slash:
        return ratios(samples, own.get(contender, ()), target.figure)
    below = spread(results.get(other, {}).get(contender, ()), target.figure)
    if below is None or not below.median:
        return None
    quotient = figure.median / below.median
    return Spread(quotient, quotient, quotient)


def _holds(target: Target, value: float) -> bool:
    if target.at_least is not None:
        return value >= target.at_least
    return value <= target.at_most


def _figure(sample: Sample, name: str) -> float | None:
    """A figure, or one of the costs, if the sample has it."""
    if name in ("wall", "cpu_odoo", "cpu_postgres"):
        return getattr(sample, name)
    try:
        return sample.figure(name)
    except KeyError:
        return None
