"""The measures, one a file, which is called as the measure's key and holds it as `MEASURE`.

They are found by themselves. `ORDER` is the order they run in, those that share servers next to
each other, and the order of the report; a file that it does not know comes last.
"""

from __future__ import annotations

import importlib
import pkgutil

from ..contract import Measure

ORDER = (
    "webhook_one",
    "webhook_hundred",
    "latency_in",
    "latency_out",
    "inbound",
    "coalescing",
    "outbound",
    "capture",
    "claim",
    "backlog",
    "first_load",
)


def every() -> dict[str, Measure]:
    """All measures by key, in the order of the report."""
    names = sorted((found.name for found in pkgutil.iter_modules(__path__)), key=_place)
    return {name: _load(name) for name in names}


def _load(name: str) -> Measure:
    measure = importlib.import_module(f"{__name__}.{name}").MEASURE
    if measure.key != name:
        raise ValueError(f"bench/measures/{name}.py holds the measure {measure.key!r}")
    return measure


def _place(name: str) -> tuple[int, str]:
    return ORDER.index(name) if name in ORDER else len(ORDER), name
