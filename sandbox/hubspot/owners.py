"""Owners: the users that records can belong to.

Promise: an owner's ``id`` is not its ``userId``; deactivated owners are archived. Weakness: no
teams.
"""

from __future__ import annotations

from typing import Any

from ..core.clock import iso
from ..core.errors import require

DEFAULT = (
    ("Elena", "Marin", "elena.marin@example.com"),
    ("Jonas", "Weber", "jonas.weber@example.com"),
    ("Thuy", "Nguyen", "thuy.nguyen@example.com"),
)


def check_owner(row: Any) -> None:
    """Refuse an owner without an e-mail. Raises ``ControlError``."""
    require(isinstance(row, dict), "An owner must be an object.")
    email = row.get("email")
    require(isinstance(email, str) and "@" in email, "An owner needs an email.")


class Owners:
    """Owners by id."""

    def __init__(self, now: int) -> None:
        self.rows: dict[str, dict[str, Any]] = {}
        for first, last, email in DEFAULT:
            self.add({"firstName": first, "lastName": last, "email": email}, now)

    def add(self, row: dict[str, Any], now: int) -> dict[str, Any]:
        """Add an owner from ``email``, ``firstName``, ``lastName``; ``id`` is optional."""
        check_owner(row)
        number = len(self.rows) + 1
        owner = {
            "id": str(row.get("id") or 80_000_000 + number * 1013),
            "email": row["email"],
            "type": "PERSON",
            "firstName": row.get("firstName", ""),
            "lastName": row.get("lastName", ""),
            "userId": int(row.get("userId") or 61_000_000 + number * 17),
            "createdAt": row.get("createdAt", iso(now)),
            "updatedAt": row.get("updatedAt", iso(now)),
            "archived": bool(row.get("archived", False)),
        }
        owner["userIdIncludingInactive"] = owner["userId"]
        self.rows[owner["id"]] = owner
        return owner

    def usable(self, owner_id: str) -> bool:
        """Whether records can be given to this owner."""
        owner = self.rows.get(owner_id)
        return owner is not None and not owner["archived"]

    def page(self, archived: bool, email: str | None) -> list[dict[str, Any]]:
        """Owners in the order of their ids."""
        rows = sorted(self.rows.values(), key=lambda row: int(row["id"]))
        return [
            row
            for row in rows
            if row["archived"] == archived
            and (email is None or row["email"].lower() == email.lower())
        ]
