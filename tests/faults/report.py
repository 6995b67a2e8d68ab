"""What a campaign came to, as a line a slice and a table in the end."""

from __future__ import annotations

import statistics
from collections import Counter

from devkit.layout import this_checkout
from tests.faults.catalog import KINDS
from tests.faults.slice import Outcome

BEGIN, END = "<!-- campaign -->", "<!-- end of campaign -->"
RESCUE_TARGET = 5
DRAIN_TARGET = 60


def line(outcome: Outcome) -> str:
    """One slice."""
    count = len(outcome.violations)
    verdict = f"{count} VIOLATIONS" if count else "all invariants hold"
    return (
        f"  slice {outcome.number}: {sum(outcome.faults.values())} faults,"
        f" {outcome.records} records, drained in {outcome.drain_seconds:.0f} s,"
        f" {sum(outcome.replayed.values())} replayed by a person: {verdict}"
    )


def markdown(campaign, seconds: float) -> str:
    """The whole run: figures, faults by kind, violations."""
    faults = campaign.faults
    violations = [one for outcome in campaign.outcomes for one in outcome.violations]
    rows = [
        ("seed", campaign.seed),
        ("minutes", f"{seconds / 60:.1f}"),
        ("slices, each verified in full", len(campaign.outcomes)),
        ("faults that hit something", f"{sum(faults.values()):,}"),
        ("records at stake", max((one.records for one in campaign.outcomes), default=0)),
        ("violations of an invariant", len(violations)),
        ("a killed worker's records free again", _rescues(campaign.rescues)),
        ("drained after the last fault of a slice", _drains(campaign.outcomes)),
        ("Odoo's first process ended and was started again", campaign.restarts),
        ("records that stopped for a person, who replayed them", _replays(campaign.outcomes)),
    ]
    if not campaign.stops_postgres:
        rows.append(("left out", "stopping PostgreSQL: the server is not ours"))
    head = ["| campaign | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]
    return "\n".join([*head, "", *_by_kind(campaign), "", *(f"- {one}" for one in violations), ""])


def document(table: str) -> None:
    """Put the table between the marks of docs/reliability.md."""
    path = this_checkout().checkout / "docs" / "reliability.md"
    before, mark, rest = path.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"{path} has lost its marks: {BEGIN} … {END}")
    path.write_text(f"{before}{mark}\n{table}{end}{after}", encoding="utf-8")


def _rescues(seconds: list[float]) -> str:
    if len(seconds) < 2:
        return "too few claims were lost to tell"
    p50, p95 = statistics.median(seconds), statistics.quantiles(seconds, n=20)[-1]
    return (
        f"p50 {p50:.1f} s, p95 {p95:.1f} s, longest {max(seconds):.1f} s, {len(seconds)} claims"
        f" (target: p95 ≤ {RESCUE_TARGET} s)"
    )


def _drains(outcomes: list[Outcome]) -> str:
    times = [outcome.drain_seconds for outcome in outcomes]
    if not times:
        return "no slice ended"
    middle = statistics.median(times)
    return f"median {middle:.1f} s, longest {max(times):.1f} s (target: ≤ {DRAIN_TARGET} s)"


def _replays(outcomes: list[Outcome]) -> str:
    causes = sum((outcome.replayed for outcome in outcomes), Counter())
    by_class = Counter()
    for cause, count in causes.items():
        by_class[": ".join(cause.split(": ")[:2])] += count
    return "; ".join(f"{cause} × {count}" for cause, count in by_class.most_common()) or "none"


def _by_kind(campaign) -> list[str]:
    faults, missed = campaign.faults, campaign.missed
    rows = ["| fault | of | times | found nothing to hit |", "|---|---|---|---|"]
    order = sorted(KINDS.values(), key=lambda kind: (kind.group, -faults[kind.name]))
    return rows + [
        f"| {kind.name} | {kind.group} | {faults[kind.name]} | {missed[kind.name]} |"
        for kind in order
    ]
