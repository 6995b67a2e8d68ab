"""Failures as people see them: by cause, on a screen, with a button that replays them."""

from __future__ import annotations

from dataclasses import dataclass

from . import people
from .account import live
from .stage import Stage

FAILED = [("state", "in", ["failed", "quarantined"])]


@dataclass(frozen=True)
class Cause:
    """Lanes that failed for one reason."""

    fingerprint: str
    sentence: str
    error_class: str
    lanes: list[int]


def causes(stage: Stage, connection: int) -> list[Cause]:
    """What the Failures screen groups by, of one account, the commonest first."""
    fields = ["fingerprint", "error_message", "error_class"]
    found: dict[str, list[dict]] = {}
    mine = [*FAILED, ("connection_id", "=", connection)]
    for lane in stage.erp.rows("sync.lane", mine, fields, order="id"):
        found.setdefault(lane["fingerprint"] or "", []).append(lane)
    groups = [
        Cause(key, rows[0]["error_message"], rows[0]["error_class"], [row["id"] for row in rows])
        for key, rows in found.items()
    ]
    return sorted(groups, key=lambda cause: -len(cause.lanes))


def screen(stage: Stage) -> str:
    """The address of the Failures screen."""
    actions = stage.erp.rows(
        "ir.actions.act_window", [("res_model", "=", "sync.lane")], ["id", "path"], order="id"
    )
    place = actions[0]["path"] or f"action-{actions[0]['id']}" if actions else "action-saas_sync"
    return f"{stage.url}/odoo/{place}"


def failing_places(stage: Stage) -> set[str]:
    """What waits in Failures: `kind/remote id` on the way in, `model,record id` on the way out."""
    rows = stage.erp.rows("sync.lane", FAILED, ["direction", "object", "key"])
    return {
        f"{row['object']}/{row['key']}" if row["direction"] == "in" else row["key"] for row in rows
    }


def correct_country(stage: Stage) -> None:
    """Somebody at HubSpot corrects the country while the webhooks are switched off, so that only
    the replay can bring the news.
    """
    stage.hubspot.webhooks(target=None)
    rows = live(stage.hubspot.objects("contacts"))
    stage.hubspot.change("contacts", people.corrections(rows))


def replay(stage: Stage, cause: Cause) -> None:
    """The button of the Failures screen, on everything of one cause."""
    stage.erp.call("sync.lane", "action_replay", cause.lanes)
