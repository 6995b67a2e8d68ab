"""Merging two records into a third, as HubSpot does since January 2025.

Promise: the survivor has a new id and says whom it came from in ``hs_merged_object_ids``; both old
ids lead to it; the primary record's values win and the other's fill the gaps. Weakness: HubSpot
treats some properties by rules of their own (most recent activity), which are left out.
"""

from __future__ import annotations

from ..core.clock import iso
from .associations import Associations
from .errors import bad_request
from .records import Actor, Record
from .store import Store

MAX_MERGES = 250
OWN = {"hs_object_id", "hs_merged_object_ids", "hs_calculated_merged_vids", "hs_all_contact_vids"}


class Merger:
    """Merges records of one account."""

    def __init__(self, store: Store, associations: Associations) -> None:
        self.store = store
        self.associations = associations

    def merge(self, winner: Record, loser: Record, actor: Actor) -> Record:
        """Merge two live records of one object type; returns the third."""
        kind = winner.kind
        if not kind.mergeable:
            raise bad_request(f"Records of type {kind.legacy} cannot be merged")
        if winner is loser:
            raise bad_request("A record cannot be merged into itself")
        sources = _sources(winner) + _sources(loser)
        if len(sources) > MAX_MERGES:
            raise bad_request(f"A record can take part in {MAX_MERGES} merges at most")
        now = self.store.clock.now()
        born = min(winner.created, loser.created)
        survivor = Record(kind, self.store.new_id(kind), born, now)
        filled = [n for n in loser.properties if n not in winner.properties and n not in OWN]
        survivor.properties = self._values(winner, loser, survivor, sources, now)
        survivor.history = {**loser.history, **winner.history}
        for record in (winner, loser):
            self._absorb(record, survivor, now)
        self.store.enter(survivor)
        for record in (winner, loser):
            self.associations.move(record, survivor)
        losers = [loser.id]
        self.store.journal.merged(winner, losers, survivor, len(filled), actor, now)
        return survivor

    def _values(
        self, winner: Record, loser: Record, survivor: Record, sources: list[str], now: int
    ) -> dict[str, str]:
        values = {**loser.properties, **winner.properties}
        values |= {
            "hs_object_id": survivor.id,
            "hs_merged_object_ids": ";".join(sources),
            survivor.kind.created: iso(survivor.created),
            survivor.kind.modified: iso(now),
        }
        if survivor.kind.name == "contacts":
            values["hs_calculated_merged_vids"] = ";".join(f"{vid}:{now}" for vid in sources)
            values["hs_all_contact_vids"] = ";".join([survivor.id, *sources])
            if addresses := _other_addresses(winner, loser):
                values["hs_additional_emails"] = ";".join(addresses)
        return values

    def _absorb(self, record: Record, survivor: Record, now: int) -> None:
        names = self.store.schema.unique_names(record.kind)
        self.store.table(record.kind).unindex(record, names)
        record.archived, record.archived_at = True, now
        record.merged_into = survivor.id
        record.version += 1
        self.store.publish(record)


def _sources(record: Record) -> list[str]:
    before = record.properties.get("hs_merged_object_ids", "")
    return [*filter(None, before.split(";")), record.id]


def _other_addresses(winner: Record, loser: Record) -> list[str]:
    found = [winner.properties.get("hs_additional_emails", "")]
    found += [loser.properties.get("email", ""), loser.properties.get("hs_additional_emails", "")]
    words = [word for text in found for word in text.split(";") if word]
    main = winner.properties.get("email") or loser.properties.get("email")
    return [word for word in dict.fromkeys(words) if word != main]
