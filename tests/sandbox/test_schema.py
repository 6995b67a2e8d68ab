"""Properties, groups, pipelines and owners."""

from __future__ import annotations

import pytest

PROPERTY = {
    "name": "odoo_external_id",
    "label": "Odoo id",
    "type": "string",
    "fieldType": "text",
    "groupName": "contactinformation",
}
URL = "/crm/properties/2026-09/contacts"


def test_a_property_is_created_changed_and_archived(api):
    made = api.post(URL, json=PROPERTY | {"hasUniqueValue": True})
    assert made.status_code == 201
    assert made.json()["hasUniqueValue"] is True
    changed = api.patch(f"{URL}/odoo_external_id", json={"label": "Key"})
    assert changed.json()["label"] == "Key"
    assert api.delete(f"{URL}/odoo_external_id").status_code == 204
    assert api.get(f"{URL}/odoo_external_id").status_code == 404
    assert api.get(f"{URL}/odoo_external_id?archived=true").json()["archived"] is True


def test_an_archived_property_comes_back_with_its_old_creation_date(api):
    first = api.post(URL, json=PROPERTY).json()
    api.delete(f"{URL}/odoo_external_id")
    again = api.post(URL, json=PROPERTY)
    assert again.status_code == 201
    assert again.json()["createdAt"] == first["createdAt"]


def test_an_existing_name_is_409(api):
    api.post(URL, json=PROPERTY)
    answer = api.post(URL, json=PROPERTY)
    assert answer.status_code == 409
    assert answer.json()["category"] == "OBJECT_ALREADY_EXISTS"
    assert answer.json()["subCategory"] == "Properties.PROPERTY_WITH_NAME_EXISTS"


@pytest.mark.parametrize(
    "change",
    [
        {"name": "With Blank"},
        {"name": "9lives"},
        {"type": "money"},
        {"fieldType": "number"},
        {"label": ""},
        {"groupName": "nowhere"},
        {"type": "bool", "fieldType": "booleancheckbox", "hasUniqueValue": True},
        {"type": "enumeration", "fieldType": "select", "options": [{"label": "no value"}]},
    ],
)
def test_a_property_that_makes_no_sense_is_refused(change, api):
    assert api.post(URL, json=PROPERTY | change).status_code == 400


def test_ten_unique_properties_are_the_most(api):
    for number in range(10):
        api.add_unique_property("contacts", f"unique_{number}")
    answer = api.post(URL, json=PROPERTY | {"hasUniqueValue": True})
    assert answer.status_code == 400
    assert api.post(URL, json=PROPERTY).status_code == 201


@pytest.mark.parametrize("change", [{"hasUniqueValue": True}, {"name": "other"}])
def test_uniqueness_and_name_cannot_be_changed_later(change, api):
    api.post(URL, json=PROPERTY)
    assert api.patch(f"{URL}/odoo_external_id", json=change).status_code == 400


def test_options_are_replaced_as_a_whole(api):
    body = PROPERTY | {"name": "colour", "type": "enumeration", "fieldType": "select"}
    body["options"] = [{"label": "Red", "value": "r"}, {"label": "Blue", "value": "b"}]
    assert api.post(URL, json=body).status_code == 201
    api.patch(f"{URL}/colour", json={"options": [{"label": "Green", "value": "g"}]})
    assert [row["value"] for row in api.get(f"{URL}/colour").json()["options"]] == ["g"]
    answer = api.post("/crm/v3/objects/contacts", json={"properties": {"colour": "r"}})
    assert answer.status_code == 400


def test_hubspots_own_properties_stay(api):
    assert api.delete(f"{URL}/email").status_code == 400
    assert api.patch(f"{URL}/email", json={"label": "E"}).status_code == 400


def test_batches_of_properties(api):
    rows = [PROPERTY | {"name": name} for name in ("one", "two")]
    made = api.post(f"{URL}/batch/create", json={"inputs": rows})
    assert (made.status_code, len(made.json()["results"])) == (201, 2)
    names = {"inputs": [{"name": "one"}, {"name": "nope"}]}
    found = api.post(f"{URL}/batch/read", json=names)
    assert (found.status_code, found.json()["results"][0]["name"]) == (207, "one")
    gone = api.post(f"{URL}/batch/archive", json={"inputs": [{"name": "one"}, {"name": "two"}]})
    assert gone.status_code == 204


