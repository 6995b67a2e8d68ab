"""Batches: 100 inputs, unordered answers, what kills a batch and what only one input."""

from __future__ import annotations

import time

import pytest


def rows_by_id(answer) -> dict[str, dict]:
    return {row["id"]: row for row in answer.json()["results"]}


@pytest.fixture
def people(api) -> list[str]:
    inputs = [{"properties": {"email": f"p{n}@example.org", "city": "Gent"}} for n in range(5)]
    return list(rows_by_id(api.batch("contacts", "create", inputs)))


@pytest.mark.parametrize("action", ["create", "read", "update", "upsert", "archive"])
@pytest.mark.parametrize("count", [0, 101])
def test_a_batch_has_1_to_100_inputs(action, count, api):
    inputs = [{"id": str(n), "properties": {"firstname": "A"}} for n in range(count)]
    assert api.batch("contacts", action, inputs).status_code == 400


def test_answers_come_in_another_order_than_the_inputs(api):
    inputs = [{"properties": {"firstname": str(n)}} for n in range(20)]
    results = api.batch("contacts", "create", inputs).json()["results"]
    names = [row["properties"]["firstname"] for row in results]
    assert sorted(names, key=int) == [str(n) for n in range(20)]
    assert names != [str(n) for n in range(20)]


def test_a_conflict_kills_the_whole_batch_even_with_trace_ids(api, people, control):
    before = len(control.records("contacts"))
    inputs = [
        {"properties": {"email": email}, "objectWriteTraceId": email}
        for email in ("new@example.org", "p0@example.org")
    ]
    answer = api.batch("contacts", "create", inputs)
    holder = api.get("/crm/v3/objects/contacts/p0@example.org?idProperty=email").json()["id"]
    assert answer.status_code == 409
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {holder}"
    assert len(control.records("contacts")) == before


def test_without_trace_ids_one_bad_input_refuses_all(api, control):
    inputs = [{"properties": {"firstname": "A"}}, {"properties": {"nope": "A"}}]
    assert api.batch("contacts", "create", inputs).status_code == 400
    assert control.records("contacts") == {}


@pytest.mark.parametrize("action", ["create", "upsert"])
def test_with_trace_ids_only_the_bad_input_is_refused(action, api):
    name = api.add_unique_property("contacts")
    inputs = [
        {"properties": {"firstname": "A"}, "objectWriteTraceId": "good"},
        {"properties": {"closedate": "never"}, "objectWriteTraceId": "bad"},
    ]
    if action == "upsert":
        for number, row in enumerate(inputs):
            row |= {"id": f"key-{number}", "idProperty": name}
    answer = api.batch("contacts", action, inputs)
    assert answer.status_code == 207
    body = answer.json()
    assert [row["objectWriteTraceId"] for row in body["results"]] == ["good"]
    assert body["numErrors"] == 1
    assert body["errors"][0]["context"]["objectWriteTraceId"] == ["bad"]
    assert body["errors"][0]["category"] == "VALIDATION_ERROR"


def test_upsert_creates_updates_and_says_which(api):
    name = api.add_unique_property("companies")
    one = {"id": "7", "idProperty": name, "properties": {"name": "A"}}
    first = api.batch("companies", "upsert", [one]).json()["results"][0]
    assert first["new"] is True
    assert first["properties"][name] == "7"
    one["properties"]["name"] = "B"
    second = api.batch("companies", "upsert", [one]).json()["results"][0]
    assert (second["new"], second["id"]) == (False, first["id"])
    assert api.read("companies", first["id"])["properties"]["name"] == "B"


def test_upsert_by_email_works_but_never_in_part(api, people):
    inputs = [
        {"id": "p0@example.org", "properties": {"city": "Brugge"}},
        {"id": "p9@example.org", "properties": {"closedate": "never"}},
    ]
    for number, row in enumerate(inputs):
        row |= {"idProperty": "email", "objectWriteTraceId": str(number)}
    assert api.batch("contacts", "upsert", inputs).status_code == 400
    assert api.batch("contacts", "upsert", inputs[:1]).status_code == 200
    shown = api.get("/crm/v3/objects/contacts/p0@example.org?idProperty=email&properties=city")
    assert shown.json()["properties"]["city"] == "Brugge"


@pytest.mark.parametrize("action", ["update", "upsert"])
@pytest.mark.parametrize("name", ["hs_object_id", "firstname", "nope"])
def test_an_id_property_must_be_unique(action, name, api):
    inputs = [{"id": "1", "idProperty": name, "properties": {"firstname": "A"}}]
    answer = api.batch("contacts", action, inputs)
    assert answer.status_code == 400
    message = f"Unable to perform {action} by non-unique 0-1 property {name}"
    assert answer.json()["message"] == message


