"""The org around the rows: versions, describes, custom fields, limits, faults, control."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path

import pytest
import requests

from sandbox.__main__ import main
from sandbox.core.sandbox import Sandbox
from sandbox.salesforce.config import DEFAULT_TOKEN, Options
from sandbox.salesforce.provider import Salesforce

ROOT = Path(__file__).resolve().parents[2]
FIELD = {
    "FullName": "Account.Odoo_Id__c",
    "Metadata": {
        "type": "Text",
        "label": "Odoo Id",
        "length": 255,
        "externalId": True,
        "unique": True,
    },
}


def code(answer) -> str:
    return answer.json()[0]["errorCode"]


# -- versions and describes


def test_versions_are_listed_without_a_token(sf_box):
    rows = requests.get(f"{sf_box.url}/services/data/", timeout=5).json()
    assert rows[0]["version"] == "31.0" and rows[-1]["version"] == "68.0"
    known = {row["version"]: row["label"] for row in rows}
    assert (known["66.0"], known["67.0"], known["68.0"]) == (
        "Spring '26",
        "Summer '26",
        "Winter '27",
    )


@pytest.mark.parametrize(
    ("version", "status"), [("v66.0", 200), ("v30.0", 410), ("v99.0", 404), ("v1.0", 404)]
)
def test_a_version_that_is_gone_says_so(sf, version, status):
    sf.version = version
    assert sf.get("/limits").status_code == status


def test_a_describe_that_did_not_change_is_304(sf, sf_control):
    later = {"If-Modified-Since": formatdate(time.time() + 2, usegmt=True)}
    for path in ("/sobjects", "/sobjects/Account/describe"):
        assert sf.get(path).headers["Last-Modified"]
        assert sf.get(path, headers=later).status_code == 304
    earlier = {"If-Modified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}
    assert sf.get("/sobjects/Account/describe", headers=earlier).status_code == 200
    time.sleep(1.1)
    known = {"If-Modified-Since": formatdate(usegmt=True)}
    time.sleep(1.1)
    made = {"FullName": "Contact.Tier__c", "Metadata": {"type": "Number", "scale": 2}}
    sf_control.person("CustomField", properties=made)
    assert sf.get("/sobjects/Account/describe", headers=known).status_code == 304
    changed = sf.get("/sobjects/Contact/describe", headers=known)
    assert changed.status_code == 200
    assert "Tier__c" in [row["name"] for row in changed.json()["fields"]]


def test_the_organization_and_its_stages_can_be_asked_for(sf):
    [row] = sf.rows("SELECT Id, IsSandbox, OrganizationType FROM Organization")
    assert (row["Id"], row["IsSandbox"]) == (Options.org_id, True)
    won = sf.rows("SELECT ApiName FROM OpportunityStage WHERE IsWon = true AND IsActive = true")
    assert [row["ApiName"] for row in won] == ["Closed Won"]
    assert len(sf.rows("SELECT Id FROM LeadStatus WHERE IsConverted = true")) == 1


# -- an org without our field


@pytest.fixture
def bare(sf, sf_control):
    """An org that lacks Odoo_Id__c."""
    sf_control.tell("reset", {"external_id": ""})
    return sf


def fields(sf, kind: str = "Account") -> dict[str, dict]:
    return {row["name"]: row for row in sf.get(f"/sobjects/{kind}/describe").json()["fields"]}


def test_an_org_may_lack_our_field(bare):
    assert "Odoo_Id__c" not in fields(bare)
    answer = bare.patch("/sobjects/Account/Odoo_Id__c/7", json={"Name": "A"})
    assert (answer.status_code, code(answer)) == (404, "NOT_FOUND")
    answer = bare.post("/sobjects/Account", json={"Name": "A", "Odoo_Id__c": "7"})
    assert code(answer) == "INVALID_FIELD"
    assert code(bare.soql("SELECT Odoo_Id__c FROM Account")) == "INVALID_FIELD"


def test_a_field_made_by_tooling_is_seen_once_a_permission_set_grants_it(bare):
    made = bare.post("/tooling/sobjects/CustomField", json=FIELD)
    assert made.status_code == 201 and made.json()["success"] is True
    assert "Odoo_Id__c" not in fields(bare)
    user = bare.rows("SELECT Id FROM User WHERE Alias = 'odoo'")[0]["Id"]
    granted = bare.create("PermissionSet", Name="Odoo_Sync", Label="Odoo sync")
    access = {"SobjectType": "Account", "Field": FIELD["FullName"]}
    access |= {"PermissionsRead": True, "PermissionsEdit": True}
    bare.create("FieldPermissions", ParentId=granted, **access)
    assert "Odoo_Id__c" not in fields(bare)
    bare.create("PermissionSetAssignment", PermissionSetId=granted, AssigneeId=user)
    assert fields(bare)["Odoo_Id__c"]["externalId"] is True
    assert bare.patch("/sobjects/Account/Odoo_Id__c/7", json={"Name": "A"}).status_code == 201
    [row] = bare.rows("SELECT Id FROM FieldPermissions")
    bare.patch(f"/sobjects/FieldPermissions/{row['Id']}", json={"PermissionsEdit": False})
    assert fields(bare)["Odoo_Id__c"]["updateable"] is False
    assert bare.delete(f"/sobjects/FieldPermissions/{row['Id']}").status_code == 204
    assert "Odoo_Id__c" not in fields(bare)


def test_a_field_can_be_looked_up_and_is_made_once(bare, sf_control):
    sf_control.tell("config", {"tooling_grants_access": True})
    query = {"q": "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Account'"}
    assert bare.get("/tooling/query", params=query).json()["totalSize"] == 0
    made = bare.post("/tooling/sobjects/CustomField", json=FIELD).json()["id"]
    [row] = bare.get("/tooling/query", params=query).json()["records"]
    assert (row["Id"], row["DeveloperName"]) == (made, "Odoo_Id")
    assert fields(bare)["Odoo_Id__c"]["unique"] is True
    again = bare.post("/tooling/sobjects/CustomField", json=FIELD)
    assert code(again) == "DUPLICATE_DEVELOPER_NAME"
    assert bare.delete(f"/tooling/sobjects/CustomField/{made}").status_code == 204
    assert "Odoo_Id__c" not in fields(bare)


def test_who_may_not_customize_makes_no_field(bare, sf_control):
    sf_control.tell("config", {"customize_application": False})
    answer = bare.post("/tooling/sobjects/CustomField", json=FIELD)
    assert (answer.status_code, code(answer)) == (403, "INSUFFICIENT_ACCESS")


def test_a_field_can_vanish_with_its_values(sf, sf_control):
    sf.create("Account", Name="A", Odoo_Id__c="7")
    sf_control.person("CustomField", id="Account.Odoo_Id__c", action="delete")
    assert "Odoo_Id__c" not in fields(sf)
    assert "Odoo_Id__c" in fields(sf, "Contact")


@pytest.mark.parametrize(
    ("metadata", "value", "kept"),
    [
        ({"type": "Number", "precision": 6, "scale": 2}, "1.005", 1.01),
        ({"type": "Checkbox"}, True, True),
        ({"type": "Date"}, "2026-02-03", "2026-02-03"),
        ({"type": "DateTime"}, "2026-02-03T10:00:00+02:00", "2026-02-03T08:00:00.000+0000"),
        ({"type": "Lookup", "referenceTo": "Account"}, None, None),
    ],
)
def test_custom_fields_of_many_types(sf, sf_control, metadata, value, kept):
    sf_control.tell("config", {"custom_fields": {"Contact.Extra__c": metadata}})
    record_id = sf.create("Contact", LastName="A", Extra__c=value)
    assert sf.read("Contact", record_id)["Extra__c"] == kept


# -- limits


def test_every_answer_says_what_is_left_of_the_day(sf):
    first = sf.get("/sobjects").headers["Sforce-Limit-Info"]
    second = sf.soql("SELECT nonsense").headers["Sforce-Limit-Info"]
    assert (first, second) == ("api-usage=1/100000", "api-usage=2/100000")
    left = sf.get("/limits").json()["DailyApiRequests"]
    assert left == {"Max": 100_000, "Remaining": 100_000 - 3}


def test_over_the_limit_is_403_and_not_429(sf, sf_control):
    sf_control.tell("config", {"limits": {"daily": 2, "bursts": "1/750"}})
    assert sf.get("/sobjects").headers["Sforce-Limit-Info"] == "api-usage=1/2; api-bursts=1/750"
    assert sf.get("/sobjects").status_code == 200
    answer = sf.get("/sobjects")
    assert (answer.status_code, code(answer)) == (403, "REQUEST_LIMIT_EXCEEDED")


# -- faults


@pytest.mark.parametrize(
    ("fault", "status", "expected"),
    [
        ({"kind": "request_limit"}, 403, "REQUEST_LIMIT_EXCEEDED"),
        ({"kind": "expired_token"}, 401, "INVALID_SESSION_ID"),
        ({"kind": "http_500"}, 500, "UNKNOWN_EXCEPTION"),
        ({"kind": "http_503"}, 503, "SERVER_UNAVAILABLE"),
        ({"kind": "row_lock"}, 400, "UNABLE_TO_LOCK_ROW"),
        ({"kind": "row_error", "code": "ENTITY_IS_LOCKED"}, 400, "ENTITY_IS_LOCKED"),
        ({"kind": "call_error", "code": "QUERY_TIMEOUT"}, 400, "QUERY_TIMEOUT"),
        ({"kind": "call_error", "code": "API_DISABLED_FOR_ORG"}, 403, "API_DISABLED_FOR_ORG"),
    ],
)
def test_a_fault_speaks_salesforces_language(sf, sf_control, fault, status, expected):
    sf_control.tell("faults", {"faults": [fault | {"count": 1}]})
    answer = sf.post("/sobjects/Account", json={"Name": "A"})
    assert (answer.status_code, code(answer)) == (status, expected)
    assert sf.soql("SELECT COUNT() FROM Account").json()["totalSize"] == 0
    assert sf.post("/sobjects/Account", json={"Name": "A"}).status_code == 201


def test_a_call_may_do_its_work_and_lose_its_answer(sf, sf_control):
    sf_control.tell("faults", {"faults": [{"kind": "commit_then_drop", "count": 1}]})
    with pytest.raises(requests.ConnectionError):
        sf.patch("/sobjects/Account/Odoo_Id__c/7", json={"Name": "A"})
    again = sf.patch("/sobjects/Account/Odoo_Id__c/7", json={"Name": "A"})
    assert (again.status_code, again.json()["created"]) == (200, False)
    lost = sf_control.ledger()[0]
    assert (lost["status"], lost["committed"], lost["fault"]) == (None, True, "commit_then_drop")


@pytest.mark.parametrize("kind", ["http_429", "http_477", "silent_noop", "nonsense"])
def test_what_salesforce_never_says_is_no_fault_here(sf_control, kind):
    answer = sf_control.post("/_sandbox/faults", json={"faults": [{"kind": kind}]})
    assert answer.status_code == 400 and "row_lock" in answer.json()["error"]


# -- the control surface


def test_what_comes_out_of_objects_goes_in_by_import(sf, sf_control):
    sf_control.tell("reset", {"seed_data": {"accounts": 5, "contacts": 20, "leads": 3}})
    gone = sf.rows("SELECT Id FROM Contact LIMIT 1")[0]["Id"]
    sf.delete(f"/sobjects/Contact/{gone}")
    before = {kind: sf_control.records(kind) for kind in ("Account", "Contact", "Lead")}
    sf_control.tell("reset", {"objects": {kind: [*rows.values()] for kind, rows in before.items()}})
    after = {kind: sf_control.records(kind) for kind in before}
    strip = {"version"}
    assert {
        kind: {n: {k: v for k, v in row.items() if k not in strip} for n, row in rows.items()}
        for kind, rows in after.items()
    } == {
        kind: {n: {k: v for k, v in row.items() if k not in strip} for n, row in rows.items()}
        for kind, rows in before.items()
    }


def test_made_up_data_depends_on_the_seed_alone(sf_control):
    spec = {"accounts": 30, "contacts": 80, "leads": 10, "opportunities": 10, "seed": 5}
    found = []
    for seed in (5, 5, 6):
        sf_control.tell("reset", {"seed_data": spec | {"seed": seed}})
        found.append([row["properties"] for row in sf_control.records("Contact").values()])
    assert found[0] == found[1] != found[2]
    assert len({row.get("AccountId") for row in found[0]}) > 10


@pytest.mark.parametrize(
    ("path", "body", "word"),
    [
        ("config", {"nonsense": 1}, "nonsense"),
        ("config", {"limits": {"daily": "many"}}, "int"),
        ("config", {"duplicate_rules": [{"object": "Account"}]}, "match"),
        ("config", {"validation_rules": [{}]}, "pattern"),
        ("reset", {"seed_data": {"accounts": -1}}, "whole number"),
        ("reset", {"org_id": "org"}, "no record id"),
        ("objects/Nope", {}, "no object"),
        ("objects/Account", {"id": "001", "properties": {}}, "no Account"),
        ("objects/Account", {"properties": {"Nope": 1}}, "No such column"),
        ("objects/Account", {"action": "merge"}, "needs an id"),
        ("import", {"Account": [{"id": "003Qy0000000001"}]}, "begin with 001"),
        ("import", {"Account": [{"properties": {"Nope": 1}}]}, "no field"),
        ("import", {"Account": {}}, "list"),
        ("auth", {"nonsense": 1}, "nonsense"),
        ("auth", {"refuse_calls": {"errorCode": "X"}}, "message"),
    ],
)
def test_bad_input_gets_a_sentence(sf_control, path, body, word):
    answer = sf_control.post(f"/_sandbox/{path}", json=body)
    assert answer.status_code == 400
    assert word in answer.json()["error"]


def test_a_refused_reset_changes_nothing(sf, sf_control):
    record_id = sf.create("Account", Name="A")
    body = {"query_page": 1, "objects": {"Account": [{"properties": {"Nope": 1}}]}}
    assert sf_control.post("/_sandbox/reset", json=body).status_code == 400
    assert sf.read("Account", record_id)["Name"] == "A"


def test_it_runs_as_a_program_of_its_own():
    words = ["salesforce", "--port", "0", "--control-port", "0", "--org-id", "00D000000000001"]
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        info = json.loads(process.stdout.readline())
        assert info["provider"] == "salesforce" and info["client_secret"]
        headers = {"Authorization": f"Bearer {info['token']}"}
        path = "/services/data/v66.0/query?q=SELECT Id FROM Organization"
        answer = requests.get(info["api"] + path, headers=headers, timeout=60)
        assert answer.json()["records"][0]["Id"].startswith("00D000000000001")
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_a_made_up_org_id_is_refused_on_the_command_line(capsys):
    assert main(["salesforce", "--port", "0", "--org-id", "mine"]) == 2
    assert capsys.readouterr().err.strip() == "mine is no record id."


def test_two_orgs_live_side_by_side():
    with Sandbox(Salesforce()) as one, Sandbox(Salesforce(Options(seed=1))) as other:
        ids = []
        for box in (one, other):
            path = f"{box.url}/services/data/v66.0/sobjects/Account"
            headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}"}
            answer = requests.post(path, json={"Name": "A"}, headers=headers, timeout=5)
            ids.append(answer.json()["id"])
    assert ids[0] != ids[1]