def test_groups_can_be_listed_and_added(api):
    assert api.post(f"{URL}/groups", json={"name": "odoo", "label": "Odoo"}).status_code == 201
    assert api.post(f"{URL}/groups", json={"name": "odoo", "label": "Odoo"}).status_code == 409
    names = [row["name"] for row in api.get(f"{URL}/groups").json()["results"]]
    assert {"odoo", "contactinformation"} <= set(names)
    assert api.post(URL, json=PROPERTY | {"groupName": "odoo"}).status_code == 201


def test_the_default_deal_pipeline_has_text_metadata(api):
    (pipeline,) = api.get("/crm/pipelines/2026-09/deals").json()["results"]
    assert pipeline["id"] == "default"
    won = next(row for row in pipeline["stages"] if row["id"] == "closedwon")
    assert won["metadata"] == {"isClosed": "true", "probability": "1.0"}


def test_a_stage_can_be_added_used_and_not_deleted_while_used(api):
    stages = "/crm/v3/pipelines/deals/default/stages"
    body = {"label": "Legal check", "displayOrder": 5, "metadata": {"probability": 0.7}}
    stage = api.post(stages, json=body).json()
    assert stage["metadata"] == {"isClosed": "false", "probability": "0.7"}
    deal = api.create("deals", dealname="D", pipeline="default", dealstage=stage["id"])
    shown = api.read("deals", deal, "hs_deal_stage_probability", "hs_is_closed")
    assert shown["properties"]["hs_deal_stage_probability"] == "0.7"
    assert shown["properties"]["hs_is_closed"] == "false"
    assert api.delete(f"{stages}/{stage['id']}").status_code == 400
    api.delete(f"/crm/v3/objects/deals/{deal}")
    assert api.delete(f"{stages}/{stage['id']}").status_code == 204


def test_a_second_pipeline_keeps_its_stages_to_itself(api):
    stages = [{"label": "Start", "metadata": {"probability": "0.1"}}]
    made = api.post("/crm/v3/pipelines/deals", json={"label": "Partners", "stages": stages}).json()
    deal = {"dealname": "D", "pipeline": "default", "dealstage": made["stages"][0]["id"]}
    assert api.post("/crm/v3/objects/deals", json={"properties": deal}).status_code == 400
    deal["pipeline"] = made["id"]
    assert api.post("/crm/v3/objects/deals", json={"properties": deal}).status_code == 201


def test_contacts_have_no_pipelines(api):
    assert api.get("/crm/v3/pipelines/contacts").status_code == 404


def test_owners_are_listed_filtered_and_paged(api, control):
    control.tell("import", {"owners": [{"email": "Gone@example.com", "archived": True}]})
    everybody = api.get("/crm/owners/2026-09").json()["results"]
    assert len(everybody) == 3
    assert all(int(row["id"]) != row["userId"] for row in everybody)
    email = everybody[0]["email"]
    assert api.get(f"/crm/v3/owners?email={email}").json()["results"] == everybody[:1]
    page = api.get("/crm/v3/owners?limit=2").json()
    rest = api.get(f"/crm/v3/owners?limit=2&after={page['paging']['next']['after']}").json()
    assert page["results"] + rest["results"] == everybody
    archived = api.get("/crm/v3/owners?archived=true").json()["results"]
    assert [row["email"] for row in archived] == ["Gone@example.com"]
    one = everybody[0]
    assert api.get(f"/crm/v3/owners/{one['id']}").json() == one
    assert api.get(f"/crm/v3/owners/{one['userId']}?idProperty=userId").json() == one


def test_account_details_and_usage(api, control):
    control.tell("config", {"portal_id": 42, "data_hosting": "eu1", "currency": "CHF"})
    details = api.get("/account-info/2026-09/details").json()
    assert (details["portalId"], details["dataHostingLocation"]) == (42, "eu1")
    assert details["companyCurrency"] == "CHF"
    usage = api.get("/account-info/v3/api-usage/daily/private-apps").json()["results"][0]
    assert usage["currentUsage"] == 2
