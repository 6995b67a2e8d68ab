"""CPU seconds from /proc: of Odoo with all its workers, of PostgreSQL, of the sandbox.

A figure covers a process and everything below it, those included that have ended meanwhile (the
kernel adds their time to the parent that has waited for them): a PostgreSQL backend that is gone
still counts. Promise: what cannot be known is None, never 0. Weakness: Linux only, ticks of 10 ms;
PostgreSQL's figure is of the whole server, so whoever else uses it is counted, too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PROC = Path("/proc")
PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True)
class Process:
    """Its parent, and the seconds of itself and of the children it has outlived."""

    parent: int
    seconds: float


def table(proc: Path = PROC) -> dict[int, Process]:
    """Every process of the machine, by id; empty where there is no /proc."""
    found = {}
    ticks = os.sysconf("SC_CLK_TCK")
    for path in proc.glob("[0-9]*/stat"):
        try:
            found[int(path.parent.name)] = parsed(path.read_bytes(), ticks)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found


def parsed(stat: bytes, ticks: int) -> Process:
    """One line of /proc/<pid>/stat. The name in brackets may hold blanks and brackets."""
    fields = stat.rpartition(b")")[2].split()
    return Process(parent=int(fields[1]), seconds=sum(map(int, fields[11:15])) / ticks)


def tree(processes: Mapping[int, Process], root: int) -> set[int]:
    """`root` and all that descend from it."""
    children: dict[int, list[int]] = {}
    for pid, process in processes.items():
        children.setdefault(process.parent, []).append(pid)
    found, waiting = set(), [root] if root in processes else []
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting += children.get(pid, ())
    return found


def seconds(processes: Mapping[int, Process], roots: Iterable[int]) -> float | None:
    """What all of `roots` have used so far; None when one of them is not there."""
    total = 0.0
    for root in roots:
        pids = tree(processes, root)
        if not pids:
            return None
        total += sum(processes[pid].seconds for pid in pids)
    return total


def resident_mb(pid: int) -> float:
    """The memory of one process that is resident, shared pages included."""
    return int((PROC / str(pid) / "statm").read_text().split()[1]) * PAGE_MB


@dataclass
class Meter:
    """`with Meter({"odoo": [pid], …}) as meter:` then `meter.wall`, and `meter.cpu("odoo")`."""

    roots: Mapping[str, list[int]]
    wall: float = 0.0
    _before: dict[str, float | None] = field(default_factory=dict)
    _used: dict[str, float | None] = field(default_factory=dict)

    def __enter__(self) -> Meter:
        self._before = self._read()
        self.wall = -time.perf_counter()
        return self

    def __exit__(self, *_error) -> None:
        self.wall += time.perf_counter()
        after = self._read()
        self._used = {
            name: None if None in (value, self._before[name]) else value - self._before[name]
            for name, value in after.items()
        }

    def cpu(self, name: str) -> float | None:
        return self._used.get(name)

    def _read(self) -> dict[str, float | None]:
        processes = table()
        return {name: seconds(processes, pids) for name, pids in self.roots.items() if pids}
