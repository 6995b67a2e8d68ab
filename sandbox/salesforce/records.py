"""A row at one moment.

Promise: a row is never changed, only replaced, so that a transaction can be taken back by putting
the old ones where they were. Weakness: no history of values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Record:
    """``values`` by field name, as kept: text, number, truth; moments in milliseconds.

    ``cascade`` is the id of the row whose deletion took this one along. ``purged``: gone from the
    recycle bin too, and kept here for the delete log only.
    """

    kind: str
    id: str
    values: dict[str, Any] = field(default_factory=dict)
    version: int = 1
    deleted_at: int | None = None
    cascade: str | None = None
    purged: bool = False

    @property
    def deleted(self) -> bool:
        """Whether it is in the recycle bin, or gone."""
        return self.deleted_at is not None

    def get(self, name: str) -> Any:
        """A value, None when empty."""
        return self.values.get(name)
