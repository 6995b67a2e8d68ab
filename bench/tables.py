"""A run as data: what the report shows and the file of results keeps, measure by measure.

Pure. `of` condenses outcomes, `to_json` and `from_json` are each other's opposite. Promise: every
sample is kept beside the medians, so that a result can be judged anew later. Weakness: a change of
these classes makes older files unreadable; `FORMAT` says so instead of a traceback.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .contract import VALUE
from .runner import Outcome
from .statistics import Rounds, Spread, Verdict, judge, spread

FORMAT = 1
COSTS = ("wall", "cpu_odoo", "cpu_postgres")


class UnknownFormat(ValueError):
    """The file was written by another version of the bench."""


@dataclass(frozen=True)
class ContenderRow:
    """One contender over all rounds. `figures` holds `value`, the costs and every extra."""

    key: str
    title: str
    figures: Mapping[str, Spread]
    samples: tuple[Mapping[str, Any], ...]

    @property
    def value(self) -> Spread:
        return self.figures[VALUE]

    @property
    def extras(self) -> dict[str, Spread]:
        known = (VALUE, *COSTS)
        return {name: one for name, one in self.figures.items() if name not in known}


@dataclass(frozen=True)
class TargetRow:
    """One target and what became of it: `reached`, `not reached` or `not measured`."""

    text: str
    state: str
    figure: Spread | None
    unit: str
    ratio: Spread | None
    explanation: str


@dataclass(frozen=True)
class MeasureRow:
    key: str
    title: str
    unit: str
    better: str
    bound: str
    seconds: float
    rounds: int
    contenders: tuple[ContenderRow, ...]
    targets: tuple[TargetRow, ...]


@dataclass(frozen=True)
class Results:
    """A whole run."""

    begun: str
    quick: bool
    seconds: float
    machine: Mapping[str, str]
    measures: tuple[MeasureRow, ...]

    @property
    def targets(self) -> list[tuple[MeasureRow, TargetRow]]:
        return [(measure, target) for measure in self.measures for target in measure.targets]


def of(
    outcomes: Mapping[str, Outcome], machine: Mapping[str, str], *, begun: str, quick: bool,
    seconds: float,
) -> Results:  # fmt: skip
    """Condense what was measured."""
    samples = {key: outcome.samples for key, outcome in outcomes.items()}
    rows = tuple(_measure(outcome, samples) for outcome in outcomes.values())
    return Results(begun, quick, seconds, machine, rows)


def _measure(outcome: Outcome, samples: Mapping[str, Rounds]) -> MeasureRow:
    measure = outcome.measure
    verdicts = [judge(measure, target, samples) for target in measure.targets]
    contenders = tuple(
        _contender(contender.key, contender.title, outcome.samples[contender.key])
        for contender in measure.contenders
    )
    return MeasureRow(
        key=measure.key,
        title=measure.title,
        unit=measure.unit,
        better=measure.better,
        bound=measure.bound,
        seconds=outcome.seconds,
        rounds=len(contenders[0].samples),
        contenders=contenders,
        targets=tuple(_target(verdict, measure.unit) for verdict in verdicts),
    )


def _contender(key: str, title: str, samples) -> ContenderRow:
    names = [VALUE, *COSTS, *dict.fromkeys(name for sample in samples for name in sample.extra)]
    spreads = {name: spread(samples, name) for name in names}
    return ContenderRow(
        key=key,
        title=title,
        figures={name: one for name, one in spreads.items() if one is not None},
        samples=tuple(asdict(sample) for sample in samples),
    )


def _target(verdict: Verdict, unit: str) -> TargetRow:
    target = verdict.target
    return TargetRow(
        text=target.text,
        state=verdict.state,
        figure=verdict.figure,
        unit=_unit(target.figure, unit),
        ratio=verdict.ratio,
        explanation=target.explanation,
    )


def _unit(figure: str, unit: str) -> str:
    """Of a figure: the measure's own, or what the name of an extra ends in."""
    if figure == VALUE:
        return unit
    return "ms" if figure.endswith("_ms") else figure.replace("_", " ")


def to_json(results: Results) -> dict[str, Any]:
    return {"format": FORMAT, **asdict(results)}


def from_json(data: Mapping[str, Any]) -> Results:
    """What `to_json` has written.

    :raises UnknownFormat: it is of another version
    """
    if data.get("format") != FORMAT:
        raise UnknownFormat(f"format {data.get('format')!r} instead of {FORMAT}")
    measures = tuple(_measure_from(row) for row in data["measures"])
    names = ("begun", "quick", "seconds", "machine")
    return Results(**{name: data[name] for name in names}, measures=measures)


def _measure_from(row: Mapping[str, Any]) -> MeasureRow:
    contenders = tuple(
        ContenderRow(
            key=one["key"],
            title=one["title"],
            figures={name: Spread(**figure) for name, figure in one["figures"].items()},
            samples=tuple(one["samples"]),
        )
        for one in row["contenders"]
    )
    targets = tuple(
        TargetRow(**{**one, "figure": _spread(one["figure"]), "ratio": _spread(one["ratio"])})
        for one in row["targets"]
    )
    return MeasureRow(**{**row, "contenders": contenders, "targets": targets})


def _spread(value: Mapping[str, float] | None) -> Spread | None:
    return value and Spread(**value)
