"""What Salesforce has before it joins: an organisation of its own, and what HubSpot has as well.

The same salespeople work at both accounts, some people and companies are customers of both. They
must be recognised by their addresses, and not become two. Weakness: nobody is in there twice.
"""

from __future__ import annotations

from collections import Counter
from urllib.parse import urlsplit

from .account import live
from .accounts import Salesforce
from .stage import Stage

#: What tells a salesperson from a guest or a portal user.
STAFF = {"UserType": "Standard", "IsActive": True}
#: People whom Salesforce knows as well as HubSpot.
PEOPLE = 25


def founded(stage: Stage) -> tuple[int, int]:
    """Fill the organisation; return how many records it has, and how many HubSpot has as well."""
    stage.salesforce.reset(seed_data=Salesforce.seed)
    stage.salesforce.add(User=[_user(n, row) for n, row in enumerate(stage.hubspot.owners())])
    people = _customers(stage)[:PEOPLE]
    stage.salesforce.change("Contact", [
        {"properties": {"LastName": one["lastname"], "FirstName": one.get("firstname"),
                        "Email": one["email"], "Department": "Known to both"}}
        for one in people
    ])  # fmt: skip
    there = sum(map(len, stage.salesforce.everything().values()))
    return there, len(people) + len(_companies_of_both(stage))


def _user(n: int, owner: dict) -> dict:
    names = {"FirstName": owner["firstName"], "LastName": owner["lastName"]}
    mail = {"Email": owner["email"], "Username": owner["email"]}
    return {"id": f"005000000{n:06}AAA", "properties": {**names, **mail, **STAFF}}


def _customers(stage: Stage) -> list[dict]:
    """HubSpot's people whom Odoo knows once by their address."""
    rows = [row["properties"] for row in live(stage.hubspot.objects("contacts"))]
    named = [one for one in rows if one.get("email") and one.get("lastname")]
    emails = [("email", "in", [one["email"] for one in named])]
    known = Counter(row["email"] for row in stage.erp.rows("res.partner", emails, ["email"]))
    return [one for one in named if known[one["email"]] == 1]


def _companies_of_both(stage: Stage) -> set[str]:
    """The hosts of websites that both accounts have."""
    companies = live(stage.hubspot.objects("companies"))
    domains = {(row["properties"].get("domain") or "").lower() for row in companies}
    sites = [row["properties"].get("Website") or "" for row in stage.salesforce.objects("Account")]
    return domains & {(urlsplit(site).hostname or "").removeprefix("www.") for site in sites} - {""}
