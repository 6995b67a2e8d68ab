"""The book of the load: who wrote what where, and what was acknowledged.

Promise: :meth:`Book.violations` says of every record of the load whether both sides hold what they
must. Between two verifications (a slice) the rules are

* a value that its side acknowledged is there, unless the other side wrote the same field too: then
  it is the last of the one or the last of the other;
* a write that was not acknowledged may have happened or not;
* a field nobody wrote is as it was verified before, whatever was written beside it;
* what was deleted on one side is gone on both.

After each verification what is there is the new base. Weakness: a record that was merged, or twice
created, is excused from the rules on its fields for that slice; that both sides are equal is
checked for it all the same.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.faults.violation import Violation

#: Fields the load writes: Odoo's name, and the account's.
FIELDS = {
    "contacts": {"city": "city", "zip": "zip", "function": "jobtitle"},
    "deals": {"expected_revenue": "amount"},
}
MARKED = {
    "contacts": "SELECT email, id FROM res_partner WHERE email LIKE '%@faults.example'",
    "deals": "SELECT name, id FROM crm_lead WHERE name LIKE '% faults.example'",
}
MODELS = {"contacts": "res.partner", "deals": "crm.lead"}


@dataclass
class Write:
    side: str
    value: str
    acknowledged: bool


@dataclass
class Record:
    """One person or deal, on whichever sides it is known by now."""

    kind: str
    mark: str
    res_id: int | None = None
    remote_id: str | None = None
    #: What the last verification found, by Odoo's field.
    base: dict[str, str] = field(default_factory=dict)
    writes: dict[str, list[Write]] = field(default_factory=dict)
    #: None, or whether the deletion was acknowledged.
    deleted: bool | None = None
    #: Whether it has to exist: its creation was acknowledged.
    certain: bool = True
    excused: bool = False

    @property
    def is_open(self) -> bool:
        """Known on both sides and alive: what the load may go on with."""
        return bool(self.res_id and self.remote_id) and self.deleted is None and self.certain

    def allowed(self, name: str) -> set[str]:
        """The values that the field may hold now."""
        writes = self.writes.get(name, [])
        found = {write.value for write in writes if not write.acknowledged}
        certain = [write for write in writes if write.acknowledged]
        for side in {write.side for write in certain}:
            found.add([write.value for write in certain if write.side == side][-1])
        return found if certain else found | {self.base.get(name, "")}


class Book:
    """All records; safe between threads."""

    def __init__(self):
        self._lock = threading.RLock()
        self.records: list[Record] = []
        self.acknowledged = self.refused = 0

    def add(self, record: Record) -> Record:
        with self._lock:
            self.records.append(record)
        return record

    def pick(self, kind: str, chance: float) -> Record | None:
        """One of the open records, the younger ones more often; `chance` is in [0, 1)."""
        with self._lock:
            found = [one for one in self.records if one.kind == kind and one.is_open]
        return found[int(len(found) * (1 - chance * chance))] if found and chance else None

    def note(self, records: list[Record], side: str, values: dict[str, str], done: bool) -> None:
        """Write down that `side` wrote `values` (by Odoo's fields) to `records`."""
        with self._lock:
            for record in records:
                for name, value in values.items():
                    record.writes.setdefault(name, []).append(Write(side, value, done))

    def count(self, done: bool) -> None:
        with self._lock:
            self.acknowledged += done
            self.refused += not done

    def learn(self, database) -> None:
        """Look up the ids that are not known yet: by the link, and by the mark where a creation
        was not acknowledged.
        """
        pairs = database.rows(
            "SELECT remote_object, remote_id, res_id FROM sync_link WHERE deleted_at IS NULL"
        )
        marked = {kind: dict(database.rows(sql)) for kind, sql in MARKED.items()}
        by_record = {(kind, res_id): remote_id for kind, remote_id, res_id in pairs}
        by_remote = {(kind, remote_id): res_id for kind, remote_id, res_id in pairs}
        with self._lock:
            for record in self.records:
                if record.res_id is None and record.remote_id is None:
                    record.res_id = marked[record.kind].get(record.mark)
                    record.certain = record.certain or record.res_id is not None
                record.remote_id = record.remote_id or by_record.get((record.kind, record.res_id))
                record.res_id = record.res_id or by_remote.get((record.kind, record.remote_id))

    # --- the verdict --------------------------------------------------------------------------

    def violations(self, both) -> Iterator[Violation]:
        """Compare with both sides as they are (:class:`devkit.demo.sides.Sides`), once everything
        is drained; then take what is there for the base of the next slice.
        """
        for record in self.records:
            ours = both.odoo[MODELS[record.kind]].get(record.res_id)
            theirs = both.remote[record.kind].get(record.remote_id)
            if record.deleted is not None:
                yield from _gone(record, ours, theirs)
            elif ours is None or theirs is None:
                if record.certain:
                    where = "Odoo" if ours is None else "the account"
                    yield Violation("I3 nothing is lost", f"{record} is not at {where}")
            else:
                yield from self._fields(record, ours)
        for record in self.records:
            record.writes, record.excused = {}, False

    def _fields(self, record: Record, ours: dict) -> Iterator[Violation]:
        for name in FIELDS[record.kind]:
            value = canonical(name, ours[name])
            allowed = {canonical(name, one) for one in record.allowed(name)}
            if value not in allowed and not record.excused:
                yield Violation(
                    "I3 no update is lost",
                    f"{record.mark} ({record.res_id}, {record.remote_id}): {name} is {value!r},"
                    f" written {record.writes.get(name)}, before {record.base.get(name)!r}",
                )
            record.base[name] = value


def _gone(record: Record, ours: dict | None, theirs: dict | None) -> Iterator[Violation]:
    there = {
        "Odoo": bool(ours and ours["active"]),
        "the account": bool(theirs and not theirs["archived"]),
    }
    if any(there.values()) and (record.deleted or not all(there.values())):
        found = f"{record.mark} ({record.res_id}, {record.remote_id}), there: {there}"
        yield Violation("I3 what was deleted is gone on both sides", found)


def canonical(name: str, value) -> str:
    """A value of the field `name` in the form in which both sides agree."""
    if name == "expected_revenue":
        return f"{float(value or 0):.2f}"
    return str(value or "")
