"""Fields that the org adds: those of the options, and those made through the Tooling API.

Promise: a field made through the Tooling API is hidden from the integration user until a permission
set of theirs gives access (or ``tooling_grants_access`` is on), as after a deployment; the rows of
CustomField tell what there is. Option: ``external_id`` is a unique text of 255 characters on every
object that is synchronised; empty, the org lacks it. Weakness: setup is not taken back by a
rollback.
"""

from __future__ import annotations

from typing import Any

from .errors import ApiError, no_such_id
from .fields import Field
from .records import Record
from .store import Store

EXTERNAL = {"type": "Text", "length": 255, "externalId": True, "unique": True}
LENGTHS = {"Text": 255, "TextArea": 255, "Email": 80, "Phone": 40, "Url": 255, "Picklist": 255}
TYPES = {
    "Text": "string",
    "TextArea": "textarea",
    "LongTextArea": "textarea",
    "Email": "email",
    "Phone": "phone",
    "Url": "url",
    "Picklist": "picklist",
    "MultiselectPicklist": "multipicklist",
    "Number": "double",
    "Currency": "currency",
    "Percent": "percent",
    "Checkbox": "boolean",
    "Date": "date",
    "DateTime": "datetime",
    "Lookup": "reference",
}


class CustomFields:
    """Adds and drops fields of a :class:`Store`'s schema."""

    def __init__(self, store: Store, user: str) -> None:
        self.store = store
        self.user = user
        self._from_options: set[str] = set()
        #: Full names of the fields that nobody sees without a permission set.
        self._guarded: set[str] = set()

    def of_options(self) -> None:
        """Take over ``external_id`` and ``custom_fields``."""
        options = self.store.options
        wanted: dict[str, dict[str, Any]] = dict(options.custom_fields)
        if options.external_id:
            for sobject in self.store.schema.objects.values():
                if "crm" in sobject.use:
                    label = options.external_id.removesuffix("__c").replace("_", " ")
                    wanted[f"{sobject.name}.{options.external_id}"] = EXTERNAL | {"label": label}
        for full_name in self._from_options - set(wanted):
            self.drop(full_name)
        for full_name, metadata in wanted.items():
            if self.find(full_name) is None:
                self.create(full_name, metadata, hidden=False)
        self._from_options = set(wanted)

    def create(self, full_name: Any, metadata: Any, *, hidden: bool) -> Record:
        """A new field of ``Account.Tier__c``. Raises :class:`ApiError`."""
        kind, _, name = str(full_name).partition(".")
        sobject = self.store.schema.find(kind)
        if sobject is None or not name.endswith("__c"):
            message = f"Invalid fullName: {full_name}"
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", message, ["FullName"])
        if sobject.field(name) or name.lower() in sobject.hidden:
            message = (
                f"There is already a field named {name.removesuffix('__c')} on {sobject.label}."
            )
            raise ApiError("DUPLICATE_DEVELOPER_NAME", message, ["DeveloperName"])
        if not isinstance(metadata, dict):
            raise ApiError("FIELD_INTEGRITY_EXCEPTION", "Metadata must be an object", ["Metadata"])
        field = _field(name, metadata)
        self.store.schema.put(sobject, field, self.store.clock.now(), hidden=hidden)
        if hidden:
            self._guarded.add(f"{sobject.name}.{name}".lower())
        values = {"DeveloperName": name.removesuffix("__c"), "TableEnumOrId": sobject.name}
        values["FullName"] = f"{sobject.name}.{name}"
        tooling = self.store.schema.objects["customfield"]
        return self.store.create(tooling, values, self.user)

    def find(self, full_name: str) -> Record | None:
        """The CustomField row of a name."""
        for row in self.store.rows(self.store.schema.objects["customfield"]):
            if str(row.get("FullName")).lower() == full_name.lower():
                return row
        return None

    def drop(self, full_name: str) -> None:
        """Delete a field with its values. Raises :class:`ApiError`."""
        row = self.find(full_name)
        if row is None:
            raise no_such_id(full_name)
        kind, _, name = str(row.get("FullName")).partition(".")
        self._guarded.discard(full_name.lower())
        sobject = self.store.schema.objects[kind.lower()]
        self.store.schema.drop(sobject, name, self.store.clock.now())
        for record in list(self.store.table(sobject).rows.values()):
            if record.get(name) is not None:
                self.store.update(record, {name: None}, self.user, touch=False)
        self.store.purge(row)

    def refresh_access(self) -> None:
        """Show and hide custom fields as the permission sets say."""
        if not self._guarded:
            return
        schema, now = self.store.schema, self.store.clock.now()
        rows = self.store.rows(schema.objects["permissionsetassignment"])
        mine = {row.get("PermissionSetId") for row in rows if row.get("AssigneeId") == self.user}
        sets = self.store.rows(schema.objects["permissionset"])
        mine |= {row.id for row in sets if row.get("IsOwnedByProfile")}
        granted: dict[str, bool] = {}
        for row in self.store.rows(schema.objects["fieldpermissions"]):
            name = str(row.get("Field")).lower()
            if row.get("ParentId") in mine and row.get("PermissionsRead"):
                granted[name] = granted.get(name, False) or bool(row.get("PermissionsEdit"))
        for full_name in self._guarded:
            kind, _, name = full_name.partition(".")
            editable = granted.get(full_name, False)
            schema.show(schema.objects[kind], name, full_name in granted, editable, now)


def _field(name: str, metadata: dict[str, Any]) -> Field:
    declared = metadata.get("type")
    if declared not in TYPES:
        message = f"{declared} is not a valid value for the enum 'FieldType'"
        raise ApiError("FIELD_INTEGRITY_EXCEPTION", message, ["Metadata"])
    names = {"externalId": "x", "unique": "q", "caseSensitive": "c", "required": "n"}
    flags = "".join(flag for key, flag in names.items() if metadata.get(key))
    flags += "n" if declared == "Checkbox" else ""
    flags += "f" if declared == "LongTextArea" else ""
    facts: dict[str, Any] = {"length": int(metadata.get("length") or LENGTHS.get(declared, 0))}
    if declared in ("Number", "Currency", "Percent"):
        facts["precision"] = int(metadata.get("precision", 18))
        facts["scale"] = int(metadata.get("scale", 0))
    if declared == "Lookup":
        facts["refers"] = (str(metadata.get("referenceTo", "Account")),)
        facts["relation"] = f"{name.removesuffix('__c')}__r"
        facts["length"] = 18
    if "Picklist" in declared:
        flags, facts["values"] = flags + _restricted(metadata), _values(metadata)
    label = str(metadata.get("label") or name.removesuffix("__c").replace("_", " "))
    return Field(name, label, TYPES[declared], flags, **facts)


def _restricted(metadata: dict[str, Any]) -> str:
    return "p" if (metadata.get("valueSet") or {}).get("restricted") else ""


def _values(metadata: dict[str, Any]) -> tuple[str, ...]:
    definition = (metadata.get("valueSet") or {}).get("valueSetDefinition") or {}
    rows = definition.get("value") or []
    return tuple(str(row.get("fullName")) for row in rows if isinstance(row, dict))
