"""Python inside Odoo: one long-living `odoo shell` that runs the functions of a file of `inside/`.

Starting Odoo costs seconds, so a measure keeps one shell and calls it again and again. Every call
has a cursor of its own (superuser, committed at its end, rolled back on an error). Promise: `wall`
and `cpu_odoo` are of the function and its commit alone; an error inside is an error here, with its
traceback. Weakness: `cpu_postgres` includes the few milliseconds of asking and answering.
"""

from __future__ import annotations

import json
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from devkit.demo.children import Children

from .contract import Sample, WrongWork
from .cpu import Meter, resident_mb

INSIDE = Path(__file__).resolve().parent / "inside"
ADDRESS = "SAAS_SYNC_BENCH_ADDRESS"
MODULE = "SAAS_SYNC_BENCH_MODULE"
START_SECONDS = 120


class InsideError(WrongWork):
    """The function has raised; the text is its traceback."""


@dataclass(frozen=True)
class Done:
    """What a call has answered and cost."""

    result: Any
    wall: float
    cpu_odoo: float
    cpu_postgres: float | None

    def sample(self, value: float, **extra: float) -> Sample:
        return Sample(value, self.wall, self.cpu_odoo, self.cpu_postgres, extra)


class Shell:
    """A running shell. `call` is synchronous; one call at a time."""

    def __init__(self, process: subprocess.Popen, line: BinaryIO, postgres: list[int]):
        self.process, self._line, self._postgres = process, line, postgres

    def call(self, function: str, /, **values: Any) -> Done:
        """Run `function(env, **values)`.

        :raises InsideError: it has raised
        """
        with Meter({"postgres": self._postgres}) as meter:
            self._line.write(json.dumps([function, values]).encode() + b"\n")
            self._line.flush()
            text = self._line.readline()
        if not text:
            raise InsideError(f"{function}: the process of the shell has ended")
        answer = json.loads(text)
        if "error" in answer:
            raise InsideError(f"{function}:\n{answer['error']}")
        return Done(answer["result"], answer["wall"], answer["cpu"], meter.cpu("postgres"))

    def rss(self) -> float:
        """MB of the process that are resident."""
        return resident_mb(self.process.pid)


@contextmanager
def running(
    children: Children,
    name: str,
    command: list[str],
    environment: Mapping[str, str],
    module: str,
    postgres: Callable[[], list[int]],
) -> Iterator[Shell]:
    """A shell with `inside/<module>.py` loaded, until the block ends.

    :raises RuntimeError: Odoo did not start
    """
    if not (INSIDE / f"{module}.py").is_file():
        raise FileNotFoundError(f"bench/inside/{module}.py is missing")
    with tempfile.TemporaryDirectory(prefix="saas_sync-") as home, _listening(home) as listener:
        variables = {
            **environment,
            ADDRESS: listener.getsockname(),
            MODULE: str(INSIDE / f"{module}.py"),
        }
        # Odoo's shell runs what it reads from a standard input that is no terminal.
        with (INSIDE / "_loop.py").open("rb") as loop:
            process = children.start(name, command, environment=variables, stdin=loop)
        try:
            with _accepted(listener, process, children.log(name)) as line:
                yield Shell(process, line, postgres())
        finally:
            children.stop(process)


def _listening(home: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f"{home}/shell")
    listener.listen(1)
    listener.settimeout(1)
    return listener


def _accepted(listener: socket.socket, process: subprocess.Popen, log: Path) -> BinaryIO:
    """The shell's call to us."""
    for _second in range(START_SECONDS):
        try:
            caller, _address = listener.accept()
        except TimeoutError:
            if process.poll() is not None:
                break
            continue
        with caller:
            caller.settimeout(None)
            return caller.makefile("rwb")
    raise RuntimeError(f"odoo shell did not start; see {log}")
