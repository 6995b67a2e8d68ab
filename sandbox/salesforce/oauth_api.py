"""OAuth 2.0: client credentials, JWT bearer, authorization code with PKCE, refresh, revocation.

Promise: every token answer names ``instance_url``; a code works once, for its redirect URI and its
verifier; client credentials and JWT bring no refresh token. Refusals are ``error`` and
``error_description``. Weakness: the consent screen is skipped, everybody agrees; no user-agent,
device, SAML and username-password flows.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlencode

from ..core.call import Answer, Call
from .errors import ApiError
from .jwt import BadAssertion, claims
from .org import Org

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
SCOPE = "api refresh_token"


class OAuthError(Exception):
    """A refusal of the token endpoint."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class OAuthApi:
    """Handlers over an :class:`Org`; called without authentication."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.tokens = org.tokens

    def handle(self, call: Call, action: str) -> Answer:
        """``/services/oauth2/<action>``."""
        form = dict(call.query.items())
        if call.is_form():
            form |= dict(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
        try:
            match action:
                case "authorize":
                    return self._authorize(form)
                case "token":
                    return self._token(call, form)
                case "revoke":
                    return self._revoke(form)
                case "introspect":
                    return self._introspect(call, form)
                case "userinfo":
                    return self.identity(call)
        except OAuthError as error:
            body = {"error": error.error, "error_description": str(error)}
            return Answer.of_json(error.status, body)
        return Answer.of_text(404, "Not Found", "text/html;charset=UTF-8")

    def identity(self, call: Call) -> Answer:
        """The identity URL: who the token belongs to."""
        try:
            session = self.tokens.authenticate(call)
        except ApiError:
            return Answer.of_text(403, "Bad_OAuth_Token", "text/html;charset=UTF-8")
        user = self.org.store.get(session.user)
        options, origin = self.org.options, self._instance(call)
        names = {} if user is None else user.values
        urls = {"rest": f"{origin}/services/data/v{{version}}/"}
        urls["sobjects"] = urls["rest"] + "sobjects/"
        urls["query"] = urls["rest"] + "query/"
        body = {
            "id": self._identity_url(call, session.user),
            "user_id": session.user,
            "organization_id": options.org_id,
            "username": names.get("Username"),
            "display_name": names.get("Name"),
            "email": names.get("Email"),
            "active": True,
            "urls": urls,
        }
        return Answer.of_json(200, body)

    # -- endpoints

    def _authorize(self, form: dict[str, str]) -> Answer:
        options, redirect = self.org.options, form.get("redirect_uri", "")
        self._check_id(form)
        known = not options.redirect_uris or redirect in options.redirect_uris
        if not redirect.startswith(("http://", "https://")) or not known:
            message = "redirect_uri must match configuration"
            raise OAuthError("redirect_uri_mismatch", message)
        if form.get("response_type") != "code":
            raise OAuthError("unsupported_response_type", "response type not supported")
        if not form.get("code_challenge"):
            raise OAuthError("invalid_request", "missing required code challenge")
        if form.get("code_challenge_method", "S256") != "S256":
            raise OAuthError("invalid_request", "code challenge method is not S256")
        code = f"aPrx{secrets.token_urlsafe(32)}"
        self.tokens.codes[code] = {
            "redirect_uri": redirect,
            "challenge": form["code_challenge"],
            "scope": form.get("scope", SCOPE),
        }
        back = {"code": code} | ({"state": form["state"]} if "state" in form else {})
        joint = "&" if "?" in redirect else "?"
        return Answer(302, b"", {"Location": f"{redirect}{joint}{urlencode(back)}"})

    def _token(self, call: Call, form: dict[str, str]) -> Answer:
        if call.method != "POST":
            raise OAuthError("invalid_request", "must use HTTP POST")
        refusal = self.org.token_refusal
        if refusal is not None:
            raise OAuthError(*refusal)
        self._basic(call, form)
        match form.get("grant_type"):
            case "client_credentials":
                self._check_client(form)
                return self._issued(call, self.tokens.open("api"), "api")
            case "authorization_code":
                return self._redeem(call, form)
            case "refresh_token":
                return self._refresh(call, form)
            case kind if kind == JWT_BEARER:
                return self._bearer(call, form)
        raise OAuthError("unsupported_grant_type", "grant type not supported")

    def _redeem(self, call: Call, form: dict[str, str]) -> Answer:
        self._check_id(form)
        row = self.tokens.codes.pop(form.get("code", ""), None)
        if row is None:
            raise OAuthError("invalid_grant", "expired authorization code")
        if row["redirect_uri"] != form.get("redirect_uri"):
            message = "redirect_uri must match configuration"
            raise OAuthError("redirect_uri_mismatch", message)
        if not hmac.compare_digest(row["challenge"], s256(form.get("code_verifier", ""))):
            raise OAuthError("invalid_grant", "invalid code verifier")
        if "client_secret" in form:
            self._check_client(form)
        scope = row["scope"]
        if not {"refresh_token", "offline_access", "full"} & set(scope.split()):
            return self._issued(call, self.tokens.open(scope), scope)
        grant, refresh = self.tokens.new_grant(scope)
        return self._issued(call, self.tokens.open(scope, grant), scope, refresh)

    def _refresh(self, call: Call, form: dict[str, str]) -> Answer:
        self._check_id(form)
        if "client_secret" in form:
            self._check_client(form)
        found = self.tokens.rotate(form.get("refresh_token", ""))
        if found is None:
            raise OAuthError("invalid_grant", "expired access/refresh token")
        grant, scope, refresh = found
        return self._issued(call, self.tokens.open(scope, grant), scope, refresh)

    def _bearer(self, call: Call, form: dict[str, str]) -> Answer:
        options = self.org.options
        now = self.org.clock.now() / 1000
        own = self._instance(call)
        try:
            found = claims(
                form.get("assertion", ""), options.certificate, now, own, options.client_id
            )
        except BadAssertion as error:
            raise OAuthError("invalid_grant", str(error)) from error
        user = self.org.store.get(self.tokens.user)
        if user is None or found.get("sub") not in (user.get("Username"), user.id):
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        if not user.get("IsActive"):
            raise OAuthError("inactive_user", "user is inactive")
        if not options.preauthorized:
            raise OAuthError("invalid_grant", "user hasn't approved this consumer")
        return self._issued(call, self.tokens.open("api"), "api")

    def _revoke(self, form: dict[str, str]) -> Answer:
        if not self.tokens.revoke(form.get("token", "")):
            raise OAuthError("unsupported_token_type", "this token type is not supported")
        return Answer(200, b"", {"Content-Type": "text/html;charset=UTF-8"})

    def _introspect(self, call: Call, form: dict[str, str]) -> Answer:
        self._basic(call, form)
        self._check_client(form)
        token, now = form.get("token", ""), self.org.clock.now()
        session = self.tokens.sessions.get(token)
        ended = session is None or (session.expires is not None and session.expires <= now)
        if ended and token not in self.tokens.refresh:
            return Answer.of_json(200, {"active": False})
        body: dict[str, Any] = {"active": True, "client_id": self.org.options.client_id}
        body["username"] = self.org.options.username
        body["token_type"] = "refresh_token" if session is None else "access_token"
        body["scope"] = self.tokens.refresh[token][1] if session is None else session.scope
        if session is not None and session.expires is not None:
            body["exp"] = session.expires // 1000
        return Answer.of_json(200, body)

    # -- inside

    @staticmethod
    def _basic(call: Call, form: dict[str, str]) -> None:
        """Credentials may come in the Authorization header."""
        scheme, _, text = call.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return
        try:
            name, _, secret = base64.b64decode(text).decode().partition(":")
        except ValueError as error:
            raise OAuthError("invalid_client", "invalid client credentials") from error
        form.setdefault("client_id", name)
        form.setdefault("client_secret", secret)

    def _check_id(self, form: dict[str, str]) -> None:
        if form.get("client_id") != self.org.options.client_id:
            raise OAuthError("invalid_client_id", "client identifier invalid")

    def _check_client(self, form: dict[str, str]) -> None:
        self._check_id(form)
        given, known = form.get("client_secret", ""), self.org.options.client_secret
        if not hmac.compare_digest(given.encode(), known.encode()):
            raise OAuthError("invalid_client", "invalid client credentials")

    def _instance(self, call: Call) -> str:
        return self.org.options.instance_url or call.origin

    def _identity_url(self, call: Call, user: str) -> str:
        return f"{self._instance(call)}/id/{self.org.options.org_id}/{user}"

    def _issued(self, call: Call, token: str, scope: str, refresh: str | None = None) -> Answer:
        options = self.org.options
        identity = self._identity_url(call, self.tokens.user)
        issued = str(self.org.clock.now())
        digest = hmac.new(
            options.client_secret.encode(), (identity + issued).encode(), hashlib.sha256
        ).digest()
        body = {
            "access_token": token,
            "signature": base64.b64encode(digest).decode(),
            "scope": scope,
            "instance_url": self._instance(call),
            "id": identity,
            "token_type": "Bearer",
            "issued_at": issued,
        }
        if refresh is not None:
            body["refresh_token"] = refresh
        return Answer.of_json(200, body)


def s256(verifier: str) -> str:
    """The challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
