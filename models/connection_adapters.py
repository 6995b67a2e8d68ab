"""Token, budget and breaker of a connection, as :mod:`..engine.http` asks for them.

Each keeps in memory what it may, so that an ordinary call costs one short transaction (the budget
and the breaker's look), and writes on edges only. The rows and their SQL are in
:mod:`.sync_credential`, :mod:`.sync_budget` and :mod:`.sync_breaker`.
"""

from __future__ import annotations

import time

from ..engine.errors import AuthError

#: An access token is renewed when it has less than this left (seconds).
REFRESH_AHEAD = 300
#: So long a breaker that was found without failures is not asked again (seconds).
CLEAN_SECONDS = 1.0


class ConnectionToken:
    """The ``Authorization`` header; refreshes ahead of time, once for all workers."""

    def __init__(self, connection):
        self.connection = connection
        self._header = None
        self._good_until = 0.0

    def header(self) -> str:
        if self._header is None or time.monotonic() >= self._good_until:
            self._load(stale=None)
        return self._header

    def refresh(self, stale_header: str) -> bool:
        """After a 401: True if there is another token now than ``stale_header``."""
        self._load(stale=stale_header.removeprefix('Bearer '))
        return self._header != stale_header

    def _load(self, stale):
        token, seconds_left = self.connection._access_token(stale)
        if not token:
            raise AuthError(
                'no access token is stored',
                user_message=self.connection.env._(
                    'Connection "%s" has no access token. Enter it, or connect again.',
                    self.connection.name,
                ),
            )
        self._header = f'Bearer {token}'
        self._good_until = time.monotonic() + max(seconds_left - REFRESH_AHEAD, 1)

    def __repr__(self):
        return f'<ConnectionToken of {self.connection}>'


class FixedToken:
    """A token that is not stored yet: it cannot be refreshed."""

    def __init__(self, token):
        self._token = token

    def header(self) -> str:
        return f'Bearer {self._token}'

    def refresh(self, stale_header: str) -> bool:
        return False


class ConnectionBudget:
    """The shared allowance. Takes for every call; learns when there is news."""

    def __init__(self, connection, default_limits, reserve=0):
        self.connection = connection
        self.defaults = default_limits
        self.reserve = reserve
        self._known = {}  # as of the last take, or of what was learnt since
        self._known_at = 0.0

    def take(self, bucket: str, cost: int = 1) -> float:
        wait = self._budget()._take(
            self.connection, bucket, cost, self.defaults, self._known, self.reserve
        )
        self._known_at = time.monotonic()
        return wait

    def learn(self, bucket: str, *, limit=None, remaining=None, period=None, blocked_for=None):
        """Take over what the remote says, where it is news: our own bookkeeping is right as long
        as nobody else spends from the allowance."""
        row, age = self._known.get(bucket), time.monotonic() - self._known_at
        if (row and blocked_for is None
                and not self._budget()._is_news(row, age, limit, remaining)):
            return
        self._budget()._learn(
            self.connection, bucket, self.defaults, limit=limit, remaining=remaining,
            period=period, blocked_for=blocked_for, known=self._known,
        )
        self._known_at = time.monotonic()

    def _budget(self):
        return self.connection.env['sync.budget']


class ConnectionBreaker:
    """Stops calls to an account that is down; one probe at a time tries again."""

    def __init__(self, connection):
        self.connection = connection
        self._clean = False
        self._looked_at = 0.0

    def before_call(self) -> None:
        if self._clean and time.monotonic() < self._looked_at + CLEAN_SECONDS:
            return  # the calls of one batch follow each other closely
        self._clean = self.connection.env['sync.breaker']._before_call(self.connection)
        self._looked_at = time.monotonic()

    def record(self, ok: bool) -> None:
        if ok and self._clean:
            return  # nothing to write: no failure is on record
        self._clean = False
        self.connection.env['sync.breaker']._record(self.connection, ok)
