"""Sessions and grants: who is calling.

Promise: a session lives ``session_s`` after its last call; a refresh token that was used once and
comes again takes the whole grant with it, access tokens too, as refresh-token rotation does; the
fifth grant of a user drops the first. Weakness: one app, one user.
"""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass

from ..core.call import Call
from ..core.clock import Clock
from .config import Options
from .errors import ApiError

MAX_GRANTS = 4


@dataclass
class Session:
    """An access token; ``expires`` None: never."""

    user: str
    scope: str
    expires: int | None
    grant: int | None = None


class Tokens:
    """Access tokens, refresh tokens and codes of the org."""

    def __init__(self, options: Options, clock: Clock, user: str) -> None:
        self.options = options
        self.clock = clock
        self.user = user
        self.sessions: dict[str, Session] = {}
        #: refresh token -> (grant, scope)
        self.refresh: dict[str, tuple[int, str]] = {}
        self.used: dict[str, int] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self._grants = itertools.count(1)
        self.static()

    def static(self) -> None:
        """Take over the token of the options."""
        self.sessions[self.options.token] = Session(self.user, "api refresh_token", None)

    def authenticate(self, call: Call) -> Session:
        """The session behind a call, made longer by it. Raises :class:`ApiError` 401."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        known = scheme.lower() in ("bearer", "oauth")
        session = self.sessions.get(token.strip()) if known else None
        now = self.clock.now()
        if session is None or (session.expires is not None and session.expires <= now):
            raise ApiError("INVALID_SESSION_ID", "Session expired or invalid")
        if session.expires is not None:
            session.expires = now + self.options.session_s * 1000
        return session

    def open(self, scope: str, grant: int | None = None) -> str:
        """A new access token."""
        token = f"{self.options.org_id[:15]}!AQ{secrets.token_urlsafe(70)}"
        expires = self.clock.now() + self.options.session_s * 1000
        self.sessions[token] = Session(self.user, scope, expires, grant)
        return token

    def new_grant(self, scope: str) -> tuple[int, str]:
        """A grant with its first refresh token; the oldest goes when there are too many."""
        live = sorted({grant for grant, _scope in self.refresh.values()})
        for old in live[: max(0, len(live) - MAX_GRANTS + 1)]:
            self.revoke_grant(old)
        grant = next(self._grants)
        return grant, self._refresh_token(grant, scope)

    def rotate(self, token: str) -> tuple[int, str, str | None] | None:
        """Grant, scope and the next refresh token (None: the old one stays) of a refresh token.

        None for one that is not known; one that was used before ends its grant.
        """
        if token in self.used:
            self.revoke_grant(self.used[token])
            return None
        if token not in self.refresh:
            return None
        grant, scope = self.refresh[token]
        if not self.options.rotate_refresh_token:
            return grant, scope, None
        del self.refresh[token]
        self.used[token] = grant
        return grant, scope, self._refresh_token(grant, scope)

    def _refresh_token(self, grant: int, scope: str) -> str:
        token = f"5Aep861{secrets.token_urlsafe(48)}"
        self.refresh[token] = (grant, scope)
        return token

    def revoke_grant(self, grant: int) -> None:
        """End a grant with all its tokens."""
        self.refresh = {t: row for t, row in self.refresh.items() if row[0] != grant}
        self.sessions = {t: s for t, s in self.sessions.items() if s.grant != grant}

    def revoke(self, token: str) -> bool:
        """End a refresh token's grant, or one session."""
        if token in self.refresh:
            self.revoke_grant(self.refresh[token][0])
            return True
        return self.sessions.pop(token, None) is not None

    def expire_access(self) -> int:
        """Let every session that can end end now; how many."""
        live = [session for session in self.sessions.values() if session.expires is not None]
        for session in live:
            session.expires = self.clock.now() - 1
        return len(live)

    def revoke_refresh(self) -> int:
        """Refuse every refresh token from now on; how many."""
        count = len(self.refresh)
        self.refresh.clear()
        return count
