"""A line that says how far something is.

On a terminal the line is redrawn in place; elsewhere it is printed at most every five seconds, so
that a log stays readable. What ends leaves one line with its time, as the steps of the set-up do.
Weakness: a terminal narrower than a line shows its pieces.
"""

from __future__ import annotations

import sys
import time
from typing import TextIO

WIDTH = 28
REDRAW_SECONDS = 0.1
LINE_SECONDS = 5.0


class Progress:
    """`with Progress("Importing", total=680) as bar: bar.show(12)`."""

    def __init__(self, title: str, total: int = 0, stream: TextIO | None = None):
        self.title, self.total, self.remark = title, total, ""
        self._stream = stream or sys.stdout
        self._live = self._stream.isatty()
        self._begun = self._shown = time.monotonic()

    def __enter__(self) -> Progress:
        if self._live:
            self._draw(0, "")
        return self

    def __exit__(self, kind, error, trace) -> None:
        if self._live:
            self._stream.write("\r\x1b[2K")
        if error is None:
            seconds = time.monotonic() - self._begun
            remark = f"  {self.remark}" if self.remark else ""
            print(f"  {self.title:<34} {seconds:6.1f} s{remark}", file=self._stream, flush=True)

    def show(self, done: int, note: str = "") -> None:
        """Say that `done` of the total are behind us, now and then."""
        now = time.monotonic()
        if now - self._shown < (REDRAW_SECONDS if self._live else LINE_SECONDS):
            return
        self._shown = now
        self._draw(done, note)

    def _draw(self, done: int, note: str) -> None:
        text = f"  {self.title:<34} {bar(done, self.total)} {note}".rstrip()
        ends = ("\r\x1b[2K", "") if self._live else ("", "\n")
        self._stream.write(f"{ends[0]}{text}{ends[1]}")
        self._stream.flush()


def bar(done: int, total: int) -> str:
    """`[#####.....] 340/680`; without a total only the number."""
    if total <= 0:
        return str(done) if done else ""
    full = min(WIDTH, WIDTH * max(done, 0) // total)
    return f"[{'#' * full}{'.' * (WIDTH - full)}] {done}/{total}"
