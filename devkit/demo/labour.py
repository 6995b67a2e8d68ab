"""The day in Odoo: which records are changed, and the calls that change them."""

from __future__ import annotations

import random

from . import clerks
from .accounts import HubSpot
from .connect import webhook_url
from .progress import Progress
from .stage import Stage

FIELDS = {
    "res.partner": ["name", "email", "active"],
    "crm.lead": ["name", "stage_id", "active"],
}


def work(stage: Stage, connection: int, rng: random.Random) -> tuple[int, int]:
    """Make the changes; return the number of records changed and of calls made."""
    stage.hubspot.webhooks(target=webhook_url(stage, connection))
    calls = clerks.day(_linked(stage, connection), _stages(stage), _sellers(stage), rng)
    changed = 0
    with Progress("A day in Odoo", clerks.TOTAL) as bar:
        for call in calls:
            stage.erp.call(call.model, call.method, call.ids, **call.arguments)
            changed += call.count
            bar.show(changed)
        bar.remark = f"{changed} records in {len(calls)} API calls"
    return changed, len(calls)


def _linked(stage: Stage, connection: int) -> dict[str, list[dict]]:
    """The active Odoo records that are linked and in step."""
    domain = [
        ("connection_id", "=", connection), ("state", "=", "in_sync"), ("deleted_at", "=", False),
    ]  # fmt: skip
    links = stage.erp.rows("sync.link", domain, ["remote_object", "remote_id", "res_id"])
    found = {}
    for kind, model in HubSpot.models.items():
        remote = {
            link["res_id"]: link["remote_id"] for link in links if link["remote_object"] == kind
        }
        rows = stage.erp.rows(model, [("id", "in", list(remote))], FIELDS[model])
        found[kind] = [{**row, "remote_id": remote[row["id"]]} for row in rows if row["active"]]
    return found


def _sellers(stage: Stage) -> list[int]:
    emails = [row["email"] for row in stage.hubspot.owners()]
    rows = stage.erp.rows("res.users", [("login", "in", emails)], ["login"], order="id")
    return [row["id"] for row in rows]


def _stages(stage: Stage) -> list[int]:
    rows = stage.erp.rows("crm.stage", [], ["sequence"], order="sequence, id")
    return [row["id"] for row in rows]
