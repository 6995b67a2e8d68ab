"""Salesforce's refusals.

Promise: one exception for all; it knows its form in a call's answer (``errorCode``), in a row of a
collection (``statusCode``) and in Bulk (``CODE:message:fields --``). Codes are those of the WSDLs.
Weakness: texts are not part of the API.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer

STATUS = {
    "INVALID_SESSION_ID": 401,
    "API_DISABLED_FOR_ORG": 403,
    "INSUFFICIENT_ACCESS": 403,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "ENTITY_IS_DELETED": 404,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "UNSUPPORTED_API_VERSION": 410,
    "PRECONDITION_FAILED": 412,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "SERVER_UNAVAILABLE": 503,
}


class ApiError(Exception):
    """A refusal; ``fields`` None: the answer has no such key; ``extra`` joins the answer."""

    def __init__(
        self, code: str, message: str, fields: list[str] | None = None, **extra: Any
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
        self.extra = extra

    def answer(self) -> Answer:
        """A call's answer: a list of one error."""
        row: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields is not None:
            row["fields"] = self.fields
        return Answer.of_json(STATUS.get(self.code, 400), [{**self.extra, **row}])

    def element(self) -> dict[str, Any]:
        """An entry of a row's ``errors``."""
        row = {"statusCode": self.code, "message": self.message, "fields": self.fields or []}
        return {**self.extra, **row}

    def text(self) -> str:
        """``sf__Error`` of Bulk 2.0."""
        return f"{self.code}:{self.message}:{','.join(self.fields or [])} --"


class AmbiguousId(ApiError):
    """An external id that several rows have: 300 with their addresses where one row was asked."""

    def __init__(self, urls: list[str], ids: list[str]) -> None:
        listed = ", ".join(ids)
        message = f"more than one record found for external id field: [{listed}]"
        super().__init__("DUPLICATE_EXTERNAL_ID", message, [])
        self.urls = urls

    def answer(self) -> Answer:
        """The list of addresses."""
        return Answer.of_json(300, self.urls)


def not_found() -> ApiError:
    """404 for an address that leads nowhere."""
    return ApiError("NOT_FOUND", "The requested resource does not exist")


def no_such_id(name: str) -> ApiError:
    """404 for a row that is not there, and for an external id field that is none."""
    message = f"Provided external ID field does not exist or is not accessible: {name}"
    return ApiError("NOT_FOUND", message)


def unparsable(message: str) -> ApiError:
    """400 for JSON that cannot be read or has a value of the wrong kind."""
    return ApiError("JSON_PARSER_ERROR", message)


def unknown_field(entity: str, name: str) -> ApiError:
    """400 for a column of a query that is not there."""
    message = (
        f"\nNo such column '{name}' on entity '{entity}'. If you are attempting to use a custom "
        "field, be sure to append the '__c' after the custom field name. Please reference your "
        "WSDL or the describe call for the appropriate names."
    )
    return ApiError("INVALID_FIELD", message)
