"""A call as the handlers see it, and helpers to read it.

Promise: a body that is not the JSON expected is 400 JSON_PARSER_ERROR. Weakness: no XML.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..core.call import Answer, Call, UnreadableBody
from .auth import Session
from .dml import Caller
from .errors import not_found, unparsable
from .org import Org
from .schema import SObject


@dataclass
class ApiRequest:
    """One authenticated call; ``args`` are the parts of the path, decoded.

    ``dispatch`` answers a call inside this one, for composite.
    """

    call: Call
    version: str
    session: Session
    org: Org
    dispatch: Callable[[Call], Answer]
    args: dict[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """``/services/data/v66.0``."""
        return f"/services/data/v{self.version}"

    @property
    def number(self) -> float:
        """The version as a number."""
        return float(self.version)

    @property
    def sobject(self) -> SObject:
        """The object in the path. Raises :class:`ApiError`."""
        found = self.org.store.schema.find(self.args["object"])
        if found is None or found.use == "tooling":
            raise not_found()
        return found

    @property
    def caller(self) -> Caller:
        """The token's user, with what the headers say about duplicates."""
        header = self.call.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
        asked = set(header.split(";"))
        return Caller(
            self.session.user,
            key=self.call,
            allow_save="allowsave=true" in asked,
            details="includerecorddetails=true" in asked,
            base=self.base,
        )

    def body(self) -> dict[str, Any]:
        """The JSON object sent. Raises :class:`ApiError`."""
        try:
            value = self.call.json()
        except UnreadableBody as error:
            raise unparsable(f"Unexpected character at [line:1, column:1]: {error}") from error
        if not isinstance(value, dict):
            raise unparsable("The HTTP entity body is required to be an object")
        return value

    def words(self, name: str) -> list[str]:
        """``ids=a,b`` as a list."""
        text = self.call.query.get(name, "")
        return [word.strip() for word in text.split(",") if word.strip()]

    def flag(self, name: str) -> bool:
        """A boolean of the query, false by default."""
        return self.call.query.get(name, "false").lower() == "true"


def ok(value: Any) -> Answer:
    """200 with JSON."""
    return Answer.of_json(200, value)
