"""Creates, updates, upserts and deletes of one row, for single calls, collections and Bulk.

Promise: a row is checked wholly before anything is touched; a refusal is an :class:`ApiError`.
References can be given by external id (``{"Account": {"Odoo_Id__c": "7"}}``). Weakness: no record
types.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import derive, duplicates, rules
from .convert import converted
from .errors import AmbiguousId, ApiError, no_such_id, unparsable
from .fields import Field
from .ids import long_id
from .locks import Locks, rows_of
from .records import Record
from .schema import SObject
from .store import Store


@dataclass(frozen=True)
class Caller:
    """Who writes and how: ``key`` tells calls apart for row locks; people do not run into those."""

    user: str
    key: object = None
    api: bool = True
    csv: bool = False
    allow_save: bool = False
    details: bool = False
    base: str = "/services/data/v66.0"


class Dml:
    """Writes into a :class:`Store`."""

    def __init__(self, store: Store, locks: Locks) -> None:
        self.store = store
        self.locks = locks

    def insert(self, sobject: SObject, raw: Any, caller: Caller) -> Record:
        """A new row."""
        if caller.api and not sobject.may("create"):
            raise _forbidden(sobject, "create")
        given = self._given(sobject, raw, caller, creating=True)
        given |= derive.at_birth(sobject, given, caller.user)
        return self._save(sobject, None, given, caller)

    def update(self, sobject: SObject, record_id: str, raw: Any, caller: Caller) -> Record:
        """New values for a row."""
        if caller.api and not sobject.may("update"):
            raise _forbidden(sobject, "update")
        record = self.row(sobject, record_id)
        given = self._given(sobject, raw, caller, creating=False)
        return self._save(sobject, record, given, caller)

    def upsert(
        self, sobject: SObject, name: str, value: Any, raw: dict[str, Any], caller: Caller
    ) -> tuple[Record, bool]:
        """The row with an external id, new values or all; and whether it is new."""
        found = self.lookup(sobject, name, value, caller.base)
        if found is not None:
            rest = {key: item for key, item in raw.items() if key.lower() != "id"}
            return self.update(sobject, found.id, rest, caller), False
        rest = {key: item for key, item in raw.items() if key.lower() not in ("id", name.lower())}
        own = {} if name.lower() == "id" else {name: value}
        return self.insert(sobject, rest | own, caller), True

    def delete(self, sobject: SObject, record_id: str, caller: Caller) -> None:
        """Into the recycle bin."""
        if caller.api and not sobject.may("delete"):
            message = f"entity type cannot be deleted: {sobject.label}"
            raise ApiError("INSUFFICIENT_ACCESS_OR_READONLY", message, [])
        record = self.row(sobject, record_id)
        if caller.api:
            self.locks.take(rows_of(record, {}), caller.key)
        if sobject.name == "Account":
            self._check_won(record)
        self.store.delete(record, caller.user)

    # -- finding

    def row(self, sobject: SObject, record_id: Any) -> Record:
        """A live row by id of either length. Raises :class:`ApiError`."""
        number = long_id(record_id) if isinstance(record_id, str) else None
        if number is None:
            message = f"{sobject.label} ID: id value of incorrect type: {record_id}"
            raise ApiError("MALFORMED_ID", message, ["Id"])
        record = self.store.get(number)
        if record is None or record.kind != sobject.name:
            raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        if record.deleted:
            raise ApiError("ENTITY_IS_DELETED", "entity is deleted", [])
        return record

    def id_field(self, sobject: SObject, name: str) -> Field:
        """A field that identifies rows. Raises :class:`ApiError`."""
        field = sobject.field(name)
        if field is None or not (field.identifies or field.type == "id"):
            raise no_such_id(name)
        return field

    def lookup(self, sobject: SObject, name: str, value: Any, base: str) -> Record | None:
        """The live row with an external id, if there is one. Raises :class:`ApiError`."""
        field = self.id_field(sobject, name)
        if field.type == "id":
            return None if value in (None, "") else self.row(sobject, value)
        kept = converted(field, value, csv=True)
        if kept is None:
            raise ApiError("MISSING_ARGUMENT", f"{field.name} not specified", [])
        found = self.store.table(sobject).find(field, kept)
        if len(found) > 1:
            urls = [f"{base}/sobjects/{sobject.name}/{row.id}" for row in found]
            raise AmbiguousId(urls, [row.id for row in found])
        return found[0] if found else None

    # -- inside

    def _save(
        self, sobject: SObject, record: Record | None, given: dict[str, Any], caller: Caller
    ) -> Record:
        rules.check(self.store, sobject, record, given)
        given |= derive.follow(self.store, sobject.name, record, given)
        if caller.api:
            after = (record.values if record else {}) | given
            how = {"allow_save": caller.allow_save, "details": caller.details}
            duplicates.check(self.store, sobject, record, after, **how)
            self.locks.take(rows_of(record, given), caller.key)
        if record is None:
            return self.store.create(sobject, given, caller.user)
        return self.store.update(record, given, caller.user)

    def _given(
        self, sobject: SObject, raw: Any, caller: Caller, *, creating: bool
    ) -> dict[str, Any]:
        if not isinstance(raw, dict):
            raise unparsable("Cannot deserialize instance of sobject: an object was expected")
        given: dict[str, Any] = {}
        refused = []
        for name, value in raw.items():
            if name.lower() == "attributes":
                continue
            field = sobject.field(name)
            if field is None:
                given |= self._parent(sobject, name, value)
            elif not (field.createable if creating else field.updateable):
                refused.append(field.name)
            else:
                given[field.name] = self._value(field, value, caller)
        if refused:
            message = (
                f"Unable to create/update fields: {', '.join(refused)}. Please check the security "
                "settings of this field and verify that it is read/write for your profile or "
                "permission set."
            )
            raise ApiError("INVALID_FIELD_FOR_INSERT_UPDATE", message, refused)
        return given

    def _value(self, field: Field, value: Any, caller: Caller) -> Any:
        kept = converted(field, value, csv=caller.csv)
        if field.type != "reference" or kept is None:
            return kept
        number = long_id(kept)
        if number is None:
            message = f"{field.label}: id value of incorrect type: {kept}"
            raise ApiError("MALFORMED_ID", message, [field.name])
        target = self.store.get(number)
        if target is None or target.kind not in field.refers:
            raise ApiError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", [])
        if target.deleted:
            raise ApiError("ENTITY_IS_DELETED", "entity is deleted", [])
        return number

    def _parent(self, sobject: SObject, name: str, value: Any) -> dict[str, Any]:
        field = sobject.relation(name)
        if field is None:
            message = f"No such column '{name}' on sobject of type {sobject.name}"
            raise ApiError("INVALID_FIELD", message)
        if value is None:
            return {field.name: None}
        pairs = [
            pair
            for pair in (value.items() if isinstance(value, dict) else [])
            if pair[0].lower() != "attributes"
        ]
        if len(pairs) != 1:
            message = f"A relationship by external id needs one field: {name}"
            raise ApiError("INVALID_FIELD", message, [])
        [(id_name, wanted)] = pairs
        parent = next(filter(None, map(self.store.schema.find, reversed(field.refers))), None)
        found = None if parent is None else self.lookup(parent, id_name, wanted, "")
        if found is None:
            message = (
                f"Foreign key external ID: {str(wanted).lower()} not found for field {id_name} in "
                f"entity {parent.name if parent else name}"
            )
            raise ApiError("INVALID_FIELD", message, [])
        return {field.name: found.id}

    def _check_won(self, account: Record) -> None:
        won = [row for row, _name in self.store.children(account) if row.get("IsWon")]
        if won:
            message = (
                "Your attempt to delete this account could not be completed because it is "
                f"associated with the following closed won opportunities: {won[0].id}"
            )
            raise ApiError("DELETE_FAILED", message, [])


def _forbidden(sobject: SObject, verb: str) -> ApiError:
    message = f"entity type cannot be {verb}d: {sobject.label}".replace("ee", "e")
    return ApiError("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", message, [])
