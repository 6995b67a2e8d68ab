"""The circuit breaker as pure functions: closed, open, half open with one probe.

::

    closed ──threshold failures in a row within the window──► open ──cooldown over──► half_open
       ▲                                                       ▲                         │
       │                                                       └── failed: twice the cooldown
       └─────────────────────────── succeeded ───────────────────────────────────────────┘

The SQL twin beside the breaker's table does the same on the database's clock, one row for all
workers. Times are seconds on any one clock.

Promises: while it is open nothing passes; half open, one call passes at a time, and the others ask
again every ``look`` seconds, because a probe seldom takes long; a probe that never reports is
replaced after ``probe`` seconds; a success that comes late does not close an open breaker.
Weakness: calls already under way when it opens are not called back.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Settings:
    """When it opens and for how long; seconds.

    :raises ValueError: for a number that is not above zero, or a cap below the cooldown.
    """

    threshold: int = 5
    window: float = 60
    cooldown: float = 5
    cooldown_cap: float = 300
    probe: float = 60
    look: float = 2

    def __post_init__(self):
        if min(self.threshold, self.window, self.cooldown, self.probe, self.look) <= 0:
            raise ValueError('Threshold, window, cooldown, probe and look must be above zero.')
        if self.cooldown_cap < self.cooldown:
            raise ValueError('The longest cooldown must not be below the first.')


@dataclass(frozen=True)
class State:
    """The row. ``until`` is the end of the cooldown (open) or of the probe (half open);
    ``cooldown`` the length of the present or next cooldown, ``None`` before the first."""

    state: Literal['closed', 'open', 'half_open'] = 'closed'
    failures: int = 0
    first_failure_at: float | None = None
    cooldown: float | None = None
    until: float | None = None


CLOSED = State()


def before_call(settings: Settings, state: State, now: float) -> tuple[State, float]:
    """Whether a call may pass: ``(state, 0.0)``, or ``(state, seconds to wait)``.

    Letting a probe pass changes the state; it has to be stored before the call.
    """
    if state.state == 'closed':
        return state, 0.0
    wait = state.until - now
    if wait > 0:
        return state, min(wait, settings.look) if state.state == 'half_open' else wait
    return replace(state, state='half_open', until=now + settings.probe), 0.0


def record(settings: Settings, state: State, ok: bool, now: float) -> State:
    """The state after a call that was let pass ended. ``ok`` is ``False`` only for what indicts
    the remote: time-outs, refused connections, 5xx."""
    if ok:
        return state if state.state == 'open' else CLOSED
    recent = state.first_failure_at is not None and (
        state.first_failure_at >= now - settings.window
    )
    stale = state.state == 'closed' and not recent
    cooldown = state.cooldown or settings.cooldown
    if state.state == 'half_open':
        cooldown = min(cooldown * 2, settings.cooldown_cap)
    counted = replace(
        state,
        failures=1 if stale else state.failures + 1,
        first_failure_at=state.first_failure_at if recent else now,
        cooldown=cooldown,
    )
    if state.state == 'half_open' or (
        state.state == 'closed' and counted.failures >= settings.threshold
    ):
        return replace(counted, state='open', until=now + cooldown)
    return counted
