"""The org's objects and fields, and their describes.

Promise: names are found in any case; a describe has the keys that were recorded; an object knows
when its schema last changed, for ``If-Modified-Since``. A field nobody was given access to is
hidden from the API. Weakness: one user's view: field permissions are those of the integration user.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from typing import Any

from . import catalog, catalog_setup
from .fields import Field, parse, words

#: name, plural, prefix, fields, what it is for
OBJECTS = (
    ("Account", "Accounts", "001", catalog.ACCOUNT, "crm merge"),
    ("Contact", "Contacts", "003", catalog.CONTACT, "crm merge"),
    ("Lead", "Leads", "00Q", catalog.LEAD, "crm merge"),
    ("Opportunity", "Opportunities", "006", catalog.OPPORTUNITY, "crm"),
    ("Product2", "Products", "01t", catalog.PRODUCT2, "crm"),
    ("Pricebook2", "Price Books", "01s", catalog.PRICEBOOK2, "crm"),
    ("PricebookEntry", "Price Book Entries", "01u", catalog.PRICEBOOKENTRY, "crm"),
    ("User", "Users", "005", catalog.USER, "people"),
    ("Organization", "Organizations", "00D", catalog_setup.ORGANIZATION, "read"),
    ("Profile", "Profiles", "00e", catalog_setup.PROFILE, "read"),
    ("OpportunityStage", "Opportunity Stages", "01J", catalog_setup.OPPORTUNITYSTAGE, "read"),
    ("LeadStatus", "Lead Status Values", "01Z", catalog_setup.LEADSTATUS, "read"),
    ("PermissionSet", "Permission Sets", "0PS", catalog_setup.PERMISSIONSET, "setup"),
    (
        "PermissionSetAssignment",
        "Permission Set Assignments",
        "0Pa",
        catalog_setup.PERMISSIONSETASSIGNMENT,
        "setup",
    ),
    ("FieldPermissions", "Field Permissions", "01k", catalog_setup.FIELDPERMISSIONS, "setup"),
    ("CustomField", "Custom Fields", "00N", catalog_setup.CUSTOMFIELD, "tooling"),
)
LABELS = {"Product2": "Product", "Pricebook2": "Price Book", "PricebookEntry": "Price Book Entry"}
CHILDREN = {
    ("Account", "ParentId"): "ChildAccounts",
    ("Contact", "AccountId"): "Contacts",
    ("Opportunity", "AccountId"): "Opportunities",
    ("Opportunity", "ContactId"): "Opportunities",
    ("PricebookEntry", "Product2Id"): "PricebookEntries",
    ("PricebookEntry", "Pricebook2Id"): "PricebookEntries",
}
CASCADES = {
    ("Contact", "AccountId"),
    ("Opportunity", "AccountId"),
    ("PricebookEntry", "Product2Id"),
    ("PricebookEntry", "Pricebook2Id"),
    ("PermissionSetAssignment", "PermissionSetId"),
    ("FieldPermissions", "ParentId"),
}
GLOBAL_KEYS = words(
    "activateable associateEntityType associateParentEntity createable custom customSetting "
    "deepCloneable deletable deprecatedAndHidden feedEnabled hasSubtypes isInterface isSubtype "
    "keyPrefix label labelPlural layoutable mergeable mruEnabled name queryable replicateable "
    "retrieveable searchable triggerable undeletable updateable urls"
)
NAMED_PARTS = ("LastName", "FirstName", "Salutation")


@dataclass
class SObject:
    """An object type; ``hidden`` fields exist, but the integration user has no access to them."""

    name: str
    label: str
    plural: str
    prefix: str
    use: str
    fields: dict[str, Field] = field(default_factory=dict)
    hidden: dict[str, Field] = field(default_factory=dict)
    modified: int = 0

    def field(self, name: str) -> Field | None:
        """A field by its name in any case."""
        return self.fields.get(name.lower())

    def relation(self, name: str) -> Field | None:
        """The reference field that leads to a parent: ``Account`` of a Contact."""
        wanted = name.lower()
        return next((f for f in self.fields.values() if (f.relation or "").lower() == wanted), None)

    def may(self, verb: str) -> bool:
        """Whether the API can ``create``, ``update``, ``delete`` or ``undelete`` its rows."""
        uses = {"create", "update"}
        if "crm" in self.use:
            uses |= {"delete", "undelete"}
        if self.use == "setup":
            uses |= {"delete"}
        return verb in uses and self.use not in ("read", "tooling")

    @property
    def mergeable(self) -> bool:
        """Whether two of its rows can become one."""
        return "merge" in self.use

    @property
    def addresses(self) -> list[str]:
        """The compound address fields."""
        return [f.name for f in self.fields.values() if f.type == "address"]


class Schema:
    """All objects of an org."""

    def __init__(self, now: int) -> None:
        self.objects: dict[str, SObject] = {}
        self.modified = now
        for name, plural, prefix, text, use in OBJECTS:
            sobject = SObject(name, LABELS.get(name, name), plural, prefix, use, modified=now)
            for found in _fields(sobject.label, text):
                sobject.fields[found.name.lower()] = found
            self.objects[name.lower()] = sobject

    def find(self, name: str) -> SObject | None:
        """An object by its name in any case."""
        return self.objects.get(name.lower())

    def by_id(self, record_id: str) -> SObject | None:
        """The object of an id, by its prefix."""
        return next((o for o in self.objects.values() if o.prefix == record_id[:3]), None)

    def put(self, sobject: SObject, added: Field, now: int, *, hidden: bool = False) -> None:
        """Add a field or replace it."""
        self.drop(sobject, added.name, now)
        (sobject.hidden if hidden else sobject.fields)[added.name.lower()] = added

    def drop(self, sobject: SObject, name: str, now: int) -> None:
        """Take a field away."""
        sobject.fields.pop(name.lower(), None)
        sobject.hidden.pop(name.lower(), None)
        sobject.modified = self.modified = now

    def show(self, sobject: SObject, name: str, visible: bool, editable: bool, now: int) -> None:
        """Give or take the integration user's access to a field."""
        key = name.lower()
        found = sobject.fields.get(key) or sobject.hidden.get(key)
        if found is None:
            return
        flags = found.flags.replace("r", "") + ("" if editable else "r")
        after = dataclasses.replace(found, flags=flags)
        if after == found and (key in sobject.fields) == visible:
            return
        self.put(sobject, after, now, hidden=not visible)

    def children(self, parent: SObject) -> list[tuple[SObject, Field]]:
        """The reference fields of other objects that lead to ``parent``."""
        return [
            (child, reference)
            for child in self.objects.values()
            for reference in child.fields.values()
            if parent.name in reference.refers
        ]

    # -- describes

    def describe_global(self, base: str) -> dict[str, Any]:
        """``/sobjects``."""
        rows = []
        for sobject in self.objects.values():
            if sobject.use != "tooling":
                whole = self._facts(sobject, base)
                rows.append({key: whole[key] for key in GLOBAL_KEYS})
        return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": rows}

    def describe(self, sobject: SObject, base: str) -> dict[str, Any]:
        """``/sobjects/<name>/describe``."""
        master = {"active": True, "available": True, "defaultRecordTypeMapping": True}
        master |= {"developerName": "Master", "master": True, "name": "Master"}
        address = f"{base}/sobjects/{sobject.name}/describe/layouts/012000000000000AAA"
        master |= {"recordTypeId": "012000000000000AAA", "urls": {"layout": address}}
        return self._facts(sobject, base) | {
            "actionOverrides": [],
            "childRelationships": [_relation(*row) for row in self.children(sobject)],
            "fields": [found.describe() for found in sobject.fields.values()],
            "namedLayoutInfos": [],
            "recordTypeInfos": [master],
            "supportedScopes": [{"label": f"All {sobject.plural}", "name": "everything"}],
        }

    def _facts(self, sobject: SObject, base: str) -> dict[str, Any]:
        crm = "crm" in sobject.use or sobject.use == "people"
        yes = ("compactLayoutable", "queryable", "replicateable", "retrieveable", "searchable")
        no = words(
            "activateable custom customSetting deprecatedAndHidden hasSubtypes "
            "isInterface isSubtype"
        )
        nothing = words(
            "associateEntityType associateParentEntity defaultImplementation extendedBy "
            "extendsInterfaces implementedBy implementsInterfaces listviewable lookupLayoutable "
            "networkScopeFieldName"
        )
        return {
            **dict.fromkeys(yes, True),
            **dict.fromkeys(no, False),
            **dict.fromkeys(nothing),
            "createable": sobject.may("create"),
            "deepCloneable": sobject.name == "Opportunity",
            "updateable": sobject.may("update"),
            "deletable": sobject.may("delete"),
            "undeletable": sobject.may("undelete"),
            "mergeable": sobject.mergeable,
            "feedEnabled": crm,
            "layoutable": crm,
            "mruEnabled": crm,
            "searchLayoutable": crm,
            "triggerable": crm,
            "keyPrefix": sobject.prefix,
            "label": sobject.label,
            "labelPlural": sobject.plural,
            "name": sobject.name,
            "sobjectDescribeOption": "FULL",
            "urls": _urls(sobject, base),
        }


