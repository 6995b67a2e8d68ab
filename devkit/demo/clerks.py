"""What people change in Odoo: three hundred records, in the calls that programs and people make.

Pure: linked records and a seed in, API calls out. Most calls concern one record, some many. Three
contacts get e-mail addresses that cannot go to HubSpot: one that is none, one that only HubSpot
refuses, and one that belongs to somebody else there.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

TOTAL = 300
REFUSED = 3
ARCHIVED = 10
BIRTHS = {"companies": 10, "contacts": 37, "deals": 10}
CREATED = sum(BIRTHS.values())
TITLES = ("Key Account Manager", "Dispatcher", "Controller", "Head of Purchasing")


@dataclass(frozen=True)
class Call:
    """One call of the API that changes `count` records."""

    model: str
    method: str
    count: int
    ids: list[int] | None = None
    arguments: dict[str, Any] = field(default_factory=dict)


def day(
    records: Mapping[str, Sequence[dict]],
    stages: Sequence[int],
    sellers: Sequence[int],
    rng: random.Random,
) -> list[Call]:
    """The calls of the day, shuffled.

    :param records: linked Odoo records by kind, `{"id", "remote_id", "name", "email", "stage_id"}`
        each; deals are open ones
    :param stages: the ids of the CRM's stages in their order
    :param sellers: the ids of the users whom HubSpot knows as owners
    """
    contacts, companies, deals = (
        _shuffled(records[kind], rng) for kind in ("contacts", "companies", "deals")
    )
    calls = _refused_addresses(contacts)
    archived = _ids(_take(contacts, ARCHIVED))
    calls.append(Call("res.partner", "action_archive", ARCHIVED, archived))
    several = _ids(_take(contacts, 30))
    calls.append(_write("res.partner", several, {"function": rng.choice(TITLES)}))
    calls += [_contact_call(row, n, rng) for n, row in enumerate(_take(contacts, 120))]
    calls += [_company_call(row, n, rng) for n, row in enumerate(_take(companies, 45))]
    calls += [_deal_call(row, n, stages, rng) for n, row in enumerate(_take(deals, 25))]
    revenue = {"expected_revenue": rng.randrange(5, 90) * 1000.0}
    calls.append(_write("crm.lead", _ids(_take(deals, 10)), revenue))
    calls += _births(companies, contacts, sellers, rng)
    rng.shuffle(calls)
    return calls


def _refused_addresses(contacts: list[dict]) -> list[Call]:
    owner = next(row for row in contacts if row["email"])
    contacts.remove(owner)
    addresses = ("ask at reception", "clerk@reception.x", owner["email"])
    return [
        _write("res.partner", [row["id"]], {"email": address})
        for row, address in zip(_take(contacts, REFUSED), addresses, strict=True)
    ]


def _contact_call(row: dict, n: int, rng: random.Random) -> Call:
    values = (
        {"phone": f"+49 40 {rng.randrange(100000, 999999)}"},
        {"name": f"{row['name']} (formerly Sales)"},
        {"function": f"{rng.choice(TITLES)} {n}"},
        {"email": f"odoo.{n}@clerk.example"},
    )
    return _write("res.partner", [row["id"]], values[n % len(values)])


def _company_call(row: dict, n: int, rng: random.Random) -> Call:
    values = (
        {"phone": f"+33 1 {rng.randrange(10000000, 99999999)}"},
        {"name": f"{row['name']} Holding"},
        {"website": f"https://holding-{n}.example"},
    )
    return _write("res.partner", [row["id"]], values[n % len(values)])


def _deal_call(row: dict, n: int, stages: Sequence[int], rng: random.Random) -> Call:
    following = stages[(stages.index(row["stage_id"]) + 1) % len(stages)]
    values = (
        {"stage_id": following},
        {"expected_revenue": rng.randrange(1_000, 99_000) + 0.25},
        {"name": f"{row['name']} II"},
        {"date_deadline": f"2026-{rng.randrange(1, 13):02}-20"},
    )
    return _write("crm.lead", [row["id"]], values[n % len(values)])


def _births(
    companies: Sequence[dict], contacts: Sequence[dict], sellers: Sequence[int], rng: random.Random
) -> list[Call]:
    """Creations, up to a dozen a call; contacts work for companies we know, deals are with people
    we know.
    """
    rows = [
        {"name": f"Odoo Werke {n + 1}", "is_company": True, "website": f"werke-{n + 1}.example"}
        for n in range(BIRTHS["companies"])
    ]
    people = [
        {
            "name": f"{rng.choice(('Ada', 'Blaise', 'Chen', 'Dorota'))} Odoo-Born {n + 1}",
            "email": f"born.{n + 1}@clerk.example",
            "function": rng.choice(TITLES),
            "parent_id": rng.choice(companies)["id"] if n % 3 else False,
        }
        for n in range(BIRTHS["contacts"])
    ]
    deals = [
        {
            "name": f"Odoo opportunity {n + 1}",
            "type": "opportunity",
            "partner_id": contacts[n]["id"],
            "user_id": rng.choice(sellers),
            "expected_revenue": 1000.0 * (n + 1),
        }
        for n in range(BIRTHS["deals"])
    ]
    parts = [("res.partner", rows), ("crm.lead", deals)]
    parts += [("res.partner", people[at : at + 12]) for at in range(0, len(people), 12)]
    return [Call(model, "create", len(part), None, {"vals_list": part}) for model, part in parts]


def _write(model: str, ids: list[int], values: dict[str, Any]) -> Call:
    return Call(model, "write", len(ids), ids, {"vals": values})


def _shuffled(rows: Sequence[dict], rng: random.Random) -> list[dict]:
    # Odoo's own ids depend on which of its workers was faster.
    found = sorted(rows, key=lambda row: int(row["remote_id"]))
    rng.shuffle(found)
    return found


def _take(rows: list[dict], count: int) -> list[dict]:
    if len(rows) < count:
        raise ValueError(f"{count} records are needed, only {len(rows)} are left")
    taken, rows[:] = rows[:count], rows[count:]
    return taken


def _ids(rows: Sequence[dict]) -> list[int]:
    return [row["id"] for row in rows]
