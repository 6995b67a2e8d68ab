"""The contacts at the stand-in of HubSpot: made up, put in, taken out and put back.

`taken` and `put_back` save and restore what the preparation has made of the account, the add-on's
ID property included. Promise: after `put_back` the account is as it was, with an empty ledger and
no rate limits. Weakness: of the properties only ours is carried over, by asking the API for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests

from devkit.demo.account import Account

#: What is measured is our cost; rate limits would hide it.
LIMITS = {"limits": {"enabled": False}}
PROPERTY = "odoo_external_id"
BORN = "2026-01-01T00:00:00Z"
TOWNS = ("Gent", "Leuven", "Namur", "Lille", "Köln", "Porto", "Łódź", "Málaga")
MANAGED = ("createdAt", "updatedAt", "archived", "associations")


@dataclass(frozen=True)
class Taken:
    """The state of an account."""

    contacts: list[dict]
    definition: dict | None


def rows(number: int, first: int = 1) -> list[dict]:
    """So many contacts, as HubSpot holds them; ids count from `first`."""
    return [
        {"id": str(n), "createdAt": BORN, "updatedAt": BORN, "properties": _properties(n)}
        for n in range(first, first + number)
    ]


def _properties(n: int) -> dict[str, str]:
    return {
        "firstname": f"Person {n}",
        "lastname": f"Number {n}",
        "email": f"person{n}@example.com",
        "phone": f"+32 9 {n:07}",
        "city": TOWNS[n % len(TOWNS)],
        "address": f"{n} High Street",
        "zip": f"{9000 + n % 999}",
        "jobtitle": "Buyer",
    }


def fill(account: Account, number: int) -> None:
    """Set the account back to nothing but `number` contacts."""
    account.reset(**LIMITS, objects={"contacts": rows(number)})


def taken(account: Account) -> Taken:
    contacts = [_row(row) for row in account.objects("contacts")]
    return Taken(contacts, _definition(account))


def put_back(account: Account, state: Taken) -> None:
    account.reset(**LIMITS)
    if state.definition:
        _api(account, "POST", state.definition)
    account.add(contacts=state.contacts)


def _row(row: dict) -> dict:
    return {name: row[name] for name in ("id", "properties", *MANAGED) if row.get(name) is not None}


def _definition(account: Account) -> dict | None:
    known = {row["name"]: row for row in _api(account, "GET").json()["results"]}
    found = known.get(PROPERTY)
    wanted = ("name", "label", "groupName", "type", "fieldType", "description", "hasUniqueValue")
    return found and {name: found[name] for name in wanted if name in found}


def _api(account: Account, method: str, body: Any = None) -> requests.Response:
    """Ask the API itself.

    :raises RuntimeError: it has refused
    """
    with requests.Session() as session:
        session.trust_env = False
        url = f"{account.url}/crm/v3/properties/contacts"
        headers = {"Authorization": f"Bearer {account.token}"}
        answer = session.request(method, url, json=body, headers=headers, timeout=60)
    if not answer.ok:
        raise RuntimeError(f"{method} {url}: {answer.text[:500]}")
    return answer
