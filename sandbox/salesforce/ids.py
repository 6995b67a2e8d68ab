"""Record ids: 15 characters that differ by case, 18 with three of checksum.

Promise: ids of a table rise in the order of creation and depend on the seed alone; both forms are
accepted, the long one is kept. Weakness: the instance part is made up.
"""

from __future__ import annotations

import re

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECK = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
INSTANCE = "Qy0"


def checksum(short: str) -> str:
    """The three characters that tell the upper case letters of each five."""
    return "".join(
        CHECK[sum(1 << place for place, char in enumerate(short[at : at + 5]) if char.isupper())]
        for at in (0, 5, 10)
    )


def long_id(text: str) -> str | None:
    """The 18-character form of an id of either length; None for what is no id.

    With a checksum the case of the first 15 may be wrong: it is restored, as at Salesforce.
    """
    if not SHAPE.fullmatch(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    restored = _with_case(text[:15], text[15:].upper())
    return None if restored is None else restored + text[15:].upper()


def _with_case(short: str, check: str) -> str | None:
    restored = []
    for place, char in enumerate(short):
        value = CHECK.find(check[place // 5])
        if value < 0:
            return None
        upper = value >> (place % 5) & 1
        restored.append(char.upper() if upper else char.lower())
    found = "".join(restored)
    return found if checksum(found) == check else None


class Ids:
    """Makes ids, one counter a prefix."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._next: dict[str, int] = {}

    def new(self, prefix: str) -> str:
        """The next id of the objects with ``prefix``."""
        number = self._next.get(prefix, 100_000 + self._seed % 1_000 * 10_000_019)
        self._next[prefix] = number + 1
        return self.at(prefix, number)

    @staticmethod
    def at(prefix: str, number: int) -> str:
        """The id with a number."""
        text = ""
        while number:
            number, digit = divmod(number, 62)
            text = DIGITS[digit] + text
        return long_id(prefix + INSTANCE + text.rjust(9, "0")) or ""
