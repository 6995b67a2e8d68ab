"""Outbound Messages: SOAP notifications of what changed, until somebody acknowledges."""

from __future__ import annotations

import hashlib
import hmac
from xml.etree import ElementTree

import pytest

from sandbox.salesforce import ids
from sandbox.salesforce.config import Options

OM = "{http://soap.sforce.com/2005/09/outbound}"
SF = "{urn:sobject.enterprise.soap.sforce.com}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def message(body: bytes) -> ElementTree.Element:
    return next(ElementTree.fromstring(body).iter(f"{OM}notifications"))


def notifications(body: bytes) -> dict[str, dict[str, str]]:
    """Notification id -> the fields of its row."""
    found = {}
    for node in message(body).iter(f"{OM}Notification"):
        row = node.find(f"{OM}sObject")
        assert row is not None
        fields = {cell.tag.removeprefix(SF): cell.text or "" for cell in row}
        found[node.findtext(f"{OM}Id")] = fields | {"type": row.get(TYPE, "")}
    return found


def all_of(soap) -> dict[str, dict[str, str]]:
    rows: dict[str, dict[str, str]] = {}
    for _headers, body in soap.requests:
        rows |= notifications(body)
    return rows


def test_a_change_is_told_with_org_action_and_fields(sf, sf_control, soap):
    definition = {"object": "Account", "fields": ["Name", "Phone", "AnnualRevenue", "CreatedDate"]}
    sf_control.tell("webhooks", {"messages": [definition]})
    account = sf.create("Account", Name="A & <B>", AnnualRevenue=5)
    assert sf_control.flush()
    [(headers, body)] = soap.requests
    assert headers["Content-Type"] == "text/xml; charset=utf-8"
    assert message(body).findtext(f"{OM}OrganizationId") == Options.org_id
    assert message(body).findtext(f"{OM}ActionId").startswith("04k")
    [(number, row)] = notifications(body).items()
    assert number.startswith("04l") and ids.long_id(number) == number
    assert (row["type"], row["Id"], row["Name"]) == ("sf:Account", account, "A & <B>")
    assert row["AnnualRevenue"] == "5.0"
    assert row["CreatedDate"].endswith(".000Z")
    assert "Phone" not in row, "an empty field is left out"


def test_a_message_holds_up_to_a_hundred_of_one_object(sf, sf_control, soap):
    sf_control.tell("webhooks", {"paused": True})
    sf.collection("POST", "Contact", [{"LastName": f"L{n}"} for n in range(150)])
    sf.create("Account", Name="A")
    sf_control.tell("webhooks", {"paused": False})
    assert sf_control.flush()
    kinds = [
        {row["type"] for row in notifications(body).values()} for _headers, body in soap.requests
    ]
    assert all(len(kind) == 1 for kind in kinds)
    sizes = sorted(len(notifications(body)) for _headers, body in soap.requests)
    assert sizes[-1] == 100 and sum(sizes) == 151


def test_a_row_that_changed_meanwhile_is_told_as_it_is_now(sf, sf_control, soap):
    definition = {"object": "Account", "fields": ["Name"]}
    sf_control.tell("webhooks", {"paused": True, "messages": [definition]})
    account = sf.create("Account", Name="Old")
    sf.patch(f"/sobjects/Account/{account}", json={"Name": "New"})
    sf_control.tell("webhooks", {"paused": False})
    assert sf_control.flush()
    rows = all_of(soap)
    assert len(rows) == 2
    assert {row["Name"] for row in rows.values()} == {"New"}


@pytest.mark.parametrize("refusal", [500, 202])
def test_a_message_comes_again_until_it_is_acknowledged(sf, sf_control, soap, refusal):
    soap.answers = [refusal, refusal]
    sf_control.tell("webhooks", {"retry_s": [0.01, 0.01, 0.01]})
    sf.create("Account", Name="A")
    assert sf_control.flush()
    assert len(soap.requests) == 3
    numbers = {number for _headers, body in soap.requests for number in notifications(body)}
    assert len(numbers) == 1
    assert [row["accepted"] for row in sf_control.deliveries()] == [False, False, True]


def test_an_answer_without_ack_true_is_no_acknowledgement(sf, sf_control, soap):
    soap.body = soap.body.replace(b"true", b"false")
    sf_control.tell("webhooks", {"retry_s": [0.01]})
    sf.create("Account", Name="A")
    assert sf_control.flush()
    assert [row["accepted"] for row in sf_control.deliveries()] == [False, False]


def test_some_notifications_come_twice_with_the_same_id(sf, sf_control, soap):
    sf_control.tell("webhooks", {"duplicate_rate": 1.0})
    sf.create("Account", Name="A")
    assert sf_control.flush()
    numbers = [n for _headers, body in soap.requests for n in notifications(body)]
    assert len(numbers) == 2 and len(set(numbers)) == 1


def test_a_deletion_is_not_told(sf, sf_control, soap):
    account = sf.create("Account", Name="A")
    assert sf_control.flush()
    before = len(soap.requests)
    sf.delete(f"/sobjects/Account/{account}")
    assert sf_control.flush()
    assert len(soap.requests) == before


def test_the_integration_users_profile_may_send_none(sf, sf_control, soap):
    sf_control.tell("config", {"own_changes": False})
    sf.create("Account", Name="Ours")
    sf_control.person("Account", properties={"Name": "Theirs"})
    assert sf_control.flush()
    assert len(all_of(soap)) == 1


def test_a_definition_may_want_creations_only(sf, sf_control, soap):
    sf_control.tell("webhooks", {"messages": [{"object": "Account", "on": ["created"]}]})
    account = sf.create("Account", Name="A")
    sf.patch(f"/sobjects/Account/{account}", json={"Name": "B"})
    sf.create("Contact", LastName="C")
    assert sf_control.flush()
    assert [row["Id"] for row in all_of(soap).values()] == [account]


def test_raw_json_is_signed_as_the_apex_class_does(sf_control, soap):
    rows = [{"body": '{"a":1}', "signature": kind} for kind in ("valid", "wrong", "stale", "none")]
    sf_control.tell("webhooks", {"raw": rows})
    assert sf_control.flush()
    verdicts = []
    for headers, body in soap.requests:
        stamp = headers.get("X-Timestamp", "")
        text = stamp.encode() + b":" + body
        expected = hmac.new(Options.webhook_secret.encode(), text, hashlib.sha256).hexdigest()
        verdicts.append(headers.get("X-Signature") == expected)
    assert sorted(verdicts) == [False, False, True, True]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"messages": [{"object": "Nope"}]}, "no object"),
        ({"messages": [{"object": "Account", "fields": ["Nope"]}]}, "fields"),
        ({"messages": [{"object": "Account", "on": ["deleted"]}]}, "created"),
        ({"messages": {}}, "list"),
        ({"target": "ftp://x"}, "http"),
        ({"max_batch": 101}, "100"),
    ],
)
def test_settings_that_make_no_sense_are_refused(sf_control, body, word):
    answer = sf_control.post("/_sandbox/webhooks", json=body)
    assert answer.status_code == 400 and word in answer.json()["error"]