def test_an_upsert_that_takes_anothers_email_conflicts(api, people):
    name = api.add_unique_property("contacts")
    inputs = [{"id": "k", "idProperty": name, "properties": {"email": "p1@example.org"}}]
    answer = api.batch("contacts", "upsert", inputs)
    assert answer.status_code == 409
    assert "Existing ID: " in answer.json()["message"]


def test_a_taken_unique_value_is_refused(api):
    name = api.add_unique_property("contacts")
    holder = api.create("contacts", **{name: "k"})
    answer = api.post("/crm/v3/objects/contacts", json={"properties": {name: "k"}})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "CONFLICTING_UNIQUE_VALUE"
    assert f"{holder} already has that value" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize("action", ["update", "upsert"])
def test_the_same_id_twice_kills_the_batch(action, api, people):
    row = {"id": people[0], "properties": {"city": "A"}}
    if action == "upsert":
        row |= {"id": "k", "idProperty": api.add_unique_property("contacts")}
    answer = api.batch("contacts", action, [row, row])
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Duplicate IDs found in batch input: [")
    assert answer.json()["context"]["ids"] == [row["id"]]


def test_two_inputs_that_mean_one_record_kill_the_batch(api):
    name = api.add_unique_property("contacts")
    api.create("contacts", email="a@example.org", **{name: "k"})
    inputs = [
        {"id": "k", "idProperty": name, "properties": {"city": "A"}},
        {"id": "a@example.org", "idProperty": "email", "properties": {"city": "B"}},
    ]
    assert api.batch("contacts", "upsert", inputs).status_code == 400


def test_the_same_email_twice_in_a_create_kills_the_batch(api, control):
    inputs = [{"properties": {"email": "a@example.org"}, "objectWriteTraceId": t} for t in "ab"]
    assert api.batch("contacts", "create", inputs).status_code == 400
    assert control.records("contacts") == {}


def test_update_tells_which_ids_are_missing_and_does_the_rest(api, people):
    inputs = [{"id": number, "properties": {"city": "B"}} for number in (people[0], "999")]
    answer = api.batch("contacts", "update", inputs)
    assert answer.status_code == 207
    assert list(rows_by_id(answer)) == [people[0]]
    assert answer.json()["errors"][0]["context"]["ids"] == ["999"]


def test_update_by_email_without_id_property_changes_nothing_silently(api, people):
    inputs = [{"id": "p0@example.org", "properties": {"city": "B"}}]
    answer = api.batch("contacts", "update", inputs)
    assert (answer.status_code, answer.json()["results"]) == (200, [])


def test_read_finds_by_id_and_by_unique_property_and_names_the_missing(api, people):
    inputs = [{"id": number} for number in [*people[:2], "999"]]
    answer = api.batch("contacts", "read", inputs, properties=["city"])
    assert answer.status_code == 207
    assert set(rows_by_id(answer)) == set(people[:2])
    assert all(row["properties"]["city"] == "Gent" for row in answer.json()["results"])
    assert answer.json()["errors"][0]["category"] == "OBJECT_NOT_FOUND"
    inputs = [{"id": "p3@example.org"}]
    answer = api.batch("contacts", "read", inputs, idProperty="email", properties=["email"])
    assert answer.json()["results"][0]["properties"]["email"] == "p3@example.org"


def test_archive_takes_unknown_ids_without_a_word(api, people):
    inputs = [{"id": number} for number in [*people, "999"]]
    assert api.batch("contacts", "archive", inputs).status_code == 204
    assert api.get("/crm/v3/objects/contacts").json()["results"] == []


def test_a_create_can_bring_its_associations(api):
    company = api.create("companies", name="A")
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 279}
    link = {"to": {"id": company}, "types": [spec]}
    inputs = [{"properties": {"firstname": "A"}, "associations": [link]}]
    made = api.batch("contacts", "create", inputs).json()["results"][0]["id"]
    shown = api.get(f"/crm/v3/objects/contacts/{made}?associations=companies").json()
    words = [row["type"] for row in shown["associations"]["companies"]["results"]]
    assert words == ["contact_to_company", "contact_to_company_unlabeled"]


def test_a_batch_of_100_costs_less_than_20_milliseconds(api):
    name = api.add_unique_property("contacts")
    took = []
    for round_number in range(8):
        inputs = [
            {"id": str(n), "idProperty": name, "properties": {"city": f"{round_number}"}}
            for n in range(100)
        ]
        begun = time.process_time()
        assert len(api.batch("contacts", "upsert", inputs).json()["results"]) == 100
        took.append(time.process_time() - begun)
    # Time of the processor, client included, and the best: the machine may be busy.
    assert min(took) < 0.02, took
