"""Who is calling: private-app tokens and OAuth access tokens.

Promise: an unknown token is 401 INVALID_AUTHENTICATION, an expired one 401 EXPIRED_AUTHENTICATION,
a missing scope 403 MISSING_SCOPES with the scopes that would do. Weakness: scopes are looked at per
object type and verb only.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from ..core.call import Call
from ..core.clock import Clock, iso
from ..core.errors import no_unknown_keys, require
from .config import Options
from .errors import ApiError
from .kinds import Kind

NO_CREDENTIALS = (
    "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can "
    "find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview"
)
NO_SCOPES = (
    "This app hasn't been granted all required scopes to make this call. Read more about required "
    "scopes here: https://developers.hubspot.com/scopes."
)


@dataclass
class Grant:
    """What a token stands for; ``scopes`` None: everything; ``expires`` in ms, None: never."""

    app_id: int
    scopes: frozenset[str] | None = None
    oauth: bool = False
    expires: int | None = None
    refresh_token: str | None = None


class Tokens:
    """Tokens of the account."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.grants: dict[str, Grant] = {}
        self.refresh: dict[str, Grant] = {}
        self.codes: dict[str, dict[str, Any]] = {}
        self.static()

    def static(self) -> None:
        """Take over the tokens of the options."""
        self.grants[self.options.token] = Grant(self.options.app_id)
        for token, row in self.options.tokens.items():
            self.add(token, row)

    def add(self, token: str, row: Any) -> None:
        """Add a token of an app. Raises ``ControlError``."""
        require(isinstance(row, dict), "A token needs an object with app_id and scopes.")
        no_unknown_keys(row, {"app_id", "scopes", "expired"}, "A token")
        scopes = row.get("scopes")
        require(scopes is None or isinstance(scopes, list), "scopes must be a list or null.")
        app_id = row.get("app_id", self.options.app_id)
        require(isinstance(app_id, int), "app_id must be a whole number.")
        self.grants[token] = Grant(
            app_id,
            None if scopes is None else frozenset(scopes),
            expires=self.clock.now() - 240_000 if row.get("expired") else None,
        )

    def authenticate(self, call: Call) -> Grant:
        """The grant behind a call. Raises :class:`ApiError` 401."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        grant = self.grants.get(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise ApiError(401, "INVALID_AUTHENTICATION", NO_CREDENTIALS)
        if grant.expires is not None and grant.expires <= self.clock.now():
            raise expired(grant.expires, self.clock.now())
        return grant

    def issue(self, scopes: frozenset[str] | None, refresh_token: str | None) -> tuple[str, Grant]:
        """A new access token, and a refresh token unless one is given."""
        now = self.clock.now()
        refresh = refresh_token or f"na1-{secrets.token_hex(18)}"
        grant = Grant(self.options.app_id, scopes, True, now, refresh)
        grant.expires = now + self.options.access_token_s * 1000
        access = f"CM{secrets.token_urlsafe(150)}"
        self.grants[access] = self.refresh[refresh] = grant
        return access, grant

    def expire_access(self) -> int:
        """Let every OAuth access token expire now; how many."""
        live = [grant for grant in self.grants.values() if grant.oauth]
        for grant in live:
            grant.expires = self.clock.now() - 240_000
        return len(live)

    def revoke_refresh(self) -> int:
        """Refuse every refresh token from now on; how many."""
        count = len(self.refresh)
        self.refresh.clear()
        return count


def expired(at: int, now: int) -> ApiError:
    """401 for a token that is too old."""
    minutes = max(1, (now - at) // 60_000)
    message = f"The OAuth token used to make this call expired {minutes} minute(s) ago."
    context = {"expire time": [iso(at)]}
    return ApiError(401, "EXPIRED_AUTHENTICATION", message, context=context)


def require_scope(grant: Grant, scopes: list[str]) -> None:
    """Demand one of ``scopes``. Raises :class:`ApiError` 403."""
    if grant.scopes is not None and not grant.scopes & set(scopes):
        errors = [
            {
                "message": "One or more of the following scopes are required.",
                "context": {"requiredGranularScopes": scopes},
            }
        ]
        links = {"scopes": "https://developers.hubspot.com/scopes"}
        raise ApiError(403, "MISSING_SCOPES", NO_SCOPES, errors=errors, links=links)


def require_schema_scope(grant: Grant, kind: Kind, verb: str, portal_id: int) -> None:
    """The properties endpoints word their refusal differently, and without a category."""
    wanted = {f"crm.schemas.{kind.name}.{verb}"}
    if verb == "read":
        wanted |= {f"crm.objects.{kind.name}.read", f"crm.objects.{kind.name}.write"}
    if grant.scopes is not None and not grant.scopes & wanted:
        verb_word = "view" if verb == "read" else "edit"
        message = (
            f"You do not have permissions to {verb_word} object type "
            f"ObjectTypeId{{legacyObjectType={kind.legacy}}} in portal {portal_id} "
            f"(requires one of [{kind.name}-{verb}])"
        )
        raise ApiError(403, None, message)


def object_scopes(kind: Kind, verb: str) -> list[str]:
    """Scopes that open an object type; writing includes reading."""
    names = [f"crm.objects.{kind.name}.{verb}"]
    if verb == "read":
        names.append(f"crm.objects.{kind.name}.write")
    if kind.name == "tickets":
        names.append("tickets")
    if kind.name in ("products", "line_items"):
        names.append("e-commerce")
    return names
