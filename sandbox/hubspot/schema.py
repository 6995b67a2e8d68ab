"""Property definitions of every object type, HubSpot's and the account's own.

Promise: definitions as on the wire; a name exists once, an archived one comes back when it is
created again; at most ten unique properties an object type. Weakness: no calculated properties of
the account's own.
"""

from __future__ import annotations

from typing import Any

from ..core.clock import iso
from . import catalog
from .errors import ApiError, NotFound, bad_request
from .kinds import KINDS, Kind

MAX_UNIQUE = 10
TYPES = {
    "string": {"text", "textarea", "phonenumber", "html", "file"},
    "number": {"number"},
    "bool": {"booleancheckbox"},
    "date": {"date"},
    "datetime": {"date"},
    "enumeration": {"select", "radio", "checkbox", "booleancheckbox"},
    "phone_number": {"phonenumber"},
}
EDITABLE = {
    "label",
    "type",
    "fieldType",
    "groupName",
    "description",
    "options",
    "displayOrder",
    "hidden",
    "formField",
    "externalOptions",
}
BORN = 1_565_059_269_313


def read_only(definition: dict[str, Any]) -> bool:
    """Whether values of this property are HubSpot's alone."""
    return definition["modificationMetadata"]["readOnlyValue"]


def is_multiple(definition: dict[str, Any]) -> bool:
    """Whether values are lists such as ``a;b``."""
    return definition["type"] == "enumeration" and definition["fieldType"] == "checkbox"


def parse_options(words: str) -> list[dict[str, Any]]:
    """``low=Low high`` as option objects; a missing label is the value."""
    rows = []
    for position, word in enumerate(words.split()):
        value, _, label = word.partition("=")
        rows.append(
            {
                "label": (label or value).replace("_", " "),
                "value": value,
                "displayOrder": position,
                "hidden": False,
            }
        )
    return rows


def _booleans() -> list[dict[str, Any]]:
    return parse_options("true=True false=False")


def _definition(kind: Kind, position: int, row: str, group: str) -> dict[str, Any]:
    cells = [cell.strip() for cell in row.split("|")]
    name, label, value_type, field_type, group_name, flags = cells
    words = catalog.OPTIONS.get((kind.name, name)) or catalog.OPTIONS.get((None, name)) or ""
    return {
        "updatedAt": iso(BORN),
        "createdAt": iso(BORN),
        "name": name,
        "label": label,
        "type": value_type,
        "fieldType": field_type,
        "description": "",
        "groupName": group_name.format(g=group),
        "options": _booleans() if value_type == "bool" else parse_options(words),
        "displayOrder": position,
        "calculated": "c" in flags,
        "externalOptions": "x" in flags,
        "hasUniqueValue": "u" in flags,
        "hidden": "h" in flags,
        "hubspotDefined": True,
        "modificationMetadata": {
            "archivable": False,
            "readOnlyDefinition": True,
            "readOnlyValue": "r" in flags,
        },
        "formField": not set("hrf") & set(flags),
        "dataSensitivity": "non_sensitive",
    }


