"""The processes of the demo, or of the bench: started, written down, and ended with us, however we
end. Each of the two is a `family`, with records and logs of its own.

Promises: every process has a group of its own, so that Ctrl-C reaches them in our order and not all
at once; a run that was killed is cleaned up by the next one (`end_leftovers`), which never touches
a process that merely got the same number. On Linux the kernel also ends them when we are killed.
Weakness: elsewhere a killed run leaves its processes until the next run.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from ..layout import Layout
from ..process import child_environment, output_of
from ..steps import write_atomically

STOP_SECONDS = 15
PR_SET_PDEATHSIG = 1


class Children:
    """Started one after the other, stopped in the opposite order."""

    def __init__(self, layout: Layout, family: str = "demo"):
        self._layout = layout
        self._family = family
        self._running: list[tuple[str, subprocess.Popen]] = []

    def __enter__(self) -> Children:
        return self

    def __exit__(self, *_error) -> None:
        while self._running:
            _name, process = self._running.pop()
            _end(process)
        self._write_down()

    def stop(self, process: subprocess.Popen) -> None:
        """End one of them before the others."""
        self._running = [(name, other) for name, other in self._running if other is not process]
        _end(process)
        self._write_down()

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        stdin: IO[bytes] | int = subprocess.DEVNULL,
        stdout: int | None = None,
    ) -> subprocess.Popen:
        """Start `command`; its output goes to `.dev/logs/<family>-<name>.log`, written anew."""
        with self.log(name).open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=stdin,
                stdout=log if stdout is None else stdout,
                stderr=log,
                cwd=self._layout.checkout,
                env=child_environment(environment),
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        self._running.append((name, process))
        self._write_down()
        return process

    def log(self, name: str) -> Path:
        return log_of(self._layout, name, self._family)

    def dead(self) -> str | None:
        """The name of a process that has ended although nobody asked it to."""
        return next((name for name, process in self._running if process.poll() is not None), None)

    def _write_down(self) -> None:
        rows = [
            {"name": name, "pid": process.pid, "started": started(process.pid)}
            for name, process in self._running
            if process.poll() is None
        ]
        write_atomically(_record(self._layout, self._family), json.dumps(rows))


def log_of(layout: Layout, name: str, family: str = "demo") -> Path:
    layout.logs.mkdir(parents=True, exist_ok=True)
    return layout.logs / f"{family}-{name}.log"


def end_with_parent() -> None:
    """Have the kernel send us SIGTERM when our parent is gone (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def end_leftovers(layout: Layout, family: str = "demo") -> list[str]:
    """End what a killed run has left behind; return the names."""
    path = _record(layout, family)
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return []
    alive = [row for row in rows if started(row["pid"]) == row["started"] is not None]
    for row in reversed(alive):
        _signal(row["pid"], signal.SIGTERM)
    limit = time.monotonic() + STOP_SECONDS
    for row in alive:
        while started(row["pid"]) == row["started"] and time.monotonic() < limit:
            time.sleep(0.1)
        if started(row["pid"]) == row["started"]:
            _signal(row["pid"], signal.SIGKILL)
    path.unlink()
    return [row["name"] for row in alive]


def started(pid: int) -> str | None:
    """When the process `pid` began, in whatever unit the system has; None when it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return output_of(["ps", "-o", "lstart=", "-p", str(pid)]).strip() or None
    # The name in brackets may hold blanks; field 3 is the state, field 22 the start.
    fields = text.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]


def _record(layout: Layout, family: str) -> Path:
    return layout.state / f"{family}-processes.json"


def _signal(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return


def _end(process: subprocess.Popen) -> None:
    _signal(process.pid, signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        _signal(process.pid, signal.SIGKILL)
        process.wait()
