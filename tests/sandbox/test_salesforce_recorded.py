"""The Salesforce sandbox answers recorded calls as the real service did.

The recordings are those of CumulusCI (describes, upserts) and of restforce (single answers).
An answer is compared key by key and value by value; ids stand for each other, and rows that a query
did not order are compared in any order. What differs, and why, is named below.
"""

from __future__ import annotations

import ast
import json
import re
import threading
from datetime import datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest
import yaml

from sandbox.salesforce import ids
from sandbox.salesforce.config import DEFAULT_SECRET, Options
from sandbox.salesforce.outbound import Format

#: Cassettes of the Bulk API 1.0 (XML) are not among them: the sandbox has 2.0.
CASSETTES = [
    "TestUpdatesIntegrationTests.test_updates_task",
    "TestUpsert.test_simple_upsert__rest",
    "TestUpsert.test_upsert__rest",
    "TestUpsert.test_upsert_complex_external_id_field__rest",
    "TestUpsert.test_upsert_complex_external_id_field_rest__duplicate_error",
]
ID = re.compile(r"\b(?:00[136])[A-Za-z0-9]{15}\b")
#: What orgs add or change, or what a selection of fields leaves out.
NOT_OURS = {"aiPredictionField", "searchPrefilterable", "extraTypeInfo", "permissionable"}
#: The recorded org had person accounts, which make an account's name compound.
PERSON_ACCOUNTS = {("Account", "Name", "compoundFieldName")}
#: Those of ours whose entry in the recorded describe of the org is whole.
NAMED = {"Account", "Contact", "Opportunity", "User"}
#: Not filterable, and groupable all the same.
ODD = {("Opportunity", name, "groupable") for name in ("HasOpenActivity", "HasOverdueTask")}
#: The recorded org had removed these values from the screens' default.
PICKLISTS = {("Opportunity", "ForecastCategory", "picklistValues")}


def calls_of(path: Path) -> list[dict]:
    """Requests with JSON answers; included describes and templates of Bulk 1.0 are left out."""
    rows = yaml.safe_load(path.read_text(encoding="utf-8"))["interactions"]
    return [row for row in rows if isinstance(row.get("response", {}).get("body"), dict)]


def answer_of(call: dict) -> object:
    return json.loads(call["response"]["body"]["string"])


