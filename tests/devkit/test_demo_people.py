"""The day at HubSpot is the same in every run, and no record is pulled two ways."""

import random
from collections import Counter

import pytest

from devkit.demo import people


def records():
    """An account like the stand-in's, with a deal for every tenth contact."""
    contacts = [
        {
            "id": str(n),
            "properties": {"firstname": f"F{n}", "jobtitle": "Buyer" if n % 2 else ""},
            "associations": {"deals": [{"id": "1"}]} if n % 10 == 0 else {},
        }
        for n in range(1, 501)
    ]
    companies = [
        {
            "id": str(n),
            "properties": {"name": f"C{n}"},
            "associations": {} if n <= 5 else {"contacts": [{"id": "1"}]},
        }
        for n in range(1, 121)
    ]
    deals = [
        {"id": str(n), "properties": {"dealname": f"D{n}", "dealstage": "closedlost"}}
        for n in range(1, 61)
    ]
    return {"contacts": contacts, "companies": companies, "deals": deals}


NEW = {
    "companies": [str(n) for n in range(900, 906)],
    "contacts": [str(n) for n in range(900, 934)],
    "deals": [str(n) for n in range(900, 908)],
}


@pytest.fixture
def steps():
    return people.day(records(), NEW, random.Random(1))


def test_the_same_seed_gives_the_same_day(steps):
    assert people.day(records(), NEW, random.Random(1)) == steps
    assert people.day(records(), NEW, random.Random(2)) != steps


def test_no_record_is_touched_by_two_sorts_of_change(steps):
    kinds = Counter()
    for kind, change in steps:
        action = change.get("action", "update")
        if action in ("update", "delete", "merge"):
            kinds[kind, change["id"]] += 1
        if action == "merge":
            kinds[kind, change["other"]] += 1
    assert max(kinds.values()) == 1


def test_only_records_that_nobody_else_points_to_go_away(steps):
    with_deals = {str(n) for n in range(10, 501, 10)}
    gone = {
        change.get("other", change["id"])
        for kind, change in steps
        if kind == "contacts" and change.get("action") in ("delete", "merge")
    }
    assert gone and not gone & with_deals
    lonely = {
        change["id"] for k, change in steps if (k, change.get("action")) == ("companies", "delete")
    }
    assert lonely <= {"1", "2", "3", "4", "5"}


def test_a_restored_contact_was_deleted_before(steps):
    order = [change.get("action") for kind, change in steps if kind == "contacts"]
    restored = {c["id"] for k, c in steps if k == "contacts" and c.get("action") == "restore"}
    deleted = {c["id"] for k, c in steps if k == "contacts" and c.get("action") == "delete"}
    assert len(restored) == people.RESTORED
    assert restored <= deleted
    assert order.index("delete") < order.index("restore")


def test_a_dozen_contacts_live_in_a_country_that_odoo_does_not_know(steps):
    rows = [change for _kind, change in (*people.newcomers(random.Random(1)), *steps)]
    lost = [
        row for row in rows if row.get("properties", {}).get("country") == people.UNKNOWN_COUNTRY
    ]
    assert len(lost) == people.FAILURES == 12


def test_newcomers_are_as_many_as_promised():
    kinds = Counter(kind for kind, _change in people.newcomers(random.Random(1)))
    extra = {"contacts": people.LOST_AT_BIRTH}
    assert kinds == {kind: n + extra.get(kind, 0) for kind, n in people.CREATED.items()}


def test_corrections_reach_the_lost_and_nobody_else():
    rows = [
        {"id": "1", "properties": {"country": people.UNKNOWN_COUNTRY}},
        {"id": "2", "properties": {"country": "Belgium"}},
        {"id": "3", "properties": {}},
    ]
    assert people.corrections(rows) == [{"id": "1", "properties": {"country": people.REAL_COUNTRY}}]


def test_too_few_records_are_said_and_not_worked_around():
    few = {**records(), "deals": records()["deals"][:5]}
    with pytest.raises(ValueError, match="only 5 are left"):
        people.day(few, NEW, random.Random(1))


def test_neighbouring_changes_of_one_kind_are_one_call():
    steps = [("contacts", {"id": "1"}), ("contacts", {"id": "2"}), ("deals", {"id": "3"})]
    assert list(people.in_calls(steps)) == [
        ("contacts", [{"id": "1"}, {"id": "2"}]),
        ("deals", [{"id": "3"}]),
    ]
