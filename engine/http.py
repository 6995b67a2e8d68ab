"""The one place that speaks HTTP to a provider.

Promises: time-outs, one token refresh after a 401, the shared budget and breaker before every try,
size limits, a correlation id, and records of each try without secrets. A request goes only to the
hosts of its connection, over TLS unless private addresses are allowed. A request that must not be
sent twice is not: where its fate is unknown it raises :class:`~.errors.UnknownOutcome`. Nothing
above DEBUG is logged, and no body at all.

Every answer below 500 is returned but 401, 423, 429, 477 and redirections; the connectors' error
tables judge the rest. A 304 is returned to whoever asked with ``If-Modified-Since``.

Weakness: see :mod:`.transport`. A client is for one thread at a time.
"""

from __future__ import annotations

import json as jsonlib
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity

from . import http_outcomes as outcomes
from .errors import AuthError, ConfigurationError, RateLimitError
from .http_outcomes import Try
from .http_types import Breaker, Budget, CallRecord, HttpResponse, RateReading, Token
from .redaction import Redactor
from .transport import ExchangeError, Limits, RawResponse, Transport, UnreadableBody

__all__ = (
    'Breaker',
    'Budget',
    'CallRecord',
    'HttpClient',
    'HttpResponse',
    'RateReading',
    'Token',
)

logger = logging.getLogger(__name__)

#: Answer and bucket → what is blocked, and the error to raise.
RateLimited = Callable[[HttpResponse, str], tuple[RateReading, RateLimitError]]

#: Values of an OAuth form that are secrets (RFC 6749, RFC 7636).
SECRET_FORM_FIELDS = frozenset(
    ('code', 'code_verifier', 'client_secret', 'refresh_token', 'access_token', 'token', 'password')
)


@dataclass
class _Call:
    """One request in all its tries. ``doubtful``: one of them may have been carried out."""

    request: requests.PreparedRequest
    path: str
    summary: str
    bucket: str
    idempotent: bool
    authenticated: bool
    doubtful: bool = False

    def may_be_unchanged(self, response: HttpResponse) -> bool:
        """Whether it is the answer to "only if it was changed": no redirection (RFC 9110)."""
        return response.status == 304 and 'If-Modified-Since' in self.request.headers


