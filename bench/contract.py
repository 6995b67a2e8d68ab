"""What a measure is: contenders doing the same work, in turn, and the targets of their figures.

A measure is one file of `bench/measures/` that holds a `MEASURE`. Its `prepare` is entered once a
run and yields whatever its contenders need; then every contender runs once a round, the first one
rotating, so that what the machine does meanwhile hits all of them. What a contender does before and
after its clock is its own affair: data are laid out before, the work is checked after.

Promise: a contender that has not done its work raises :class:`WrongWork`, and the run fails; no
figure of wrong work is ever reported. Weakness: `value` is one number a sample; what else is worth
knowing goes into `extra`, where targets and the report find it by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from .stage import Stage

#: The contender that the targets speak of, unless they name another.
OURS = "ours"
#: The figure of a sample that is not one of its extras.
VALUE = "value"


class WrongWork(Exception):
    """A contender has not done what it was measured at. The sentence says what is missing."""


def require(condition: object, sentence: str) -> None:
    """Check the work that was measured.

    :raises WrongWork: `condition` does not hold
    """
    if not condition:
        raise WrongWork(sentence)


@dataclass(frozen=True)
class Sample:
    """One contender, once. Seconds; a CPU figure is None where it cannot be known (PostgreSQL on
    another machine). `extra` are further figures by name (`p99_ms`, `calls_per_record`, …).
    """

    value: float
    wall: float
    cpu_odoo: float | None = None
    cpu_postgres: float | None = None
    extra: Mapping[str, float] = field(default_factory=dict)

    def figure(self, name: str) -> float:
        """`value`, or one of the extras.

        :raises KeyError: the sample has no such figure
        """
        return self.value if name == VALUE else self.extra[name]


@dataclass(frozen=True)
class Contender:
    """Who does the work. `run(prepared, round)` does it once; `round` counts from 0, so that each
    round can write values that were never there before.
    """

    key: str
    title: str
    run: Callable[[Any, int], Sample]


@dataclass(frozen=True)
class Target:
    """What a figure has to reach: alone, or divided by the same figure of `over`.

    `over` is another contender of this measure (divided round by round), or `measure/contender` of
    another measure (median by median; not judged when that is not part of the run). `explanation`
    is the sentence for the report when the target is missed: where the time goes, what bounds it.
    """

    text: str
    contender: str = OURS
    figure: str = VALUE
    over: str | None = None
    at_least: float | None = None
    at_most: float | None = None
    explanation: str = ""

    def __post_init__(self) -> None:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError(f"Target {self.text!r} needs one of at_least and at_most.")


@dataclass(frozen=True)
class Measure:
    """One row of the promise. `repeats` caps the rounds of a full run, for what takes long."""

    key: str
    title: str
    unit: str
    better: Literal["higher", "lower"]
    prepare: Callable[[Stage], AbstractContextManager[Any]]
    contenders: tuple[Contender, ...]
    targets: tuple[Target, ...] = ()
    #: What bounds our figure, in a sentence or two; shown in docs/performance.md.
    bound: str = ""
    repeats: int | None = None

    def __post_init__(self) -> None:
        known = {contender.key for contender in self.contenders}
        for target in self.targets:
            named = {target.contender} | ({target.over} if _is_own(target.over) else set())
            if named - known:
                raise ValueError(f"{self.key}: no contender is called {', '.join(named - known)}.")


def _is_own(over: str | None) -> bool:
    return over is not None and "/" not in over
