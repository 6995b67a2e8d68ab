"""What people do at HubSpot in one day: some five hundred changes, the same for the same records.

Pure: records and a seed in, changes in the form of the control surface out. Every record is touched
by one sort of change only, so that the effect of each can be told. A dozen contacts move to
Atlantis, a country that Odoo does not know: the failure that people get to see.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter

Step = tuple[str, dict]

UNKNOWN_COUNTRY = "Atlantis"
REAL_COUNTRY = "Greece"
#: How many records each sort of change takes.
CREATED = {"companies": 6, "contacts": 28, "deals": 8}
LOST_AT_BIRTH = 6
LOST_BY_MOVING = 6
CONTACTS = {"update": 300, "move": 20, "delete": 10, "merge": 4}
RESTORED = 3
COMPANIES = {"update": 60}
LONELY = 3
DEALS = {"update": 30, "delete": 2}
FAILURES = LOST_AT_BIRTH + LOST_BY_MOVING

FIRST = ("Aurelia", "Björn", "Chiara", "Dmitri", "Emiko", "Fatou", "Gaël", "Hana", "美咲", "Олена")
LAST = ("Okafor", "Lindqvist", "Moretti", "Nakamura", "O'Shea", "Petrović", "Quiroga", "Şahin")
TITLES = ("Head of Logistics", "Buyer", "Managing Director", "Data Steward", "Works Council")
PLACES = (
    ("Gent", "9000", "Korenlei 5"),
    ("Łódź", "90-001", "Piotrkowska 10"),
    ("京都", "604-8001", "河原町通 3"),
    ("Graz", "8010", "Herrengasse 1"),
)
STAGES = ("qualifiedtobuy", "presentationscheduled", "decisionmakerboughtin", "closedwon")
BIRTH_COUNTRIES = ("Belgium", "Poland", "Japan", "Austria")


def newcomers(rng: random.Random) -> list[Step]:
    """Companies, contacts and deals that are entered by hand."""
    steps = [("companies", _company(n, rng)) for n in range(CREATED["companies"])]
    steps += [("contacts", _contact(n, rng)) for n in range(CREATED["contacts"])]
    lost = range(CREATED["contacts"], CREATED["contacts"] + LOST_AT_BIRTH)
    steps += [("contacts", _contact(n, rng, UNKNOWN_COUNTRY)) for n in lost]
    steps += [("deals", _deal(n, rng)) for n in range(CREATED["deals"])]
    return [(kind, {"properties": properties}) for kind, properties in steps]


def day(
    records: Mapping[str, Sequence[dict]], new: Mapping[str, Sequence[str]], rng: random.Random
) -> list[Step]:
    """The changes of the day.

    :param records: the live records by kind, as the control surface shows them
    :param new: the ids of the newcomers by kind
    """
    contacts, companies, deals = (
        _shuffled(records[kind], rng) for kind in ("contacts", "companies", "deals")
    )
    lonely = [row for row in companies if not row.get("associations")][:LONELY]
    companies = [row for row in companies if row not in lonely]
    steps = [("companies", _action(row, "delete")) for row in lonely[1:]]
    steps.append(_merge("companies", [*_take(companies, 1), lonely[0]]))
    steps += _contact_steps(contacts, companies, rng)
    steps += _updates("companies", _take(companies, COMPANIES["update"]), COMPANY_CHANGES, rng)
    steps += _updates("deals", _take(deals, DEALS["update"]), DEAL_CHANGES, rng)
    steps += [("deals", _action(row, "delete")) for row in _take(deals, DEALS["delete"])]
    steps += _introductions(new, companies, rng)
    return steps


def in_calls(steps: Iterable[Step]) -> Iterator[tuple[str, list[dict]]]:
    """Neighbouring changes of one kind, to be made with one call."""
    for kind, group in groupby(steps, key=itemgetter(0)):
        yield kind, [change for _kind, change in group]


def corrections(rows: Iterable[dict]) -> list[dict]:
    """Give everybody in the unknown country a real one."""
    return [
        {"id": row["id"], "properties": {"country": REAL_COUNTRY}}
        for row in rows
        if row["properties"].get("country") == UNKNOWN_COUNTRY
    ]


def _contact_steps(contacts: list, companies: list, rng: random.Random) -> list[Step]:
    lost = _take(contacts, LOST_BY_MOVING)
    steps = [
        ("contacts", {"id": row["id"], "properties": {"country": UNKNOWN_COUNTRY}}) for row in lost
    ]
    # HubSpot tells nothing of the deals of a contact that goes, so nobody could know of them.
    contacts.sort(key=lambda row: "deals" in row.get("associations", {}))
    deleted = _take(contacts, CONTACTS["delete"])
    steps += [("contacts", _action(row, "delete")) for row in deleted]
    steps += [("contacts", _action(row, "restore")) for row in deleted[:RESTORED]]
    merged = _take(contacts, CONTACTS["merge"])
    steps += [_merge("contacts", merged[:2]), _merge("contacts", merged[2:])]
    for row in _take(contacts, CONTACTS["move"]):
        steps.append(("contacts", _join(row["id"], rng.choice(companies)["id"])))
    updated = _take(contacts, CONTACTS["update"])
    return steps + _updates("contacts", updated, CONTACT_CHANGES, rng)


def _introductions(new: Mapping[str, Sequence[str]], companies: list, rng: random.Random) -> list:
    """Newcomers get companies, new deals get a contact."""
    employers = [*new["companies"], *(row["id"] for row in companies[:6])]
    people = new["contacts"][: CREATED["contacts"]]
    steps = [("contacts", _join(person, rng.choice(employers))) for person in people]
    for position, deal in enumerate(new["deals"]):
        to = {"type": "contacts", "id": people[position]}
        steps.append(("deals", {"id": deal, "action": "associate", "to": to}))
    return steps


def _shuffled(rows: Iterable[dict], rng: random.Random) -> list[dict]:
    found = sorted(rows, key=lambda row: int(row["id"]))
    rng.shuffle(found)
    return found


def _take(rows: list[dict], count: int) -> list[dict]:
    """Take `count` off the list, so that nobody else gets them."""
    if len(rows) < count:
        raise ValueError(f"{count} records are needed, only {len(rows)} are left")
    taken, rows[:] = rows[:count], rows[count:]
    return taken


def _action(row: dict, action: str) -> dict:
    return {"id": row["id"], "action": action}


def _merge(kind: str, pair: Sequence[dict]) -> Step:
    return kind, {**_action(pair[0], "merge"), "other": pair[1]["id"]}


def _join(contact: str, company: str) -> dict:
    to = {"type": "companies", "id": company}
    return {"id": contact, "action": "associate", "to": to, "primary": True}


def _updates(
    kind: str,
    rows: Sequence[dict],
    changes: Sequence[Callable[[dict, int, random.Random], dict]],
    rng: random.Random,
) -> list[Step]:
    return [
        (
            kind,
            {"id": row["id"], "properties": changes[n % len(changes)](row["properties"], n, rng)},
        )
        for n, row in enumerate(rows)
    ]


def _phone(rng: random.Random) -> str:
    return f"+32 4{rng.randrange(70, 99)} {rng.randrange(10, 99)} {rng.randrange(1000, 9999)}"


def _moved(rng: random.Random) -> dict:
    return dict(zip(("city", "zip", "address"), rng.choice(PLACES), strict=True))


def _company(n: int, rng: random.Random) -> dict:
    name = f"{rng.choice(LAST)} & {rng.choice(LAST)} {n + 1}"
    return {"name": name, "domain": f"new-{n + 1}.example", "phone": _phone(rng), **_moved(rng)}


def _contact(n: int, rng: random.Random, country: str | None = None) -> dict:
    return {
        "firstname": rng.choice(FIRST),
        "lastname": rng.choice(LAST),
        "email": f"newcomer.{n + 1}@day.example",
        "jobtitle": rng.choice(TITLES),
        "country": country or rng.choice(BIRTH_COUNTRIES),
    }


def _deal(n: int, rng: random.Random) -> dict:
    return {
        "dealname": f"Framework agreement {n + 1}",
        "pipeline": "default",
        "dealstage": rng.choice(STAGES),
        "amount": str(rng.randrange(1_000, 90_000)),
    }


#: One after the other; the third of the contacts' is a property nobody has mapped.
CONTACT_CHANGES = (
    lambda was, n, rng: {"phone": _phone(rng)},
    lambda was, n, rng: {"jobtitle": f"{rng.choice(TITLES)} {n}"},
    lambda was, n, rng: {"salutation": f"Dr. {n}"},
    lambda was, n, rng: _moved(rng),
    lambda was, n, rng: {"lastname": f"{rng.choice(LAST)}-{was.get('lastname') or 'Berg'}"},
    lambda was, n, rng: {"email": f"changed.{n}@day.example", "phone": _phone(rng)},
    lambda was, n, rng: {"jobtitle": "" if was.get("jobtitle") else "Interim"},
)
COMPANY_CHANGES = (
    lambda was, n, rng: {"phone": _phone(rng)},
    lambda was, n, rng: {"name": f"{was['name']} Group"},
    lambda was, n, rng: _moved(rng),
)
DEAL_CHANGES = (
    lambda was, n, rng: {"amount": f"{rng.randrange(1_000, 900_000)}.50"},
    lambda was, n, rng: {
        "dealstage": STAGES[(STAGES.index(was["dealstage"]) + 1) % len(STAGES)]
        if was["dealstage"] in STAGES
        else STAGES[0]
    },
    lambda was, n, rng: {"dealname": f"{was['dealname']} (renewal)"},
    lambda was, n, rng: {"closedate": f"2026-0{rng.randrange(1, 9)}-15T10:00:00.000Z"},
)
