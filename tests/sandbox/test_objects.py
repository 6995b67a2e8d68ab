"""One record at a time: create, read, update, archive, list; values as the API words them."""

from __future__ import annotations

import re
import time

import pytest

FAMILIES = ["/crm/v3/objects", "/crm/objects/2026-03", "/crm/objects/2026-09"]


def detail(answer) -> dict[str, str]:
    """Property -> code, from the ``errors`` of a refusal."""
    assert answer.status_code == 400, answer.text
    assert answer.json()["category"] == "VALIDATION_ERROR"
    rows = answer.json()["errors"]
    return {row["context"]["propertyName"][0]: row["code"] for row in rows}


@pytest.mark.parametrize("family", FAMILIES)
def test_the_same_journey_in_every_path_family(family, api):
    made = api.post(f"{family}/contacts", json={"properties": {"firstname": "Åsa"}})
    assert made.status_code == 201
    one = f"{family}/contacts/{made.json()['id']}"
    assert api.patch(one, json={"properties": {"lastname": "Öberg"}}).status_code == 200
    assert api.get(one).json()["properties"]["lastname"] == "Öberg"
    assert api.delete(one).status_code == 204
    assert api.get(one).status_code == 404


@pytest.mark.parametrize("alias", ["contacts", "contact", "0-1"])
def test_an_object_type_answers_to_its_name_and_its_id(alias, api):
    record_id = api.create("contacts", firstname="A")
    assert api.read(alias, record_id)["id"] == record_id


@pytest.mark.parametrize(
    "path",
    [
        "/crm/v3/objects/contacts/999",
        "/crm/v3/objects/unicorns",
        "/crm/v2/objects/contacts",
        "/crm/objects/2026-09-beta/contacts",
        "/crm/v4/objects/contacts",
        "/nowhere",
    ],
)
def test_an_unknown_path_or_id_is_an_html_page(path, api):
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "text/html;charset=iso-8859-1"
    assert "Resource not found" in answer.text


def test_a_known_path_with_another_method_is_405(api):
    assert api.delete("/crm/v3/objects/contacts").status_code == 405


def test_values_are_text_on_the_wire_and_empty_ones_null(api):
    deal = {"dealname": "D", "dealstage": "contractsent", "pipeline": "default", "amount": 12.5}
    made = api.post("/crm/v3/objects/deals", json={"properties": deal}).json()
    assert made["properties"]["amount"] == "12.5"
    shown = api.read("deals", made["id"], "amount", "closedate", "no_such_property")
    assert shown["properties"]["amount"] == "12.5"
    assert shown["properties"]["closedate"] is None
    assert "no_such_property" not in shown["properties"]


def test_an_empty_text_empties_and_null_leaves_alone(api):
    record_id = api.create("contacts", firstname="A", city="Gent")
    one = f"/crm/v3/objects/contacts/{record_id}"
    api.patch(one, json={"properties": {"firstname": None}})
    api.patch(one, json={"properties": {"city": ""}})
    shown = api.read("contacts", record_id, "firstname", "city")["properties"]
    assert (shown["firstname"], shown["city"]) == ("A", None)


def test_writing_a_value_as_it_was_is_no_modification(api, control):
    record_id = api.create("contacts", firstname="A")
    before = api.read("contacts", record_id)
    api.patch(f"/crm/v3/objects/contacts/{record_id}", json={"properties": {"firstname": "A"}})
    assert api.read("contacts", record_id) == before
    assert control.records("contacts")[record_id]["version"] == 1


def test_contacts_and_the_others_have_differently_named_modification_dates(api):
    contact = api.read("contacts", api.create("contacts", firstname="A"))
    company = api.read("companies", api.create("companies", name="A"))
    assert contact["properties"]["lastmodifieddate"] == contact["updatedAt"]
    assert company["properties"]["hs_lastmodifieddate"] == company["updatedAt"]


def test_a_record_carries_its_address_and_its_origin(api, control):
    control.tell("config", {"ui_domain": "app-eu1.hubspot.com", "portal_id": 42})
    record_id = api.create("companies", name="A")
    shown = api.read("companies", record_id, "hs_object_source", "hs_object_source_id")
    assert shown["url"] == f"https://app-eu1.hubspot.com/contacts/42/record/0-2/{record_id}"
    assert shown["properties"]["hs_object_source"] == "INTEGRATION"
    assert shown["properties"]["hs_object_source_id"] == "4169410"


def test_history_names_the_author_of_every_value(api, control):
    record_id = api.create("contacts", firstname="A")
    control.person("contacts", id=record_id, properties={"firstname": "B"}, user_id=7)
    path = f"/crm/v3/objects/contacts/{record_id}?propertiesWithHistory=firstname"
    rows = api.get(path).json()["propertiesWithHistory"]["firstname"]
    assert [(row["value"], row["sourceType"], row["sourceId"]) for row in rows] == [
        ("B", "CRM_UI", "userId:7"),
        ("A", "INTEGRATION", "4169410"),
    ]


