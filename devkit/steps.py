"""Set-up as a row of steps: each prints one line with its time, and is skipped when it is done
already.

A step is done when its stamp (`.dev/state/<name>`) holds the step's key *and* its result is still
there. The stamp is written last, by rename, so a step that was killed runs again; every step must
therefore bear being run on its own half-finished work. Independent steps may run at the same time
(`together`). Weakness: a key covers what the step names in it; a result changed by hand goes
unnoticed (`./dev clean` is the way out).
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from .problems import Problem, disk_full, is_disk_full
from .ticker import Progress, Ticker


def digest(*parts: object) -> str:
    """A short, stable key of everything in `parts`."""
    text = "\0".join(str(part) for part in parts)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """Write `text` so that a reader, or a kill, sees the old file or the new one and nothing
    between.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=mode)
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)


@dataclass(frozen=True)
class Step:
    """One piece of set-up. `work` returns a remark for the step's line, or None."""

    name: str
    title: str
    work: Callable[[], str | None]
    key: str = ""
    present: Callable[[], bool] = field(default=lambda: True)
    progress: Progress = field(default=lambda: None)


class Steps:
    """Runs steps and remembers them in `state`."""

    def __init__(self, state: Path, ticker: Ticker | None = None):
        self.state = state
        self._ticker = ticker or Ticker()

    def run(self, step: Step) -> None:
        if self.is_done(step):
            return
        self.forget(step)
        started = time.monotonic()
        try:
            with self._ticker.showing(step.title, step.progress):
                remark = step.work()
        except OSError as error:
            raise (disk_full(self._ground()) if is_disk_full(error) else error) from error
        self._stamp(step)
        self._report(step.title, time.monotonic() - started, remark)

    def together(self, *rows: Iterable[Step]) -> None:
        """Run several rows of steps at the same time; raise the first problem once all have
        ended.
        """
        with ThreadPoolExecutor(max_workers=max(1, len(rows))) as pool:
            futures = [pool.submit(self._run_row, list(row)) for row in rows]
        problems = [future.exception() for future in futures if future.exception()]
        if len(problems) > 1 and all(isinstance(problem, Problem) for problem in problems):
            raise Problem("\n".join(str(problem) for problem in problems))
        for problem in problems:
            raise problem

    def _run_row(self, row: list[Step]) -> None:
        for step in row:
            self.run(step)

    def is_done(self, step: Step) -> bool:
        try:
            stamped = self._path(step).read_text(encoding="utf-8")
        except FileNotFoundError:
            return False
        return stamped == step.key and step.present()

    def forget(self, step: Step) -> None:
        self._path(step).unlink(missing_ok=True)

    def _stamp(self, step: Step) -> None:
        write_atomically(self._path(step), step.key)

    def _path(self, step: Step) -> Path:
        return self.state / step.name

    def _ground(self) -> Path:
        return next(folder for folder in (self.state, *self.state.parents) if folder.exists())

    def _report(self, title: str, seconds: float, remark: str | None) -> None:
        self._ticker.say(f"  {title:<34} {seconds:6.1f} s{'  ' + remark if remark else ''}")
