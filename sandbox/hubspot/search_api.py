"""The search endpoint.

Promise: pages are offsets; the body is bounded at 3,000 characters. Weakness: see ``search``.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer
from .account import Account
from .errors import bad_request
from .present import Shape
from .request import ApiRequest, ok, words_of
from .search import MAX_CHARACTERS


class SearchApi:
    """Handlers over an :class:`Account`."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def search(self, request: ApiRequest) -> Answer:
        """``POST /crm/objects/{kind}/search``."""
        body = request.body()
        # Measured without the blanks that a client's encoder may add.
        if len(request.call.body.replace(b" ", b"")) > MAX_CHARACTERS:
            raise bad_request(f"The search body is longer than {MAX_CHARACTERS} characters")
        names = words_of(body, "properties")
        shape = Shape(tuple(names) if names else None)
        total, page, after = self.account.search.run(request.kind, body)
        presenter = self.account.presenter
        results = [presenter.read(record, shape, seen) for record, seen in page]
        answer: dict[str, Any] = {"total": total, "results": results}
        if after:
            answer["paging"] = {"next": {"after": after}}
        return ok(answer)
