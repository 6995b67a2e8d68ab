"""Both sides as they are now, read again: an account's objects and Odoo's records, in plain form.

Odoo is read through its API, the account through its stand-in's control surface, so neither
snapshots nor converters of the add-on have a say in what :mod:`.compare` compares.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .account import Account
    from .erp import Erp

PARTNER = (
    "name", "email", "phone", "function", "street", "street2", "city", "zip", "country_id",
    "website", "parent_id", "user_id", "active", "is_company", "type", "partner_share",
    "commercial_partner_id",
)  # fmt: skip
LEAD = (
    "name", "expected_revenue", "date_deadline", "stage_id", "user_id", "partner_id", "active",
    "probability", "type", "contact_name", "partner_name", "email_from", "phone", "function",
    "website", "street", "city", "zip", "country_id",
)  # fmt: skip
LINK = (
    "res_model",
    "res_id",
    "remote_object",
    "remote_id",
    "state",
    "deleted_at",
    "merged_into_id",
)


@dataclass(frozen=True)
class Sides:
    """`links` are those of the add-on; `odoo` and `remote` hold records by model or kind and id;
    `models` tells which kind is which model.
    """

    name: str
    own_id: str
    models: dict[str, str]
    links: list[dict]
    lines: dict[str, list[dict]]
    odoo: dict[str, dict[int, dict]]
    remote: dict[str, dict[str, dict]]
    countries: dict[int, str]
    users: dict[int, str]
    owners: dict[str, str]
    time_zone: str

    def live_links(self) -> list[dict]:
        return [link for link in self.links if not link["deleted_at"]]


def read(erp: Erp, account: Account, connection: int) -> Sides:
    """Read everything that takes part: the account's kinds that are mapped, and their records."""
    domain = [("connection_id", "=", connection)]
    [settings] = erp.rows("sync.connection", [("id", "=", connection)], ["time_zone"])
    mappings = [
        row
        for row in erp.rows("sync.mapping", domain, ["remote_object"])
        if row["remote_object"] in account.models
    ]
    fields = ["mapping_id", "odoo_field", "remote_field", "converter", "params", "default"]
    lines: dict[str, list[dict]] = {row["remote_object"]: [] for row in mappings}
    objects = {row["id"]: row["remote_object"] for row in mappings}
    for line in erp.rows("sync.mapping.line", [("mapping_id", "in", list(objects))], fields):
        lines[objects[line["mapping_id"]]].append(line)
    return Sides(
        name=account.label,
        own_id=account.own_id,
        models=account.models,
        links=[
            link
            for link in erp.rows("sync.link", domain, list(LINK))
            if link["remote_object"] in lines
        ],
        lines=lines,
        odoo={
            "res.partner": _by_id(erp.rows("res.partner", [], list(PARTNER))),
            "crm.lead": _by_id(erp.rows("crm.lead", [], list(LEAD))),
        },
        remote={kind: _by_id(rows) for kind, rows in account.everything().items() if kind in lines},
        countries=_column(erp.rows("res.country", [], ["name"]), "name"),
        users=_column(erp.rows("res.users", [], ["login"]), "login"),
        owners=_column(account.owners(), "email"),
        time_zone=settings["time_zone"],
    )


def _by_id(rows: list[dict]) -> dict[Any, dict]:
    return {row["id"]: row for row in rows}


def _column(rows: list[dict], name: str) -> dict[Any, str]:
    return {row["id"]: row[name] for row in rows}
