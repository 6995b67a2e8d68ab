"""The API's front: version, session, limits, dispatch, errors and headers.

Promise: in this order: length of the address, version, token, limit, handler; a refused call leaves
nothing behind. Every answer to a session says what is left of the day. Weakness: none known.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

from ..core.call import Answer, Call
from ..core.faults import Fault
from .auth import Session
from .errors import ApiError, not_found
from .limits import exceeded
from .oauth_api import OAuthApi
from .org import Org
from .request import ApiRequest, ok
from .routes import Route, build

MAX_HEAD = 16_384
DATA = re.compile(r"/services/data(?:/v(?P<version>\d+\.\d)(?P<rest>/.*)?)?")
SEASONS = ("Spring", "Summer", "Winter")
WRITES = ("POST", "PATCH", "PUT")


class Api:
    """Answers the provider's port for one org."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.oauth = OAuthApi(org)
        self.routes = build(org)

    def handle(self, call: Call) -> Answer:
        """Any call."""
        path = call.raw_path.rstrip("/") or call.path.rstrip("/")
        if len(call.target) > MAX_HEAD:
            return Answer.of_text(414, "URI Too Long", "text/html;charset=UTF-8")
        head = sum(len(name) + len(value) for name, value in call.headers.items())
        if head + len(call.target) > MAX_HEAD:
            message = "Request Header Fields Too Large"
            return Answer.of_text(431, message, "text/html;charset=UTF-8")
        if path.startswith("/services/oauth2/"):
            return self.oauth.handle(call, path.removeprefix("/services/oauth2/"))
        if path.startswith("/id/"):
            return self.oauth.identity(call)
        if path == "/services/data":
            return ok(self._versions())
        return self._data(call)

    def _versions(self) -> list[dict[str, str]]:
        options, rows = self.org.options, []
        for number in range(options.first_version, options.last_version + 1):
            # Version 66 is Spring '26; winter belongs to the year after.
            years, season = divmod(number - 66, 3)
            year = 26 + years + (season == 2)
            label = f"{SEASONS[season]} '{year}"
            address = f"/services/data/v{number}.0"
            rows.append({"label": label, "url": address, "version": f"{number}.0"})
        return rows

    def _data(self, call: Call) -> Answer:
        session = None
        try:
            self._version(call)
            session = self.org.tokens.authenticate(call)
            if self.org.call_refusal is not None:
                raise ApiError(*self.org.call_refusal)
            self.org.usage.take()
            answer = self._transaction(call, session)
        except ApiError as error:
            answer = error.answer()
        if session is not None:
            answer.headers |= self.org.usage.header()
        return answer

    def _transaction(self, call: Call, session: Session) -> Answer:
        store = self.org.store
        store.begin()
        try:
            answer = self._dispatch(call, session)
        except Exception:
            store.rollback()
            raise
        store.commit()
        self.org.custom_fields.refresh_access()
        return answer

    def _dispatch(self, call: Call, session: Session) -> Answer:
        version, rest = self._version(call)
        _check_content_type(call)
        method = call.method
        if method == "POST" and call.query.get("_HttpMethod"):
            method = call.query["_HttpMethod"].upper()
        inner = lambda other: self._dispatch(other, session)  # noqa: E731
        route, args = self._route(method, rest)
        decoded = {name: unquote(text) for name, text in args.items()}
        return route.handler(ApiRequest(call, version, session, self.org, inner, decoded))

    def _version(self, call: Call) -> tuple[str, str]:
        match = DATA.fullmatch(call.raw_path.rstrip("/"))
        if match is None or match["version"] is None:
            raise not_found()
        number, options = float(match["version"]), self.org.options
        if 21 <= number < options.first_version:
            message = f"API version {number} was retired"
            raise ApiError("UNSUPPORTED_API_VERSION", message)
        if not options.first_version <= number <= options.last_version:
            raise not_found()
        return match["version"], match["rest"] or ""

    def _route(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        allowed = []
        for route in self.routes:
            if match := route.pattern.fullmatch(path):
                if route.method == method:
                    return route, match.groupdict()
                allowed.append(route.method)
        if allowed:
            message = f"HTTP Method '{method}' not allowed. Allowed are {','.join(allowed)}"
            raise ApiError("METHOD_NOT_ALLOWED", message)
        raise not_found()

    # -- faults, in Salesforce's words

    def fault_answer(self, fault: Fault, call: Call) -> Answer | None:
        """The answer of a fault that the core does not word itself."""
        match fault.kind:
            case "expired_token":
                return ApiError("INVALID_SESSION_ID", "Session expired or invalid").answer()
            case "request_limit":
                answer = exceeded().answer()
                answer.headers |= self.org.usage.header()
                return answer
            case "call_error":
                return ApiError(*_words(fault)).answer()
            case "row_lock":
                return self._under(call, fault.parameters["share"], None)
            case "row_error":
                return self._under(call, fault.parameters["share"], _words(fault))
            case "http_500":
                message = "An unexpected error occurred. Please include this ErrorId if you contact"
                return Answer.of_json(500, [{"message": message, "errorCode": "UNKNOWN_EXCEPTION"}])
            case "http_503":
                return ApiError("SERVER_UNAVAILABLE", "Server is too busy, try again").answer()
        status = int(fault.kind.removeprefix("http_"))
        return Answer.of_text(status, "<html>Bad Gateway</html>", "text/html;charset=UTF-8")

    def _under(self, call: Call, share: float, words: tuple[str, str] | None) -> Answer:
        """Do the work, but refuse a share of the rows."""
        locks = self.org.locks
        locks.share, locks.fault = share, words
        try:
            return self.handle(call)
        finally:
            locks.share, locks.fault = 0.0, None


def _words(fault: Fault) -> tuple[str, str]:
    return str(fault.parameters["code"]), str(fault.parameters["message"])


def _check_content_type(call: Call) -> None:
    kind = call.headers.get("content-type", "").partition(";")[0].strip().lower()
    known = ("application/json", "text/csv")
    if call.method in WRITES and call.body and kind not in known:
        message = f"Content-Type {kind or 'missing'} is not supported"
        raise ApiError("UNSUPPORTED_MEDIA_TYPE", message)
