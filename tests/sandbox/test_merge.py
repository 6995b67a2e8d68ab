"""Merging makes a third record; old ids keep resolving, but not everywhere."""

from __future__ import annotations

import pytest


@pytest.fixture
def pair(api) -> tuple[str, str]:
    first = api.create("contacts", email="a@example.org", firstname="A", city="Gent")
    second = api.create("contacts", email="b@example.org", firstname="B", phone="1")
    return first, second


def merge(api, winner: str, loser: str) -> dict:
    body = {"primaryObjectId": winner, "objectIdToMerge": loser}
    answer = api.post("/crm/v3/objects/contacts/merge", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_survivor_is_a_third_record_that_knows_its_sources(api, pair):
    survivor = merge(api, *pair)
    assert survivor["id"] not in pair
    values = survivor["properties"]
    assert values["hs_merged_object_ids"] == ";".join(pair)
    assert [row.split(":")[0] for row in values["hs_calculated_merged_vids"].split(";")] == [*pair]
    assert (values["firstname"], values["city"], values["phone"]) == ("A", "Gent", "1")


def test_the_second_email_stays_taken(api, pair):
    survivor = merge(api, *pair)
    assert survivor["properties"]["email"] == "a@example.org"
    assert survivor["properties"]["hs_additional_emails"] == "b@example.org"
    body = {"properties": {"email": "b@example.org"}}
    answer = api.post("/crm/v3/objects/contacts", json=body)
    assert answer.status_code == 409
    assert answer.json()["message"].endswith(survivor["id"])


def test_a_second_email_that_becomes_the_main_one_changes_places(api, pair):
    survivor = merge(api, *pair)["id"]
    change = {"properties": {"email": "b@example.org"}}
    assert api.patch(f"/crm/v3/objects/contacts/{survivor}", json=change).status_code == 200
    shown = api.read("contacts", survivor, "email", "hs_additional_emails")["properties"]
    assert (shown["email"], shown["hs_additional_emails"]) == ("b@example.org", "a@example.org")


def test_old_ids_resolve_in_get_single_patch_and_batch_read(api, pair):
    survivor = merge(api, *pair)["id"]
    for old in pair:
        assert api.read("contacts", old)["id"] == survivor
        change = {"properties": {"city": f"via {old}"}}
        assert api.patch(f"/crm/v3/objects/contacts/{old}", json=change).json()["id"] == survivor
    answer = api.batch("contacts", "read", [{"id": old} for old in pair])
    assert [row["id"] for row in answer.json()["results"]] == [survivor]


def test_old_ids_do_not_work_in_batch_update(api, pair):
    merge(api, *pair)
    inputs = [{"id": old, "properties": {"city": "X"}} for old in pair]
    answer = api.batch("contacts", "update", inputs)
    assert answer.status_code == 207
    assert answer.json()["results"] == []
    assert set(answer.json()["errors"][0]["context"]["ids"]) == set(pair)


def test_merged_records_are_in_no_list_and_no_search(api, pair):
    survivor = merge(api, *pair)["id"]
    for query in ("", "?archived=true"):
        rows = api.get(f"/crm/v3/objects/contacts{query}").json()["results"]
        assert {row["id"] for row in rows} <= {survivor}
    found = api.search("contacts").json()["results"]
    assert [row["id"] for row in found] == [survivor]


def test_merging_again_is_cumulative(api, pair):
    survivor = merge(api, *pair)["id"]
    third = api.create("contacts", email="c@example.org")
    last = merge(api, survivor, third)
    assert last["properties"]["hs_merged_object_ids"] == ";".join([*pair, survivor, third])
    assert api.read("contacts", pair[0])["id"] == last["id"]


def test_associations_go_over_to_the_survivor(api, pair):
    companies = [api.create("companies", name=name) for name in "XY"]
    for contact, company in zip(pair, companies, strict=True):
        api.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}")
    survivor = merge(api, *pair)["id"]
    path = f"/crm/v4/objects/contacts/{survivor}/associations/companies"
    rows = {str(row["toObjectId"]): row for row in api.get(path).json()["results"]}
    assert set(rows) == set(companies)
    primary = [number for number, row in rows.items() if len(row["associationTypes"]) == 2]
    assert primary == [companies[0]]


@pytest.mark.parametrize("other", ["999", "self"])
def test_a_merge_needs_two_live_records(other, api, pair):
    body = {"primaryObjectId": pair[0], "objectIdToMerge": pair[0] if other == "self" else other}
    assert api.post("/crm/v3/objects/contacts/merge", json=body).status_code in (400, 404)


def test_objects_that_cannot_be_merged_are_refused(api):
    first, second = (api.create("products", name=name) for name in "XY")
    body = {"primaryObjectId": first, "objectIdToMerge": second}
    assert api.post("/crm/v3/objects/products/merge", json=body).status_code == 400


def test_a_privacy_deletion_leaves_nothing_behind(api, control, pair):
    answer = api.post("/crm/v3/objects/contacts/gdpr-delete", json={"objectId": pair[0]})
    assert answer.status_code == 204
    assert api.get(f"/crm/v3/objects/contacts/{pair[0]}").status_code == 404
    assert api.get(f"/crm/v3/objects/contacts/{pair[0]}?archived=true").status_code == 404
    kept = control.records("contacts")[pair[0]]
    assert kept["erased"] is True
    assert kept["properties"] == {"hs_object_id": pair[0]}
