"""A measure as bars, in SVG: one bar a contender, the rounds as dots, their range as a line.

No library: a few rectangles and texts. Colours follow the reader's light or dark theme, also where
a page shows the file as an image. Promise: whatever a title holds is text, never markup. Weakness:
widths of texts are guessed from the number of characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from .contract import OURS
from .report import number
from .tables import ContenderRow, MeasureRow

WIDTH = 760
MARGIN = 16
TITLE = 46
ROW = 30
BAR = 16
CHARACTER = 6.6
VALUE_ROOM = 130
STYLE = """
    text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
    .title { font-size: 14px; font-weight: 600; }
    .note { fill: #59636e; }
    .ground { fill: #ffffff; }
    .peer { fill: #9aa4b1; }
    .ours { fill: #0b7285; }
    .range { stroke: #1f2328; stroke-width: 1; }
    .round { fill: #ffffff; stroke: #1f2328; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .note { fill: #9198a1; }
      .ground { fill: #0d1117; }
      .peer { fill: #57606a; }
      .ours { fill: #3bc9db; }
      .range { stroke: #e6edf3; }
      .round { fill: #0d1117; stroke: #e6edf3; }
    }
"""


def bars(measure: MeasureRow) -> str:
    """The plot of one measure."""
    height = TITLE + ROW * len(measure.contenders) + MARGIN
    left = MARGIN + min(CHARACTER * max(len(row.title) for row in measure.contenders), WIDTH / 2)
    most = max(row.value.high for row in measure.contenders) or 1
    scale = (WIDTH - left - VALUE_ROOM - MARGIN) / most
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img"'
        f" aria-label={quoteattr(measure.title)}>",
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{height}"/>',
        _text(MARGIN, 20, measure.title, "title"),
        _text(MARGIN, 37, f"{measure.unit}, {measure.better} is better", "note"),
    ]
    for place, row in enumerate(measure.contenders):
        parts += _bar(row, TITLE + ROW * place, left + 8, scale)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _bar(row: ContenderRow, top: float, left: float, scale: float) -> Iterator[str]:
    middle = top + ROW / 2
    kind = "ours" if row.key.startswith(OURS) else "peer"
    length = max(row.value.median * scale, 1)
    yield _text(left - 8, middle + 4, row.title, "", anchor="end")
    yield (
        f'<rect class="{kind}" x="{left:.1f}" y="{middle - BAR / 2:.1f}" width="{length:.1f}"'
        f' height="{BAR}" rx="2"/>'
    )
    low, high = (left + end * scale for end in (row.value.low, row.value.high))
    yield (
        f'<line class="range" x1="{low:.1f}" x2="{high:.1f}" y1="{middle:.1f}" y2="{middle:.1f}"/>'
    )
    for sample in row.samples:
        at = left + sample["value"] * scale
        yield f'<circle class="round" cx="{at:.1f}" cy="{middle:.1f}" r="2.5"/>'
    yield _text(max(high, left + length) + 8, middle + 4, _label(row), "")


def _label(row: ContenderRow) -> str:
    """The median, and the slowest percent where that was measured."""
    tail = row.extras.get("p99_ms")
    return number(row.value.median) + (f", p99 {number(tail.median)} ms" if tail else "")


def _text(x: float, y: float, text: str, kind: str, anchor: str = "start") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
