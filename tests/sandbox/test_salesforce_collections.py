"""Collections and composite: many rows in a call, each with its own outcome."""

from __future__ import annotations

import pytest


def code(answer) -> str:
    return answer.json()[0]["errorCode"]


def statuses(results: list[dict]) -> list[str]:
    return ["ok" if row["success"] else row["errors"][0]["statusCode"] for row in results]


def count(sf, kind: str) -> int:
    return sf.soql(f"SELECT COUNT() FROM {kind}").json()["totalSize"]


def test_rows_are_judged_one_by_one_and_in_order(sf):
    rows = [
        {"LastName": "A"},
        {"FirstName": "B"},
        {"LastName": "C", "Email": "?"},
        {"LastName": "D"},
    ]
    results = sf.collection("POST", "Contact", rows)
    assert statuses(results) == ["ok", "REQUIRED_FIELD_MISSING", "INVALID_EMAIL_ADDRESS", "ok"]
    assert results[1]["errors"][0]["fields"] == ["LastName"]
    assert "id" not in results[1]
    assert count(sf, "Contact") == 2


def test_all_or_none_takes_everything_back(sf, sf_control, soap):
    kept = sf.create("Contact", LastName="Old")
    assert sf_control.flush()
    before = len(soap.requests)
    rows = [{"Id": kept, "LastName": "New"}, {"Id": kept, "Email": "?"}]
    results = sf.collection("PATCH", "Contact", rows, allOrNone=True)
    assert statuses(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "INVALID_EMAIL_ADDRESS"]
    assert sf.read("Contact", kept)["LastName"] == "Old"
    results = sf.collection("POST", "Contact", [{"LastName": "A"}, {}], allOrNone=True)
    assert statuses(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert count(sf, "Contact") == 1
    assert sf_control.flush()
    assert len(soap.requests) == before, "what was taken back was told of"


def test_an_upsert_says_for_each_row_whether_it_is_new(sf):
    old = sf.create("Account", Name="A", Odoo_Id__c="1")
    rows = [
        {"Odoo_Id__c": "1", "Name": "A2"},
        {"Odoo_Id__c": "2", "Name": "B"},
        {"Odoo_Id__c": "3"},
        {"Name": "No key"},
    ]
    results = sf.collection("PATCH", "Account", rows, field="Odoo_Id__c", allOrNone=False)
    assert statuses(results) == ["ok", "ok", "REQUIRED_FIELD_MISSING", "MISSING_ARGUMENT"]
    assert [row.get("created") for row in results[:2]] == [False, True]
    assert results[0]["id"] == old


def test_one_external_id_twice_in_a_call_is_refused_both_times(sf):
    rows = [{"Odoo_Id__c": "1", "Name": "A"}, {"Odoo_Id__c": "1", "Name": "B"}]
    results = sf.collection("PATCH", "Account", rows, field="Odoo_Id__c")
    assert statuses(results) == ["DUPLICATE_VALUE"] * 2
    assert count(sf, "Account") == 0


def test_a_key_that_several_rows_have_is_ambiguous(sf):
    for _ in range(2):
        sf.create("Contact", LastName="A", Email="a@example.org")
    rows = [{"Email": "a@example.org", "Title": "T"}]
    results = sf.collection("PATCH", "Contact", rows, field="Email")
    assert statuses(results) == ["DUPLICATE_EXTERNAL_ID"]


def test_an_unknown_key_field_refuses_the_call(sf):
    body = {"records": [{"attributes": {"type": "Account"}, "Name": "A"}]}
    answer = sf.patch("/composite/sobjects/Account/Nope__c", json=body)
    assert (answer.status_code, code(answer)) == (404, "NOT_FOUND")


def test_over_two_hundred_rows_are_refused(sf):
    rows = [{"attributes": {"type": "Account"}, "Name": f"A{n}"} for n in range(201)]
    answer = sf.post("/composite/sobjects", json={"records": rows})
    assert (answer.status_code, code(answer)) == (400, "EXCEEDED_ID_LIMIT")
    assert sf.post("/composite/sobjects", json={"records": rows[:200]}).status_code == 200
    assert count(sf, "Account") == 200


def test_over_ten_chunks_of_a_type_are_refused(sf):
    def rows(number: int) -> dict:
        kinds = ("Account", "Product2")
        return {
            "records": [
                {"attributes": {"type": kinds[n % 2]}, "Name": f"A{n}"} for n in range(number)
            ]
        }

    answer = sf.post("/composite/sobjects", json=rows(11))
    assert (answer.status_code, code(answer)) == (400, "LIMIT_EXCEEDED")
    assert sf.post("/composite/sobjects", json=rows(10)).status_code == 200


def test_a_value_of_the_wrong_kind_refuses_the_whole_call(sf):
    rows = [
        {"attributes": {"type": "Account"}, "Name": "A"},
        {"attributes": {"type": "Account"}, "Name": 5},
    ]
    answer = sf.post("/composite/sobjects", json={"records": rows})
    assert (answer.status_code, code(answer)) == (400, "JSON_PARSER_ERROR")
    assert count(sf, "Account") == 0


def test_rows_are_deleted_and_retrieved_by_id(sf):
    made = [sf.create("Account", Name=name) for name in "ABC"]
    answer = sf.delete("/composite/sobjects", params={"ids": ",".join([*made[:2], "001x"])})
    assert statuses(answer.json()) == ["ok", "ok", "MALFORMED_ID"]
    path = "/composite/sobjects/Account"
    query = {"ids": ",".join(made), "fields": "Name"}
    assert [row and row["Name"] for row in sf.get(path, params=query).json()] == [None, None, "C"]
    body = {"ids": [made[2]], "fields": ["Id", "Name"]}
    assert [row["Id"] for row in sf.post(path, json=body).json()] == [made[2]]


def test_a_deletion_of_all_or_none_keeps_all(sf):
    made = sf.create("Account", Name="A")
    query = {"ids": f"{made},001x", "allOrNone": "true"}
    results = sf.delete("/composite/sobjects", params=query).json()
    assert statuses(results) == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "MALFORMED_ID"]
    assert sf.read("Account", made)["Name"] == "A"


