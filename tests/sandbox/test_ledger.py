"""The ledger: every call once, in order, with bodies and without secrets."""

from __future__ import annotations

import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from werkzeug.datastructures import MultiDict

from sandbox.core.call import Answer, Call
from sandbox.core.ledger import Ledger
from sandbox.hubspot.config import DEFAULT_TOKEN, Options


def test_an_entry_tells_the_whole_call(api, control):
    api.post("/crm/v3/objects/contacts?a=1&b=2&b=3", json={"properties": {"firstname": "Đ"}})
    (entry,) = control.ledger()
    assert entry["n"] == 1
    assert (entry["method"], entry["path"]) == ("POST", "/crm/v3/objects/contacts")
    assert entry["query"] == {"a": "1", "b": ["2", "3"]}
    assert entry["request_body"] == {"properties": {"firstname": "Đ"}}
    assert entry["status"] == 201
    assert entry["response_body"]["properties"]["firstname"] == "Đ"
    assert entry["time"].endswith("Z")
    assert entry["committed"] is True


def test_a_call_without_its_answer_is_listed_with_who_waits_for_it(api, control):
    hang = {"kind": "hang", "ms": 5000, "count": 1}
    control.tell("faults", {"faults": [hang]})
    assert control.get("/_sandbox/in-flight").json() == {"results": []}
    caller = socket.create_connection(("127.0.0.1", urlsplit(api.base).port))
    caller.sendall(b"GET /crm/v3/owners HTTP/1.1\r\nHost: localhost\r\n\r\n")
    limit = time.monotonic() + 10
    while not (found := control.get("/_sandbox/in-flight").json()["results"]):
        assert time.monotonic() < limit
    waits = {"client_port": caller.getsockname()[1], "method": "GET", "path": "/crm/v3/owners"}
    assert found == [waits]
    caller.close()


def test_secrets_are_masked_everywhere(api, control):
    form = {"grant_type": "refresh_token", "refresh_token": "secret-1", "client_id": "c"}
    form |= {"client_secret": Options.client_secret, "code": "secret-2"}
    api.post("/oauth/2026-03/token", data=form)
    api.post("/oauth/2026-03/token?code=secret-3", data=form)
    api.get("/crm/v3/owners", headers={"Cookie": "session=secret-4"})
    text = control.get("/_sandbox/ledger").text
    secrets = [DEFAULT_TOKEN, Options.client_secret] + [f"secret-{n}" for n in range(1, 5)]
    assert [secret for secret in secrets if secret in text] == []
    entries = control.ledger()
    assert entries[0]["request_headers"]["authorization"] == "Bearer ***"
    assert entries[0]["request_body"]["client_id"] == "c"


def test_issued_tokens_are_masked_in_answers(api, control):
    query = {"client_id": Options.client_id, "redirect_uri": "http://127.0.0.1/x"}
    place = api.get("/oauth/authorize", params=query, allow_redirects=False).headers["Location"]
    form = {"grant_type": "authorization_code", "code": place.partition("code=")[2]}
    form |= query | {"client_secret": Options.client_secret}
    body = api.post("/oauth/2026-03/token", data=form).json()
    assert body["access_token"]
    answered = control.ledger()[-1]["response_body"]
    assert (answered["access_token"], answered["refresh_token"]) == ("***", "***")
    assert answered["expires_in"] == 1800


def test_business_data_that_is_called_like_a_secret_is_shown(api, control):
    body = {"name": "code", "label": "Code", "type": "string", "fieldType": "text"}
    api.post("/crm/v3/properties/contacts", json=body | {"groupName": "contactinformation"})
    api.post("/crm/v3/objects/contacts", json={"properties": {"code": "42"}})
    assert control.ledger()[-1]["request_body"] == {"properties": {"code": "42"}}


def test_a_body_that_is_not_json_is_shown_as_text(api, control):
    headers = {"Content-Type": "application/json"}
    api.post("/crm/v3/objects/contacts", data=b"{nope \xff", headers=headers)
    assert control.ledger()[0]["request_body"] == "{nope �"


def test_reading_goes_on_where_it_stopped(api, control):
    for _ in range(5):
        api.get("/crm/v3/owners")
    assert [entry["n"] for entry in control.ledger(3)] == [4, 5]
    assert control.ledger(5) == []
    lines = control.get("/_sandbox/ledger?after=1&limit=2").text.splitlines()
    assert [json.loads(line)["n"] for line in lines] == [2, 3]


def test_concurrent_calls_are_all_there_without_a_gap(api, box, control):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: api.get(f"/crm/v3/owners?limit={n}"), range(1, 81)))
    entries = control.ledger()
    assert [entry["n"] for entry in entries] == list(range(1, 81))
    assert {entry["query"]["limit"] for entry in entries} == {str(n) for n in range(1, 81)}


def test_the_oldest_go_first_when_it_is_full():
    ledger = Ledger(size=3)
    call = Call("GET", "/x", "/x", "http://h", MultiDict(), {}, b"")
    for _ in range(5):
        ledger.add(0, 0.0, call, Answer(200), fault=None, committed=True)
    assert [entry.n for entry in ledger.after(0)] == [3, 4, 5]
    assert [entry.n for entry in ledger.after(4)] == [5]
    assert ledger.count == 5


def test_no_text_can_break_a_line(api, control):
    text = "a\x85b\u2028c\u2029d\x0be\r\nf\x1cg"
    api.post("/crm/v3/objects/contacts", json={"properties": {"firstname": text}})
    (line,) = control.get("/_sandbox/ledger").text.splitlines()
    assert json.loads(line)["request_body"]["properties"]["firstname"] == text


def test_reset_empties_it(api, control):
    api.get("/crm/v3/owners")
    control.tell("reset", {})
    assert control.ledger() == []
