"""Reads the delivery settings of a control request.

Promise: an unknown or impossible setting is refused with a sentence, and then nothing has changed.
Options: :data:`NAMES`. Weakness: none known.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from .delivery import Settings
from .errors import no_unknown_keys, require

#: The name on the control surface -> the field of :class:`~sandbox.core.delivery.Settings`.
NAMES = {
    "target": "url",
    "signed_url": "signed_url",
    "concurrency": "concurrency",
    "timeout_s": "timeout_s",
    "max_batch": "max_batch",
    "window_ms": "window_s",
    "retry_s": "retry_s",
    "shuffle": "shuffle",
    "duplicate_rate": "duplicate_rate",
    "paused": "paused",
    "seed": "seed",
}


def parse(current: Settings, body: dict[str, Any]) -> Settings:
    """``current`` with what ``body`` changes. Raises ``ControlError``."""
    no_unknown_keys(body, set(NAMES), "The webhook settings")
    changes: dict[str, Any] = {}
    for name, value in body.items():
        changes[NAMES[name]] = _checked(name, value)
    return dataclasses.replace(current, **changes)


def _checked(name: str, value: Any) -> Any:
    if name in ("target", "signed_url"):
        http = isinstance(value, str) and value.startswith(("http://", "https://"))
        require(value is None or http, f"{name} must be an http address or null.")
        return value
    if name in ("shuffle", "paused"):
        require(isinstance(value, bool), f"{name} must be true or false.")
        return value
    if name == "retry_s":
        rows = value if isinstance(value, list) else [None]
        require(all(_number(row) for row in rows), "retry_s must be a list of seconds.")
        return tuple(rows)
    require(_number(value), f"{name} must be a number.")
    if name == "duplicate_rate":
        require(value <= 1, "duplicate_rate must be between 0 and 1.")
    if name in ("max_batch", "concurrency"):
        require(value >= 1 and value == int(value), f"{name} must be a whole number from 1.")
    if name == "max_batch":
        require(value <= 100, "max_batch must be at most 100.")
    return value / 1000 if name == "window_ms" else value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
