"""The tables of a run: on the screen, and as Markdown with the plots.

Pure: results in, lines out. Every target of the run appears with what became of it, its figure and
its ratio; where it was missed, with the sentence that says where the time goes. Weakness: widths on
the screen are counted in characters, so wide scripts shift a column.
"""

from __future__ import annotations

from collections.abc import Iterator

from .statistics import Spread
from .tables import ContenderRow, MeasureRow, Results, TargetRow

MARKS = {"reached": "✓", "not reached": "✗", "not measured": "·"}
ABSENT = "–"


def number(value: float) -> str:
    """Three significant digits, as people write them."""
    size = abs(value)
    if size >= 100:
        return f"{value:,.0f}"
    if size >= 10:
        return f"{value:.1f}"
    return f"{value:.2f}" if size >= 1 or not value else f"{value:.3g}"


def ranged(spread: Spread | None) -> str:
    """A median with its range, which is left out where it is none."""
    if spread is None:
        return ABSENT
    low, middle, high = map(number, (spread.low, spread.median, spread.high))
    return middle if low == high else f"{middle} ({low}–{high})"


def median(spread: Spread | None) -> str:
    return ABSENT if spread is None else number(spread.median)


# --- the screen ---


def lines(results: Results) -> Iterator[str]:
    """The tables for a terminal."""
    for measure in results.measures:
        yield ""
        yield f"{measure.title}: {measure.unit}, {measure.better} is better"
        yield from _contender_lines(measure)
        yield from (f"  {line}" for target in measure.targets for line in _target_lines(target))
    yield ""
    yield summary(results)


def _contender_lines(measure: MeasureRow) -> Iterator[str]:
    rows = [
        ("", measure.unit, "wall s", "Odoo CPU s", "PostgreSQL CPU s", ""),
        *(
            (
                row.title,
                ranged(row.value),
                *(median(row.figures.get(name)) for name in ("wall", "cpu_odoo", "cpu_postgres")),
                _extras(row),
            )
            for row in measure.contenders
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    for title, *figures, extras in rows:
        cells = (f"{figure:>{width}}" for figure, width in zip(figures, widths[1:], strict=True))
        yield f"    {title:<{widths[0]}}  {'  '.join(cells)}  {extras}".rstrip()


def _extras(row: ContenderRow) -> str:
    return ", ".join(f"{name} {median(one)}" for name, one in row.extras.items())


def _target_lines(target: TargetRow) -> Iterator[str]:
    yield f"{MARKS[target.state]} {target.text}: {verdict(target)}"
    if target.state == "not reached" and target.explanation:
        yield f"    {target.explanation}"


def verdict(target: TargetRow) -> str:
    """What became of a target, in words."""
    if target.state == "not measured":
        return "not measured"
    figure = f"{ranged(target.figure)} {target.unit}"
    if target.ratio:
        figure = f"{ranged(target.ratio)} ×"
    return f"{target.state}, {figure}"


def summary(results: Results) -> str:
    states = [target.state for _measure, target in results.targets]
    missing = states.count("not measured")
    rest = f", {missing} not measured" if missing else ""
    return (
        f"{states.count('reached')} of {len(states)} targets reached{rest};"
        f" {results.seconds / 60:.1f} minutes{', quick' if results.quick else ''}."
    )


# --- Markdown ---


def markdown(results: Results, plots: str) -> str:
    """The whole report; `plots` is the folder of the plots as the file sees it."""
    title = f"# Benchmark of {results.begun[:10]}{' (quick)' if results.quick else ''}"
    return "\n".join([title, "", *body(results, plots)]) + "\n"


def body(results: Results, plots: str) -> Iterator[str]:
    """The report without its title: machine, targets, then every measure."""
    yield summary(results)
    yield ""
    yield from _table(("machine", ""), [(cell(k), cell(v)) for k, v in results.machine.items()])
    yield from _table(
        ("measure", "target", "", "figure", "ratio"),
        [
            (
                cell(measure.title),
                cell(target.text),
                f"{MARKS[target.state]} {target.state}",
                cell(f"{ranged(target.figure)} {target.unit if target.figure else ''}".strip()),
                ranged(target.ratio),
            )
            for measure, target in results.targets
        ],
    )
    for measure in results.measures:
        yield from _section(measure, plots)


def _section(measure: MeasureRow, plots: str) -> Iterator[str]:
    yield f"### {cell(measure.title)}"
    yield ""
    yield f"![{cell(measure.title)}, {cell(measure.unit)}]({plots}/{measure.key}.svg)"
    yield ""
    heads = (
        "", f"{cell(measure.unit)} ({measure.better} is better)", "wall s", "Odoo CPU s",
        "PostgreSQL CPU s", "also",
    )  # fmt: skip
    yield from _table(heads, [_markdown_row(row) for row in measure.contenders])
    yield f"{measure.rounds} rounds, {measure.seconds:.0f} s with the preparation."
    yield ""
    for target in measure.targets:
        if target.state == "not reached" and target.explanation:
            yield f"*{cell(target.text)}* was not reached: {cell(target.explanation)}"
            yield ""
    if measure.bound:
        yield cell(measure.bound)
        yield ""


def _markdown_row(row: ContenderRow) -> tuple[str, ...]:
    costs = (median(row.figures.get(name)) for name in ("wall", "cpu_odoo", "cpu_postgres"))
    return (cell(row.title), ranged(row.value), *costs, cell(_extras(row)))


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(row)} |" for row in rows)
    yield ""


def cell(text: object) -> str:
    """Text that stays itself in a cell of a Markdown table."""
    plain = str(text).replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")
    return plain.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