def test_a_fault_locks_some_rows_of_a_call(sf, sf_control):
    lock = {"kind": "row_lock", "share": 0.5, "match": "composite/sobjects", "count": 1}
    sf_control.tell("faults", {"seed": 3, "faults": [lock]})
    rows = [{"Odoo_Id__c": str(n), "Name": f"A{n}"} for n in range(40)]
    results = sf.collection("PATCH", "Account", rows, field="Odoo_Id__c", allOrNone=False)
    found = statuses(results)
    assert set(found) == {"ok", "UNABLE_TO_LOCK_ROW"}
    assert sf_control.ledger()[-1]["committed"] is True, "a part of the work was done"
    again = sf.collection("PATCH", "Account", rows, field="Odoo_Id__c", allOrNone=False)
    assert set(statuses(again)) == {"ok"}
    assert [row["created"] for row in again] == [one != "ok" for one in found]


# -- composite


def call(method: str, url: str, name: str, body: object = None) -> dict:
    row = {"method": method, "url": f"/services/data/v66.0{url}", "referenceId": name}
    return row if body is None else row | {"body": body}


def composite(sf, *calls: dict, all_or_none: bool = False) -> list[dict]:
    body = {"allOrNone": all_or_none, "compositeRequest": list(calls)}
    answer = sf.post("/composite", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["compositeResponse"]


def test_a_call_uses_what_an_earlier_one_answered(sf, sf_control):
    results = composite(
        sf,
        call("POST", "/sobjects/Account", "acc", {"Name": "A"}),
        call("POST", "/sobjects/Contact", "con", {"LastName": "C", "AccountId": "@{acc.id}"}),
        call("GET", "/query?q=SELECT+Name+FROM+Account+WHERE+Id='@{acc.id}'", "found"),
        call("PATCH", "/sobjects/Contact/@{con.id}", "set", {"Title": "@{found.records[0].Name}"}),
    )
    assert [row["httpStatusCode"] for row in results] == [201, 201, 200, 204]
    assert [row["referenceId"] for row in results] == ["acc", "con", "found", "set"]
    assert sf.read("Contact", results[1]["body"]["id"])["Title"] == "A"
    usage = sf_control.get("/_sandbox/state").json()["rate"]["calls"]
    assert usage == 2, "a composite call is one call"


def test_a_call_that_refers_to_a_failed_one_is_halted(sf):
    results = composite(
        sf,
        call("POST", "/sobjects/Account", "acc", {}),
        call("POST", "/sobjects/Contact", "con", {"LastName": "C", "AccountId": "@{acc.id}"}),
        call("POST", "/sobjects/Account", "other", {"Name": "B"}),
    )
    assert [row["httpStatusCode"] for row in results] == [400, 400, 201]
    assert results[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"


def test_all_or_none_takes_the_whole_composite_back(sf):
    results = composite(
        sf,
        call("POST", "/sobjects/Account", "a", {"Name": "A"}),
        call("POST", "/sobjects/Account", "b", {}),
        all_or_none=True,
    )
    assert [row["body"][0]["errorCode"] for row in results] == [
        "PROCESSING_HALTED",
        "REQUIRED_FIELD_MISSING",
    ]
    assert count(sf, "Account") == 0


@pytest.mark.parametrize("number", [25, 26])
def test_a_composite_holds_twenty_five_calls(sf, number):
    calls = [call("GET", "/limits", f"r{n}") for n in range(number)]
    answer = sf.post("/composite", json={"compositeRequest": calls})
    assert answer.status_code == (200 if number == 25 else 400)
