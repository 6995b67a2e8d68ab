"""Checks that look at a whole row: required fields, unique values, prices, what an admin demands.

Promise: each refusal has the code, the sentence and the fields of the real one. Option:
``validation_rules`` (a pattern that a filled field must match). Weakness: no formulas.
"""

from __future__ import annotations

import re
from typing import Any

from .errors import ApiError
from .records import Record
from .schema import SObject
from .store import Store


def check(store: Store, sobject: SObject, before: Record | None, given: dict[str, Any]) -> None:
    """Check ``given`` on top of ``before`` (None: a new row). Raises :class:`ApiError`."""
    after = (before.values if before else {}) | given
    _required(sobject, before, given)
    _unique(store, sobject, before, given)
    if sobject.name == "PricebookEntry" and before is None:
        _price(store, sobject, after)
    if sobject.name == "Lead" and before is not None and before.get("IsConverted"):
        message = "cannot reference converted lead"
        raise ApiError("CANNOT_UPDATE_CONVERTED_LEAD", message, [])
    _owner(store, given)
    _admin(store, sobject, given)


def _required(sobject: SObject, before: Record | None, given: dict[str, Any]) -> None:
    missing = []
    for field in sobject.fields.values():
        absent = before is None and field.required
        emptied = field.name in given and not field.nillable and field.type != "boolean"
        if (absent or emptied) and given.get(field.name) is None:
            missing.append(field.name)
    if missing:
        message = f"Required fields are missing: [{', '.join(missing)}]"
        raise ApiError("REQUIRED_FIELD_MISSING", message, missing)


def _unique(store: Store, sobject: SObject, before: Record | None, given: dict[str, Any]) -> None:
    for field in [*sobject.fields.values(), *sobject.hidden.values()]:
        value = given.get(field.name)
        if not field.has("q") or value is None:
            continue
        for holder in store.table(sobject).find(field, value):
            if before is None or holder.id != before.id:
                message = (
                    f"duplicate value found: {field.name} duplicates value on record with id: "
                    f"{holder.id}"
                )
                raise ApiError("DUPLICATE_VALUE", message, [])


def _price(store: Store, sobject: SObject, after: dict[str, Any]) -> None:
    field = sobject.field("Product2Id")
    prices = store.table(sobject).find(field, after["Product2Id"]) if field else []
    if any(price.get("Pricebook2Id") == after["Pricebook2Id"] for price in prices):
        message = "This price definition already exists in this price book"
        raise ApiError("DUPLICATE_VALUE", message, [])
    book = store.get(after["Pricebook2Id"])
    if book is None or book.get("IsStandard"):
        return
    books = [store.get(price.get("Pricebook2Id")) for price in prices]
    if not any(other and other.get("IsStandard") for other in books):
        message = "No standard price defined for this product"
        raise ApiError("STANDARD_PRICE_NOT_DEFINED", message, [])


def _owner(store: Store, given: dict[str, Any]) -> None:
    owner = store.get(given.get("OwnerId"))
    if owner is not None and not owner.get("IsActive"):
        message = "operation performed with inactive user"
        raise ApiError("INACTIVE_OWNER_OR_USER", f"{message} [{owner.id}]", ["OwnerId"])


def _admin(store: Store, sobject: SObject, given: dict[str, Any]) -> None:
    for rule in store.options.validation_rules:
        value = given.get(rule["field"])
        if rule["object"] != sobject.name or value is None:
            continue
        if not re.search(rule["pattern"], str(value)):
            code = "FIELD_CUSTOM_VALIDATION_EXCEPTION"
            raise ApiError(code, rule["message"], [rule["field"]])