class Schema:
    """The definitions by object type and name."""

    def __init__(self) -> None:
        self.live: dict[str, dict[str, dict[str, Any]]] = {}
        self.archived: dict[str, dict[str, dict[str, Any]]] = {}
        self.groups: dict[str, dict[str, dict[str, Any]]] = {}
        self._unique: dict[str, list[str]] = {}
        for kind in KINDS.values():
            self._add_catalog(kind)

    def _add_catalog(self, kind: Kind) -> None:
        group, rows = catalog.ROWS[kind.name]
        live: dict[str, dict[str, Any]] = {}
        for position, row in enumerate((catalog.COMMON + rows).strip().splitlines()):
            if row.strip():
                found = _definition(kind, position, row.format(g=group), group)
                live[found["name"]] = found
        self.live[kind.name], self.archived[kind.name] = live, {}
        names = sorted({definition["groupName"] for definition in live.values()})
        self.groups[kind.name] = {
            name: {"name": name, "label": name, "displayOrder": n, "archived": False}
            for n, name in enumerate(names)
        }

    def of(self, kind: Kind) -> dict[str, dict[str, Any]]:
        """Live definitions of an object type by name."""
        return self.live[kind.name]

    def unique_names(self, kind: Kind) -> list[str]:
        """Properties no two live records may share; e-mails are, though not marked so."""
        found = self._unique.get(kind.name)
        if found is None:
            found = [name for name, row in self.of(kind).items() if row["hasUniqueValue"]]
            if kind.name == "contacts":
                found.insert(0, "email")
            self._unique[kind.name] = found
        return found

    def get(self, kind: Kind, name: str, *, archived: bool = False) -> dict[str, Any]:
        """One definition. Raises :class:`NotFound`."""
        source = self.archived if archived else self.live
        if name not in source[kind.name]:
            raise NotFound()
        return source[kind.name][name]

    def create(self, kind: Kind, body: dict[str, Any], now: int) -> dict[str, Any]:
        """Add a property; 409 when the name is taken, 400 when the body is not sound."""
        name = body.get("name")
        _check_new(body)
        if name in self.of(kind):
            raise ApiError(
                409,
                "OBJECT_ALREADY_EXISTS",
                f"Property with name '{name}' already exists",
                subCategory="Properties.PROPERTY_WITH_NAME_EXISTS",
                context={"propertyName": [name]},
            )
        if body["groupName"] not in self.groups[kind.name]:
            raise bad_request(f"Property group '{body['groupName']}' does not exist")
        self._check_unique_limit(kind, body)
        before = self.archived[kind.name].pop(name, None)
        definition = _own_definition(body, iso(now), before)
        self.of(kind)[name] = definition
        self._unique.clear()
        return definition

    def _check_unique_limit(self, kind: Kind, body: dict[str, Any]) -> None:
        rows = self.of(kind).values()
        own = sum(row["hasUniqueValue"] and not row["hubspotDefined"] for row in rows)
        if body.get("hasUniqueValue") and own >= MAX_UNIQUE:
            raise bad_request(
                f"The maximum of {MAX_UNIQUE} unique value properties has been reached",
                subCategory="PropertyValidationError.UNIQUE_PROPERTY_LIMIT_EXCEEDED",
            )

    def update(self, kind: Kind, name: str, body: dict[str, Any], now: int) -> dict[str, Any]:
        """Change a definition; ``options`` replaces the whole list."""
        definition = self.get(kind, name)
        if definition["modificationMetadata"]["readOnlyDefinition"] and set(body) - {"options"}:
            raise bad_request(f"Property '{name}' is defined by HubSpot and cannot be changed")
        unknown = sorted(set(body) - EDITABLE)
        if unknown:
            raise bad_request(f"Property '{name}': {', '.join(unknown)} cannot be changed")
        changed = definition | {key: value for key, value in body.items() if value is not None}
        _check_new(changed)
        changed["options"] = [_option(row, n) for n, row in enumerate(changed["options"])]
        changed["updatedAt"] = iso(now)
        self.of(kind)[name] = changed
        return changed

    def archive(self, kind: Kind, name: str, now: int) -> None:
        """Archive one of the account's own properties; an unknown one is no error."""
        definition = self.of(kind).get(name)
        if definition is None:
            return
        if definition["hubspotDefined"]:
            raise bad_request(
                f"Property '{name}' is defined by HubSpot and cannot be archived",
                subCategory="PropertyValidationError.CANNOT_DELETE_HUBSPOT_DEFINED_PROPERTY",
            )
        del self.of(kind)[name]
        self._unique.clear()
        self.archived[kind.name][name] = definition | {"archived": True, "archivedAt": iso(now)}


def _check_new(body: dict[str, Any]) -> None:
    needed = ("name", "label", "type", "fieldType", "groupName")
    missing = [key for key in needed if not body.get(key)]
    if missing:
        raise bad_request(f"Invalid input JSON: required properties missing: {missing}")
    name, value_type, field_type = body["name"], body["type"], body["fieldType"]
    if not isinstance(name, str) or not name.isascii() or not name.replace("_", "a").isalnum():
        raise bad_request(f"Property name '{name}' may contain a-z, 0-9 and _ only")
    if name != name.lower() or not name[0].isalpha():
        raise bad_request(f"Property name '{name}' must be lower case and begin with a letter")
    if field_type.startswith("calculation") and body.get("hubspotDefined"):
        return
    if field_type not in TYPES.get(value_type, ()) and not body.get("hubspotDefined"):
        raise bad_request(f"Property type '{value_type}' does not go with '{field_type}'")
    if body.get("hasUniqueValue") and value_type not in ("string", "number"):
        raise bad_request("Only string and number properties can have unique values")


def _option(row: Any, position: int) -> dict[str, Any]:
    if not isinstance(row, dict) or not isinstance(row.get("value"), str) or not row.get("label"):
        raise bad_request("Every option needs a label and a value")
    return {
        "label": row["label"],
        "value": row["value"],
        "displayOrder": row.get("displayOrder", position),
        "hidden": bool(row.get("hidden", False)),
    }


def _own_definition(body: dict[str, Any], now: str, before: dict | None) -> dict[str, Any]:
    options = [_option(row, n) for n, row in enumerate(body.get("options") or [])]
    if body["type"] == "bool" and not options:
        options = _booleans()
    return {
        "updatedAt": now,
        "createdAt": before["createdAt"] if before else now,
        "name": body["name"],
        "label": body["label"],
        "type": body["type"],
        "fieldType": body["fieldType"],
        "description": body.get("description") or "",
        "groupName": body["groupName"],
        "options": options,
        "displayOrder": body.get("displayOrder", -1),
        "calculated": False,
        "externalOptions": bool(body.get("externalOptions", False)),
        "hasUniqueValue": bool(body.get("hasUniqueValue", False)),
        "hidden": bool(body.get("hidden", False)),
        "hubspotDefined": False,
        "modificationMetadata": {
            "archivable": True,
            "readOnlyDefinition": False,
            "readOnlyOptions": False,
            "readOnlyValue": False,
        },
        "formField": bool(body.get("formField", False)),
        "dataSensitivity": body.get("dataSensitivity", "non_sensitive"),
    }
