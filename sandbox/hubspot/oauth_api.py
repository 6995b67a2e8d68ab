"""OAuth 2.0: authorization code with PKCE, refresh, introspection, revocation.

Sources: ``/oauth/{version}/token`` specification, RFC 6749, RFC 7636. Promise: a code works once
and for its redirect URI, S256 is verified, credentials belong in the body, access tokens
live 1,800 s. Option: ``rotate_refresh_token``. Weakness: the consent screen is skipped, everybody
agrees.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ..core.call import Answer, Call
from .account import Account
from .auth import Grant
from .errors import HtmlError

#: status word -> (OAuth error, message)
ERRORS = {
    "BAD_GRANT_TYPE": ("unsupported_grant_type", "missing or unknown grant type"),
    "BAD_CLIENT_ID": ("invalid_client", "missing or unknown client id"),
    "BAD_CLIENT_SECRET": ("invalid_client", "missing or invalid client secret"),
    "BAD_REDIRECT_URI": ("invalid_grant", "missing or mismatched redirect uri"),
    "BAD_AUTH_CODE": ("invalid_grant", "missing or unknown auth code"),
    "BAD_CODE_VERIFIER": ("invalid_grant", "missing or invalid code verifier"),
    "BAD_REFRESH_TOKEN": ("invalid_grant", "refresh token is invalid, expired or revoked"),
    "BAD_REQUEST": ("invalid_request", "credentials must be in the form body"),
}


class OAuthError(Exception):
    """A refusal of the token endpoint; the text is the status word."""


class OAuthApi:
    """Handlers over an :class:`Account`; called without authentication."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.tokens = account.tokens

    def authorize(self, call: Call) -> Answer:
        """``GET /oauth/authorize``: straight back with a code."""
        query, options = call.query, self.account.options
        redirect = query.get("redirect_uri", "")
        if query.get("client_id") != options.client_id:
            raise HtmlError(400, None, "The client_id is missing or unknown.")
        known = not options.redirect_uris or redirect in options.redirect_uris
        if not redirect.startswith(("http://", "https://")) or not known:
            raise HtmlError(400, None, "The redirect_uri does not match the app's configuration.")
        if query.get("code_challenge") and query.get("code_challenge_method") != "S256":
            raise HtmlError(400, None, "The code_challenge_method must be S256.")
        code = f"na1-{secrets.token_hex(16)}"
        self.tokens.codes[code] = {
            "redirect_uri": redirect,
            "challenge": query.get("code_challenge"),
            "scopes": frozenset(query.get("scope", "").split()) or None,
        }
        back = {"code": code} | ({"state": query["state"]} if "state" in query else {})
        joint = "&" if "?" in redirect else "?"
        return Answer(302, b"", {"Location": f"{redirect}{joint}{urlencode(back)}"})

    def post(self, call: Call, version: str, action: str) -> Answer:
        """``POST /oauth/{version}/token[/introspect|/revoke]``."""
        form = dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            if not call.is_form() or {"client_secret", "refresh_token", "code"} & set(call.query):
                raise OAuthError("BAD_REQUEST")
            if action == "token":
                return self._token(form, version)
            self._check_client(form)
            if action == "introspect":
                return Answer.of_json(200, self._introspect(form.get("token", "")))
            self._revoke(form.get("token", ""))
            return Answer.of_json(200, {})
        except OAuthError as error:
            return _refusal(str(error))

    def _token(self, form: dict[str, str], version: str) -> Answer:
        grant_type = form.get("grant_type")
        if grant_type not in ("authorization_code", "refresh_token"):
            raise OAuthError("BAD_GRANT_TYPE")
        self._check_client(form)
        if grant_type == "refresh_token":
            refresh = form.get("refresh_token", "")
            grant = self.tokens.refresh.get(refresh)
            if grant is None:
                raise OAuthError("BAD_REFRESH_TOKEN")
            keep = refresh
            if self.account.options.rotate_refresh_token:
                del self.tokens.refresh[refresh]
                keep = None
            return self._issued(*self.tokens.issue(grant.scopes, keep), version)
        return self._issued(*self.tokens.issue(self._redeem(form), None), version)

    def _check_client(self, form: dict[str, str]) -> None:
        options = self.account.options
        if form.get("client_id") != options.client_id:
            raise OAuthError("BAD_CLIENT_ID")
        given = form.get("client_secret", "").encode()
        if not hmac.compare_digest(given, options.client_secret.encode()):
            raise OAuthError("BAD_CLIENT_SECRET")

    def _redeem(self, form: dict[str, str]) -> frozenset[str] | None:
        row = self.tokens.codes.pop(form.get("code", ""), None)
        if row is None:
            raise OAuthError("BAD_AUTH_CODE")
        if row["redirect_uri"] != form.get("redirect_uri"):
            raise OAuthError("BAD_REDIRECT_URI")
        if row["challenge"] and s256(form.get("code_verifier", "")) != row["challenge"]:
            raise OAuthError("BAD_CODE_VERIFIER")
        return row["scopes"]

    def _issued(self, access: str, grant: Grant, version: str) -> Answer:
        options = self.account.options
        body: dict[str, Any] = {
            "token_type": "bearer",
            "refresh_token": grant.refresh_token,
            "access_token": access,
            "expires_in": options.access_token_s,
        }
        if version != "v1":
            body["hub_id"] = options.portal_id
            body["user_id"] = options.user_id
            body["token_use"] = "access_token"
            body["scopes"] = sorted(grant.scopes or ())
        return Answer.of_json(200, body)

    def _introspect(self, token: str) -> dict[str, Any]:
        grant = self.tokens.grants.get(token) or self.tokens.refresh.get(token)
        now, options = self.account.clock.now(), self.account.options
        refresh = token in self.tokens.refresh
        live = grant is not None and (refresh or grant.expires is None or grant.expires > now)
        if grant is None or not live:
            return {"active": False}
        return {
            "active": True,
            "token_use": "refresh_token" if refresh else "access_token",
            "hub_id": options.portal_id,
            "hub_domain": f"portal-{options.portal_id}.example.com",
            "user_id": options.user_id,
            "app_id": grant.app_id,
            "client_id": options.client_id,
            "scopes": sorted(grant.scopes or ()),
            "expires_in": max(0, ((grant.expires or now) - now) // 1000),
            "is_private_distribution": True,
        }

    def _revoke(self, token: str) -> None:
        # Revoking a refresh token leaves its access tokens alive, as documented.
        self.tokens.refresh.pop(token, None)
        if (grant := self.tokens.grants.get(token)) and grant.oauth:
            del self.tokens.grants[token]


def s256(verifier: str) -> str:
    """The challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def _refusal(status: str) -> Answer:
    error, message = ERRORS[status]
    body = {"error": error, "error_description": message, "status": status, "message": message}
    return Answer.of_json(401 if error == "invalid_client" else 400, body)
