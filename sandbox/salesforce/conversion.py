"""A lead becomes an account, a contact and, unless told otherwise, an opportunity.

Promise: what Salesforce maps by default goes over; account and contact can be existing ones; the
lead keeps its id and says what it became. Custom fields stay on the lead. Weakness: no field
mapping of one's own.
"""

from __future__ import annotations

from typing import Any

from ..core.errors import require
from .dml import Caller, Dml
from .fields import words
from .moments import day_of
from .records import Record

ADDRESS = ("Street", "City", "State", "PostalCode", "Country")
TO_ACCOUNT = ("Phone", "Fax", "Website", "Industry", "Rating", "AnnualRevenue", "NumberOfEmployees")
TO_CONTACT = words(
    "LastName FirstName Salutation Title Phone MobilePhone Fax Email Description LeadSource"
)
STATUS = "Closed - Converted"
MAX_NAME = 120


def convert(dml: Dml, lead: Record, row: dict[str, Any], caller: Caller) -> Record:
    """Convert ``lead``; ``row`` may name account_id, contact_id, opportunity and status."""
    require(not lead.get("IsConverted"), f"Lead {lead.id} is converted already.")
    account = _existing(dml, "Account", row.get("account_id")) or _account(dml, lead, caller)
    contact = _existing(dml, "Contact", row.get("contact_id"))
    contact = contact or _contact(dml, lead, account, caller)
    opportunity = _opportunity(dml, lead, row.get("opportunity", True), account, contact, caller)
    now = dml.store.clock.now()
    values = {
        "IsConverted": True,
        "Status": row.get("status", STATUS),
        "ConvertedDate": day_of(now).isoformat(),
        "ConvertedAccountId": account.id,
        "ConvertedContactId": contact.id,
        "ConvertedOpportunityId": opportunity.id if opportunity else None,
    }
    return dml.store.update(lead, values, caller.user)


def _existing(dml: Dml, kind: str, record_id: Any) -> Record | None:
    if record_id is None:
        return None
    return dml.row(dml.store.schema.objects[kind.lower()], record_id)


def _account(dml: Dml, lead: Record, caller: Caller) -> Record:
    values = {"Name": lead.get("Company"), "OwnerId": lead.get("OwnerId")}
    values |= {name: lead.get(name) for name in TO_ACCOUNT}
    values |= {f"Billing{name}": lead.get(name) for name in ADDRESS}
    values["AccountSource"] = lead.get("LeadSource")
    return dml.insert(dml.store.schema.objects["account"], values, caller)


def _contact(dml: Dml, lead: Record, account: Record, caller: Caller) -> Record:
    values = {name: lead.get(name) for name in TO_CONTACT}
    values |= {f"Mailing{name}": lead.get(name) for name in ADDRESS}
    values |= {"AccountId": account.id, "OwnerId": lead.get("OwnerId")}
    return dml.insert(dml.store.schema.objects["contact"], values, caller)


def _opportunity(
    dml: Dml, lead: Record, wanted: Any, account: Record, contact: Record, caller: Caller
) -> Record | None:
    if not wanted:
        return None
    # The last day of this quarter, as the screen proposes.
    today = day_of(dml.store.clock.now())
    month = (today.month - 1) // 3 * 3 + 3
    close = today.replace(month=month, day=31 if month in (3, 12) else 30)
    values = {
        "Name": wanted if isinstance(wanted, str) else f"{lead.get('Company')}-"[:MAX_NAME],
        "AccountId": account.id,
        "ContactId": contact.id,
        "StageName": "Prospecting",
        "CloseDate": close.isoformat(),
        "LeadSource": lead.get("LeadSource"),
        "OwnerId": lead.get("OwnerId"),
    }
    return dml.insert(dml.store.schema.objects["opportunity"], values, caller)
