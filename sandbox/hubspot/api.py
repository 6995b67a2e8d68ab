"""The API's front: authentication, limits, dispatch, errors and headers.

Promise: in this order: path, token, scope, rate limit, body, handler; so a refusal by scope has no
rate headers, as recorded, and a 429 has them. Weakness: none known.
"""

from __future__ import annotations

import random
import uuid

from ..core.call import Answer, Call
from ..core.faults import Fault
from . import paths
from .account import Account
from .auth import Grant, expired, object_scopes, require_scope
from .batch_api import BatchApi
from .errors import ApiError, HtmlError, NotFound
from .kinds import find_kind
from .oauth_api import OAuthApi
from .ratelimit import rate_error
from .request import ApiRequest
from .routes import Route, build

MAX_URL = 32_000
TOKEN_PATHS = {"token": "token", "token/introspect": "introspect", "token/revoke": "revoke"}
OWNER_SCOPES = ["crm.objects.owners.read"]


class Api:
    """Answers the provider's port for one account."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.routes = build(account)
        self.oauth = OAuthApi(account)
        self.batch = BatchApi(account)
        self._rng = random.Random(account.options.seed)

    def handle(self, call: Call) -> Answer:
        """Any call."""
        number = self._correlation_id()
        rate: dict[str, str] = {}
        try:
            answer = self._dispatch(call, rate)
        except ApiError as error:
            answer = error.answer(number)
        answer.headers |= {"X-HubSpot-Correlation-Id": number, **rate}
        return answer

    def _correlation_id(self) -> str:
        return str(uuid.UUID(int=self._rng.getrandbits(128), version=4))

    def _dispatch(self, call: Call, rate: dict[str, str]) -> Answer:
        if len(call.target) > MAX_URL:
            raise HtmlError(414, None, "URI Too Long")
        if call.path == "/oauth/authorize":
            return self.oauth.authorize(call)
        found = paths.normalise(call.path)
        if found is None:
            raise NotFound()
        version, path = found
        if path.startswith("/oauth/"):
            return self._token(call, version, path.removeprefix("/oauth/"))
        grant = self.account.tokens.authenticate(call)
        route, args = self._route(call.method, path)
        self._check_scope(grant, route, args, path)
        self._take_rate(grant, path.endswith("/search"), rate)
        _check_content_type(call)
        return route.handler(ApiRequest(call, version, grant, args))

    def _token(self, call: Call, version: str, rest: str) -> Answer:
        action = TOKEN_PATHS.get(rest)
        if action is None:
            raise NotFound()
        if call.method != "POST":
            raise HtmlError(405, None, "HTTP 405 Method Not Allowed")
        return self.oauth.post(call, version, action)

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        known = False
        for route in self.routes:
            if match := route.pattern.fullmatch(path):
                if route.method == method:
                    return route, match.groupdict()
                known = True
        if known:
            raise HtmlError(405, None, "HTTP 405 Method Not Allowed")
        raise NotFound()

    def _check_scope(self, grant: Grant, route: Route, args: dict[str, str], path: str) -> None:
        if path.startswith("/crm/owners"):
            require_scope(grant, OWNER_SCOPES)
        kind = find_kind(args.get("kind", ""))
        if route.verb and kind:
            require_scope(grant, object_scopes(kind, route.verb))

    def _take_rate(self, grant: Grant, search: bool, rate: dict[str, str]) -> None:
        limits = self.account.limits
        policy = limits.take(grant, search=search)
        rate |= limits.headers(grant, search=search)
        if policy:
            wait = self.account.options.limits.retry_after
            if wait is not None:
                rate["Retry-After"] = str(wait)
            raise rate_error(policy, self._correlation_id())

    # -- faults, in HubSpot's words

    def fault_answer(self, fault: Fault, call: Call) -> Answer | None:
        """The answer of a fault that the core does not word itself."""
        number = self._correlation_id()
        if fault.kind == "silent_noop":
            return self._silent(call)
        answer = _fault_error(fault, self.account.clock.now(), number).answer(number)
        wait = fault.parameters.get("retry_after")
        if wait is not None:
            answer.headers["Retry-After"] = str(wait)
        answer.headers["X-HubSpot-Correlation-Id"] = number
        return answer

    def _silent(self, call: Call) -> Answer | None:
        batch = call.path.rpartition("/batch/")[2] if "/objects/" in call.path else ""
        if call.method != "POST" or batch not in ("create", "update", "upsert"):
            return None
        return self.batch.nothing(201 if batch == "create" else 200)


def _check_content_type(call: Call) -> None:
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    if call.method in ("POST", "PUT", "PATCH") and call.body and kind != "application/json":
        raise ApiError(415, None, "HTTP 415 Unsupported Media Type")


def _fault_error(fault: Fault, now: int, number: str) -> ApiError:
    match fault.kind:
        case "expired_token":
            return expired(now - 240_000, now)
        case "http_429":
            return rate_error(fault.parameters["policy"], number)
        case "http_423":
            return ApiError(423, "LOCKED", "The record is locked by another change; try again.")
        case "http_477":
            return ApiError(477, "MIGRATION_IN_PROGRESS", "This account is being moved.")
        case "http_500":
            return ApiError(500, None, "internal error")
    status = int(fault.kind.removeprefix("http_"))
    return HtmlError(status, None, "The server is temporarily unable to service your request")
