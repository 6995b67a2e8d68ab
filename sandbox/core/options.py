"""Options of a provider, as the command line and the control surface set them.

Promise: an unknown option or a wrong type is refused with a sentence, nested options too. Weakness:
nothing checks that the options together make sense.
"""

from __future__ import annotations

import dataclasses
from typing import Any, TypeVar

from .errors import no_unknown_keys, require

T = TypeVar("T")


def merged(options: T, body: dict[str, Any]) -> T:
    """The dataclass ``options`` with those of ``body``. Raises ``ControlError``."""
    return _merged(options, body, "The configuration")


def _merged(current: Any, body: Any, where: str) -> Any:
    require(isinstance(body, dict), f"{where} must be an object.")
    known = {item.name: getattr(current, item.name) for item in dataclasses.fields(current)}
    no_unknown_keys(body, set(known), where)
    changes = {}
    for name, value in body.items():
        if dataclasses.is_dataclass(known[name]):
            changes[name] = _merged(known[name], value, name)
        else:
            changes[name] = _typed(known[name], value, f"{where}: {name}")
    return dataclasses.replace(current, **changes)


def _typed(old: Any, new: Any, where: str) -> Any:
    if old is None or isinstance(old, float):
        number = isinstance(new, int | float) and not isinstance(new, bool)
        require(new is None or number, f"{where} must be a number or null.")
        return new
    same = isinstance(new, type(old)) and not (isinstance(new, bool) and not isinstance(old, bool))
    require(same, f"{where} must be of type {type(old).__name__}, not {type(new).__name__}.")
    return new