class HttpClient:
    """Sends requests for one connection.

    :param base_url: scheme and host, perhaps a path prefix, e.g. ``https://api.hubapi.com``.
    :param allowed_hosts: host names requests may go to; ``'.example.com'`` stands for every host
        below. With ``allow_private`` the host of ``base_url`` is allowed as well.
    :param token: ``None`` for a client that never authenticates.
    :param budget: ``None`` to send without asking anybody.
    :param breaker: likewise.
    :param allow_private: also connect to private addresses, and without TLS (the sandbox).
    :param correlation_id: sent as ``X-Correlation-Id`` and kept in every :class:`CallRecord`.
    :param retries: further tries inside one call, for failures that pass quickly.
    :param max_wait: seconds a call may wait for budget or between tries; more is left to the lane.
    :param on_call: gets a :class:`CallRecord` after each try.
    :param rate_headers: the connector's reading of the limit headers of an answer.
    :param rate_limited: the connector's reading of a 429 in a bucket: what is blocked for how long,
        and the error to raise. This and ``rate_headers`` may also be set later, as attributes.
    :param sleep: waits a number of seconds.
    :raises ConfigurationError: ``base_url`` is no address that may be called.
    """

    def __init__(
        self,
        *,
        base_url: str,
        allowed_hosts: Iterable[str],
        token: Token | None,
        budget: Budget | None = None,
        breaker: Breaker | None = None,
        connect_timeout: float = 10,
        read_timeout: float = 30,
        total_timeout: float = 120,
        max_response_bytes: int = 20 * 1024 * 1024,
        allow_private: bool = False,
        user_agent: str = 'saas_sync',
        correlation_id: str | None = None,
        retries: int = 2,
        max_wait: float = 5.0,
        on_call: Callable[[CallRecord], None] | None = None,
        rate_headers: Callable[[Mapping[str, str]], Iterable[RateReading]] | None = None,
        rate_limited: RateLimited | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ):
        self._allowed = tuple(host.lower() for host in allowed_hosts)
        self._allow_private = allow_private
        self.base_url = self._checked(base_url, itself=allow_private)
        self.correlation_id = correlation_id
        self.rate_headers = rate_headers
        self.rate_limited = rate_limited
        self._token = token
        self._budget = budget
        self._breaker = breaker
        self._user_agent = user_agent
        self._retries = retries
        self._max_wait = max_wait
        self._on_call = on_call
        self._sleep = sleep
        self._redactor = Redactor()
        limits = Limits(connect_timeout, read_timeout, total_timeout, max_response_bytes)
        self._transport = Transport(limits, allow_private=allow_private)

    def __repr__(self) -> str:
        return f'<HttpClient {self.base_url}>'

    def close(self) -> None:
        """Close the kept-alive connections."""
        self._transport.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        idempotent: bool,
        json: Any = None,
        params: Mapping[str, Any] | None = None,
        form: Mapping[str, str] | None = None,
        content: bytes | None = None,
        bucket: str = 'burst',
        authenticated: bool = True,
        headers: Mapping[str, str] | None = None,
        base_url: str | None = None,
    ) -> HttpResponse:
        """Send one request and return its answer.

        :param path: begins with ``/``; ids in it are percent-encoded by the caller.
        :param idempotent: sending it twice does no harm; only then is it repeated when the
            connection broke with the request on its way.
        :param form: sent as a form instead of ``json``; its secrets are masked in records.
        :param content: sent as it is (a CSV), with the ``Content-Type`` of ``headers``; records of
            the call only tell its size.
        :param bucket: which part of the budget it uses.
        :param authenticated: send the token, refresh it once after a 401. Else a 401 is returned.
        :param base_url: another base for this request, on an allowed host.
        :raises AuthError: no token, or the token is refused after a refresh.
        :raises ConfigurationError: the address may not be called.
        :raises RateLimitError: 429, or the budget asks for a longer wait than ``max_wait``.
        :raises TransientError: no answer, 5xx, 423, 477 or an open breaker, tries used up;
            ``code`` is ``NOT_REACHED`` where no try ever left us.
        :raises UnknownOutcome: not idempotent, sent, and its fate is not known.
        :raises ContractError: a redirection, or a body too large or not decodable.
        """
        prepared = self._prepared(method, path, json, params, form, content, headers, base_url)
        summary = self._summary(json, form, content)
        return self._run(_Call(prepared, path, summary, bucket, idempotent, authenticated))

    def _run(self, call: _Call) -> HttpResponse:
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._retries + 1),
            retry=tenacity.retry_if_result(lambda result: result.again),
            wait=outcomes.pause,
            sleep=self._sleep,
            retry_error_callback=lambda state: state.outcome.result(),
        )
        result = retrying(self._try, call)
        if result.error is not None:
            raise result.error
        return result.response

    # --- the request ------------------------------------------------------------------------------

    def _prepared(self, method, path, json, params, form, content, headers, base_url):
        if sum(body is not None for body in (json, form, content)) > 1:
            raise ValueError('A request has one body: json, form or content.')
        base = self._checked(base_url) if base_url else self.base_url
        if not path.startswith('/'):
            raise ValueError(f'A path begins with a slash: {path!r}')
        own = {
            'Accept': 'application/json',
            'Accept-Encoding': 'gzip',
            'User-Agent': self._user_agent,
            **(headers or {}),
        }
        if self.correlation_id:
            own['X-Correlation-Id'] = self.correlation_id
        data: Any = form if content is None else content
        if json is not None:
            data = jsonlib.dumps(json, separators=(',', ':'), allow_nan=False).encode('ascii')
            own['Content-Type'] = 'application/json'
        request = requests.Request(method, base + path, headers=own, params=params, data=data)
        return request.prepare()

    def _checked(self, base_url: str, itself: bool = False) -> str:
        """``base_url`` without a slash at its end, if it may be called.

        :param itself: its host is allowed from now on, whatever it is.
        """
        try:
            parts = urlsplit(base_url)
            host, port = (parts.hostname or '').lower(), parts.port
        except ValueError:
            raise outcomes.not_allowed('') from None
        if itself and host:
            self._allowed += (host,)
        allowed = any(
            host == entry or (entry.startswith('.') and host.endswith(entry))
            for entry in self._allowed
        )
        plain = self._allow_private or (parts.scheme == 'https' and port in (None, 443))
        if not (host and allowed and plain) or '@' in parts.netloc or parts.query or parts.fragment:
            raise outcomes.not_allowed(host)
        return base_url.rstrip('/')

    def _summary(self, json: Any, form: Mapping[str, str] | None, content: bytes | None) -> str:
        if content is not None:
            return f'{len(content)} bytes'
        if form is not None:
            secret = [value for name, value in form.items() if name in SECRET_FORM_FIELDS]
            self._redactor.learn(*secret)
            return self._redactor.summary(dict(form), hidden=SECRET_FORM_FIELDS)
        return self._redactor.summary(json) if self._on_call else ''  # a batch is long to mask

    # --- a try ------------------------------------------------------------------------------------

    def _try(self, call: _Call) -> Try:
        result = self._authorised(call)
        if result.response is None or result.response.status != 401 or not call.authenticated:
            return result
        if self._token.refresh(call.request.headers['Authorization']):
            result = self._authorised(call)
        if result.response is not None and result.response.status == 401:
            return Try(error=outcomes.refused_token(result.response))
        return result

    def _authorised(self, call: _Call) -> Try:
        if call.authenticated:
            if self._token is None:
                raise AuthError('This client has no token.')
            header = self._token.header()
            self._redactor.learn(header, header.rpartition(' ')[2])
            call.request.headers['Authorization'] = header
        self._take(call.bucket)
        if self._breaker is None:
            return self._exchange(call)
        self._breaker.before_call()
        healthy = False
        try:
            result = self._exchange(call)
            healthy = not result.indicts
        finally:
            # Whatever happens, the one probe of a half-open breaker has to come back.
            self._breaker.record(healthy)
        return result

    def _take(self, bucket: str) -> None:
        """Wait for room in the budget.

        :raises RateLimitError: where that would take longer than ``max_wait`` in all.
        """
        left = self._max_wait
        while self._budget is not None and (wait := self._budget.take(bucket)) > 0:
            if wait > left:
                raise RateLimitError(
                    f'The budget of {bucket!r} is used up for {wait:.1f} s.',
                    user_message='The calls this account allows us are used up for now; '
                    'the synchronisation goes on by itself.',
                    code='BUDGET',
                    retry_after=wait,
                )
            left -= wait
            self._sleep(wait)

    def _exchange(self, call: _Call) -> Try:
        began, clock = datetime.now(timezone.utc), time.monotonic()
        response, error, sent = None, None, True
        try:
            response = outcomes.answer(self._transport.send(call.request))
        except ExchangeError as broken:
            error, sent = str(broken), broken.sent
        except UnreadableBody as unreadable:
            error = str(unreadable)
            response = outcomes.answer(RawResponse(unreadable.status, unreadable.headers, b''))
        except ConfigurationError as refused:
            self._record(call, began, time.monotonic() - clock, None, str(refused))
            raise
        self._record(call, began, time.monotonic() - clock, response, error)
        call.doubtful |= sent and (response is None or response.status >= 500)
        if response is None:
            return outcomes.broken(error, sent=call.doubtful, idempotent=call.idempotent)
        return self._judged(call, response, error)

    def _judged(self, call: _Call, response: HttpResponse, unreadable: str | None) -> Try:
        for reading in self.rate_headers(response.headers) if self.rate_headers else ():
            self._learn(reading)
        if response.status == 429:
            read = self.rate_limited or outcomes.rate_limited
            reading, error = read(response, call.bucket)
            self._learn(reading)
            return Try(error=error)
        if response.status in outcomes.NOT_NOW or response.status >= 500:
            return outcomes.not_now(
                response, idempotent=call.idempotent, max_wait=self._max_wait
            )
        if 300 <= response.status < 400 and not call.may_be_unchanged(response):
            return outcomes.redirected(response)
        if unreadable and response.status < 300:
            return outcomes.unreadable(response, unreadable, idempotent=call.idempotent)
        return Try(response=response)

    def _learn(self, reading: RateReading) -> None:
        if self._budget is not None:
            self._budget.learn(
                reading.bucket,
                limit=reading.limit,
                remaining=reading.remaining,
                period=reading.period,
                blocked_for=reading.blocked_for,
            )

    def _record(self, call, began, duration, response, error) -> None:
        # Only now is every secret known that the request carried.
        status, path = response.status if response else None, self._redactor.text(call.path)
        logger.debug('%s %s %s %.3f s', call.request.method, path, status, duration)
        if self._on_call is None:
            return
        self._on_call(
            CallRecord(
                time=began,
                method=call.request.method,
                path=path,
                status=status,
                duration=duration,
                request_id=response.request_id if response else None,
                request_summary=self._redactor.text(call.summary),
                response_summary=self._redactor.summary(response.body) if response else '',
                error=error,
                correlation_id=self.correlation_id,
            )
        )
