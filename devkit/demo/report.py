"""The table at the end: numbers, what they have to be, and which are not.

Pure, but for the printing. A row without a condition is for information; one with a condition is
marked, and `wrong` names those that do not hold. Weakness: widths are counted in characters, so
wide scripts shift a column.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

MARKS = {True: "✓", False: "✗", None: " "}


@dataclass(frozen=True)
class Row:
    """`holds` is None where nothing is demanded; `demand` says in words what is."""

    label: str
    value: str
    holds: bool | None = None
    demand: str = ""


@dataclass
class Table:
    """Sections of rows, in the order they were added."""

    sections: list[tuple[str, list[Row]]] = field(default_factory=list)

    def section(self, title: str) -> None:
        self.sections.append((title, []))

    def add(self, label: str, value: Any, must: Any = None, note: str = "") -> None:
        """Add a row. `must` is the value it has to have, or a condition on it."""
        text = f"{shown(value)}{f'  {note}' if note else ''}"
        if must is None:
            row = Row(label, text)
        elif callable(must):
            row = Row(label, text, bool(must(value)), condition(must))
        else:
            row = Row(label, text, value == must, shown(must))
        self.sections[-1][1].append(row)

    @property
    def wrong(self) -> list[str]:
        """A sentence for every number that is not what it must be."""
        return [
            f"{title}: {row.label} is {row.value}, and must be {row.demand}"
            for title, rows in self.sections
            for row in rows
            if row.holds is False
        ]

    def lines(self) -> list[str]:
        width = max(len(row.label) for _title, rows in self.sections for row in rows)
        found = []
        for title, rows in self.sections:
            found += ["", title]
            found += [f" {MARKS[row.holds]} {row.label:<{width}}  {row.value}" for row in rows]
        return found


def condition(must: Callable[[Any], bool]) -> str:
    """What a condition says of itself, in its docstring."""
    return (must.__doc__ or "otherwise").strip()


def at_least(least: float) -> Callable[[Any], bool]:
    def must(value: Any) -> bool:
        return value >= least

    must.__doc__ = f"at least {shown(least)}"
    return must


def at_most(most: float) -> Callable[[Any], bool]:
    def must(value: Any) -> bool:
        return value <= most

    must.__doc__ = f"at most {shown(most)}"
    return must


def shown(value: Any) -> str:
    """A number as people write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.2f}" if abs(value) < 10 else f"{value:,.0f}"
    return str(value)
