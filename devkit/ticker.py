"""The line at the bottom of the terminal that moves while steps run: a bar where progress is known.

On anything but a terminal it shows nothing. Weakness: progress is read from what a program has
written to its log, so a bar stands still while the program is silent; the seconds go on.
"""

from __future__ import annotations

import re
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

Progress = Callable[[], "float | None"]
INTERVAL = 0.3
BAR = 20
CLEAR = "\r\x1b[K"
TAIL_BYTES = 20_000


class Ticker:
    """Shows what runs on `out`; whatever else is printed meanwhile goes through `say`."""

    def __init__(self, out: TextIO | None = None):
        self._out = out or sys.stdout
        self._live = self._out.isatty()
        self._running: list[tuple[str, float, Progress]] = []
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @contextmanager
    def showing(self, title: str, progress: Progress = lambda: None) -> Iterator[None]:
        """Show `title`, its seconds and its progress (0 to 1, or None) while the block runs."""
        run = (title, time.monotonic(), progress)
        with self._lock:
            self._running.append(run)
            if self._live and self._thread is None:
                self._thread = threading.Thread(target=self._tick, daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._running.remove(run)

    def say(self, line: str) -> None:
        with self._lock:
            print(f"{CLEAR if self._live else ''}{line}", file=self._out, flush=True)

    def _tick(self) -> None:
        while True:
            with self._lock:
                if not self._running:
                    self._thread = None
                    self._draw("")
                    return
                self._draw("   ".join(_shown(*run) for run in self._running))
            time.sleep(INTERVAL)

    def _draw(self, text: str) -> None:
        width = shutil.get_terminal_size().columns
        print(f"{CLEAR}{text[: width - 1]}", end="", file=self._out, flush=True)


def _shown(title: str, started: float, progress: Progress) -> str:
    fraction = progress()
    seconds = f"{time.monotonic() - started:.0f} s"
    return f"  {title} {bar(fraction) + ' ' if fraction is not None else ''}{seconds}"


def bar(fraction: float) -> str:
    """`[#####---------------]  25 %`."""
    fraction = min(max(fraction, 0.0), 1.0)
    full = round(fraction * BAR)
    return f"[{'#' * full}{'-' * (BAR - full)}] {fraction:4.0%}"


def last_of(log: Path, pattern: str = r"\((\d+)/(\d+)\)") -> Progress:
    """Progress by the last `(done/total)` at the end of `log`."""

    def progress() -> float | None:
        found = re.findall(pattern, _tail(log))
        return int(found[-1][0]) / max(1, int(found[-1][1])) if found else None

    return progress


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as handle:
        handle.seek(max(0, log.stat().st_size - TAIL_BYTES))
        return handle.read().decode(errors="replace")
