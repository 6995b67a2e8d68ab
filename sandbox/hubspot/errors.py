"""HubSpot's error answers.

Promise: every refusal is an :class:`ApiError` whose body has the recorded or documented shape:
``status, message, correlationId, category`` and, where there is one, ``errors`` and ``context``.
An unknown id or path is an HTML page, as recorded. Weakness: texts are not part of HubSpot's API.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..core.call import Answer

NOT_FOUND_PAGE = (
    "<html>\n<head>\n"
    '<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>\n'
    "<title>Error 404 Not Found</title>\n</head>\n"
    "<body><h2>HTTP ERROR 404</h2>\n<p>Resource not found</p>\n</body>\n</html>\n"
)


class ApiError(Exception):
    """A refusal; ``extra`` joins the body. Keys whose value is None are left out."""

    def __init__(self, status: int, category: str | None, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.category = category
        self.message = message
        self.extra = {name: value for name, value in extra.items() if value is not None}

    def answer(self, correlation_id: str) -> Answer:
        """The whole answer."""
        body: dict[str, Any] = {"status": "error", "message": self.message}
        body["correlationId"] = correlation_id
        body |= self.extra
        if self.category:
            body["category"] = self.category
        return Answer.of_json(self.status, body)

    def standard_error(self, **context: list[str]) -> dict[str, Any]:
        """As one entry of a batch's ``errors``; ``context`` is added to the error's own."""
        row: dict[str, Any] = {"status": "error", "category": self.category or "VALIDATION_ERROR"}
        row["message"] = self.message
        row["context"] = self.extra.get("context", {}) | context
        for name in ("errors", "subCategory"):
            if name in self.extra:
                row[name] = self.extra[name]
        return row


class NotFound(ApiError):
    """An unknown path, or a record that is not there: 404 as HTML."""

    def __init__(self) -> None:
        super().__init__(404, "OBJECT_NOT_FOUND", "resource not found")

    def answer(self, correlation_id: str) -> Answer:
        """The page that was recorded."""
        answer = Answer.of_text(404, NOT_FOUND_PAGE, "text/html;charset=iso-8859-1")
        answer.headers["X-Hubspot-Notfound"] = "true"
        return answer


class DuplicateInput(ApiError):
    """Two inputs of a batch mean the same record: 400 for the whole batch."""

    def __init__(self, message: str, context: dict[str, list[str]]) -> None:
        super().__init__(400, "VALIDATION_ERROR", message, context=context)


class HtmlError(ApiError):
    """Refused before the API proper, by the server in front: an HTML page."""

    def answer(self, correlation_id: str) -> Answer:
        """A page with the status and nothing else."""
        page = f"<html><head><title>Error {self.status}</title></head>"
        page += f"<body><h2>HTTP ERROR {self.status}</h2><p>{self.message}</p></body></html>\n"
        return Answer.of_text(self.status, page, "text/html;charset=iso-8859-1")


@dataclass(frozen=True)
class Problem:
    """One property that was refused; ``code`` as in ``PROPERTY_DOESNT_EXIST``."""

    name: str
    code: str
    message: str


def bad_request(message: str, **extra: Any) -> ApiError:
    """400 with category VALIDATION_ERROR."""
    return ApiError(400, "VALIDATION_ERROR", message, **extra)


def invalid_values(problems: list[Problem], portal_id: int) -> ApiError:
    """400 for property values; the detail is JSON text inside the message, and in ``errors``."""
    detail = [
        {
            "isValid": False,
            "message": problem.message,
            "error": problem.code,
            "name": problem.name,
            "localizedErrorMessage": problem.message,
            "portalId": portal_id,
        }
        for problem in problems
    ]
    text = json.dumps(detail, ensure_ascii=False, separators=(",", ":"))
    errors = [
        {"message": p.message, "code": p.code, "context": {"propertyName": [p.name]}}
        for p in problems
    ]
    return bad_request(f"Property values were not valid: {text}", errors=errors)


def conflict(singular: str, existing_id: str) -> ApiError:
    """409 for a contact whose e-mail is taken."""
    label = singular.capitalize()
    return ApiError(409, "CONFLICT", f"{label} already exists. Existing ID: {existing_id}")
