"""A model of both sides and the two pipelines around the merge, small enough to be searched.

Odoo, its outbox, its inbox and its links are one transactional store: a step commits as a whole or
not at all. The remote is another system: what was written there stays, whatever happens to us
afterwards. Its notifications travel on a wire that shuffles, duplicates and delays them.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from engine.merge import FieldRule, merge

RULES = (
    FieldRule('name', 'two_way_newest'),
    FieldRule('phone', 'two_way_newest'),
    FieldRule('credit', 'odoo_wins'),
    FieldRule('score', 'remote_wins'),
    FieldRule('city', 'prefer_odoo'),
    FieldRule('street', 'prefer_remote'),
    FieldRule('source', 'create_only'),
    FieldRule('vat', 'manual'),
)
KEYS = tuple(rule.key for rule in RULES)


class Crash(Exception):
    """The worker is gone; nothing of its transaction is left."""


@dataclass
class Record:
    values: dict
    at: datetime
    external_id: str | None = None


@dataclass
class Link:
    remote_id: int
    snapshot: dict
    conflicts: frozenset = frozenset()


@dataclass
class Store:
    """What Odoo's database holds."""

    records: dict[int, Record] = field(default_factory=dict)
    links: dict[int, Link] = field(default_factory=dict)
    outbox: list[int] = field(default_factory=list)
    inbox: list[int] = field(default_factory=list)
    keys: set[int] = field(default_factory=set)


class World:
    def __init__(self):
        self.odoo = Store()
        self.remote: dict[int, Record] = {}
        self.wire: list[tuple[int, int]] = []  # (event key, remote id)
        self.writes = self.events = self.ticks = 0

    def now(self):
        self.ticks += 1
        return datetime(2026, 1, 1, tzinfo=timezone.utc) + timedelta(seconds=self.ticks)

    # --- people -----------------------------------------------------------------------------------

    def person_creates_in_odoo(self, values):
        self._write_odoo(len(self.odoo.records) + 1, values)

    def person_edits_odoo(self, odoo_id, values):
        self._write_odoo(odoo_id, values)

    def person_creates_at_remote(self, values):
        self._write_remote(len(self.remote) + 1, values)

    def person_edits_remote(self, remote_id, values):
        self._write_remote(remote_id, values)

    def person_settles_conflict(self, odoo_id, remote_wins):
        """The choice is a base that equals the loser's value; then the record is merged again."""
        link = self.odoo.links[odoo_id]
        loser = self.odoo.records[odoo_id] if remote_wins else self.remote[link.remote_id]
        for key in link.conflicts:
            link.snapshot[key] = loser.values[key]
        link.conflicts = frozenset()
        self.odoo.inbox.append(link.remote_id)

    # --- the two systems --------------------------------------------------------------------------

    def _write_odoo(self, odoo_id, values):
        """The change and its message commit together; writes of ours are captured like any."""
        old = self.odoo.records.get(odoo_id)
        before = old.values if old else dict.fromkeys(KEYS)
        self.odoo.records[odoo_id] = Record({**before, **values}, self.now())
        self.odoo.outbox.append(odoo_id)

    def _write_remote(self, remote_id, values, external_id=None):
        old = self.remote.get(remote_id)
        before = old.values if old else dict.fromkeys(KEYS)
        known_as = external_id or (old.external_id if old else None)
        self.remote[remote_id] = Record({**before, **values}, self.now(), known_as)
        self.events += 1
        self.wire.append((self.events, remote_id))  # of our own writes, too: an echo

    def _upsert(self, external_id, remote_id, values):
        """The remote's upsert by our external id, or its update by its own id."""
        self.writes += 1
        if remote_id is None:
            named = (key for key, known in self.remote.items() if known.external_id == external_id)
            remote_id = next(named, len(self.remote) + 1)
        self._write_remote(remote_id, values, external_id)
        return remote_id

    # --- the way in -------------------------------------------------------------------------------

    def deliver(self, index, duplicate=False):
        key, remote_id = self.wire[index] if duplicate else self.wire.pop(index)
        if key not in self.odoo.keys:
            self.odoo.keys.add(key)
            self.odoo.inbox.append(remote_id)

    def process_in(self, remote_id, crash=None):
        remote = self.remote[remote_id]
        self._transaction(lambda: self._apply(remote_id, remote), crash)

    def _apply(self, remote_id, remote):
        self.odoo.inbox = [waiting for waiting in self.odoo.inbox if waiting != remote_id]
        odoo_id = self._odoo_id_of(remote_id, remote)
        local = self.odoo.records.get(odoo_id)
        link = self.odoo.links.get(odoo_id) or Link(remote_id, {})
        merged = self._merge(link, local, remote)
        link.snapshot, link.conflicts = merged.snapshot, frozenset(merged.conflicts)
        self.odoo.links[odoo_id] = link
        if merged.to_local or local is None:
            self._write_odoo(odoo_id, merged.to_local)
        if merged.to_remote:
            self.odoo.outbox.append(odoo_id)

    def _odoo_id_of(self, remote_id, remote):
        """By the link; else by our external id (the commit after the call was lost); else new."""
        for odoo_id, link in self.odoo.links.items():
            if link.remote_id == remote_id:
                return odoo_id
        return int(remote.external_id) if remote.external_id else len(self.odoo.records) + 1

    @staticmethod
    def _merge(link, local, remote):
        return merge(
            RULES,
            link.snapshot if link else {},
            local.values if local else {},
            remote.values if remote else {},
            local_at=local and local.at,
            remote_at=remote and remote.at,
            new_local=local is None,
            new_remote=remote is None,
        )

    # --- the way out ------------------------------------------------------------------------------

    def process_out(self, odoo_id, crash=None):
        link = self.odoo.links.get(odoo_id)
        if link and link.remote_id in self.odoo.inbox:
            return  # news of the same record comes in first
        # The remote is taken to hold the snapshot; nothing is asked.
        believed = link and Record({**dict.fromkeys(KEYS), **link.snapshot}, self.now())
        local = self.odoo.records[odoo_id]
        merged = self._merge(link, local, believed)
        if merged.to_local:
            self.odoo.inbox.append(link.remote_id)  # a value that is not Odoo's to set: look there
            return
        answer = None
        if merged.to_remote or link is None:
            # Committed before the call: a crash from here on cannot undo it.
            answer = self._upsert(str(odoo_id), link and link.remote_id, merged.to_remote)
        self._transaction(lambda: self._confirm(odoo_id, answer, merged), crash)

    def _confirm(self, odoo_id, answer, merged):
        self.odoo.outbox = [waiting for waiting in self.odoo.outbox if waiting != odoo_id]
        link = self.odoo.links.get(odoo_id)
        if answer is None:
            return
        if link is None:
            self.odoo.links[odoo_id] = Link(answer, merged.confirmed)
        else:
            link.snapshot = {**link.snapshot, **merged.to_remote}

    def _transaction(self, work, crash):
        before = copy.deepcopy(self.odoo)
        if crash == 'before':
            return
        work()
        if crash == 'after_work':
            self.odoo = before
