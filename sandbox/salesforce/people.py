"""Changes that a person makes at Salesforce's screens, and what only happens there.

Promise: the same checks and the same Outbound Messages as any change; merging, converting a lead,
undeleting and purging have no REST call, so they are here. A refusal is a ``ControlError`` with
Salesforce's sentence. Of a list, what comes before a refusal stays done. Weakness: no undo.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import ControlError, no_unknown_keys, require
from . import present
from .conversion import convert
from .dml import Caller
from .errors import ApiError
from .ids import long_id
from .merge import merge
from .org import Org
from .records import Record
from .schema import SObject

KEYS = {
    "id",
    "action",
    "properties",
    "other",
    "user_id",
    "account_id",
    "contact_id",
    "opportunity",
    "status",
}


class People:
    """Acts on an :class:`Org`."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.store = org.store
        self._actions: dict[str, Callable[[Record, dict[str, Any], Caller], Record]] = {
            "update": self._update,
            "delete": self._delete,
            "undelete": self._undelete,
            "purge": self._purge,
            "merge": self._merge,
            "convert": self._convert,
            "touch": self._touch,
            "lock": self._lock,
            "unlock": self._unlock,
        }

    def change(self, name: str, row: Any) -> dict[str, Any]:
        """Do one change; answers the record as it is afterwards."""
        require(isinstance(row, dict), "A change must be an object.")
        no_unknown_keys(row, KEYS, "A change")
        sobject = known_object(self.store.schema.find(name), name)
        self.store.begin()
        try:
            record = self._change(sobject, row)
        except (ApiError, ControlError) as error:
            self.store.rollback()
            message = error.message if isinstance(error, ApiError) else str(error)
            raise ControlError(message) from error
        self.store.commit()
        self.org.custom_fields.refresh_access()
        return self.show(self.store.table(sobject).rows[record.id])

    def _change(self, sobject: SObject, row: dict[str, Any]) -> Record:
        caller = self._caller(row)
        if sobject.use == "tooling":
            return self._field(row)
        if row.get("id") is None:
            require(row.get("action", "create") == "create", "This action needs an id.")
            return self.org.dml.insert(sobject, row.get("properties") or {}, caller)
        action = self._actions.get(row.get("action", "update"))
        if action is None:
            names = ", ".join(["create", *self._actions])
            raise ControlError(f"There is no action {row['action']}; there are {names}.")
        return action(self._known(sobject, row["id"]), row, caller)

    def _caller(self, row: dict[str, Any]) -> Caller:
        user = row.get("user_id")
        if user is None:
            return self.org.person()
        found = self.store.get(long_id(str(user)))
        known = found is not None and found.kind == "User"
        require(known, f"There is no user {user}.")
        return self.org.person(found.id if found else None)

    def _known(self, sobject: SObject, record_id: Any) -> Record:
        record = self.store.table(sobject).rows.get(long_id(str(record_id)) or "")
        if record is None:
            raise ControlError(f"There is no {sobject.label} {record_id}.")
        return record

    def _field(self, row: dict[str, Any]) -> Record:
        """A custom field is made, or deleted by its full name or id."""
        fields, values = self.org.custom_fields, row.get("properties") or {}
        if row.get("action") != "delete":
            return fields.create(values.get("FullName"), values.get("Metadata"), hidden=False)
        found = self.store.get(long_id(str(row.get("id"))))
        name = str(found.get("FullName") if found else row.get("id"))
        gone = fields.find(name)
        fields.drop(name)
        return gone or Record("CustomField", "")

    def show(self, record: Record) -> dict[str, Any]:
        """A record with everything there is about it."""
        sobject = self.store.schema.objects[record.kind.lower()]
        fields = {**sobject.fields, **sobject.hidden}.values()
        shown = {
            field.name: present.value(field, record)
            for field in fields
            if record.get(field.name) is not None
        }
        return {
            "id": record.id,
            "type": record.kind,
            "properties": shown,
            "archived": record.deleted,
            "erased": self.store.is_gone(record),
            "mergedInto": record.get("MasterRecordId"),
            "version": record.version,
        }

    # -- actions

    def _update(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        sobject = self.store.schema.objects[record.kind.lower()]
        return self.org.dml.update(sobject, record.id, row.get("properties") or {}, caller)

    def _delete(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        sobject = self.store.schema.objects[record.kind.lower()]
        self.org.dml.delete(sobject, record.id, caller)
        return record

    def _undelete(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        there = record.deleted and not self.store.is_gone(record)
        require(there, f"{record.kind} {record.id} is not in the recycle bin.")
        return self.store.undelete(record, caller.user)

    def _purge(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        require(record.deleted, f"{record.kind} {record.id} is not deleted.")
        self.store.purge(record)
        return record

    def _merge(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        others = row.get("other")
        names = others if isinstance(others, list) else [others]
        sobject = self.store.schema.objects[record.kind.lower()]
        losers = [_live(self._known(sobject, name)) for name in names]
        return merge(self.org.dml, _live(record), losers, row.get("properties") or {}, caller)

    def _convert(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        require(record.kind == "Lead", "Only leads can be converted.")
        return convert(self.org.dml, _live(record), row, caller)

    def _touch(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        """The system changes something nobody sees: only SystemModstamp moves."""
        return self.store.update(_live(record), {}, caller.user, touch=False)

    def _lock(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        self.org.locks.manual.add(record.id)
        return record

    def _unlock(self, record: Record, row: dict[str, Any], caller: Caller) -> Record:
        self.org.locks.manual.discard(record.id)
        return record


def known_object(found: SObject | None, name: str) -> SObject:
    """An object, or ``ControlError``."""
    if found is None:
        raise ControlError(
            f"There is no object {name}; there are Account, Contact, Lead and so on."
        )
    return found


def _live(record: Record) -> Record:
    require(not record.deleted, f"{record.kind} {record.id} is deleted or merged.")
    return record
