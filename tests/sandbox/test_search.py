"""Search: operators, limits, paging, the cap, the lag, and what it never finds."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.hubspot.filters import test_for as filter_for
from sandbox.hubspot.filters import tokens


def where(*filters: dict) -> dict:
    return {"filterGroups": [{"filters": list(filters)}]}


def row(name: str, operator: str, value: object = None, **more: object) -> dict:
    return {"propertyName": name, "operator": operator} | ({"value": value} if value else {}) | more


def names(answer) -> set[str]:
    assert answer.status_code == 200, answer.text
    return {found["properties"]["firstname"] for found in answer.json()["results"]}


@pytest.fixture
def people(api) -> None:
    rows = [
        {"firstname": "Anna", "city": "Gent", "followercount": "5", "email": "anna@one.example"},
        {"firstname": "Björn", "city": "Malmö", "followercount": "10", "email": "b@two.example"},
        {"firstname": "Chloé", "followercount": "7", "closedate": "2026-03-01T00:00:00Z"},
        {"firstname": "Đặng", "city": "Đà Nẵng", "closedate": "2026-09-01T00:00:00Z"},
    ]
    assert api.batch("contacts", "create", [{"properties": p} for p in rows]).status_code == 201


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ([row("city", "EQ", "gent")], {"Anna"}),
        ([row("city", "NEQ", "Gent")], {"Björn", "Đặng"}),
        ([row("followercount", "GT", "7")], {"Björn"}),
        ([row("followercount", "GTE", "7")], {"Björn", "Chloé"}),
        ([row("followercount", "LT", "7")], {"Anna"}),
        ([row("followercount", "LTE", "7")], {"Anna", "Chloé"}),
        ([row("followercount", "BETWEEN", "6", highValue="10")], {"Björn", "Chloé"}),
        ([row("closedate", "GTE", "1772323200000")], {"Chloé", "Đặng"}),
        ([row("closedate", "LT", "2026-08-31")], {"Chloé"}),
        ([row("firstname", "IN", values=["anna", "chloé"])], {"Anna", "Chloé"}),
        ([row("firstname", "IN", values=["Anna"])], set()),
        ([row("city", "NOT_IN", values=["gent"])], {"Björn", "Đặng"}),
        ([row("city", "HAS_PROPERTY")], {"Anna", "Björn", "Đặng"}),
        ([row("city", "NOT_HAS_PROPERTY")], {"Chloé"}),
        ([row("email", "CONTAINS_TOKEN", "one.example")], {"Anna"}),
        ([row("email", "CONTAINS_TOKEN", "*.example")], {"Anna", "Björn"}),
        ([row("city", "CONTAINS_TOKEN", "nẵng")], {"Đặng"}),
        ([row("email", "NOT_CONTAINS_TOKEN", "one.example")], {"Björn", "Chloé", "Đặng"}),
        ([row("city", "EQ", "Gent"), row("followercount", "GT", "9")], set()),
        ([row("no_such_property", "EQ", "1")], set()),
    ],
)
def test_an_operator_finds_what_it_should(filters, found, api, people):
    assert names(api.search("contacts", **where(*filters))) == found


def test_groups_are_alternatives(api, people):
    groups = [{"filters": [row("firstname", "EQ", name)]} for name in ("Anna", "Đặng")]
    assert names(api.search("contacts", filterGroups=groups)) == {"Anna", "Đặng"}


def test_words_are_searched_by_their_beginning(api, people):
    assert names(api.search("contacts", query="chl")) == {"Chloé"}
    assert names(api.search("contacts", query="two.example")) == {"Björn"}
    assert names(api.search("contacts", query="nobody")) == set()


def test_associated_records_can_be_searched(api, people):
    company = api.create("companies", name="A")
    contact = api.search("contacts", query="Anna").json()["results"][0]["id"]
    api.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}")
    assert names(api.search("contacts", **where(row("associations.company", "EQ", company)))) == {
        "Anna"
    }


def test_results_are_sorted_and_paged_by_offset(api, people):
    sort = [{"propertyName": "followercount", "direction": "DESCENDING"}]
    query = where(row("followercount", "HAS_PROPERTY"))
    seen, after = [], None
    while True:
        page = api.search("contacts", **query, sorts=sort, limit=2, after=after).json()
        assert page["total"] == 3
        seen += [found["properties"]["firstname"] for found in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
        if after is None:
            break
    assert seen == ["Björn", "Chloé", "Anna"]


@pytest.mark.parametrize(
    "body",
    [
        {"limit": 201},
        {"limit": 0},
        {"after": "9900", "limit": 101},
        {"after": "10000"},
        {"after": "x"},
        {"filterGroups": [{"filters": [row("city", "EQ", "a")]}] * 6},
        {"filterGroups": [{"filters": [row("city", "EQ", "a")] * 7}]},
        {"filterGroups": [{"filters": [row("city", "EQ", "a")] * 5}] * 4},
        {"filterGroups": [{"filters": []}]},
        {"filterGroups": [{"filters": [row("city", "LIKE", "a")]}]},
        {"filterGroups": [{"filters": [row("city", "EQ")]}]},
        {"filterGroups": [{"filters": [row("city", "IN", "a")]}]},
        {"filterGroups": [{"filters": [row("closedate", "GT", "soon")]}]},
        {"filterGroups": [{"filters": [row("followercount", "BETWEEN", "1")]}]},
        {"sorts": [{"propertyName": "city"}, {"propertyName": "email"}]},
        {"sorts": [{"propertyName": "city", "direction": "UP"}]},
        {"query": "x" * 3000},
        {"properties": "email"},
    ],
)
def test_a_search_beyond_the_limits_is_refused(body, api):
    answer = api.search("contacts", **body)
    assert answer.status_code == 400
    assert answer.json()["category"] == "VALIDATION_ERROR"


def test_no_page_reaches_beyond_ten_thousand(api, control):
    rows = [{"id": str(n), "properties": {"firstname": "A"}} for n in range(1, 10_051)]
    control.tell("import", {"contacts": rows})
    page = api.search("contacts", limit=100, after="9900").json()
    assert (page["total"], len(page["results"])) == (10_050, 100)
    beyond = api.search("contacts", limit=100, after=page["paging"]["next"]["after"])
    assert beyond.status_code == 400


def test_the_epoch_breaks_the_service(api):
    assert api.search("contacts", **where(row("lastmodifieddate", "GTE", "0"))).status_code == 500


def test_the_wrong_name_of_the_modification_date_finds_nothing(api):
    api.create("companies", name="A")
    query = where(row("lastmodifieddate", "GTE", "1577836800000"))
    assert api.search("companies", **query).json()["total"] == 0
    query = where(row("hs_lastmodifieddate", "GTE", "1577836800000"))
    assert api.search("companies", **query).json()["total"] == 1


def test_archived_records_are_never_found(api):
    record_id = api.create("contacts", firstname="Gone")
    api.delete(f"/crm/v3/objects/contacts/{record_id}")
    assert api.search("contacts", query="Gone").json()["total"] == 0


def test_what_was_written_is_found_late_and_as_it_was(api, control):
    control.tell("config", {"search_lag_ms": 600})
    record_id = api.create("contacts", firstname="Late")
    assert api.read("contacts", record_id)["properties"]["firstname"] == "Late"
    assert api.search("contacts", query="Late").json()["total"] == 0
    deadline = time.monotonic() + 5
    while api.search("contacts", query="Late").json()["total"] == 0:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    api.patch(f"/crm/v3/objects/contacts/{record_id}", json={"properties": {"firstname": "New"}})
    assert names(api.search("contacts", query="Late")) == {"Late"}
    time.sleep(0.7)
    assert names(api.search("contacts", query="New")) == {"New"}


NUMBERS = st.one_of(st.none(), st.integers(-1000, 1000).map(str))
NUMBER = {"name": "n", "type": "number"}


@settings(max_examples=200)
@given(NUMBERS, st.integers(-1000, 1000))
def test_every_filled_value_is_below_equal_or_above(value, bound):
    def holds(operator: str) -> bool:
        return filter_for(NUMBER, row("n", operator, str(bound)))(value)

    assert holds("LT") + holds("EQ") + holds("GT") == (value is not None)
    assert holds("LTE") == (holds("LT") or holds("EQ"))
    assert holds("GTE") == (holds("GT") or holds("EQ"))
    assert holds("NEQ") == (holds("LT") or holds("GT"))


@settings(max_examples=200)
@given(st.text(max_size=40))
def test_every_text_contains_its_own_words(text):
    definition = {"name": "s", "type": "string"}
    for word in tokens(text):
        if word.strip() and not set(word) & set("*?["):
            assert filter_for(definition, row("s", "CONTAINS_TOKEN", word))(text)
