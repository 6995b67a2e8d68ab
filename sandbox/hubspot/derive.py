"""Properties that HubSpot keeps itself.

Promise: those a recorded create or update answered, and those that follow from a deal's stage.
Weakness: activity, analytics and scoring properties stay empty.
"""

from __future__ import annotations

from ..core.clock import iso
from .pipelines import Pipelines
from .records import Actor, Record


def at_birth(record: Record, actor: Actor) -> dict[str, str]:
    """Values a new record gets beside those given."""
    kind, born = record.kind, iso(record.created)
    values = {
        kind.created: born,
        "hs_object_id": record.id,
        "hs_object_source": actor.source,
        "hs_object_source_id": actor.source_id,
        "hs_object_source_label": actor.source,
    }
    if actor.user_id:
        values["hs_object_source_user_id"] = str(actor.user_id)
    if kind.name == "contacts":
        values |= {
            "hs_all_contact_vids": record.id,
            "hs_currently_enrolled_in_prospecting_agent": "false",
            "hs_is_contact": "true",
            "hs_is_unworked": "true",
            "hs_lifecyclestage_lead_date": born,
            "hs_membership_has_accessed_private_content": "0",
            "hs_pipeline": "contacts-lifecycle-pipeline",
            "hs_registered_member": "0",
            "lifecyclestage": "lead",
        }
    if kind.name == "companies":
        values |= {"hs_pipeline": "companies-lifecycle-pipeline", "lifecyclestage": "lead"}
    return values


def follow_up(
    record: Record, values: dict[str, str | None], pipelines: Pipelines
) -> dict[str, str | None]:
    """Values that follow from ``values`` written to ``record``."""
    found: dict[str, str | None] = {}
    if record.kind.name == "contacts" and "email" in values:
        found["hs_email_domain"] = (values["email"] or "").partition("@")[2] or None
        found |= _promoted(record, values["email"])
    has_website = "website" in values or record.properties.get("website")
    if record.kind.name == "companies" and values.get("domain") and not has_website:
        found["website"] = values["domain"]
    if record.kind.name == "deals":
        found |= _deal(record, values, pipelines)
    return found


def _promoted(record: Record, email: str | None) -> dict[str, str | None]:
    """A secondary address that becomes the main one changes places with it."""
    others = record.properties.get("hs_additional_emails", "").split(";")
    if not email or email not in others:
        return {}
    others[others.index(email)] = record.properties.get("email", "")
    return {"hs_additional_emails": ";".join(filter(None, others)) or None}


def _deal(
    record: Record, values: dict[str, str | None], pipelines: Pipelines
) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    if "amount" in values:
        found["amount_in_home_currency"] = values["amount"]
    if values.get("dealstage"):
        pipeline = values.get("pipeline") or record.properties.get("pipeline")
        stage = pipelines.stage(record.kind, pipeline, values["dealstage"] or "")
        metadata = stage["metadata"] if stage else {}
        closed = metadata.get("isClosed") == "true"
        won = closed and float(metadata.get("probability", 0)) == 1.0
        found["hs_is_closed"] = str(closed).lower()
        found["hs_is_closed_won"] = str(won).lower()
        found["hs_deal_stage_probability"] = metadata.get("probability")
    return found
