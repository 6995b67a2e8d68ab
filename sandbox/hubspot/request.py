"""A call as the handlers see it, and helpers to read it.

Promise: a body that is not the JSON object expected is refused as HubSpot does. Weakness: none
known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..core.call import Answer, Call, UnreadableBody
from .auth import Grant
from .errors import NotFound, bad_request
from .kinds import Kind, find_kind
from .present import Shape
from .records import Actor

MAX_LIST = 100
MAX_LIST_HISTORY = 50


@dataclass
class ApiRequest:
    """One authenticated call; ``args`` are the parts of the path."""

    call: Call
    version: str
    grant: Grant
    args: dict[str, str] = field(default_factory=dict)

    @property
    def actor(self) -> Actor:
        """The app behind the token."""
        return Actor("INTEGRATION", str(self.grant.app_id))

    @property
    def kind(self) -> Kind:
        """The object type in the path. Raises :class:`NotFound`."""
        return self.kind_of(self.args["kind"])

    @staticmethod
    def kind_of(alias: str) -> Kind:
        """An object type by any of its names. Raises :class:`NotFound`."""
        kind = find_kind(alias)
        if kind is None:
            raise NotFound()
        return kind

    def body(self) -> dict[str, Any]:
        """The JSON object sent. Raises ``ApiError``."""
        try:
            value = self.call.json()
        except UnreadableBody as error:
            raise bad_request(f"Invalid input JSON on line 1, column 1: {error}") from error
        if not isinstance(value, dict):
            raise bad_request("Invalid input JSON on line 1, column 1: an object was expected")
        return value

    def flag(self, name: str) -> bool:
        """A boolean of the query, false by default."""
        return self.call.query.get(name, "false").lower() == "true"

    def shape(self) -> Shape:
        """What the query asks to see."""
        names = self.words("properties")
        return Shape(
            tuple(names) if "properties" in self.call.query else None,
            tuple(self.words("propertiesWithHistory")),
            tuple(self.words("associations")),
        )

    def words(self, name: str) -> list[str]:
        """``a=1,2&a=3`` as a list."""
        texts = self.call.query.getlist(name)
        return [word.strip() for text in texts for word in text.split(",") if word.strip()]

    def limit(self, default: int, most: int) -> int:
        """The page size. Raises ``ApiError``."""
        text = self.call.query.get("limit", str(default))
        if not text.isdecimal() or not 0 < int(text) <= most:
            raise bad_request(f"limit must be between 1 and {most}, not {text}")
        return int(text)


def words_of(body: dict[str, Any], name: str) -> list[str]:
    """A list of texts in a body; empty when it is not there."""
    value = body.get(name) or []
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise bad_request(f"Invalid input JSON: {name} must be a list of strings")
    return value


def ok(value: Any) -> Answer:
    """200 with JSON."""
    return Answer.of_json(200, value)