class Comparison:
    """Learns which of our ids stands for which of theirs."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    def translate(self, text: str) -> str:
        return ID.sub(lambda match: self.ids.get(match[0], match[0]), text)

    def value(self, theirs: object, ours: object, where: str) -> None:
        if isinstance(theirs, dict):
            assert isinstance(ours, dict) and set(ours) == set(theirs), where
            for name in theirs:
                self.value(theirs[name], ours[name], f"{where}.{name}")
        elif isinstance(theirs, list):
            assert len(theirs) == len(ours), where
            for position, (one, other) in enumerate(zip(theirs, ours, strict=True)):
                self.value(one, other, f"{where}[{position}]")
        elif isinstance(theirs, str):
            self.text(theirs, ours, where)
        else:
            assert theirs == ours, where

    def text(self, theirs: str, ours: str, where: str) -> None:
        if ID.fullmatch(theirs):
            assert ids.long_id(theirs) == theirs, where
            assert self.ids.setdefault(theirs, ours) == ours, where
            return
        expected = self.translate(theirs).replace("/vxx.0/", "/v52.0/")
        assert expected == ours, where


def existing(calls: list[dict]) -> dict[str, list[dict]]:
    """Rows that were there before the first call: seen in a query, and not created before it."""
    made: set[str] = set()
    found: dict[str, dict[str, dict]] = {}
    for call in calls:
        body = answer_of(call)
        rows = body if isinstance(body, list) else body.get("records", [body])
        for row in rows:
            if row.get("success"):
                made.add(row["id"])
            elif row.get("Id") and row["Id"] not in made:
                kind = row["attributes"]["type"]
                fields = {k: v for k, v in row.items() if k not in ("attributes", "Id")}
                found.setdefault(kind, {})[row["Id"]] = {"id": row["Id"], "properties": fields}
    return {kind: list(rows.values()) for kind, rows in found.items()}


@pytest.mark.parametrize("name", CASSETTES)
def test_answers_a_recorded_call_as_the_real_service_did(name, sf_recorded, sf, sf_control):
    calls = calls_of(sf_recorded / "cumulusci" / "upsert" / f"{name}.yaml")
    sf_control.tell("import", existing(calls))
    comparison = Comparison()
    for call in calls:
        replay(comparison, sf, call)
    assert len(calls) >= 3


def replay(comparison: Comparison, sf, call: dict) -> None:
    request, theirs = call["request"], answer_of(call)
    uri = urlsplit(request["uri"].replace("/vxx.0/", "/v52.0/"))
    body = json.loads(comparison.translate(request["body"])) if request["body"] else None
    target = f"{uri.path}?{uri.query}" if uri.query else uri.path
    answer = sf.request(request["method"], target, json=body)
    assert answer.status_code == call["response"]["status"]["code"], answer.text
    ours = answer.json()
    if "recordCount" in uri.path:
        # An estimate of an earlier day: it disagrees with the query that follows it.
        assert set(ours) == set(theirs)
        assert all(set(row) == {"count", "name"} for row in theirs["sObjects"])
        return
    if isinstance(theirs, dict) and "records" in theirs:
        known = {row["attributes"]["url"].rpartition("/")[2] for row in theirs["records"]}
        assert len(known) == len(theirs["records"])
        theirs["records"].sort(key=lambda row: comparison.translate(json.dumps(row["attributes"])))
        ours["records"].sort(key=lambda row: json.dumps(row["attributes"]))
    comparison.value(theirs, ours, request["uri"])


@pytest.mark.parametrize("name", ["Account", "Contact", "Lead", "Opportunity"])
def test_a_describe_agrees_with_the_recorded_one(name, sf_recorded, sf):
    path = sf_recorded / "cumulusci" / "describe" / f"GET_sobjects_{name}_describe.json"
    theirs = json.loads(path.read_text(encoding="utf-8"))
    ours = sf.get(f"/sobjects/{name}/describe").json()
    newer = {"sobjectDescribeOption", "associateEntityType", "associateParentEntity"}
    assert set(ours) - newer == set(theirs) - newer
    for key in ("keyPrefix", "label", "labelPlural", "createable", "mergeable", "undeletable"):
        assert ours[key] == theirs[key], key
    known = {row["name"]: row for row in theirs["fields"]}
    different = {
        (name, field["name"], key)
        for field in ours["fields"]
        if not field["custom"]
        for key in known[field["name"]]
        if key not in NOT_OURS and field[key] != known[field["name"]][key]
    }
    assert different <= PERSON_ACCOUNTS | ODD | PICKLISTS
    assert all(set(field) == set(theirs["fields"][0]) for field in ours["fields"])


def test_child_relationships_agree_with_the_recorded_ones(sf_recorded, sf):
    path = sf_recorded / "cumulusci" / "describe" / "GET_sobjects_Account_describe.json"
    theirs = json.loads(path.read_text(encoding="utf-8"))["childRelationships"]
    ours = sf.get("/sobjects/Account/describe").json()["childRelationships"]
    known = {(row["childSObject"], row["field"]): row for row in theirs}
    same = [row for row in ours if (row["childSObject"], row["field"]) in known]
    assert len(same) >= 4
    for row in same:
        assert row == known[row["childSObject"], row["field"]]


def test_the_global_describe_agrees_with_the_recorded_one(sf_recorded, sf):
    path = sf_recorded / "cumulusci" / "describe" / "GET_sobjects_Global_describe.json"
    theirs = json.loads(path.read_text(encoding="utf-8"))
    ours = sf.get("/sobjects").json()
    assert (ours["encoding"], ours["maxBatchSize"]) == (theirs["encoding"], theirs["maxBatchSize"])
    known = {row["name"]: row for row in theirs["sobjects"]}
    assert known.keys() >= NAMED
    compared = [row for row in ours["sobjects"] if row["name"] in NAMED]
    for row in compared:
        assert {k: v for k, v in row.items() if k != "urls"} == {
            k: v for k, v in known[row["name"]].items() if k != "urls"
        }


# -- single answers (restforce)


@pytest.fixture(scope="module")
def restforce(sf_recorded):
    def read(name: str) -> object:
        path = sf_recorded / "restforce" / f"{name}_response.json"
        return json.loads(path.read_text(encoding="utf-8"))

    return read


def codes(rows: list[dict]) -> list[str]:
    return [row["errorCode"] for row in rows]


def test_refusals_have_the_recorded_shape_and_code(restforce, sf):
    account = sf.create("Account", Name="A")
    cases = {
        "sobject__sobject_find_error": sf.get("/sobjects/Account/23foo"),
        "sobject__delete_error": sf.delete("/sobjects/Account/rid"),
        "sobject__upsert_error": sf.patch("/sobjects/Account/Namez/x", json={"Name": "A"}),
        "sobject__write_error": sf.patch(f"/sobjects/Account/{account}", json={"foo": "A"}),
        "sobject__sobject_describe_error": sf.get("/sobjects/Nothing/describe"),
        "sobject__query_error": sf.soql("SELECT foo FROM Account"),
        "expired_session": sf.get("/sobjects", headers={"Authorization": "Bearer no"}),
    }
    for name, answer in cases.items():
        theirs = restforce(name)
        assert codes(answer.json()) == codes(theirs), name
        assert [set(row) for row in answer.json()] == [set(row) for row in theirs], name
    texts = {"expired_session", "sobject__sobject_describe_error", "sobject__delete_error"}
    for name in texts:
        assert cases[name].json()[0]["message"] == restforce(name)[0]["message"]


def test_updated_and_deleted_have_the_recorded_shape(restforce, sf):
    record_id = sf.create("Contact", LastName="A")
    gone = sf.create("Contact", LastName="B")
    assert sf.delete(f"/sobjects/Contact/{gone}").status_code == 204
    span = spanning_now()
    updated = sf.get("/sobjects/Contact/updated", params=span).json()
    theirs = restforce("sobject__get_updated_success")
    assert set(updated) == set(theirs)
    assert updated["ids"] == [record_id]
    deleted = sf.get("/sobjects/Contact/deleted", params=span).json()
    theirs = restforce("sobject__get_deleted_success")
    assert set(deleted) == set(theirs)
    moment = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000\+0000")
    for body in (theirs, deleted):
        assert set(body["deletedRecords"][0]) == {"id", "deletedDate"}
        assert moment.fullmatch(body["deletedRecords"][0]["deletedDate"])
        assert moment.fullmatch(body["latestDateCovered"])


def spanning_now() -> dict[str, str]:
    now = datetime.now(timezone.utc)
    start, end = now - timedelta(hours=1), now + timedelta(minutes=2)
    return {"start": start.isoformat(), "end": end.isoformat()}


def test_query_answers_have_the_recorded_shape(restforce, sf, sf_control):
    assert sf.soql("SELECT Id FROM Account").json() == restforce("sobject__query_empty")
    sf_control.tell("config", {"query_page": 1})
    for name in "AB":
        sf.create("Account", Name=name)
    first = sf.soql("SELECT Name FROM Account").json()
    assert set(first) == set(restforce("sobject__query_paginated_first_page"))
    last = sf.get(first["nextRecordsUrl"]).json()
    assert set(last) == set(restforce("sobject__query_paginated_last_page"))
    grouped = sf.rows("SELECT Name, SUM(AnnualRevenue) FROM Account GROUP BY Name")
    theirs = restforce("sobject__query_aggregate_success")["records"][0]
    assert grouped[0]["attributes"] == theirs["attributes"]
    assert set(grouped[0]) == {"attributes", "Name", "expr0"}
    org = sf.soql("SELECT Id FROM Organization").json()
    assert set(org["records"][0]) == set(restforce("sobject__org_query")["records"][0])


def test_several_rows_of_one_external_id_are_answered_with_their_addresses(restforce, sf):
    for _ in range(2):
        sf.create("Contact", LastName="A", Email="a@example.org")
    answer = sf.patch("/sobjects/Contact/Email/a@example.org", json={"Title": "T"})
    assert answer.status_code == 300
    theirs = restforce("sobject__upsert_multiple_error")
    assert [url.split("/")[:4] for url in theirs] == [["", "services", "data", "v23.0"]] * 2
    address = re.compile(r"/services/data/v66\.0/sobjects/Contact/\w{18}")
    assert [bool(address.fullmatch(url)) for url in answer.json()] == [True, True]


def test_token_answers_have_the_recorded_keys(restforce, sf):
    form = {"grant_type": "client_credentials", "client_id": "no", "client_secret": "no"}
    refusal = sf.post("/services/oauth2/token", data=form)
    assert refusal.status_code == 400
    assert set(refusal.json()) == set(restforce("auth_error"))
    form = {"grant_type": "refresh_token", "refresh_token": "no", "client_id": Options.client_id}
    assert sf.post("/services/oauth2/token", data=form).json() == restforce("refresh_error")
    form |= {"grant_type": "client_credentials", "client_secret": DEFAULT_SECRET}
    granted = sf.post("/services/oauth2/token", data=form).json()
    assert set(granted) >= set(restforce("auth_success"))


def test_an_outbound_message_has_the_structure_of_a_recorded_one(sf_recorded, sf, sf_control, soap):
    path = sf_recorded / "outbound_messages" / "om_opportunity_apiv23_mulesoft.xml"
    theirs = ElementTree.fromstring(path.read_bytes())
    fields = {"object": "Opportunity", "fields": ["AccountId", "NextStep"]}
    # Before the account, whose own message could otherwise be the last to arrive.
    sf_control.tell("webhooks", {"messages": [fields]})
    account = sf.create("Account", Name="A")
    deal = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
    sf.create("Opportunity", **deal, AccountId=account, NextStep="Test email value")
    assert sf_control.flush()
    ours = ElementTree.fromstring(soap.requests[-1][1])
    assert [tags(node) for node in ours.iter()][:-1] == [tags(node) for node in theirs.iter()][:-1]
    last = [list(tree.iter())[-1].tag.rpartition("}") for tree in (ours, theirs)]
    assert last[0][0] == last[1][0]


def test_the_recorded_acknowledgement_is_accepted(sf_recorded):
    body = (sf_recorded / "outbound_messages" / "ack_true.xml").read_bytes()
    form = Format(threading.RLock())
    assert form.accepted(200, body)
    assert not form.accepted(500, body)
    assert not form.accepted(200, body.replace(b"true", b"false"))


def tags(node: ElementTree.Element) -> tuple[str, list[str]]:
    return node.tag, sorted(name for name in node.attrib if "nil" in name or "type" in name)


#: Codes that the REST API has beside those of the WSDLs, by the documents, and those of Bulk 2.0.
REST_CODES = {
    "JSON_PARSER_ERROR",
    "METHOD_NOT_ALLOWED",
    "NOT_FOUND",
    "PRECONDITION_FAILED",
    "UNSUPPORTED_MEDIA_TYPE",
}
BULK_CODES = {
    "CLIENTINPUTERROR",
    "FEATURENOTENABLED",
    "INVALIDENTITY",
    "INVALIDJOB",
    "INVALIDJOBSTATE",
    "INVALIDOPERATION",
}


def codes_in(source: str) -> set[str]:
    """First arguments of ApiError(...) and of what derives from it."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            words = [arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant)]
            if name in ("ApiError", "__init__"):
                found |= {word for word in words if isinstance(word, str)}
    return found


def test_every_code_that_is_answered_is_one_of_salesforces(sf_recorded):
    path = sf_recorded / "error_codes" / "wsdl_enumerations.json"
    enumerations = json.loads(path.read_text(encoding="utf-8"))
    known = {code for name, rows in enumerations.items() if "Code" in name for code in rows}
    files = Path(ids.__file__).parent.glob("*.py")
    used = set().union(*(codes_in(file.read_text(encoding="utf-8")) for file in files))
    assert len(used) > 40
    assert used - known - REST_CODES - BULK_CODES == set()
