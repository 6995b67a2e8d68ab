"""The control surface: people's changes, imports, resets, and sentences for bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from sandbox.core.sandbox import Sandbox
from sandbox.core.server import LoopbackServer
from sandbox.hubspot.provider import HubSpot

ROOT = Path(__file__).resolve().parents[2]


def test_a_person_creates_updates_deletes_and_restores(api, control):
    made = control.person("contacts", properties={"email": "a@example.org"})
    one = {"id": made["id"]}
    changed = control.person("contacts", **one, properties={"city": "Gent"})
    assert (changed["version"], changed["properties"]["city"]) == (2, "Gent")
    assert control.person("contacts", **one, action="delete")["archived"] is True
    assert api.get(f"/crm/v3/objects/contacts/{made['id']}").status_code == 404
    assert control.person("contacts", **one, action="restore")["archived"] is False
    assert api.read("contacts", made["id"])["properties"]["email"] == "a@example.org"


def test_many_changes_in_one_call(control):
    rows = [{"properties": {"name": name}} for name in "ABC"]
    assert len(control.tell("objects/companies", rows)["results"]) == 3


def test_a_person_associates_with_a_primary_company(control):
    contact = control.person("contacts", properties={"firstname": "A"})["id"]
    companies = [control.person("companies", properties={"name": n})["id"] for n in "XY"]
    for company in companies:
        to = {"type": "companies", "id": company}
        shown = control.person("contacts", id=contact, action="associate", to=to, primary=True)
    labels = {
        row["id"]: [found["label"] for found in row["types"]]
        for row in shown["associations"]["companies"]
    }
    assert labels == {companies[0]: [None], companies[1]: ["Primary", None]}
    to = {"type": "companies", "id": companies[1]}
    shown = control.person("contacts", id=contact, action="disassociate", to=to)
    assert [row["id"] for row in shown["associations"]["companies"]] == [companies[0]]


def test_all_records_are_shown_archived_and_merged_ones_too(api, control):
    ids = [api.create("contacts", firstname=str(n)) for n in range(3)]
    api.delete(f"/crm/v3/objects/contacts/{ids[0]}")
    survivor = control.person("contacts", id=ids[1], action="merge", other=ids[2])["id"]
    shown = control.records("contacts")
    assert set(shown) == {*ids, survivor}
    assert shown[ids[1]]["mergedInto"] == survivor
    assert shown[ids[0]]["archived"] is True


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("unicorns", {"properties": {}}),
        ("contacts", "text"),
        ("contacts", {"properties": {"nope": "1"}}),
        ("contacts", {"properties": {"email": "x"}}),
        ("contacts", {"id": "999", "properties": {}}),
        ("contacts", {"id": "KNOWN", "action": "explode"}),
        ("contacts", {"action": "delete"}),
        ("contacts", {"id": "KNOWN", "action": "restore"}),
        ("contacts", {"id": "KNOWN", "action": "merge"}),
        ("contacts", {"id": "KNOWN", "action": "merge", "other": "KNOWN"}),
        ("contacts", {"id": "KNOWN", "action": "associate"}),
        ("contacts", {"id": "KNOWN", "action": "associate", "to": {"type": "x", "id": "1"}}),
        ("contacts", {"id": "KNOWN", "colour": "red"}),
        ("contacts", {"id": "KNOWN", "properties": {"city": "X"}, "user_id": "me"}),
        ("owners", {"properties": {}}),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_a_sentence(kind, body, api, control):
    known = api.create("contacts", firstname="A")
    body = json.loads(json.dumps(body).replace("KNOWN", known))
    before = control.records("contacts")
    answer = control.post(f"/_sandbox/objects/{kind}", json=body)
    assert answer.status_code == 400
    assert len(answer.json()["error"]) > 10
    assert control.records("contacts") == before


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("reset", {"portal": 1}),
        ("reset", {"portal_id": "x"}),
        ("reset", {"limits": {"bursts": 1}}),
        ("reset", {"limits": 5}),
        ("reset", {"tokens": {"t": []}}),
        ("config", {"rules": {"required": {"contacts": "lastname"}}}),
        ("config", {"rules": {"conditional": {"deals": [{"property": "dealstage"}]}}}),
        ("config", {"rules": {"conditional": {"deals": {}}}}),
        ("reset", {"seed_data": {"contacts": -1}}),
        ("reset", {"seed_data": {"people": 1}}),
        ("reset", {"objects": {"contacts": [{"id": "x"}]}}),
        ("reset", {"objects": {"unicorns": []}}),
        ("config", {"search_lag_ms": True}),
        ("import", {"contacts": {}}),
        ("import", {"contacts": [{"id": "1", "name": "x"}]}),
        ("import", {"contacts": [{"id": "1", "createdAt": "yesterday"}]}),
        ("import", {"contacts": [{"id": "1", "associations": {"companies": ["9"]}}]}),
        ("webhooks", {"target": "ftp://x"}),
        ("webhooks", {"max_batch": 101}),
        ("webhooks", {"duplicate_rate": 2}),
        ("webhooks", {"retry_s": "often"}),
        ("webhooks", {"style": "baroque"}),
        ("webhooks", {"raw": [{"body": "x"}]}),
        ("webhooks", {"speed": 1}),
        ("auth", {"revoke": ["unknown"]}),
        ("auth", {"tokens": {"t": {"scopes": "all"}}}),
        ("auth", {"users": []}),
    ],
)
def test_a_bad_setting_is_refused_with_a_sentence(path, body, control):
    answer = control.post(f"/_sandbox/{path}", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"].endswith((".", "}"))


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff", b"[" * 100_000])
def test_an_unreadable_control_body_is_400(body, control):
    assert control.post("/_sandbox/config", data=body).status_code == 400


def test_an_unknown_path_lists_what_there_is(control):
    answer = control.get("/_sandbox/everything")
    assert answer.status_code == 404
    assert "/_sandbox/ledger" in answer.json()["error"]
    assert control.get("/crm/v3/objects/contacts").status_code == 404


def test_a_body_that_is_too_large_is_413(control):
    answer = control.post("/_sandbox/config", data=b" " * (20 * 1024 * 1024 + 1))
    assert answer.status_code == 413


def test_the_providers_port_has_no_control_surface(api):
    assert api.get("/_sandbox/ledger").status_code == 404


def test_imported_records_are_taken_verbatim(api, control):
    row = {
        "id": "73279037630",
        "properties": {"email": "Test@Example.org", "odd_property": "x", "lastname": None},
        "createdAt": "2024-10-23T22:43:00.417Z",
        "updatedAt": "2024-10-24T22:43:00.500Z",
        "archived": False,
        "associations": {"companies": ["7"]},
    }
    control.tell("import", {"companies": [{"id": "7"}], "contacts": [row]})
    shown = api.read("contacts", row["id"], "email", "odd_property", "associatedcompanyid")
    assert shown["createdAt"] == row["createdAt"]
    assert shown["updatedAt"] == row["updatedAt"]
    assert shown["properties"]["lastmodifieddate"] == row["updatedAt"]
    assert shown["properties"]["odd_property"] == "x"
    assert shown["properties"]["associatedcompanyid"] == "7"
    taken = api.post("/crm/v3/objects/contacts", json={"properties": {"email": "test@example.org"}})
    assert taken.json()["message"].endswith(row["id"])


def test_what_was_shown_can_be_imported_again(api, control):
    control.tell("reset", {"seed_data": {"contacts": 30, "companies": 8, "deals": 6}})
    kinds = ("companies", "contacts", "deals")
    before = {kind: control.records(kind) for kind in kinds}
    control.tell("reset", {})
    control.tell("import", {kind: list(rows.values()) for kind, rows in before.items()})
    for kind in kinds:
        for record_id, row in control.records(kind).items():
            assert row["properties"] == before[kind][record_id]["properties"]
            assert row["associations"] == before[kind][record_id]["associations"]


def test_reset_goes_back_to_the_start_and_config_keeps_everything(api, control):
    api.create("contacts", firstname="A")
    control.tell("config", {"portal_id": 42})
    state = control.get("/_sandbox/state").json()
    assert (state["portal_id"], state["objects"]["contacts"]["live"]) == (42, 1)
    state = control.tell("reset", {"app_id": 7})
    assert (state["portal_id"], state["app_id"]) == (50249912, 7)
    assert state["objects"]["contacts"] == {"live": 0, "archived": 0}


def test_a_refused_reset_leaves_everything_as_it_was(api, control):
    record_id = api.create("contacts", firstname="A")
    answer = control.post("/_sandbox/reset", json={"seed_data": {"contacts": "many"}})
    assert answer.status_code == 400
    assert set(control.records("contacts")) == {record_id}


def test_seed_data_is_the_same_for_the_same_seed_and_varied(control):
    body = {"seed_data": {"contacts": 500, "companies": 120, "deals": 60, "seed": 4}}
    state = control.tell("reset", body)
    assert state["objects"]["contacts"]["live"] == 500
    first = {kind: control.records(kind) for kind in ("contacts", "companies", "deals")}
    control.tell("reset", body)
    assert first == {kind: control.records(kind) for kind in first}
    people = [row["properties"] for row in first["contacts"].values()]
    assert len({row.get("country") for row in people if row.get("country")}) >= 12
    assert 20 < sum("email" not in row for row in people) < 80
    assert sum("lastname" not in row for row in people) >= 5
    assert max(len(row["firstname"] + row.get("lastname", "")) for row in people) > 40
    for script in ("Γ", "Д", "文王李", "佐さ", "ح", "ễ"):
        text = " ".join(row["firstname"] + row.get("lastname", "") for row in people)
        assert set(script) & set(text), script
    names = [row["properties"]["name"] for row in first["companies"].values()]
    twice = {name for name in names if names.count(name) > 1}
    assert "Nordwind Spedition GmbH" in twice
    assert len(names) - len(set(names)) < 10
    linked = [row for row in first["contacts"].values() if row["associations"]]
    assert 200 < len(linked) < 400
    deals = [row["properties"] for row in first["deals"].values()]
    assert {row["dealstage"] for row in deals} >= {"closedwon", "closedlost"}
    assert all(row["closedate"] for row in deals)


def test_seed_data_would_pass_the_apis_own_checks(api, control):
    control.tell("reset", {"seed_data": {}, "limits": {"enabled": False}})
    for kind in ("contacts", "companies", "deals"):
        rows = list(control.records(kind).values())
        control.tell("reset", {"limits": {"enabled": False}})
        writable = {
            row["name"]
            for row in api.get(f"/crm/v3/properties/{kind}").json()["results"]
            if not row["modificationMetadata"]["readOnlyValue"] and not row["hidden"]
        }
        inputs = [
            {"properties": {n: v for n, v in row["properties"].items() if n in writable}}
            for row in rows
        ]
        for begin in range(0, len(inputs), 100):
            answer = api.batch(kind, "create", inputs[begin : begin + 100])
            assert answer.status_code == 201, answer.text
        control.tell("reset", {"seed_data": {}, "limits": {"enabled": False}})


def test_only_loopback_is_listened_on():
    with pytest.raises(ValueError, match="loopback"):
        LoopbackServer(lambda *_: [], 0, host="0.0.0.0")


def test_the_command_line_prints_one_line_and_ends_when_asked():
    command = [sys.executable, "-m", "sandbox", "hubspot", "--port", "0", "--portal-id", "42"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        facts = json.loads(process.stdout.readline())
        assert facts["portal_id"] == 42
        state = requests.get(f"{facts['control']}/_sandbox/state", timeout=5)
        assert state.json()["portal_id"] == 42
        headers = {"Authorization": f"Bearer {facts['token']}"}
        answer = requests.get(f"{facts['api']}/crm/v3/owners", headers=headers, timeout=5)
        assert answer.status_code == 200
        process.terminate()
        assert process.wait(5) == 0
        assert process.stdout.read() == ""


def test_a_port_that_is_taken_gets_a_sentence(box):
    port = box.url.rpartition(":")[2]
    command = [sys.executable, "-m", "sandbox", "hubspot", "--port", port]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert port in done.stderr
    assert "Traceback" not in done.stderr


def test_stopping_ends_connections_that_were_kept_alive():
    with requests.Session() as session:
        with Sandbox(HubSpot()) as box:
            assert session.get(f"{box.url}/nowhere", timeout=5).status_code == 404
        with pytest.raises(requests.ConnectionError):
            session.get(f"{box.url}/nowhere", timeout=5)
