"""What goes in and out of the HTTP client: answers, readings, records, and who stands behind it.

Promise: the ``repr`` of none of these holds a header or a body. Weakness: a
:class:`CallRecord` holds business values of the call (redacted and shortened), so whoever stores it
decides who may read it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from .errors import ContractError


class Token(Protocol):
    """The connection's credentials, kept fresh by the Odoo side."""

    def header(self) -> str:
        """The ``Authorization`` header valid now, e.g. ``'Bearer …'``; refreshes ahead of time.

        :raises AuthError: there is no usable token.
        """
        ...

    def refresh(self, stale_header: str) -> bool:
        """Replace the token that was refused; one worker does, the others wait for it.

        :returns: whether another token than the one in ``stale_header`` is there now.
        """
        ...


class Budget(Protocol):
    """The requests that all workers of one connection share."""

    def take(self, bucket: str, cost: int = 1) -> float:
        """0.0 where ``cost`` requests of ``bucket`` may go now, else the seconds to wait."""
        ...

    def learn(
        self,
        bucket: str,
        *,
        limit: int | None = None,
        remaining: int | None = None,
        period: float | None = None,
        blocked_for: float | None = None,
    ) -> None:
        """Take over what the remote said of its limits; times in seconds."""
        ...


class Breaker(Protocol):
    """Keeps everybody from calling a remote that is down."""

    def before_call(self) -> None:
        """Let the call pass.

        :raises TransientError: while open; ``retry_after`` tells until when.
        """
        ...

    def record(self, ok: bool) -> None:
        """Report a call that was let pass; ``False`` only for what indicts the remote itself."""
        ...


@dataclass(frozen=True)
class RateReading:
    """What an answer says of one bucket; ``None`` where it says nothing. Times in seconds."""

    bucket: str
    limit: int | None = None
    remaining: int | None = None
    period: float | None = None
    blocked_for: float | None = None


@dataclass(frozen=True)
class HttpResponse:
    """An answer. ``headers`` have lower-case names; ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    request_id: str | None = None

    def json(self) -> Any:
        """The body as JSON.

        :raises ContractError: it is none, or nests or counts beyond reason.
        """
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise ContractError(
                f'HTTP {self.status} with a body that is no JSON '
                f'({self.headers.get("content-type", "no content type")}, {len(self.body)} bytes)',
                user_message='The remote gave an answer that cannot be read. Try again later.',
                status=self.status,
                request_id=self.request_id,
            ) from error


@dataclass(frozen=True)
class CallRecord:
    """One try, as it may be shown to people. Summaries are redacted and at most 2,000 characters.

    ``status`` is ``None`` where no answer came, and ``error`` says why; ``duration`` in seconds.
    """

    time: datetime
    method: str
    path: str
    status: int | None
    duration: float
    request_id: str | None
    request_summary: str
    response_summary: str
    error: str | None = None
    correlation_id: str | None = None


def _refuse_constant(name: str) -> Any:
    """``NaN`` and ``Infinity`` are no JSON (RFC 8259, section 6)."""
    raise ValueError(f'{name} is no JSON')
