"""All records of the account, and the only way to change them.

Promise: a change is planned (checked, nothing touched) and then committed, so a batch is all or
nothing where the API is; every commit tells the journal. A value written as it was is no change.
Weakness: not thread-safe by itself; the provider's lock is held by every caller.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..core.clock import Clock, iso
from . import derive
from .config import Options
from .errors import (
    ApiError,
    DuplicateInput,
    NotFound,
    Problem,
    bad_request,
    conflict,
    invalid_values,
)
from .journal import Journal
from .kinds import KINDS, Kind
from .owners import Owners
from .pipelines import Pipelines
from .records import Actor, Record
from .rules import missing_properties
from .schema import Schema
from .table import Table, unique_key
from .validate import Validator


@dataclass
class Draft:
    """A checked change: ``record`` is None for a new one, ``values`` as they will be stored."""

    kind: Kind
    record: Record | None
    values: dict[str, str | None]
    names: list[str] = field(default_factory=list)


class Store:
    """Tables by object type."""

    journal: Journal
    #: Told after a record went to the recycle bin or came back.
    on_presence: Callable[[Record], None]

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.schema = Schema()
        self.pipelines = Pipelines(clock.now())
        self.owners = Owners(clock.now())
        self.validator = Validator(self.schema, self.pipelines, self.owners)
        self.tables = {kind.name: Table(kind) for kind in KINDS.values()}
        self._rng = random.Random(options.seed)
        self._ids = {kind.name: kind.first_id for kind in KINDS.values()}

    def table(self, kind: Kind) -> Table:
        """The records of an object type."""
        return self.tables[kind.name]

    # -- finding

    def get(self, kind: Kind, record_id: str, *, archived: bool = False) -> Record:
        """A record by id, merged ids followed. Raises :class:`NotFound`."""
        record = self.table(kind).get(record_id)
        if record is None or record.archived != archived or record.erased:
            raise NotFound()
        return record

    def find(self, kind: Kind, value: str, id_property: str | None, **how: bool) -> Record:
        """A record by id or by a unique property. Raises :class:`NotFound`."""
        if not id_property or id_property == "hs_object_id":
            return self.get(kind, value, **how)
        self.check_unique_property(kind, id_property, "find")
        record = self.table(kind).find(id_property, value)
        if record is None:
            raise NotFound()
        return record

    def is_readable(self, record: Record) -> bool:
        """Whether reads find the record already."""
        return record.readable <= self.clock.now()

    def check_unique_property(self, kind: Kind, name: str, action: str) -> None:
        """Refuse an idProperty that does not identify."""
        if name not in self.schema.unique_names(kind):
            message = f"Unable to perform {action} by non-unique {kind.type_id} property {name}"
            raise bad_request(message)

    # -- planning

    def plan(
        self,
        kind: Kind,
        record: Record | None,
        raw: Any,
        *,
        version: str = "",
        claims: set[tuple[str, str]] | None = None,
    ) -> Draft:
        """Check a create (``record`` None) or an update. Raises :class:`ApiError`.

        ``claims`` are the unique values of the same batch; the plan adds its own.
        """
        current = record.properties if record else {}
        values, problems = self.validator.check(kind, raw, current)
        if problems:
            raise invalid_values(problems, self.options.portal_id)
        if record is None:
            self._check_required(kind, values)
        after = current | values
        if missing := missing_properties(self.options.rules, kind, after, values, version):
            raise missing
        draft = Draft(kind, record, values, list(raw))
        self._check_unique(draft, set() if claims is None else claims)
        return draft

    def _check_required(self, kind: Kind, values: dict[str, str | None]) -> None:
        missing = [name for name in kind.required if not values.get(name)]
        if kind.name == "companies" and not (values.get("name") or values.get("domain")):
            raise bad_request("Error creating COMPANY. Set a name or a domain: both are missing.")
        if missing:
            message = f"Error creating {kind.legacy}. Some required properties were not set."
            raise bad_request(message, context={"properties": missing})

    def _check_unique(self, draft: Draft, claims: set[tuple[str, str]]) -> None:
        for name in self.schema.unique_names(draft.kind):
            value = draft.values.get(name)
            if not value:
                continue
            holder = self.table(draft.kind).find(name, value)
            if holder is not None and holder is not draft.record:
                raise self._taken(draft, name, value, holder.id)
            claim = (name, unique_key(name, value))
            if claim in claims:
                message = f"Duplicate {name} found in batch input: [{value}]. They must be unique"
                raise DuplicateInput(message, {name: [value]})
            claims.add(claim)

    def _taken(self, draft: Draft, name: str, value: str, holder: str) -> ApiError:
        if name == "email" and draft.kind.name == "contacts":
            return conflict(draft.kind.singular, holder)
        coordinates = (
            f"PropertyValueCoordinates{{portalId={self.options.portal_id}, "
            f"objectTypeId=ObjectTypeId{{legacyObjectType={draft.kind.legacy}}}, "
            f"propertyName={name}, value={value}}}"
        )
        where = draft.record.id if draft.record else "a new record"
        message = f"Cannot set {coordinates} on {where}. {holder} already has that value."
        problem = Problem(name, "CONFLICTING_UNIQUE_VALUE", message)
        return invalid_values([problem], self.options.portal_id)

    # -- committing

    def commit(self, draft: Draft, actor: Actor) -> Record:
        """Do what was planned."""
        if draft.record is None:
            return self._create(draft, actor)
        self.write(draft.record, draft.values, actor)
        return draft.record

    def _create(self, draft: Draft, actor: Actor) -> Record:
        now = self.clock.now()
        record = Record(draft.kind, self.new_id(draft.kind), now, now)
        record.readable = now + self.options.read_lag_ms
        given = {name: value for name, value in draft.values.items() if value}
        values = derive.at_birth(record, actor) | given
        record.properties = values
        follow = derive.follow_up(record, given, self.pipelines)
        values |= {name: value for name, value in follow.items() if value}
        record.properties = values | {draft.kind.modified: iso(now)}
        record.remember(given, actor, now)
        draft.names = [*values]
        self.enter(record)
        self.journal.created(record, given, actor, now)
        return record

    def enter(self, record: Record) -> None:
        """Put a finished record into its table."""
        table = self.table(record.kind)
        table.add(record)
        if not record.archived:
            table.index(record, self.schema.unique_names(record.kind))
        self.publish(record)

    def write(self, record: Record, values: dict[str, str | None], actor: Actor) -> dict:
        """Store values that were checked; returns those that differ from before."""
        changed = {n: v for n, v in values.items() if (record.properties.get(n) or None) != v}
        if not changed:
            return changed
        now = self.clock.now()
        follow = derive.follow_up(record, changed, self.pipelines)
        self._replace(record, changed | follow, now)
        record.remember(changed, actor, now)
        self.journal.updated(record, changed, actor, now)
        return changed

    def _replace(self, record: Record, values: dict[str, str | None], now: int) -> None:
        record.updated = now
        record.version += 1
        self._set(record, {**values, record.kind.modified: iso(now)})

    def _set(self, record: Record, values: dict[str, str | None]) -> None:
        names = self.schema.unique_names(record.kind)
        table = self.table(record.kind)
        table.unindex(record, names)
        merged = {**record.properties, **values}
        record.properties = {name: value for name, value in merged.items() if value}
        table.index(record, names)
        self.publish(record)

    def set_system(self, record: Record, values: dict[str, str | None], *, touch: bool) -> None:
        """Set what HubSpot keeps itself, such as ``associatedcompanyid``; no event follows.

        ``touch``: whether this counts as a modification.
        """
        if all(record.properties.get(name) == value for name, value in values.items()):
            return
        if touch:
            self._replace(record, values, self.clock.now())
        else:
            self._set(record, values)

    def archive(self, record: Record, actor: Actor) -> None:
        """Put a record into the recycle bin."""
        now = self.clock.now()
        self.table(record.kind).unindex(record, self.schema.unique_names(record.kind))
        record.archived, record.archived_at = True, now
        record.version += 1
        self.publish(record)
        self.on_presence(record)
        self.journal.deleted(record, actor, now)

    def restore(self, record: Record, actor: Actor) -> None:
        """Take a record out of the recycle bin. Raises :class:`ApiError` for a taken value."""
        self._check_unique(Draft(record.kind, record, dict(record.properties)), set())
        for address in record.properties.get("hs_additional_emails", "").split(";"):
            holder = self.table(record.kind).find("email", address)
            if holder is not None:
                raise conflict(record.kind.singular, holder.id)
        record.archived, record.archived_at = False, None
        self._replace(record, {}, self.clock.now())
        self.on_presence(record)
        self.journal.restored(record, actor, record.updated)

    def erase(self, record: Record, actor: Actor) -> None:
        """Delete for good, as the GDPR wants."""
        now = self.clock.now()
        self.table(record.kind).unindex(record, self.schema.unique_names(record.kind))
        record.archived, record.archived_at, record.erased = True, now, True
        record.properties = {"hs_object_id": record.id}
        record.history = {}
        record.version += 1
        self.publish(record)
        self.on_presence(record)
        self.journal.deleted(record, actor, now)
        self.journal.erased(record, actor, now)

    # -- search's own copy

    def publish(self, record: Record) -> None:
        """Hand the record's present state to search, which may take its time."""
        state = None if record.archived else record.properties
        if self.options.search_lag_ms <= 0:
            record.indexed, record.views = state, []
            return
        lag = self.options.search_lag_ms * self._rng.uniform(0.5, 1.0)
        record.views.append((self.clock.now() + round(lag), state))

    def new_id(self, kind: Kind) -> str:
        """The next id; ids rise with gaps."""
        self._ids[kind.name] += self._rng.randint(1, 4)
        while str(self._ids[kind.name]) in self.table(kind).records:
            self._ids[kind.name] += 1
        return str(self._ids[kind.name])
