"""How rows look in answers.

Promise: moments with ``+0000``, empty values as null, addresses as compounds of their parts, in the
shapes that were recorded. Weakness: none known.
"""

from __future__ import annotations

from typing import Any

from . import moments
from .fields import Field
from .records import Record
from .schema import SObject

PARTS = {
    "city": "City",
    "country": "Country",
    "geocodeAccuracy": "GeocodeAccuracy",
    "latitude": "Latitude",
    "longitude": "Longitude",
    "postalCode": "PostalCode",
    "state": "State",
    "street": "Street",
}


def value(field: Field, record: Record) -> Any:
    """One field of a row."""
    if field.type == "address":
        prefix = field.name.removesuffix("Address")
        parts = {key: record.get(prefix + name) for key, name in PARTS.items()}
        return parts if any(part is not None for part in parts.values()) else None
    kept = record.get(field.name)
    if kept is None:
        return False if field.type == "boolean" else None
    return moments.text_of(kept) if field.type == "datetime" else kept


def attributes(record: Record, base: str) -> dict[str, str]:
    """What every row says about itself."""
    return {"type": record.kind, "url": f"{base}/sobjects/{record.kind}/{record.id}"}


def row(
    sobject: SObject, record: Record, base: str, fields: list[Field] | None = None
) -> dict[str, Any]:
    """A row with some fields, or all."""
    shown: dict[str, Any] = {"attributes": attributes(record, base)}
    for field in sobject.fields.values() if fields is None else fields:
        shown[field.name] = value(field, record)
    return shown
