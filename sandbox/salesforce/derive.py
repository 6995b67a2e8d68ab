"""What Salesforce fills in by itself.

Promise: defaults of a new row, full names, what a stage means for an opportunity, the product's
name on a price. Weakness: no fiscal periods, no scores.
"""

from __future__ import annotations

from typing import Any

from .records import Record
from .schema import SObject
from .store import Store

#: stage -> (probability, closed, won, forecast category, its label)
STAGES: dict[str, tuple[float, bool, bool, str, str]] = {
    "Prospecting": (10.0, False, False, "Pipeline", "Pipeline"),
    "Qualification": (10.0, False, False, "Pipeline", "Pipeline"),
    "Needs Analysis": (20.0, False, False, "Pipeline", "Pipeline"),
    "Value Proposition": (50.0, False, False, "Pipeline", "Pipeline"),
    "Id. Decision Makers": (60.0, False, False, "Pipeline", "Pipeline"),
    "Perception Analysis": (70.0, False, False, "Pipeline", "Pipeline"),
    "Proposal/Price Quote": (75.0, False, False, "Pipeline", "Pipeline"),
    "Negotiation/Review": (90.0, False, False, "Pipeline", "Pipeline"),
    "Closed Won": (100.0, True, True, "Closed", "Closed"),
    "Closed Lost": (0.0, True, False, "Omitted", "Omitted"),
}
UNKNOWN_STAGE = (0.0, False, False, "Pipeline", "Pipeline")
ACTIVE_AT_BIRTH = {"User"}


def at_birth(sobject: SObject, values: dict[str, Any], user: str) -> dict[str, Any]:
    """Defaults for what a create left out."""
    found: dict[str, Any] = {}
    for field in sobject.fields.values():
        if values.get(field.name) is not None:
            continue
        if field.type == "boolean":
            found[field.name] = field.name == "IsActive" and sobject.name in ACTIVE_AT_BIRTH
        elif field.default is not None:
            found[field.name] = field.default
    if sobject.field("OwnerId") and not values.get("OwnerId"):
        found["OwnerId"] = user
    return found


def follow(store: Store, kind: str, before: Record | None, given: dict[str, Any]) -> dict[str, Any]:
    """What ``given`` changes besides itself; ``before`` is None for a new row."""
    after = (before.values if before else {}) | given
    if kind in ("Contact", "Lead", "User"):
        parts = [after.get("FirstName"), after.get("LastName")]
        return {"Name": " ".join(part for part in parts if part)}
    if kind == "Opportunity":
        return _opportunity(before, given, after)
    if kind == "PricebookEntry":
        return _price(store, before, after)
    return {}


def _opportunity(
    before: Record | None, given: dict[str, Any], after: dict[str, Any]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    stage = given.get("StageName")
    if stage and (before is None or stage != before.get("StageName")):
        probability, closed, won, category, label = STAGES.get(stage, UNKNOWN_STAGE)
        found |= {"IsClosed": closed, "IsWon": won, "ForecastCategory": category}
        if given.get("Probability") is None:
            found["Probability"] = probability
        if given.get("ForecastCategoryName") is None:
            found["ForecastCategoryName"] = label
    amount, chance = after.get("Amount"), (after | found).get("Probability")
    expected = None
    if amount is not None and chance is not None:
        expected = round(amount * chance / 100, 2)
    return found | {"ExpectedRevenue": expected}


def _price(store: Store, before: Record | None, after: dict[str, Any]) -> dict[str, Any]:
    product = store.get(after.get("Product2Id"))
    if product is None:
        return {}
    found = {"Name": product.get("Name"), "ProductCode": product.get("ProductCode")}
    return found if before is None else {}
