"""Duplicate rules: what an admin has Salesforce look for before it saves.

Promise: a create or update that matches another row in all fields of a rule is refused with
DUPLICATES_DETECTED and the rows it matched; ``allowSave=true`` in ``Sforce-Duplicate-Rule-Header``
saves it all the same, unless the rule blocks. Option: ``duplicate_rules``. Weakness: values match
when they are the same in any case; Salesforce's own rules are fuzzy.
"""

from __future__ import annotations

from typing import Any

from .errors import ApiError
from .records import Record
from .schema import SObject
from .store import Store


def check(
    store: Store,
    sobject: SObject,
    before: Record | None,
    after: dict[str, Any],
    *,
    allow_save: bool,
    details: bool,
) -> None:
    """Look for rows like ``after``. Raises :class:`ApiError`."""
    for number, rule in enumerate(store.options.duplicate_rules, 1):
        if rule["object"] != sobject.name or (allow_save and not rule.get("block")):
            continue
        if before and all(before.get(name) == after.get(name) for name in rule["match"]):
            continue
        found = [row for row in _matches(store, sobject, rule["match"], after) if row is not before]
        if found:
            raise _refusal(sobject, rule, number, found, details)


def _matches(
    store: Store, sobject: SObject, names: list[str], after: dict[str, Any]
) -> list[Record]:
    fields = [sobject.field(name) for name in names]
    if any(field is None or after.get(field.name) is None for field in fields):
        return []
    sets = [
        {row.id: row for row in store.table(sobject).find(field, after[field.name])}
        for field in fields
        if field is not None
    ]
    return [row for record_id, row in sets[0].items() if all(record_id in s for s in sets)]


def _refusal(
    sobject: SObject, rule: dict[str, Any], number: int, found: list[Record], details: bool
) -> ApiError:
    name = f"{sobject.name}_Duplicate_Rule_{number}"
    result = {
        "allowSave": not rule.get("block"),
        "duplicateRule": name,
        "duplicateRuleEntityType": sobject.name,
        "errorMessage": "You're creating a duplicate record. We recommend you use an existing one.",
        "matchResults": [
            {
                "entityType": sobject.name,
                "errors": [],
                "matchEngine": "ExactMatchEngine",
                "matchRecords": [_match(row, rule["match"], details) for row in found],
                "rule": f"{sobject.name}_Match_Rule_{number}",
                "size": len(found),
                "success": True,
            }
        ],
    }
    return ApiError("DUPLICATES_DETECTED", "Use one of these records?", [], duplicateResult=result)


def _match(row: Record, names: list[str], details: bool) -> dict[str, Any]:
    address = f"/services/data/v66.0/sobjects/{row.kind}/{row.id}"
    shown = {"attributes": {"type": row.kind, "url": address}, "Id": row.id}
    if details:
        shown |= {name: row.get(name) for name in names}
    return {
        "additionalInformation": [],
        "fieldDiffs": [],
        "matchConfidence": 100.0,
        "record": shown,
    }
