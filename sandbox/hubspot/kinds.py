"""The CRM object types the sandbox knows, with the constants that belong to each.

Promise: one row an object type; names, type ids and singular names all resolve. Weakness: custom
objects (``2-...``) are left out.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """``modified`` is the property that search polls; ``shown`` is what comes without asking."""

    name: str
    singular: str
    type_id: str
    first_id: int
    shown: tuple[str, ...]
    searched: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    modified: str = "hs_lastmodifieddate"
    created: str = "createdate"
    mergeable: bool = True

    @property
    def legacy(self) -> str:
        """As in ``ObjectTypeId{legacyObjectType=CONTACT}``."""
        return self.singular.upper()


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "contacts",
            "contact",
            "0-1",
            73_000_000_000,
            ("email", "firstname", "lastname"),
            ("firstname", "lastname", "email", "phone", "company", "hs_additional_emails"),
            modified="lastmodifieddate",
        ),
        Kind(
            "companies",
            "company",
            "0-2",
            22_000_000_000,
            ("domain", "name"),
            ("name", "domain", "website", "phone"),
        ),
        Kind(
            "deals",
            "deal",
            "0-3",
            31_000_000_000,
            ("amount", "closedate", "dealname", "dealstage", "pipeline"),
            ("dealname", "pipeline", "dealstage", "description", "dealtype"),
            required=("dealname", "dealstage", "pipeline"),
        ),
        Kind(
            "tickets",
            "ticket",
            "0-5",
            14_000_000_000,
            ("content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_priority", "subject"),
            ("subject", "content"),
            required=("subject", "hs_pipeline_stage", "hs_pipeline"),
        ),
        Kind(
            "products",
            "product",
            "0-7",
            1_900_000_000,
            ("description", "name", "price"),
            ("name", "description", "price", "hs_sku"),
            required=("name",),
            mergeable=False,
        ),
        Kind(
            "line_items",
            "line_item",
            "0-8",
            58_000_000_000,
            ("amount", "quantity"),
            mergeable=False,
        ),
        Kind(
            "users",
            "user",
            "0-115",
            168_000_000_000,
            (),
            created="hs_createdate",
            mergeable=False,
        ),
    )
}

_BY_ALIAS = {
    alias: kind
    for kind in KINDS.values()
    for alias in (kind.name, kind.singular, kind.type_id, kind.singular + "s")
}


def find_kind(alias: str) -> Kind | None:
    """``contacts``, ``contact``, ``CONTACT`` and ``0-1`` are the same object type."""
    return _BY_ALIAS.get(alias.lower())
