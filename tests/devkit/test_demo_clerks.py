"""The day in Odoo: three hundred records, counted once each."""

import random

import pytest

from devkit.demo import clerks

STAGES = [1, 2, 3, 4]
SELLERS = [7, 8]


def records():
    def row(n, name, **more):
        return {"id": n, "remote_id": str(9000 - n), "name": f"{name}{n}", "email": False, **more}

    return {
        "contacts": [row(n, "P", email=f"p{n}@x.example") for n in range(1, 301)],
        "companies": [row(n, "C") for n in range(1001, 1101)],
        "deals": [row(n, "D", stage_id=STAGES[n % 4]) for n in range(1, 61)],
    }


@pytest.fixture
def calls():
    return clerks.day(records(), STAGES, SELLERS, random.Random(5))


def test_three_hundred_records_are_changed(calls):
    assert sum(call.count for call in calls) == clerks.TOTAL


def test_every_call_counts_the_records_it_names(calls):
    for call in calls:
        named = call.ids if call.ids is not None else call.arguments["vals_list"]
        assert call.count == len(named) > 0


def test_no_record_is_changed_twice(calls):
    touched = [(call.model, one) for call in calls for one in call.ids or ()]
    assert len(touched) == len(set(touched)) == clerks.TOTAL - clerks.CREATED


def test_the_refused_address_of_another_belongs_to_a_contact_that_keeps_it(calls):
    emails = {row["email"]: row["id"] for row in records()["contacts"]}
    written = [(c.ids[0], c.arguments["vals"].get("email")) for c in calls if c.method == "write"]
    taken = [(res_id, email) for res_id, email in written if email in emails]
    assert len(taken) == 1
    owner = emails[taken[0][1]]
    assert owner != taken[0][0]
    assert not any(owner in (call.ids or ()) for call in calls if call.model == "res.partner")


def test_a_moved_deal_gets_another_stage(calls):
    stages = {row["id"]: row["stage_id"] for row in records()["deals"]}
    moves = [c for c in calls if c.method == "write" and "stage_id" in c.arguments["vals"]]
    assert moves
    assert all(stages[c.ids[0]] != c.arguments["vals"]["stage_id"] for c in moves)


def test_the_same_seed_gives_the_same_day(calls):
    assert clerks.day(records(), STAGES, SELLERS, random.Random(5)) == calls


def test_the_day_does_not_depend_on_the_ids_that_odoo_gave(calls):
    later = {
        kind: [{**row, "id": row["id"] + 5000} for row in reversed(rows)]
        for kind, rows in records().items()
    }
    again = clerks.day(later, STAGES, SELLERS, random.Random(5))
    assert [[one - 5000 for one in call.ids or ()] for call in again] == [
        list(call.ids or ()) for call in calls
    ]
