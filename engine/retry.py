"""How long to wait before a lane is tried again, and when to stop trying.

Promises: nothing here sleeps or reads a clock; the same random source gives the same delays.
``rate_limit`` and ``auth`` never use up a record (they are no fault of its own); an error a repeat
cannot cure fails at once.

Options: see :class:`RetryPolicy`. Weakness: the policy knows one lane at a time. That a thousand
lanes do not storm a remote that has just come back is the work of the breaker and the budget.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol

#: A daily limit ends at the account's midnight: at most a day, a change of clocks and some slack.
LONGEST_WAIT = 26 * 3600.0

#: Tries after which a class fails; ``None`` never, what is not listed follows the policy.
_TRIES: dict[str, int | None] = {
    'rate_limit': None,
    'auth': None,
    'data': 1,
    'conflict': 1,
    'contract': 1,
    'bug': 2,
}


class Randomness(Protocol):
    """What we need of :mod:`random`."""

    def uniform(self, a: float, b: float) -> float:
        """A number between ``a`` and ``b``."""
        ...


@dataclass(frozen=True)
class RetryPolicy:
    """The schedule of one connection.

    :param max_attempts: tries in all before a ``transient`` failure becomes final; at least 1.
    :param base_seconds: the ceiling of the first delay; doubles with each try; above 0.
    :param cap_seconds: no delay of ours is longer; not below ``base_seconds``.
    :raises ValueError: where the numbers contradict each other.
    """

    max_attempts: int = 8
    base_seconds: float = 5
    cap_seconds: float = 3600

    def __post_init__(self):
        if self.max_attempts < 1:
            raise ValueError('At least one attempt is needed.')
        if not 0 < self.base_seconds <= self.cap_seconds:
            raise ValueError('The first delay must be above zero and not above the longest delay.')

    def delay(
        self,
        error_class: str,
        attempt: int,
        retry_after: float | None = None,
        rng: Randomness = random,  # type: ignore[assignment]
    ) -> float:
        """Seconds to wait after try number ``attempt`` (the first is 1) failed.

        Full jitter for everything but ``rate_limit``, which gets equal jitter: half of the ceiling
        is certain, so that we never come back at once (Brooker, "Exponential Backoff And Jitter").
        ``retry_after`` is what the remote asked for and counts as it stands, up to 26 hours; a
        little is added so that not every lane returns in the same moment.
        """
        if retry_after is not None:
            asked = min(max(retry_after, 0.0), LONGEST_WAIT)
            return asked + rng.uniform(0, min(self.base_seconds, asked * 0.1))
        ceiling = self._ceiling(attempt)
        floor = ceiling / 2 if error_class == 'rate_limit' else 0.0
        return rng.uniform(floor, ceiling)

    def gives_up(self, error_class: str, attempts: int) -> bool:
        """Whether ``attempts`` tries that ended in ``error_class`` are enough."""
        limit = _TRIES.get(error_class, self.max_attempts)
        return limit is not None and attempts >= limit

    def _ceiling(self, attempt: int) -> float:
        # 2**63 seconds is past every cap; the bound keeps a huge counter from overflowing a float.
        doublings = min(max(attempt, 1) - 1, 63)
        return min(self.base_seconds * 2.0**doublings, self.cap_seconds)
