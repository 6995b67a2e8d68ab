"""All rows of the org, and the only way to change them.

Promise: what a call changes carries one stamp, in whole seconds, so rows of a call tie; changes can
be taken back to a mark; events go out when the call is over, and only those that were kept. With
``stamp_lag_ms`` a stamp is older than the moment the row becomes visible, as after a long
transaction. Weakness: not thread-safe by itself; the provider's lock is held by every caller.
"""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Iterator
from typing import Any

from ..core.clock import Clock
from .config import Options
from .ids import Ids
from .moments import DAY_MS
from .records import Record
from .schema import CASCADES, Schema, SObject
from .table import Table

RECYCLE_BIN_MS = 15 * DAY_MS
#: What happened (created, updated, deleted, undeleted), the row, who did it.
Event = tuple[str, Record, str]


class Store:
    """Tables by object name."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.schema = Schema(clock.now())
        self.ids = Ids(options.seed)
        self.tables: dict[str, Table] = {o.name: Table() for o in self.schema.objects.values()}
        self.on_events: Callable[[list[Event]], None] = lambda _events: None
        self._rng = random.Random(options.seed)
        self._undo: list[Callable[[], None]] = []
        self._events: list[Event] = []
        self._stamp = 0
        self.begin()

    # -- a call

    def begin(self) -> None:
        """Start a transaction: what follows has one stamp."""
        now = self.clock.now()
        lag = self.options.stamp_lag_ms
        self._stamp = (now - (self._rng.randint(0, lag) if lag else 0)) // 1000 * 1000

    def mark(self) -> tuple[int, int]:
        """A place to go back to."""
        return len(self._undo), len(self._events)

    def rollback(self, mark: tuple[int, int] = (0, 0)) -> None:
        """Take back what was done since ``mark``."""
        while len(self._undo) > mark[0]:
            self._undo.pop()()
        del self._events[mark[1] :]

    def commit(self) -> None:
        """Keep what was done and tell of it."""
        events, self._events = self._events, []
        self._undo.clear()
        if events:
            self.on_events(events)

    # -- finding

    def table(self, sobject: SObject) -> Table:
        """The rows of an object."""
        return self.tables[sobject.name]

    def get(self, record_id: str | None) -> Record | None:
        """A row that was not purged, by its 18-character id."""
        sobject = self.schema.by_id(record_id) if record_id else None
        found = self.table(sobject).rows.get(record_id or "") if sobject else None
        return None if found is None or self.is_gone(found) else found

    def is_gone(self, record: Record) -> bool:
        """Whether the recycle bin has lost it, by hand or by age."""
        old = record.deleted_at is not None
        old = old and record.deleted_at <= self.clock.now() - RECYCLE_BIN_MS
        return record.purged or old

    def rows(self, sobject: SObject, *, deleted: bool = False) -> Iterator[Record]:
        """Live rows, and those of the recycle bin when ``deleted``."""
        for record in self.table(sobject).rows.values():
            if not record.deleted or (deleted and not self.is_gone(record)):
                yield record

    def children(self, record: Record) -> list[tuple[Record, str]]:
        """The live rows that refer to this one, with the name of the field."""
        parent = self.schema.find(record.kind)
        if parent is None:
            return []
        return [
            (child, reference.name)
            for sobject, reference in self.schema.children(parent)
            if reference.name not in ("CreatedById", "LastModifiedById")
            for child in self.table(sobject).find(reference, record.id)
        ]

    # -- changing

    def create(self, sobject: SObject, values: dict[str, Any], user: str) -> Record:
        """A new row."""
        stamp = self._stamp
        system = {"IsDeleted": False, "CreatedDate": stamp, "CreatedById": user}
        system |= {"LastModifiedDate": stamp, "LastModifiedById": user, "SystemModstamp": stamp}
        record_id = self.ids.new(sobject.prefix)
        kept = {name: value for name, value in values.items() if value is not None}
        record = Record(sobject.name, record_id, {"Id": record_id} | system | kept)
        self._put(record, "created", user)
        return record

    def update(
        self, record: Record, values: dict[str, Any], user: str, *, touch: bool = True
    ) -> Record:
        """Store values; without ``touch`` only the system's stamp moves."""
        stamp = max(self._stamp, record.values["SystemModstamp"])
        after = record.values | values | {"SystemModstamp": stamp}
        if touch:
            after |= {"LastModifiedDate": stamp, "LastModifiedById": user}
        kept = {name: value for name, value in after.items() if value is not None}
        changed = dataclasses.replace(record, values=kept, version=record.version + 1)
        self._put(changed, "updated" if touch else None, user)
        return changed

    def delete(self, record: Record, user: str, *, cascade: str | None = None) -> None:
        """Into the recycle bin, with what belongs to it."""
        for child, name in self.children(record):
            if (child.kind, name) in CASCADES and not child.deleted:
                self.delete(child, user, cascade=cascade or record.id)
        stamp = max(self._stamp, record.values["SystemModstamp"])
        values = record.values | {"IsDeleted": True, "SystemModstamp": stamp}
        values |= {"LastModifiedDate": stamp, "LastModifiedById": user}
        gone = dataclasses.replace(
            record,
            values=values,
            version=record.version + 1,
            deleted_at=self.clock.now(),
            cascade=cascade,
        )
        self._put(gone, "deleted", user)

    def undelete(self, record: Record, user: str) -> Record:
        """Out of the recycle bin, with what went along."""
        stamp = max(self._stamp, record.values["SystemModstamp"])
        values = record.values | {"IsDeleted": False, "SystemModstamp": stamp}
        values |= {"LastModifiedDate": stamp, "LastModifiedById": user}
        back = dataclasses.replace(
            record, values=values, version=record.version + 1, deleted_at=None, cascade=None
        )
        self._put(back, "undeleted", user)
        for table in self.tables.values():
            for other in [row for row in table.rows.values() if row.cascade == record.id]:
                if not self.is_gone(other):
                    self.undelete(other, user)
        return back

    def purge(self, record: Record) -> None:
        """Out of the recycle bin for good; the delete log keeps the id."""
        kept = {name: record.values[name] for name in ("Id", "IsDeleted", "SystemModstamp")}
        gone = dataclasses.replace(record, values=kept, purged=True, version=record.version + 1)
        if gone.deleted_at is None:
            kept["IsDeleted"] = True
            gone = dataclasses.replace(gone, deleted_at=self.clock.now())
        self._put(gone, None, "")

    def enter(self, record: Record) -> None:
        """Take a whole row over; nobody is told."""
        self._put(record, None, "")

    def _put(self, record: Record, event: str | None, user: str) -> None:
        table = self.tables[record.kind]
        before = table.rows.get(record.id)
        table.put(record)
        if before is None:
            self._undo.append(lambda: table.drop(record.id))
        else:
            self._undo.append(lambda: table.put(before))
        if event is not None:
            self._events.append((event, record, user))
