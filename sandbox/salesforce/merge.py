"""Merges accounts, contacts or leads: one survives, one or two go to the recycle bin.

Promise: the losers say whom they became in ``MasterRecordId``, what belonged to them belongs to the
master, whose values stay unless others are given. Weakness: no choice field by field.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import require
from .dml import Caller, Dml
from .records import Record

MAX_LOSERS = 2


def merge(
    dml: Dml, master: Record, losers: list[Record], values: dict[str, Any], caller: Caller
) -> Record:
    """Merge ``losers`` into ``master``; ``values`` are set on it."""
    sobject = dml.store.schema.objects[master.kind.lower()]
    require(sobject.mergeable, f"{sobject.plural} cannot be merged.")
    require(0 < len(losers) <= MAX_LOSERS, f"A merge takes 1 to {MAX_LOSERS} other records.")
    for loser in losers:
        require(loser.id != master.id, "A record cannot be merged with itself.")
        for child, name in dml.store.children(loser):
            dml.store.update(child, {name: master.id}, caller.user)
        named = dml.store.update(loser, {"MasterRecordId": master.id}, caller.user, touch=False)
        dml.store.delete(named, caller.user)
    return dml.update(sobject, master.id, values, caller)
