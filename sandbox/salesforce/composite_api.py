"""Composite: up to 25 calls in one, each able to use what an earlier one answered.

Promise: ``@{ref.field}`` is replaced in addresses and bodies; a call that refers to a failed one is
PROCESSING_HALTED; with ``allOrNone`` a failure takes all back. It counts as one call. Weakness: no
graphs, trees and batches, no composite in a composite.
"""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from werkzeug.datastructures import MultiDict

from ..core.call import Answer, Call
from .errors import ApiError, unparsable
from .request import ApiRequest, ok

MAX_CALLS = 25
REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[(\d+)\]")
ROLLED_BACK = (
    "The transaction was rolled back since another operation in the same transaction failed."
)


class CompositeApi:
    """Handler for ``/composite``."""

    def run(self, request: ApiRequest) -> Answer:
        """POST."""
        body = request.body()
        calls = body.get("compositeRequest")
        if not isinstance(calls, list) or not all(_sound(row) for row in calls):
            raise unparsable("compositeRequest must be a list of method, url and referenceId")
        if len(calls) > MAX_CALLS:
            message = f"The request can't contain more than {MAX_CALLS} operations."
            refusal = _shown(None, ApiError("LIMIT_EXCEEDED", message).answer())
            return Answer.of_json(400, {"compositeResponse": [refusal]})
        before, answers = request.org.store.mark(), {}
        for row in calls:
            answers[row["referenceId"]] = self._one(request, row, answers)
        failed = any(answer.status >= 400 for answer in answers.values())
        if failed and body.get("allOrNone") is True:
            request.org.store.rollback(before)
            halted = ApiError("PROCESSING_HALTED", ROLLED_BACK).answer()
            answers = {
                name: answer if answer.status >= 400 else halted for name, answer in answers.items()
            }
        return ok({"compositeResponse": [_shown(*item) for item in answers.items()]})

    def _one(self, request: ApiRequest, row: dict[str, Any], answers: dict[str, Answer]) -> Answer:
        mark = request.org.store.mark()
        try:
            url, body = _filled(row["url"], answers), _filled(row.get("body"), answers)
            call = _call(request.call, row["method"], url, body, row.get("httpHeaders") or {})
            if call.raw_path.rstrip("/").endswith("/composite"):
                raise ApiError("INVALID_OPERATION", "A composite call cannot hold another one")
            return request.dispatch(call)
        except ApiError as error:
            request.org.store.rollback(mark)
            return error.answer()


def _sound(row: Any) -> bool:
    texts = ("method", "url", "referenceId")
    return isinstance(row, dict) and all(isinstance(row.get(name), str) for name in texts)


def _call(outer: Call, method: str, url: str, body: Any, headers: Any) -> Call:
    parts = urlsplit(url)
    data = b"" if body is None else json.dumps(body).encode()
    own = {str(name).lower(): str(value) for name, value in dict(headers).items()}
    return Call(
        method=method.upper(),
        path=unquote(parts.path),
        target=url,
        origin=outer.origin,
        query=MultiDict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=outer.headers | {"content-type": "application/json"} | own,
        body=data,
        raw_path=parts.path,
    )


def _filled(value: Any, answers: dict[str, Answer]) -> Any:
    """``value`` with its references replaced. Raises :class:`ApiError` PROCESSING_HALTED."""
    if isinstance(value, dict):
        return {key: _filled(item, answers) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, answers) for item in value]
    if not isinstance(value, str):
        return value
    whole = REFERENCE.fullmatch(value)
    if whole:
        return _referred(whole, answers)
    return REFERENCE.sub(lambda match: str(_referred(match, answers)), value)


def _referred(match: re.Match[str], answers: dict[str, Answer]) -> Any:
    answer = answers.get(match[1])
    if answer is None or answer.status >= 400 or not answer.body:
        message = f"Invalid reference specified. No value for {match[0]} found"
        raise ApiError("PROCESSING_HALTED", message)
    value = json.loads(answer.body)
    for name, index in STEP.findall(match[2]):
        try:
            value = value[int(index)] if index else value[name]
        except (LookupError, TypeError) as error:
            message = f"Invalid reference specified. No value for {match[1]}{match[2]} found"
            raise ApiError("PROCESSING_HALTED", message) from error
    return value


def _shown(name: str | None, answer: Answer) -> dict[str, Any]:
    body = json.loads(answer.body) if answer.body else None
    headers = {key: value for key, value in answer.headers.items() if key == "Location"}
    shown: dict[str, Any] = {"body": body, "httpHeaders": headers}
    return shown | {"httpStatusCode": answer.status, "referenceId": name}
