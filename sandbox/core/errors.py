"""Errors of the control surface."""

from __future__ import annotations


class ControlError(ValueError):
    """The control surface was asked for something it cannot do; the message says what to change."""


def require(condition: object, sentence: str) -> None:
    """Raise :class:`ControlError` with ``sentence`` unless ``condition`` holds."""
    if not condition:
        raise ControlError(sentence)


def no_unknown_keys(body: dict, known: set[str], where: str) -> None:
    """Refuse keys that would be ignored, for they are typing errors."""
    unknown = sorted(set(body) - known)
    require(
        not unknown,
        f"{where} does not know {', '.join(unknown)}; it knows {', '.join(sorted(known))}.",
    )
