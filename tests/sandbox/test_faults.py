"""Faults: each kind as a caller sees it, whether the work was done, and the seed that decides."""

from __future__ import annotations

import http.client
import json
import time
from urllib.parse import urlsplit

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from sandbox.core.call import Call
from sandbox.core.faults import KINDS, FaultPlan, parse
from sandbox.hubspot.config import DEFAULT_TOKEN

BODY = {"properties": {"name": "X"}}
URL = "/crm/v3/objects/companies"


@pytest.fixture
def fault(control):
    def switch_on(kind: str, **parameters: object) -> None:
        row = {"kind": kind, "count": 1} | parameters
        control.tell("faults", {"seed": 1, "faults": [row]})

    return switch_on


def count(control) -> int:
    return len(control.records("companies"))


@pytest.mark.parametrize("kind", ["commit_then_drop", "reset", "hang"])
def test_a_cut_connection_is_an_error_and_only_a_commit_leaves_a_record(kind, api, control, fault):
    fault(kind, **({"ms": 50} if kind == "hang" else {}))
    with pytest.raises(requests.ConnectionError):
        api.post(URL, json=BODY)
    assert count(control) == (kind == "commit_then_drop")
    entry = control.ledger()[-1]
    assert (entry["status"], entry["fault"]) == (None, kind)
    assert entry["committed"] == (kind == "commit_then_drop")
    assert api.post(URL, json=BODY).status_code == 201


@pytest.mark.parametrize("kind", ["reset", "http_500", "garbage", "html", "empty"])
@pytest.mark.parametrize("commit", [True, False])
def test_a_fault_comes_before_or_after_the_work_as_asked(kind, commit, api, control, fault):
    fault(kind, commit=commit)
    try:
        api.post(URL, json=BODY)
    except requests.ConnectionError:
        assert kind == "reset"
    assert count(control) == commit
    assert control.ledger()[-1]["committed"] == commit


def test_a_truncated_answer_breaks_off_after_the_work(api, control, fault):
    """Read without `requests`: on urllib3 1.26 it takes a short body for a whole one."""
    fault("truncated")
    connection = http.client.HTTPConnection(urlsplit(api.base).netloc, timeout=10)
    headers = {"Authorization": f"Bearer {DEFAULT_TOKEN}", "Content-Type": "application/json"}
    connection.request("POST", URL, json.dumps(BODY), headers)
    with connection.getresponse() as answer, pytest.raises(http.client.IncompleteRead):
        answer.read()
    connection.close()
    assert count(control) == 1


@pytest.mark.parametrize(
    ("kind", "status"),
    [("http_500", 500), ("http_502", 502), ("http_503", 503), ("http_423", 423), ("http_477", 477)],
)
def test_a_status_fault_answers_its_status(kind, status, api, fault):
    fault(kind)
    assert api.post(URL, json=BODY).status_code == status
    assert api.post(URL, json=BODY).status_code == 201


def test_a_moving_account_says_when_to_come_back(api, fault):
    fault("http_477", retry_after=3)
    assert api.get("/crm/v3/owners").headers["Retry-After"] == "3"


def test_a_rate_fault_is_worded_as_a_rate_limit(api, fault):
    fault("http_429", policy="DAILY", retry_after=1)
    answer = api.get("/crm/v3/owners")
    assert (answer.status_code, answer.json()["policyName"]) == (429, "DAILY")
    assert answer.headers["Retry-After"] == "1"


