"""One HTTP exchange over ``requests``, with the guards that ``requests`` does not have.

Promises: connections go only to addresses that :mod:`.addresses` allows; no proxy, ``.netrc``,
cookie or redirect is followed; an exchange as a whole has a deadline, not only each read of it; a
body is bounded before and after decompression; a failure says whether bytes may have left us
(:attr:`ExchangeError.sent`), which decides whether a request may be repeated.

Weakness: there is no way through an HTTP proxy, and only the certificate authorities that
``requests`` brings are trusted. A :class:`Transport` is for one thread at a time.
"""

from __future__ import annotations

import socket
import threading
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, NewConnectionError

from . import addresses

_PIECE = 64 * 1024


class ExchangeError(Exception):
    """The exchange broke. ``sent``: whether the remote may have received the request."""

    def __init__(self, reason: str, *, sent: bool):
        super().__init__(reason)
        self.sent = sent


class UnreadableBody(Exception):
    """The answer came, and its body is too large or not in an encoding we asked for."""

    def __init__(self, reason: str, status: int, headers: Mapping[str, str]):
        super().__init__(reason)
        self.status = status
        self.headers = headers


@dataclass(frozen=True)
class RawResponse:
    """An answer as it came. ``headers`` have lower-case names; ``body`` is decompressed."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Limits:
    """How long and how large an exchange may be: seconds and bytes.

    ``read_timeout`` is for the silence between two packets, ``total_timeout`` for the whole.
    """

    connect_timeout: float = 10
    read_timeout: float = 30
    total_timeout: float = 120
    max_response_bytes: int = 20 * 1024 * 1024


class Transport:
    """A session of kept-alive connections.

    :param allow_private: whether private and loopback addresses may be connected to.
    """

    def __init__(self, limits: Limits, *, allow_private: bool = False):
        self.limits = limits
        self._watch = _Watch(allow_private)
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _GuardedAdapter(self._watch)
        self._session.mount('https://', adapter)
        self._session.mount('http://', adapter)

    def close(self) -> None:
        """Close the kept-alive connections; a later call opens new ones."""
        self._session.close()

    def send(self, request: requests.PreparedRequest) -> RawResponse:
        """Send and read the whole answer.

        :raises ExchangeError: no complete answer came.
        :raises UnreadableBody: an answer came whose body cannot be taken.
        :raises ConfigurationError: the host has no address that is allowed.
        """
        timeouts = (self.limits.connect_timeout, self.limits.read_timeout)
        reason = 'no answer'
        with self._watch.over(self.limits.total_timeout):
            try:
                with self._session.send(
                    request, stream=True, timeout=timeouts, allow_redirects=False
                ) as response:
                    return self._read(response)
            except (requests.RequestException, HTTPError, OSError) as error:
                reason = _reason(error)
        if self._watch.expired:
            reason = f'no complete answer within {self.limits.total_timeout:g} s'
        # Raised out here: the exceptions of requests carry the request with its credentials.
        raise ExchangeError(reason, sent=self._watch.sent)

    def _read(self, response: requests.Response) -> RawResponse:
        headers = {name.lower(): value for name, value in response.headers.items()}
        status = response.status_code
        try:
            body = self._body(response, headers)
        except (_TooLarge, zlib.error, _UnknownEncoding) as error:
            raise UnreadableBody(str(error), status, headers) from None
        return RawResponse(status, headers, body)

    def _body(self, response: requests.Response, headers: Mapping[str, str]) -> bytes:
        decoder = _decoder(headers.get('content-encoding', ''), self.limits.max_response_bytes)
        announced, received = headers.get('content-length', ''), 0
        while piece := response.raw.read(_PIECE, decode_content=False):
            received += len(piece)
            decoder.feed(piece)
        short = announced.isdecimal() and received < int(announced)
        if self._watch.expired or (short and response.request.method != 'HEAD'):
            raise OSError('the answer breaks off')
        return decoder.finish()


def _reason(error: BaseException) -> str:
    """The chain of causes by type, and the innermost text of the operating system: no URLs."""
    names: list[str] = []
    cause: BaseException | None = error
    while cause is not None and len(names) < 6:
        if type(cause).__name__ not in names:
            names.append(type(cause).__name__)
        innermost, cause = cause, cause.__cause__ or cause.__context__ or _argument(cause)
    text = innermost.strerror if isinstance(innermost, OSError) and innermost.strerror else ''
    return ' < '.join(names) + (f': {text}' if text else '')


def _argument(error: BaseException) -> BaseException | None:
    """urllib3 hands causes on as arguments."""
    candidates = [getattr(error, 'reason', None), *error.args]
    return next((item for item in candidates if isinstance(item, BaseException)), None)


# --- bodies ---------------------------------------------------------------------------------------


class _TooLarge(Exception):
    pass


class _UnknownEncoding(Exception):
    pass


class _Plain:
    """Collects a body that is not compressed."""

    def __init__(self, most: int):
        self._most = most
        self._parts = bytearray()

    def feed(self, piece: bytes) -> None:
        self._parts += piece
        if len(self._parts) > self._most:
            raise _TooLarge(f'the answer is larger than {self._most} bytes')

    def finish(self) -> bytes:
        return bytes(self._parts)


class _Inflate(_Plain):
    """Collects a gzip or zlib body; never holds more than the limit and one byte."""

    def __init__(self, most: int):
        super().__init__(most)
        self._inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)

    def feed(self, piece: bytes) -> None:
        while piece and not self._inflater.eof:
            room = self._most - len(self._parts) + 1
            super().feed(self._inflater.decompress(piece, room))
            piece = self._inflater.unconsumed_tail

    def finish(self) -> bytes:
        if not self._inflater.eof:
            raise zlib.error('the compressed answer is not complete')
        return super().finish()


def _decoder(encoding: str, most: int) -> _Plain:
    name = encoding.strip().lower()
    if name in ('', 'identity'):
        return _Plain(most)
    if name in ('gzip', 'x-gzip', 'deflate'):
        return _Inflate(most)
    raise _UnknownEncoding('the answer is in an encoding that was not asked for')


# --- connections ----------------------------------------------------------------------------------


class _Watch:
    """What happens to the exchange under way: has anything been sent, is it over time?"""

    def __init__(self, allow_private: bool):
        self.allow_private = allow_private
        self.sent = False
        self.expired = False
        self._sock: socket.socket | None = None

    def over(self, seconds: float) -> _Deadline:
        self.sent, self.expired, self._sock = False, False, None
        return _Deadline(seconds, self._expire)

    def sending(self, sock: socket.socket) -> None:
        self.sent, self._sock = True, sock

    def _expire(self) -> None:
        self.expired = True
        if self._sock is not None:
            try:
                # Not SSLSocket.shutdown, which would take the TLS layer from under the reader.
                socket.socket.shutdown(self._sock, socket.SHUT_RDWR)
            except OSError:
                # Closed meanwhile: the reader has its end of file.
                return


class _Deadline:
    """Calls ``expire`` when the block is not left in time.

    A socket's own time-out starts anew with every packet, so a remote that drips would hold a
    worker for ever.
    """

    def __init__(self, seconds: float, expire):
        self._timer = threading.Timer(seconds, expire)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_error) -> None:
        self._timer.cancel()


class _Guarded:
    """Mixed into urllib3's connections: guarded addresses, and a note when bytes leave."""

    watch: _Watch

    def _new_conn(self) -> socket.socket:
        try:
            return addresses.connect(
                self._dns_host,
                self.port,
                timeout=self.timeout,
                allow_private=self.watch.allow_private,
                socket_options=self.socket_options or (),
            )
        except OSError as error:
            raise NewConnectionError(self, type(error).__name__) from error

    def send(self, data) -> None:
        if self.sock is None:
            self.connect()
        self.watch.sending(self.sock)
        super().send(data)


class _GuardedAdapter(HTTPAdapter):
    """Builds its pools from guarded connections; repeats nothing by itself."""

    def __init__(self, watch: _Watch):
        self._watch = watch
        super().__init__(pool_connections=4, pool_maxsize=2, max_retries=0)

    def init_poolmanager(self, *args, **kwargs) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            'http': _pool(HTTPConnectionPool, HTTPConnection, self._watch),
            'https': _pool(HTTPSConnectionPool, HTTPSConnection, self._watch),
        }


def _pool(pool: type, connection: type, watch: _Watch) -> type:
    guarded = type('GuardedConnection', (_Guarded, connection), {'watch': watch})
    return type('GuardedPool', (pool,), {'ConnectionCls': guarded})


