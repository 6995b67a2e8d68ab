"""A field: what it holds, who may write it, and its entry in a describe.

Promise: a field is declared in one line, ``name | label | type | flags | values``; its describe has
all 57 keys that were recorded. Flags: ``r`` read-only, ``o`` written on create only, ``u`` on
update only, ``n`` not nillable, ``d`` defaulted on create, ``i`` idLookup, ``k`` the name field,
``p`` restricted picklist, ``f`` not filterable, ``x`` external id, ``q`` unique, ``c`` case
sensitive. Values of a picklist go by ``;``, the default has a ``*``. Weakness: no formulas, no
dependencies.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

TEXTS = {"string", "textarea", "picklist", "multipicklist", "phone", "url", "email", "combobox"}
NUMBERS = {"currency", "double", "percent"}
SOAP = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "currency": "xsd:double",
    "double": "xsd:double",
    "percent": "xsd:double",
    "int": "xsd:int",
    "date": "xsd:date",
    "datetime": "xsd:dateTime",
    "address": "urn:address",
}
TYPE = re.compile(r"(\w+)(?:\((.*)\))?")


@dataclass(frozen=True)
class Field:
    """``refers`` are object names; ``parts`` of an address are its own fields' prefix."""

    name: str
    label: str
    type: str
    flags: str = ""
    values: tuple[str, ...] = ()
    length: int = 0
    precision: int = 0
    scale: int = 0
    refers: tuple[str, ...] = ()
    relation: str | None = None
    compound: str | None = None
    default: Any = None

    @property
    def createable(self) -> bool:
        """Whether a create may set it."""
        return not set("ru") & set(self.flags)

    @property
    def updateable(self) -> bool:
        """Whether an update may set it."""
        return not set("ro") & set(self.flags)

    @property
    def nillable(self) -> bool:
        """Whether it may be empty."""
        return "n" not in self.flags

    @property
    def required(self) -> bool:
        """Whether a create must set it."""
        return not self.nillable and "d" not in self.flags and self.createable

    @property
    def identifies(self) -> bool:
        """Whether upserts may look rows up by it."""
        return "x" in self.flags or "i" in self.flags or "q" in self.flags

    @property
    def custom(self) -> bool:
        """Whether the org added it."""
        return self.name.endswith("__c")

    @property
    def filterable(self) -> bool:
        """What its describe says; addresses are so, and yet cannot be compared."""
        return "f" not in self.flags

    @property
    def comparable(self) -> bool:
        """Whether SOQL may compare, sort and group by it: not long texts, not compounds."""
        return self.filterable and self.type != "address"

    def has(self, flag: str) -> bool:
        """Whether a flag is set."""
        return flag in self.flags

    def describe(self) -> dict[str, Any]:
        """Its entry among the ``fields`` of a describe."""
        text, kind = self.type in TEXTS, self.type
        comparable = self.comparable
        return _CONSTANT | {
            "aggregatable": comparable and kind != "boolean",
            "byteLength": self.length * (3 if text else 1),
            "caseSensitive": self.has("c"),
            "compoundFieldName": self.compound,
            "createable": self.createable,
            "custom": self.custom,
            "defaultValue": False if kind == "boolean" else self.default,
            "defaultedOnCreate": self.has("d"),
            "digits": 8 if kind == "int" else 0,
            "externalId": self.has("x"),
            "extraTypeInfo": "plaintextarea" if kind == "textarea" else None,
            "filterable": self.filterable,
            "groupable": comparable and kind not in NUMBERS and kind != "datetime",
            "idLookup": self.has("i"),
            "label": self.label,
            "length": self.length,
            "name": self.name,
            "nameField": self.has("k"),
            "namePointing": len(self.refers) > 1,
            "nillable": self.nillable,
            "permissionable": self.nillable and (self.updateable or self.custom),
            "picklistValues": [_choice(value, self.default) for value in self.values],
            "polymorphicForeignKey": len(self.refers) > 1,
            "precision": self.precision,
            "queryByDistance": kind == "address",
            "referenceTo": list(self.refers),
            "relationshipName": self.relation,
            "restrictedPicklist": self.has("p"),
            "scale": self.scale,
            "soapType": SOAP.get(kind, "xsd:string"),
            "sortable": comparable,
            "type": kind,
            "unique": self.has("q"),
            "updateable": self.updateable,
        }


def words(text: str) -> list[str]:
    """A list of names that are written in lines."""
    return text.split()


_CONSTANT: dict[str, Any] = {
    **dict.fromkeys(
        words(
            "aiPredictionField autoNumber calculated cascadeDelete dependentPicklist "
            "deprecatedAndHidden displayLocationInDecimal encrypted formulaTreatNullNumberAsZero "
            "highScaleNumber htmlFormatted restrictedDelete searchPrefilterable "
            "writeRequiresMasterRead"
        ),
        False,
    ),
    **dict.fromkeys(
        words(
            "calculatedFormula controllerName defaultValueFormula filteredLookupInfo "
            "inlineHelpText mask maskType referenceTargetField relationshipOrder"
        )
    ),
}


def _choice(value: str, default: Any) -> dict[str, Any]:
    entry = {"active": True, "defaultValue": value == default, "label": value}
    return entry | {"validFor": None, "value": value}


def parse(line: str, sets: dict[str, str]) -> Field:
    """A field of its line; ``{name}`` among the values stands for one of ``sets``."""
    name, label, declared, flags, values = (*map(str.strip, line.split("|")), "", "", "", "")[:5]
    match = TYPE.fullmatch(declared)
    if match is None:
        raise ValueError(f"{line} declares no type")
    kind, detail = match[1], match[2] or ""
    choices = [value for value in values.format(**sets).split(";") if value]
    default = next((value[:-1] for value in choices if value.endswith("*")), None)
    facts: dict[str, Any] = {"values": tuple(value.rstrip("*") for value in choices)}
    if kind == "reference":
        objects, _, relation = detail.partition(":")
        facts |= {"refers": tuple(objects.split("/")), "relation": relation or None, "length": 18}
    elif "," in detail:
        facts["precision"], facts["scale"] = map(int, detail.split(","))
    elif detail:
        facts["length"] = int(detail)
    return Field(name, label, kind, flags, default=default, **facts)