# -- refusals


def test_an_unknown_property_is_refused_by_name(api):
    answer = api.post("/crm/v3/objects/contacts", json={"properties": {"nope": "1"}})
    assert detail(answer) == {"nope": "PROPERTY_DOESNT_EXIST"}
    assert re.match(
        r'Property values were not valid: \[\{"isValid":false', answer.json()["message"]
    )


@pytest.mark.parametrize(
    ("kind", "name", "value", "code"),
    [
        ("contacts", "email", "not an address", "INVALID_EMAIL"),
        ("contacts", "email", "a@b", "INVALID_EMAIL"),
        ("contacts", "lifecyclestage", "Lead", "INVALID_OPTION"),
        ("contacts", "hs_object_id", "1", "READ_ONLY_VALUE"),
        ("contacts", "createdate", "2020-01-01", "READ_ONLY_VALUE"),
        ("contacts", "firstname", "x" * 65_537, "INVALID_STRING_LENGTH"),
        ("contacts", "followercount", "1,000", "INVALID_NUMBER"),
        ("contacts", "closedate", "tomorrow", "INVALID_LONG"),
        ("contacts", "hs_buying_role", "CHAMPION;CHEERLEADER", "INVALID_OPTION"),
        ("contacts", "hubspot_owner_id", "1", "INVALID_OWNER_ID"),
        ("companies", "is_public", "yes", "INVALID_OPTION"),
        ("companies", "industry", "LOGISTICS", "INVALID_OPTION"),
        ("deals", "amount", "12.5 EUR", "INVALID_NUMBER"),
        ("deals", "dealstage", "won", "INVALID_OPTION"),
        ("deals", "pipeline", "other", "INVALID_OPTION"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_code(kind, name, value, code, api):
    base = {"companies": {"name": "A"}, "deals": {"dealname": "D", "pipeline": "default"}}
    base["deals"]["dealstage"] = "contractsent"
    properties = base.get(kind, {}) | {name: value}
    answer = api.post(f"/crm/v3/objects/{kind}", json={"properties": properties})
    assert detail(answer)[name] == code


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("email", " Anne@Example.ORG ", "anne@example.org"),
        ("closedate", "1795219200000", "2026-11-21T00:00:00.000Z"),
        ("closedate", "2026-11-21T10:00:00+02:00", "2026-11-21T08:00:00.000Z"),
        ("hs_buying_role", "CHAMPION;BLOCKER;CHAMPION", "CHAMPION;BLOCKER"),
        ("followercount", 7, "7"),
        ("firstname", " Đặng 东 ", " Đặng 东 "),
    ],
)
def test_a_value_is_kept_in_one_form(name, value, kept, api):
    made = api.post("/crm/v3/objects/contacts", json={"properties": {name: value}})
    assert made.status_code == 201, made.text
    assert api.read("contacts", made.json()["id"], name)["properties"][name] == kept


def test_a_leading_semicolon_adds_to_the_choices(api):
    record_id = api.create("contacts", firstname="A", hs_buying_role="CHAMPION")
    one = f"/crm/v3/objects/contacts/{record_id}"
    api.patch(one, json={"properties": {"hs_buying_role": ";BLOCKER"}})
    shown = api.read("contacts", record_id, "hs_buying_role")
    assert shown["properties"]["hs_buying_role"] == "CHAMPION;BLOCKER"


def test_a_date_must_be_midnight_utc(api):
    body = {"name": "renewal", "label": "R", "type": "date", "fieldType": "date"}
    api.post("/crm/v3/properties/contacts", json=body | {"groupName": "contactinformation"})
    url = "/crm/v3/objects/contacts"
    assert detail(api.post(url, json={"properties": {"renewal": "1795219200001"}})) == {
        "renewal": "INVALID_DATE"
    }
    made = api.post(url, json={"properties": {"renewal": "1795219200000"}}).json()
    assert made["properties"]["renewal"] == "2026-11-21"


def test_a_company_needs_a_name_or_a_domain(api):
    assert api.post("/crm/v3/objects/companies", json={"properties": {}}).status_code == 400
    assert api.create("companies", domain="only-domain.example")


def test_a_deal_needs_its_required_properties(api):
    answer = api.post("/crm/v3/objects/deals", json={"properties": {"dealname": "D"}})
    assert answer.status_code == 400
    assert answer.json()["context"]["properties"] == ["dealstage", "pipeline"]


def test_an_admins_rules_bind_from_2026_09_on(api, control):
    rule = {"property": "dealstage", "value": "closedlost", "require": ["closed_lost_reason"]}
    rules = {"required": {"contacts": ["lastname"]}, "conditional": {"deals": [rule]}}
    control.tell("config", {"rules": rules})
    body = {"properties": {"firstname": "A"}}
    refused = api.post("/crm/objects/2026-09/contacts", json=body)
    assert detail(refused) == {"lastname": "MISSING_REQUIRED_PROPERTY"}
    assert api.post("/crm/objects/2026-03/contacts", json=body).status_code == 201
    deal = api.create("deals", dealname="D", dealstage="contractsent", pipeline="default")
    lost = {"properties": {"dealstage": "closedlost"}}
    refused = api.patch(f"/crm/objects/2026-09/deals/{deal}", json=lost)
    assert detail(refused) == {"closed_lost_reason": "MISSING_CONDITIONAL_REQUIRED_PROPERTY"}
    lost["properties"]["closed_lost_reason"] = "price"
    assert api.patch(f"/crm/objects/2026-09/deals/{deal}", json=lost).status_code == 200


def test_an_email_is_unique_and_the_refusal_names_its_holder(api):
    holder = api.create("contacts", email="a@example.org")
    body = {"properties": {"email": "A@example.org"}}
    answer = api.post("/crm/v3/objects/contacts", json=body)
    assert answer.status_code == 409
    assert answer.json()["category"] == "CONFLICT"
    assert answer.json()["message"] == f"Contact already exists. Existing ID: {holder}"
    other = api.create("contacts", email="b@example.org")
    assert api.patch(f"/crm/v3/objects/contacts/{other}", json=body).status_code == 409


def test_an_archived_contact_gives_its_email_free(api):
    first = api.create("contacts", email="a@example.org")
    api.delete(f"/crm/v3/objects/contacts/{first}")
    assert api.create("contacts", email="a@example.org") != first


def test_archiving_twice_is_no_error(api):
    one = f"/crm/v3/objects/contacts/{api.create('contacts', firstname='A')}"
    assert [api.delete(one).status_code for _ in range(2)] == [204, 204]


def test_company_domains_are_not_unique(api):
    first = api.create("companies", name="A", domain="same.example")
    assert api.create("companies", name="B", domain="same.example") != first


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b"[]", "application/json", 400),
        (b'{"properties": []}', "application/json", 400),
        (b'{"properties": {"firstname": {}}}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"a=1", "application/x-www-form-urlencoded", 415),
    ],
)
def test_an_unreadable_body_is_refused(body, content_type, status, api):
    headers = {"Content-Type": content_type}
    answer = api.post("/crm/v3/objects/contacts", data=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["status"] == "error"


def test_an_address_that_is_too_long_is_414(api):
    answer = api.get("/crm/v3/objects/contacts", params={"properties": "x" * 32_001})
    assert answer.status_code == 414


# -- lists


def test_a_list_pages_through_every_record_once(api):
    made = {api.create("contacts", firstname=str(n)) for n in range(7)}
    seen, after = [], "0"
    while after:
        page = api.get(f"/crm/v3/objects/contacts?limit=3&after={after}").json()
        seen += [row["id"] for row in page["results"]]
        after = page.get("paging", {}).get("next", {}).get("after")
    assert len(seen) == 7
    assert set(seen) == made


def test_a_list_shows_archived_records_only_when_asked(api):
    kept, gone = api.create("companies", name="A"), api.create("companies", name="B")
    api.delete(f"/crm/v3/objects/companies/{gone}")

    def ids(query: str) -> list[str]:
        rows = api.get(f"/crm/v3/objects/companies{query}").json()["results"]
        return [row["id"] for row in rows]

    assert ids("") == [kept]
    assert ids("?archived=true") == [gone]
    shown = api.get(f"/crm/v3/objects/companies/{gone}?archived=true").json()
    assert shown["archived"] is True
    assert "archivedAt" in shown


@pytest.mark.parametrize(
    "query", ["limit=101", "limit=0", "limit=x", "limit=51&propertiesWithHistory=email", "after=x"]
)
def test_a_page_beyond_the_limits_is_refused(query, api):
    assert api.get(f"/crm/v3/objects/contacts?{query}").status_code == 400


def test_a_new_record_may_not_be_readable_yet(api, control):
    control.tell("config", {"read_lag_ms": 400})
    record_id = api.create("contacts", firstname="A")
    one = f"/crm/v3/objects/contacts/{record_id}"
    assert api.get(one).status_code == 404
    assert api.batch("contacts", "read", [{"id": record_id}]).json()["results"] == []
    time.sleep(0.45)
    assert api.get(one).status_code == 200
    assert len(api.batch("contacts", "read", [{"id": record_id}]).json()["results"]) == 1
