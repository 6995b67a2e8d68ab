"""What HubSpot's answers tell of its limits.

Promise: the headers and 429 bodies become readings of the buckets ``burst`` (ten seconds),
``search`` (one second, an account's own) and ``daily``. Search answers carry the day's numbers
only, OAuth apps' answers carry no day. The deprecated ``-Secondly`` headers are not read.
Sources: usage guidelines; recorded answers.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import RateLimitError
from ..http import HttpResponse, RateReading
from .hubspot_errors import error_of

DAY = 86_400.0
_PREFIX = 'x-hubspot-ratelimit-'
_BUCKETS = (('DAILY', 'daily'), ('TEN_SECONDLY', 'burst'), ('SECONDLY', 'search'))


def rate_headers(headers: Mapping[str, str]) -> list[RateReading]:
    """The readings of an answer's headers; those that are missing or no numbers are left out."""
    burst = RateReading(
        'burst',
        limit=_number(headers, 'max'),
        remaining=_number(headers, 'remaining'),
        period=(_number(headers, 'interval-milliseconds') or 10_000) / 1000,
    )
    daily = RateReading(
        'daily',
        limit=_number(headers, 'daily'),
        remaining=_number(headers, 'daily-remaining'),
        period=DAY,
    )
    return [one for one in (burst, daily) if one.limit]


def _number(headers: Mapping[str, str], name: str) -> int | None:
    text = headers.get(_PREFIX + name, '')
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 12 else None


def rate_limited(
    response: HttpResponse, bucket: str, time_zone: str | None = None
) -> tuple[RateReading, RateLimitError]:
    """The bucket that a 429 blocks, for how long, and the error to raise.

    :param bucket: of the call, for a 429 that does not say which limit was hit.
    """
    error = error_of(response, time_zone=time_zone)
    policy = (error.code or '').upper()
    hit = next((name for word, name in _BUCKETS if policy.startswith(word)), bucket)
    return RateReading(hit, blocked_for=error.retry_after), error
