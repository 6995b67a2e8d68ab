"""What one try of a request ended in: an answer, or which error, and whether to try again at once.

Promise: a request whose fate is unknown is repeated only where its caller said that this does no
harm. Weakness: a 5xx is taken for an unknown outcome even where the remote refused before it did
anything; the caller's read-back then finds nothing and the request is sent anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timezone

import tenacity

from .errors import (
    AuthError,
    ConfigurationError,
    ContractError,
    RateLimitError,
    SyncError,
    TransientError,
    UnknownOutcome,
)
from .http_types import HttpResponse, RateReading
from .ratelimit import parse_retry_after
from .transport import RawResponse

#: Answers that say "not now" and are no verdict on the request (HubSpot, "Error handling"):
#: 423 a record is locked by a mass update, 477 the account is being moved. Value: least pause in s.
NOT_NOW = {423: 2.0, 477: 0.0}
#: The ``code`` of an error that says that no try of the request ever left us.
NOT_REACHED = 'NOT_REACHED'
#: Where a 429 says nothing of its own: the period of most burst limits, in seconds.
DEFAULT_BLOCK = 10.0
_REQUEST_IDS = ('x-hubspot-correlation-id', 'x-request-id', 'request-id', 'x-correlation-id')
_BUSY = 'The remote cannot be reached at the moment. The synchronisation tries again by itself.'

#: Up to 0.5 s after the first try, 1 s after the second … 4 s, chosen evenly (full jitter).
_jitter = tenacity.wait_random_exponential(multiplier=0.5, max=4)


@dataclass(frozen=True)
class Try:
    """The end of one try: ``response`` or ``error``.

    ``again``: it may be repeated at once, after ``pause`` seconds or more. ``indicts``: it speaks
    against the remote itself, not against this request.
    """

    response: HttpResponse | None = None
    error: SyncError | None = None
    again: bool = False
    pause: float = 0.0
    indicts: bool = False


def pause(state: tenacity.RetryCallState) -> float:
    """Seconds until the next try, for :class:`tenacity.Retrying`."""
    return max(state.outcome.result().pause, _jitter(state))


def answer(raw: RawResponse) -> HttpResponse:
    """The answer with the id under which the remote can find it in its logs."""
    ids = (raw.headers.get(name) for name in _REQUEST_IDS)
    return HttpResponse(raw.status, raw.headers, raw.body, next(filter(None, ids), None))


def broken(reason: str, *, sent: bool, idempotent: bool) -> Try:
    """No answer came. Only a request that left us, and must not go twice, is of unknown fate."""
    if sent and not idempotent:
        unknown = UnknownOutcome(f'Sent, and no answer came: {reason}', user_message=_BUSY)
        return Try(error=unknown, indicts=True)
    where = 'No answer came' if sent else 'The remote was not reached'
    error = TransientError(
        f'{where}: {reason}', user_message=_BUSY, code=None if sent else NOT_REACHED
    )
    return Try(error=error, again=True, indicts=True)


def not_now(response: HttpResponse, *, idempotent: bool, max_wait: float) -> Try:
    """423, 477 and 5xx. What asks for more than ``max_wait`` seconds is left to the lane."""
    refused = response.status in NOT_NOW
    after = _retry_after(response)
    least = max(NOT_NOW.get(response.status, 0.0), after or 0.0)
    kind = TransientError if refused or idempotent else UnknownOutcome
    error = kind(
        f'HTTP {response.status}',
        user_message=_BUSY,
        code=f'HTTP_{response.status}',
        status=response.status,
        request_id=response.request_id,
        retry_after=least or None,
    )
    again = kind is TransientError and least <= max_wait
    return Try(error=error, again=again, pause=least, indicts=response.status != 423)


def rate_limited(response: HttpResponse, bucket: str) -> tuple[RateReading, RateLimitError]:
    """A 429 of a remote of which we know no more than RFC 6585 says."""
    after = _retry_after(response)
    after = DEFAULT_BLOCK if after is None else after
    error = RateLimitError(
        f'HTTP 429 in the bucket {bucket!r}',
        user_message='The remote asks us to slow down; the synchronisation goes on by itself.',
        code='HTTP_429',
        status=429,
        request_id=response.request_id,
        retry_after=after,
    )
    return RateReading(bucket, blocked_for=after), error


def redirected(response: HttpResponse) -> Try:
    """3xx: the token is for this host only, and an API has no reason to move."""
    return Try(
        error=ContractError(
            f'HTTP {response.status}: redirections are not followed.',
            user_message='The remote sends us to another address, which is not followed. '
            'Check the address of the connection.',
            code='REDIRECT',
            status=response.status,
            request_id=response.request_id,
        )
    )


def unreadable(response: HttpResponse, reason: str, *, idempotent: bool) -> Try:
    """A success whose body is lost: a write was done all the same, but with what result?"""
    kind = ContractError if idempotent else UnknownOutcome
    return Try(
        error=kind(
            f'HTTP {response.status}: {reason}',
            user_message='The remote gave an answer that cannot be read. Try again later.',
            code='UNREADABLE',
            status=response.status,
            request_id=response.request_id,
        )
    )


def refused_token(response: HttpResponse) -> AuthError:
    """401, and there is no other token to try."""
    return AuthError(
        'HTTP 401: the access token is refused.',
        user_message='The remote no longer accepts the access token of the connection. '
        'Open the connection and enter a new token, or connect again.',
        code='HTTP_401',
        status=401,
        request_id=response.request_id,
    )


def not_allowed(host: str) -> ConfigurationError:
    """A base address that a request must not go to."""
    return ConfigurationError(
        f'Requests to {host or "an address without a host"} are not allowed.',
        user_message='The address of the connection is not one of its provider. Write it as '
        '"https://" and the host, without user, port or query.',
        code='ADDRESS_NOT_ALLOWED',
    )


def _retry_after(response: HttpResponse) -> float | None:
    return parse_retry_after(response.headers.get('retry-after'), datetime.now(timezone.utc))
