"""What people do at three places at once: at HubSpot, in Odoo and at Salesforce.

Pure: linked records and a seed in, changes out, in the words of each place. Every person and every
opportunity is changed at one place only, but for some people who are changed at two places in
different fields at the same moment: both changes have to survive. New people and companies are
entered at each place.

Promise: `to_write` tells how many records have to be written at a place: what the other two have
changed or entered. Weakness: companies are entered and not changed, because Odoo hands on to
everybody who works there what it calls commercial.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

HUBSPOT, ODOO, SALESFORCE = PLACES = ("hubspot", "odoo", "salesforce")
WHERE = {HUBSPOT: "at HubSpot", ODOO: "in Odoo", SALESFORCE: "at Salesforce"}
#: How many people and opportunities each place changes, and how many people two places change.
PEOPLE, DEALS, SHARED = 50, 5, 12
NEWCOMERS, NEW_COMPANIES = 8, 2
TITLES = ("Buyer", "Head of Quality", "Site Manager", "Treasurer", "Works Council")
FIRST = ("Amélie", "Botond", "Chidi", "Dagny", "Eduardo", "Fatima", "Gintarė", "Hyun-woo")

#: Place → what a field of a person, a company or an opportunity is called there.
NAMES: Mapping[str, Mapping[str, str]] = {
    HUBSPOT: {"title": "jobtitle", "phone": "phone", "amount": "amount"},
    ODOO: {"title": "function", "phone": "phone", "amount": "expected_revenue"},
    SALESFORCE: {"title": "Title", "phone": "Phone", "amount": "Amount"},
}
#: Place → what its objects are called: people, companies, opportunities.
KINDS: Mapping[str, tuple[str, str, str]] = {
    HUBSPOT: ("contacts", "companies", "deals"),
    ODOO: ("res.partner", "res.partner", "crm.lead"),
    SALESFORCE: ("Contact", "Account", "Opportunity"),
}


@dataclass(frozen=True)
class Known:
    """A record that all three places know, by the id that each has for it."""

    ids: Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """`values` in the words of the place. Of what is entered there, `key` and `known` are None."""

    place: str
    kind: str
    values: dict[str, Any]
    key: Any = None
    known: Known | None = None


def hour(people: Sequence[Known], deals: Sequence[Known], rng: random.Random) -> list[Change]:
    """Everything that happens in this hour.

    :param people: persons that all three places know
    :param deals: opportunities that all three places know
    :raises ValueError: there are too few of them
    """
    people, deals, found = list(people), list(deals), []
    rng.shuffle(people)
    rng.shuffle(deals)
    for place in PLACES:
        found += [
            _edit(place, 0, one, _news(n, rng)) for n, one in enumerate(_take(people, PEOPLE))
        ]
        for one in _take(deals, DEALS):
            found.append(_edit(place, 2, one, {"amount": float(rng.randrange(1_000, 90_000))}))
        found += _births(place, rng)
    for n, one in enumerate(_take(people, SHARED)):
        first, second = (place for place in PLACES if place != PLACES[n % 3])
        found.append(_edit(first, 0, one, {"title": f"{rng.choice(TITLES)}, {first}"}))
        found.append(_edit(second, 0, one, {"phone": _phone(rng)}))
    return found


def at(place: str, changes: Iterable[Change]) -> list[Change]:
    return [one for one in changes if one.place == place]


def to_write(place: str, changes: Iterable[Change]) -> int:
    """How many records have to be written at a place: those that others have changed or entered."""
    elsewhere = [one for one in changes if one.place != place]
    changed = {id(one.known) for one in elsewhere if one.known}
    return len(changed) + sum(one.known is None for one in elsewhere)


def _edit(place: str, part: int, known: Known, values: Mapping[str, Any]) -> Change:
    """`part` is 0 for people, 2 for opportunities."""
    words = {NAMES[place][name]: value for name, value in values.items()}
    return Change(place, KINDS[place][part], words, known.ids[place], known)


def _news(n: int, rng: random.Random) -> dict[str, str]:
    return {"title": f"{rng.choice(TITLES)} {n}"} if n % 2 else {"phone": _phone(rng)}


def _births(place: str, rng: random.Random) -> Iterable[Change]:
    person, company, _deal = KINDS[place]
    for n in range(NEW_COMPANIES):
        yield Change(place, company, _company(place, n))
    for n in range(NEWCOMERS):
        yield Change(place, person, _person(place, rng.choice(FIRST), f"{place}-born {n + 1}", n))


def _company(place: str, n: int) -> dict:
    name, host = f"{place.title()} Works {n + 1}", f"{place}-works-{n + 1}.example"
    return {
        HUBSPOT: {"name": name, "domain": host},
        ODOO: {"name": name, "website": host, "is_company": True},
        SALESFORCE: {"Name": name, "Website": f"https://{host}"},
    }[place]


def _person(place: str, first: str, last: str, n: int) -> dict:
    email = f"{place}.{n + 1}@hub.example"
    return {
        HUBSPOT: {"firstname": first, "lastname": last, "email": email},
        ODOO: {"name": f"{first} {last}", "email": email},
        SALESFORCE: {"FirstName": first, "LastName": last, "Email": email},
    }[place]


def _phone(rng: random.Random) -> str:
    return f"+43 1 {rng.randrange(100, 999)} {rng.randrange(1000, 9999)}"


def _take(rows: list[Known], count: int) -> list[Known]:
    if len(rows) < count:
        raise ValueError(f"{count} records are needed that all know, only {len(rows)} are left")
    taken, rows[:] = rows[:count], rows[count:]
    return taken