def test_an_expired_token_is_worded_as_such(api, fault):
    fault("expired_token")
    answer = api.get("/crm/v3/owners")
    assert (answer.status_code, answer.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")


def test_answers_that_are_not_json(api, fault):
    fault("garbage")
    with pytest.raises(ValueError, match=r".*"):
        api.get("/crm/v3/owners").json()
    fault("html", status=503)
    answer = api.get("/crm/v3/owners")
    assert (answer.status_code, "<html>" in answer.text) == (503, True)
    fault("empty", status=200)
    assert api.get("/crm/v3/owners").content == b""


@pytest.mark.parametrize("action", ["create", "update", "upsert"])
def test_a_silent_noop_succeeds_and_does_nothing(action, api, control, fault):
    fault("silent_noop")
    answer = api.batch("companies", action, [{"id": "1", "properties": {"name": "X"}}])
    assert answer.status_code == (201 if action == "create" else 200)
    assert answer.json()["results"] == []
    assert count(control) == 0


def test_a_silent_noop_spares_calls_that_are_no_batch_writes(api, control, fault):
    fault("silent_noop")
    assert api.post(URL, json=BODY).status_code == 201
    assert count(control) == 1


def test_latency_delays_and_goes_with_another_fault(api, control):
    rows = [{"kind": "latency", "ms": 150, "count": 1}, {"kind": "http_500", "count": 1}]
    control.tell("faults", {"faults": rows})
    begun = time.perf_counter()
    assert api.get("/crm/v3/owners").status_code == 500
    assert time.perf_counter() - begun >= 0.15
    assert control.ledger()[-1]["fault"] == "latency+http_500"


def test_match_and_count_narrow_a_fault(api, control):
    row = {"kind": "http_500", "match": "^POST .*/batch/", "count": 2}
    control.tell("faults", {"faults": [row]})
    assert api.post(URL, json=BODY).status_code == 201
    inputs = [{"properties": {"name": "X"}}]
    statuses = [api.batch("companies", "create", inputs).status_code for _ in range(3)]
    assert statuses == [500, 500, 201]
    (shown,) = control.get("/_sandbox/faults").json()["faults"]
    assert (shown["matched"], shown["hits"]) == (3, 2)


def test_faults_can_be_shown_and_cleared(api, control, fault):
    fault("http_500", count=None)
    assert control.get("/_sandbox/faults").json()["faults"][0]["kind"] == "http_500"
    assert control.delete("/_sandbox/faults").json()["faults"] == []
    assert api.get("/crm/v3/owners").status_code == 200


def test_the_same_seed_hits_the_same_calls(api, control):
    def run(seed: int) -> list[int]:
        row = {"kind": "http_500", "rate": 0.4}
        control.tell("faults", {"seed": seed, "faults": [row]})
        return [api.get("/crm/v3/owners").status_code for _ in range(30)]

    first = run(5)
    assert first == run(5)
    assert first != run(6)
    assert {200, 500} == set(first)


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"faults": {}},
        {"fault": []},
        {"seed": "x", "faults": []},
        {"faults": ["reset"]},
        {"faults": [{"kind": "earthquake"}]},
        {"faults": [{"kind": "reset", "rate": 1.5}]},
        {"faults": [{"kind": "reset", "rate": True}]},
        {"faults": [{"kind": "reset", "count": -1}]},
        {"faults": [{"kind": "reset", "match": "("}]},
        {"faults": [{"kind": "reset", "retry_after": 1}]},
        {"faults": [{"kind": "latency", "ms": "long"}]},
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_with_a_sentence(body, control, fault):
    fault("http_423", count=None)
    answer = control.post("/_sandbox/faults", json=body)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert control.get("/_sandbox/faults").json()["faults"][0]["kind"] == "http_423"


def call_of(number: int) -> Call:
    return Call("GET", "/x", f"/x?{number}", "http://h", MultiDict(), {}, b"")


@settings(max_examples=60)
@given(
    st.integers(0, 2**32),
    st.lists(st.tuples(st.sampled_from(sorted(KINDS)), st.floats(0, 1)), min_size=1, max_size=4),
)
def test_at_most_one_fault_beside_latency_and_counters_that_agree(seed, rows):
    plan = FaultPlan()
    plan.set(*parse({"seed": seed, "faults": [{"kind": k, "rate": r} for k, r in rows]}))
    drawn = [plan.draw(call_of(number)) for number in range(40)]
    for hits in drawn:
        assert sum(hit.kind != "latency" for hit in hits) <= 1
    total = sum(row["hits"] for row in plan.as_dict()["faults"])
    assert total == sum(len(hits) for hits in drawn)
