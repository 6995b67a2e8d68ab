"""Associations: both ends, type ids, primary companies, batches, labels."""

from __future__ import annotations

import pytest

CONTACT_COMPANY = "/crm/v4/associations/contacts/companies"


def spec(number: int, category: str = "HUBSPOT_DEFINED") -> dict:
    return {"associationCategory": category, "associationTypeId": number}


@pytest.fixture
def contact(api) -> str:
    return api.create("contacts", firstname="A")


@pytest.fixture
def companies(api) -> list[str]:
    return [api.create("companies", name=name) for name in "XY"]


def types(api, source: str, source_id: str, target: str, target_id: str) -> set[int]:
    rows = api.get(f"/crm/v4/objects/{source}/{source_id}/associations/{target}").json()["results"]
    for found in rows:
        if str(found["toObjectId"]) == target_id:
            return {row["typeId"] for row in found["associationTypes"]}
    return set()


def test_an_association_is_seen_from_both_ends_under_its_own_ids(api, contact, companies):
    path = f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{companies[1]}"
    answer = api.put(path)
    assert answer.status_code == 200
    numbers = {row["associationSpec"]["associationTypeId"] for row in answer.json()["results"]}
    assert numbers == {279, 280}
    assert types(api, "contacts", contact, "companies", companies[1]) == {1, 279}
    assert types(api, "companies", companies[1], "contacts", contact) == {2, 280}


def test_the_first_company_is_primary_and_a_new_primary_takes_over(api, contact, companies):
    base = f"/crm/v4/objects/contacts/{contact}/associations"
    for company in companies:
        api.put(f"{base}/default/companies/{company}")
    assert types(api, "contacts", contact, "companies", companies[0]) == {1, 279}
    assert types(api, "contacts", contact, "companies", companies[1]) == {279}
    answer = api.put(f"{base}/companies/{companies[1]}", json=[spec(1)])
    assert answer.status_code == 201
    assert answer.json()["labels"] == ["Primary"]
    assert types(api, "contacts", contact, "companies", companies[0]) == {279}
    assert types(api, "contacts", contact, "companies", companies[1]) == {1, 279}
    shown = api.read("contacts", contact, "associatedcompanyid")
    assert shown["properties"]["associatedcompanyid"] == companies[1]


def test_taking_the_association_away_empties_the_company(api, contact, companies):
    path = f"/crm/v4/objects/contacts/{contact}/associations"
    api.put(f"{path}/default/companies/{companies[0]}")
    assert api.delete(f"{path}/companies/{companies[0]}").status_code == 204
    assert types(api, "contacts", contact, "companies", companies[0]) == set()
    shown = api.read("contacts", contact, "associatedcompanyid")
    assert shown["properties"]["associatedcompanyid"] is None


def test_the_older_list_names_types_and_the_newest_draft_has_none(api, contact, companies):
    api.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{companies[0]}")
    rows = api.get(f"/crm/v3/objects/contacts/{contact}/associations/companies").json()["results"]
    assert [row["type"] for row in rows] == ["contact_to_company", "contact_to_company_unlabeled"]
    dated = "/crm/objects/{}/contacts/" + contact + "/associations/companies"
    assert api.get(dated.format("2026-03")).json()["results"][0]["toObjectId"] == companies[0]
    assert api.get(dated.format("2026-09")).status_code == 404


def test_a_batch_reads_thousand_records_and_names_those_alone(api, contact, companies):
    api.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{companies[0]}")
    inputs = [{"id": contact}] + [{"id": str(n)} for n in range(1, 1000)]
    answer = api.post(f"{CONTACT_COMPANY}/batch/read", json={"inputs": inputs})
    assert answer.status_code == 207
    assert [row["from"]["id"] for row in answer.json()["results"]] == [contact]
    assert answer.json()["numErrors"] == 999
    error = answer.json()["errors"][0]
    assert error["subCategory"] == "crm.associations.NO_ASSOCIATIONS_FOUND"
    inputs.append({"id": "1000"})
    assert api.post(f"{CONTACT_COMPANY}/batch/read", json={"inputs": inputs}).status_code == 400


def test_batches_create_and_archive(api, contact, companies):
    pair = {"from": {"id": contact}, "to": {"id": companies[0]}}
    made = api.post(
        f"{CONTACT_COMPANY}/batch/create", json={"inputs": [pair | {"types": [spec(279)]}]}
    )
    assert made.status_code == 201
    assert made.json()["results"][0]["toObjectTypeId"] == "0-2"
    default = api.post(f"{CONTACT_COMPANY}/batch/associate/default", json={"inputs": [pair]})
    assert default.status_code == 200
    gone = {"inputs": [{"from": {"id": contact}, "to": [{"id": companies[0]}]}]}
    assert api.post(f"{CONTACT_COMPANY}/batch/archive", json=gone).status_code == 204
    assert types(api, "contacts", contact, "companies", companies[0]) == set()


def test_a_batch_tells_which_end_is_missing(api, contact):
    pair = {"from": {"id": contact}, "to": {"id": "999"}}
    answer = api.post(f"{CONTACT_COMPANY}/batch/associate/default", json={"inputs": [pair]})
    assert answer.status_code == 207
    assert answer.json()["errors"][0]["context"]["ids"] == ["999"]


def test_a_label_of_ones_own_has_a_type_in_each_direction(api, contact, companies):
    labels = f"{CONTACT_COMPANY}/labels"
    body = {"label": "Works for", "inverseLabel": "Employs", "name": "works"}
    made = api.post(labels, json=body).json()["results"]
    assert [row["label"] for row in made] == ["Works for", "Employs"]
    link = f"/crm/v4/objects/contacts/{contact}/associations/companies/{companies[0]}"
    number = made[0]["typeId"]
    assert api.put(link, json=[spec(number, "USER_DEFINED")]).status_code == 201
    assert number in types(api, "contacts", contact, "companies", companies[0])
    inputs = [{"from": {"id": contact}, "to": {"id": companies[0]}}]
    inputs[0]["types"] = [spec(number, "USER_DEFINED")]
    gone = api.post(f"{CONTACT_COMPANY}/batch/labels/archive", json={"inputs": inputs})
    assert gone.status_code == 204
    assert types(api, "contacts", contact, "companies", companies[0]) == {1, 279}
    assert 279 in {row["typeId"] for row in api.get(labels).json()["results"]}


@pytest.mark.parametrize("wrong", [spec(280), spec(279, "USER_DEFINED"), spec(99_999), {}])
def test_a_type_of_another_direction_or_category_is_refused(wrong, api, contact, companies):
    link = f"/crm/v4/objects/contacts/{contact}/associations/companies/{companies[0]}"
    assert api.put(link, json=[wrong]).status_code == 400


def test_an_archived_end_hides_the_association_until_it_is_restored(
    api, control, contact, companies
):
    api.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{companies[0]}")
    api.delete(f"/crm/v3/objects/companies/{companies[0]}")
    assert types(api, "contacts", contact, "companies", companies[0]) == set()
    control.person("companies", id=companies[0], action="restore")
    assert types(api, "contacts", contact, "companies", companies[0]) == {1, 279}


def test_associating_counts_as_a_modification_of_both(api, contact, companies):
    before = api.read("contacts", contact)["updatedAt"], api.read("companies", companies[0])
    api.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{companies[0]}")
    after = api.read("companies", companies[0], "num_associated_contacts")
    assert after["properties"]["num_associated_contacts"] == "1"
    assert after["updatedAt"] >= before[1]["updatedAt"]
    assert api.read("contacts", contact)["updatedAt"] >= before[0]
