"""One HTTP call and its answer, as plain values.

Promise: providers never see WSGI; the body is read to its end, so that a connection can be kept
alive. Option: a limit to what is read into memory (``MAX_BODY``). Weakness: no streaming.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Request

MAX_BODY = 20 * 1024 * 1024


class UnreadableBody(ValueError):
    """The body is not the JSON object or list that the call needs."""


class BodyTooLarge(ValueError):
    """The body is longer than what is read into memory."""


@dataclass(slots=True)
class Call:
    """An incoming request; ``path`` is decoded, ``target`` is the path with query, ``raw_path`` the
    path as it was sent, in which a slash of a value is still ``%2F``.
    """

    method: str
    path: str
    target: str
    origin: str
    query: MultiDict
    headers: dict[str, str]
    body: bytes
    raw_path: str = ""

    @classmethod
    def from_environ(cls, environ: dict[str, Any], limit: int = MAX_BODY) -> Call:
        """Read a WSGI request to its end. Raises :class:`BodyTooLarge`."""
        request = Request(environ)
        if (request.content_length or 0) > limit:
            raise BodyTooLarge(f"A body of {request.content_length} bytes is over {limit}.")
        return cls(
            method=request.method,
            path=request.path,
            target=request.full_path.rstrip("?"),
            origin=f"{request.scheme}://{request.host}",
            query=MultiDict(request.args.items(multi=True)),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=request.get_data(cache=False),
            raw_path=str(environ.get("REQUEST_URI", request.path)).partition("?")[0],
        )

    def json(self) -> Any:
        """Return the decoded body. Raises :class:`UnreadableBody`."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise UnreadableBody(f"The body is not JSON: {error}") from error

    def is_form(self) -> bool:
        """Whether the body is an HTML form."""
        return self.headers.get("content-type", "").startswith("application/x-www-form-urlencoded")


@dataclass(slots=True)
class Answer:
    """What goes back: ``body`` are bytes, ``headers`` win over the defaults."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_json(cls, status: int, value: Any, headers: dict[str, str] | None = None) -> Answer:
        """Encode ``value`` compactly as JSON."""
        body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        known = {"Content-Type": "application/json;charset=utf-8"}
        return cls(status, body, known | (headers or {}))

    @classmethod
    def of_text(cls, status: int, text: str, content_type: str) -> Answer:
        """Encode ``text`` as UTF-8 under ``content_type``."""
        return cls(status, text.encode(), {"Content-Type": content_type})

    @property
    def status_line(self) -> str:
        """The status with its reason phrase, as WSGI wants it."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return f"{self.status} Unknown"
