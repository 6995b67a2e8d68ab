"""Takes whole records over, as they were recorded or made up, without Outbound Messages.

Promise: ids, moments and values stay what they are; all of a load is checked before any of it is
done. Weakness: references and required fields are not checked.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import ControlError, no_unknown_keys, require
from . import derive
from .convert import converted
from .errors import ApiError
from .ids import long_id
from .moments import parse
from .org import Org
from .people import known_object
from .records import Record
from .schema import SObject

KEYS = {"id", "type", "properties", "archived", "erased", "mergedInto", "version"}


class Loader:
    """Fills an :class:`Org`."""

    def __init__(self, org: Org) -> None:
        self.org = org
        self.store = org.store

    def load(self, body: dict[str, Any]) -> dict[str, int]:
        """Load ``{"Account": [{"id": …, "properties": {…}}]}``; how many of each."""
        self.store.begin()
        loaded = []
        for name, rows in body.items():
            sobject = known_object(self.store.schema.find(name), name)
            require(isinstance(rows, list), f"{name} must be a list of records.")
            loaded += [self._record(sobject, row) for row in rows]
        for record in loaded:
            self.store.enter(record)
        self.store.commit()
        return {name: len(rows) for name, rows in body.items()}

    def _record(self, sobject: SObject, row: Any) -> Record:
        require(isinstance(row, dict), f"A {sobject.label} must be an object.")
        no_unknown_keys(row, KEYS, f"A {sobject.label}")
        given = row.get("properties", {})
        require(isinstance(given, dict), "properties must be an object.")
        values = {
            n: v for name, value in given.items() for n, v in self._value(sobject, name, value)
        }
        number = self._id(sobject, row.get("id") or values.get("Id"))
        whole = derive.at_birth(sobject, values, self.org.users.person) | values
        whole |= derive.follow(self.store, sobject.name, None, whole)
        whole |= self._system(whole) | {"Id": number, "IsDeleted": bool(row.get("archived"))}
        kept = {name: value for name, value in whole.items() if value is not None}
        gone = whole["SystemModstamp"] if row.get("archived") else None
        return Record(sobject.name, number, kept, deleted_at=gone, purged=bool(row.get("erased")))

    def _id(self, sobject: SObject, text: Any) -> str:
        if text is None:
            return self.store.ids.new(sobject.prefix)
        number = long_id(str(text))
        sound = number is not None and number.startswith(sobject.prefix)
        require(sound, f"{text} is no id of a {sobject.label}: those begin with {sobject.prefix}.")
        return number or ""

    def _value(self, sobject: SObject, name: str, value: Any) -> list[tuple[str, Any]]:
        field = sobject.field(name)
        require(field, f"A {sobject.label} has no field {name}.")
        if field is None or field.type == "address":
            return []
        if field.type == "datetime" and isinstance(value, str):
            try:
                return [(field.name, parse(value))]
            except (ValueError, OverflowError) as error:
                raise ControlError(f"{name}: {value} is not a date with time and zone.") from error
        try:
            kept = converted(field, value, csv=True)
        except ApiError as error:
            raise ControlError(error.message) from error
        if field.type in ("id", "reference") and kept is not None:
            kept = long_id(kept)
            require(kept, f"{name}: {value} is no record id.")
        return [(field.name, kept)]

    def _system(self, values: dict[str, Any]) -> dict[str, Any]:
        now = self.store.clock.now() // 1000 * 1000
        created = values.get("CreatedDate") or values.get("LastModifiedDate") or now
        modified = values.get("LastModifiedDate") or created
        person = self.org.users.person
        return {
            "CreatedDate": created,
            "CreatedById": values.get("CreatedById") or person,
            "LastModifiedDate": modified,
            "LastModifiedById": values.get("LastModifiedById") or person,
            "SystemModstamp": values.get("SystemModstamp") or modified,
        }