@functools.cache
def _fields(label: str, text: str) -> tuple[Field, ...]:
    """The fields of a catalog text; made once, for every reset of every test needs them."""
    lines = catalog.SYSTEM.format(label=label).strip().splitlines()
    found = [parse(line, catalog.SETS) for line in lines]
    for line in text.strip().splitlines():
        if line.startswith("@"):
            prefix, _, name = (part.strip() for part in line[1:].partition("|"))
            found += _address(prefix, f"{name} " if name else "")
        else:
            found.append(parse(line, catalog.SETS))
    if any(row.name == "LastName" for row in found):
        found = [
            dataclasses.replace(row, compound="Name") if row.name in NAMED_PARTS else row
            for row in found
        ]
    return tuple(found)


def _address(prefix: str, label: str) -> list[Field]:
    text = catalog.ADDRESS.format(prefix=prefix, label=label).strip()
    rows = [parse(line, catalog.SETS) for line in text.splitlines()]
    whole = f"{prefix}Address"
    return [row if row.name == whole else dataclasses.replace(row, compound=whole) for row in rows]


def _relation(child: SObject, reference: Field) -> dict[str, Any]:
    key = (child.name, reference.name)
    return {
        "cascadeDelete": key in CASCADES,
        "childSObject": child.name,
        "deprecatedAndHidden": False,
        "field": reference.name,
        "junctionIdListNames": [],
        "junctionReferenceTo": [],
        "relationshipName": CHILDREN.get(key),
        "restrictedDelete": False,
    }


def _urls(sobject: SObject, base: str) -> dict[str, str]:
    address = f"{base}/sobjects/{sobject.name}"
    names = ("compactLayouts", "approvalLayouts", "quickActions", "layouts")
    return {
        "sobject": address,
        "describe": f"{address}/describe",
        "rowTemplate": f"{address}/{{ID}}",
        "listviews": f"{address}/listviews",
        **{name: f"{address}/describe/{name}" for name in names},
    }
