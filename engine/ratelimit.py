"""The arithmetic of the shared budget (GCRA), and reading ``Retry-After``.

GCRA, the generic cell rate algorithm (ITU-T I.371), keeps one number a bucket: the *theoretical
arrival time* at which the bucket would be full again. The functions are pure: times go in and come
out as seconds on any one clock. The SQL twin beside the budget's table does the same on the
database's clock; the tests hold both to the same cases.

Promise: in any window of ``period`` seconds no more than ``burst + limit`` requests pass, and after
an idle period exactly ``burst`` pass at once. Weakness: cost is charged when a request starts, so a
request that the remote never saw has been paid for all the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

from .retry import LONGEST_WAIT


@dataclass(frozen=True)
class Rate:
    """``limit`` requests every ``period`` seconds, of which ``burst`` may come at once.

    :raises ValueError: for a number that is not above zero.
    """

    limit: int
    period: float
    burst: int

    def __post_init__(self):
        if self.limit < 1 or self.burst < 1 or self.period <= 0:
            raise ValueError('Limit, period and burst must be above zero.')

    @property
    def interval(self) -> float:
        """Seconds that one request costs."""
        return self.period / self.limit


def take(rate: Rate, arrival: float, now: float, cost: int = 1) -> tuple[float, float]:
    """Ask for ``cost`` requests at ``now``.

    :param arrival: the stored theoretical arrival time; ``-inf`` for a bucket never used.
    :returns: ``(wait, arrival)``: 0.0 and the new arrival time to store, or the seconds to wait and
        the arrival time unchanged. A cost above ``burst`` passes from a full bucket, else it never
        could.
    """
    full_at = max(arrival, now)
    room = rate.interval * (max(rate.burst, cost) - cost)
    wait = full_at - room - now
    # Wait times below a microsecond are rounding; a sleeper would come back to the same answer.
    if wait > 1e-6:
        return wait, arrival
    return 0.0, full_at + rate.interval * cost


def block(rate: Rate, arrival: float, now: float, blocked_for: float) -> float:
    """The arrival time after the remote said "not for ``blocked_for`` seconds"; never earlier."""
    return max(arrival, now + max(blocked_for, 0.0) + rate.interval * (rate.burst - 1))


def align(rate: Rate, arrival: float, now: float, remaining: int) -> float:
    """The arrival time after the remote said that only ``remaining`` requests are left.

    Others may use the same allowance: the remote's count can only make us slower.
    """
    used = max(rate.burst - max(remaining, 0), 0)
    return max(arrival, now + rate.interval * used)


def parse_retry_after(
    value: str | None, now: datetime, *, milliseconds_above: float | None = None
) -> float | None:
    """Seconds to wait by a ``Retry-After`` header (RFC 9110, section 10.2.3).

    :param now: aware time, for the form that is a date.
    :param milliseconds_above: a whole number above this is taken for milliseconds. HubSpot answers
        so at times; its clients use 600.
    :returns: between 0 and 26 hours; ``None`` where there is no header, or no sense in it.
    """
    text = (value or '').strip()
    seconds = _number(text, milliseconds_above)
    if seconds is None:
        seconds = _seconds_until(text, now)
    return None if seconds is None else min(max(seconds, 0.0), LONGEST_WAIT)


def _number(text: str, milliseconds_above: float | None) -> float | None:
    try:
        number = float(text) if text.isascii() and '_' not in text else math.nan
    except ValueError:
        return None
    if not math.isfinite(number):
        return None
    in_milliseconds = milliseconds_above is not None and number > milliseconds_above
    return number / 1000 if in_milliseconds and number.is_integer() else number


def _seconds_until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # RFC 9110 dates are GMT; "-0000" and a missing zone come back naive.
    aware = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
    return (aware - now).total_seconds()
