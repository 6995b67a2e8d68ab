"""Faults that can be switched on, decided by a seed.

Promise: the k-th call that a fault matches is hit or spared according to the seed alone, so a run
with the same calls in the same order fails in the same places. Kinds and parameters: :data:`KINDS`,
unless the provider has others. Weakness: with concurrent callers the order of calls is theirs, not
the seed's.
"""

from __future__ import annotations

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from .call import Call
from .errors import no_unknown_keys, require

#: kind -> its own parameters with their defaults. ``commit``: whether the provider does the work
#: before the fault destroys the answer.
KINDS: dict[str, dict[str, Any]] = {
    "latency": {"ms": 200, "jitter_ms": 0},
    "http_500": {"commit": False},
    "http_502": {"commit": False},
    "http_503": {"commit": False, "retry_after": None},
    "http_423": {"commit": False},
    "http_477": {"commit": False, "retry_after": 2},
    "http_429": {"retry_after": None, "policy": "TEN_SECONDLY_ROLLING"},
    "reset": {"commit": False},
    "commit_then_drop": {},
    "garbage": {"commit": False},
    "truncated": {"commit": True},
    "html": {"commit": False, "status": 200},
    "empty": {"commit": False, "status": 200},
    "silent_noop": {},
    "expired_token": {},
    "hang": {"ms": 60_000, "commit": False},
}
COMMON = {"kind", "rate", "count", "match"}


@dataclass(slots=True)
class Fault:
    """One rule: ``rate`` of the calls whose ``METHOD path`` fits ``match``, at most ``count``."""

    kind: str
    rate: float
    count: int | None
    match: str
    parameters: dict[str, Any]
    rng: random.Random
    pattern: re.Pattern[str] = field(init=False)
    matched: int = 0
    hits: int = 0

    def __post_init__(self) -> None:
        self.pattern = re.compile(self.match)

    def draw(self, line: str) -> bool:
        """Whether this call is hit; every matching call uses up one random number."""
        if not self.pattern.search(line):
            return False
        self.matched += 1
        chosen = self.rng.random() < self.rate
        return chosen and (self.count is None or self.hits < self.count)

    def as_dict(self) -> dict[str, Any]:
        """The rule as it was given, with its counters."""
        return {
            "kind": self.kind,
            "rate": self.rate,
            "count": self.count,
            "match": self.match,
            **self.parameters,
            "matched": self.matched,
            "hits": self.hits,
        }


def parse(body: Any, kinds: dict[str, dict[str, Any]] = KINDS) -> tuple[int, list[Fault]]:
    """Faults of a control request. Raises :class:`~sandbox.core.errors.ControlError`."""
    require(isinstance(body, dict), 'Faults need an object such as {"seed": 1, "faults": [...]}.')
    no_unknown_keys(body, {"seed", "faults"}, "The fault plan")
    seed, rows = body.get("seed", 0), body.get("faults", [])
    require(isinstance(seed, int), "The seed must be a whole number.")
    require(isinstance(rows, list), "faults must be a list.")
    return seed, [_fault(seed, index, row, kinds) for index, row in enumerate(rows)]


def _fault(seed: int, index: int, row: Any, kinds: dict[str, dict[str, Any]]) -> Fault:
    require(isinstance(row, dict), f"Fault {index} must be an object.")
    kind = row.get("kind")
    require(kind in kinds, f"Fault {index} has kind {kind!r}; kinds are {', '.join(kinds)}.")
    no_unknown_keys(row, COMMON | set(kinds[kind]), f"Fault {index} ({kind})")
    rate, count, match = row.get("rate", 1.0), row.get("count"), row.get("match", "")
    numeric = isinstance(rate, int | float) and not isinstance(rate, bool)
    require(numeric and 0 <= rate <= 1, f"Fault {index}: rate must be between 0 and 1.")
    require(count is None or _whole(count), f"Fault {index}: count must be a whole number or null.")
    require(isinstance(match, str), f"Fault {index}: match must be a regular expression.")
    parameters = {name: row.get(name, default) for name, default in kinds[kind].items()}
    for name in ("ms", "jitter_ms", "status"):
        require(_whole(parameters.get(name, 0)), f"Fault {index}: {name} must be a whole number.")
    try:
        return Fault(kind, rate, count, match, parameters, random.Random(f"{seed}:{index}"))
    except re.error as error:
        require(False, f"Fault {index}: match is not a regular expression: {error}.")
        raise


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


class FaultPlan:
    """The faults in force; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.seed = 0
        self._faults: list[Fault] = []

    def set(self, seed: int, faults: list[Fault]) -> None:
        """Replace the plan."""
        with self._lock:
            self.seed, self._faults = seed, faults

    def clear(self) -> None:
        """Switch every fault off."""
        self.set(0, [])

    def draw(self, call: Call) -> list[Fault]:
        """The faults that hit this call: every latency, and the first of the others."""
        if not self._faults:
            return []
        line = f"{call.method} {call.target}"
        with self._lock:
            drawn = [fault for fault in self._faults if fault.draw(line)]
            hits = [fault for fault in drawn if fault.kind == "latency"]
            hits += [fault for fault in drawn if fault.kind != "latency"][:1]
            for fault in hits:
                fault.hits += 1
        return hits

    def as_dict(self) -> dict[str, Any]:
        """The plan with its counters."""
        with self._lock:
            return {"seed": self.seed, "faults": [fault.as_dict() for fault in self._faults]}
