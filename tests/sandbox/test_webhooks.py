"""Deliveries: what is told about which change, in which words, signed how, how often, how many."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

import pytest

from sandbox.hubspot import signature
from sandbox.hubspot.config import DEFAULT_SECRET

APP_KEYS = {
    "eventId",
    "subscriptionId",
    "portalId",
    "appId",
    "occurredAt",
    "subscriptionType",
    "attemptNumber",
    "changeSource",
    "sourceId",
}


def person(control, kind: str, **change: object) -> dict:
    return control.person(kind, **change)


# -- what is told


def test_a_creation_tells_itself_and_every_property_with_one_moment(api, control, receiver):
    record_id = api.create("contacts", email="a@example.org", firstname="A", lastname="B")
    assert control.flush()
    kinds = sorted(event["subscriptionType"] for event in receiver.events)
    assert kinds == ["contact.creation"] + ["contact.propertyChange"] * 3
    assert {event["objectId"] for event in receiver.events} == {int(record_id)}
    assert len({event["occurredAt"] for event in receiver.events}) == 1
    (creation,) = receiver.of("contact.creation")
    assert set(creation) == APP_KEYS | {"objectId", "changeFlag"}
    assert creation["changeFlag"] == "CREATED"
    values = {e["propertyName"]: e["propertyValue"] for e in receiver.of("contact.propertyChange")}
    assert values == {"email": "a@example.org", "firstname": "A", "lastname": "B"}


def test_events_have_the_keys_of_recorded_ones(recorded, api, control, receiver):
    control.tell("webhooks", {"style": "both"})
    company = api.create("companies", name="A")
    contact = person(control, "contacts", properties={"email": "a@example.org"})["id"]
    api.put(f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}")
    assert control.flush()
    ours = {event["subscriptionType"]: set(event) for event in receiver.events}
    for path in sorted((recorded / "webhooks").glob("*.json")):
        for event in json.loads(path.read_text(encoding="utf-8")):
            kind = event["subscriptionType"].replace("deal.assoc", "contact.assoc")
            missing = set(event) - ours[kind]
            assert not missing, (path.name, kind)


def test_an_integrations_change_names_the_app_and_a_persons_the_user(api, control, receiver):
    record_id = api.create("companies", name="A")
    person(control, "companies", id=record_id, properties={"name": "B"}, user_id=9)
    assert control.flush()
    authors = {
        event["propertyValue"]: (event["changeSource"], event["sourceId"])
        for event in receiver.of("company.propertyChange")
    }
    assert authors == {"A": ("INTEGRATION", "4169410"), "B": ("CRM_UI", "userId:9")}


def test_another_apps_change_has_its_own_source(api, control, receiver):
    control.tell("auth", {"tokens": {"other": {"app_id": 7}}})
    headers = {"Authorization": "Bearer other"}
    api.post("/crm/v3/objects/contacts", json={"properties": {"city": "X"}}, headers=headers)
    assert control.flush()
    assert {event["sourceId"] for event in receiver.events} == {"7"}
    assert {event["appId"] for event in receiver.events} == {4169410}


def test_only_real_changes_are_told(api, control, receiver):
    record_id = api.create("contacts", city="Gent")
    assert control.flush()
    count = len(receiver.events)
    one = f"/crm/v3/objects/contacts/{record_id}"
    api.patch(one, json={"properties": {"city": "Gent", "phone": ""}})
    assert control.flush()
    assert len(receiver.events) == count
    api.patch(one, json={"properties": {"city": ""}})
    assert control.flush()
    assert receiver.events[-1]["propertyValue"] == ""


def test_dates_are_told_in_milliseconds(api, control, receiver):
    api.create("contacts", closedate="2026-11-21T00:00:00Z")
    assert control.flush()
    (event,) = receiver.of("contact.propertyChange")
    assert event["propertyValue"] == "1795219200000"


def test_deletion_restore_merge_and_privacy_deletion(api, control, receiver):
    ids = [api.create("contacts", email=f"{n}@example.org") for n in range(3)]
    person(control, "contacts", id=ids[0], action="delete")
    person(control, "contacts", id=ids[0], action="restore")
    survivor = person(control, "contacts", id=ids[0], action="merge", other=ids[1])["id"]
    person(control, "contacts", id=ids[2], action="gdpr_delete")
    assert control.flush()
    deletions = receiver.of("contact.deletion")
    assert {event["objectId"] for event in deletions} == {int(ids[0]), int(ids[2])}
    assert {event["changeFlag"] for event in deletions} == {"DELETED"}
    assert [event["objectId"] for event in receiver.of("contact.restore")] == [int(ids[0])]
    assert [event["objectId"] for event in receiver.of("contact.privacyDeletion")] == [int(ids[2])]
    (merge,) = receiver.of("contact.merge")
    assert merge["primaryObjectId"] == int(ids[0])
    assert merge["mergedObjectIds"] == [int(ids[1])]
    assert merge["newObjectId"] == int(survivor)


def test_an_association_fires_on_both_sides_and_for_primary_too(api, control, receiver):
    contact, company = api.create("contacts", city="X"), api.create("companies", name="A")
    path = f"/crm/v4/objects/contacts/{contact}/associations/default/companies/{company}"
    api.put(path)
    assert control.flush()
    ends = [
        (e["associationType"], e["isPrimaryAssociation"], e["associationRemoved"])
        for e in receiver.events
        if e["subscriptionType"].endswith("associationChange")
    ]
    assert sorted(ends) == [
        ("COMPANY_TO_CONTACT", False, False),
        ("COMPANY_TO_CONTACT", True, False),
        ("CONTACT_TO_COMPANY", False, False),
        ("CONTACT_TO_COMPANY", True, False),
    ]
    api.put(path)
    assert control.flush()
    assert len(receiver.of("contact.associationChange")) == 2
    api.delete(f"/crm/v4/objects/contacts/{contact}/associations/companies/{company}")
    assert control.flush()
    removed = [e for e in receiver.events if e.get("associationRemoved")]
    assert len(removed) == 4
    assert "objectId" not in removed[0]


def test_generic_subscriptions_carry_type_ids(api, control, receiver):
    control.tell("webhooks", {"style": "generic"})
    contact = api.create("contacts", city="X")
    deal = api.create("deals", dealname="D", dealstage="contractsent", pipeline="default")
    api.put(f"/crm/v4/objects/deals/{deal}/associations/default/contacts/{contact}")
    assert control.flush()
    assert {event["subscriptionType"].partition(".")[0] for event in receiver.events} == {"object"}
    (change,) = [e for e in receiver.of("object.propertyChange") if e["objectTypeId"] == "0-1"]
    assert change["isSensitive"] is False
    ends = {
        (e["fromObjectTypeId"], e["toObjectTypeId"], e["associationTypeId"])
        for e in receiver.of("object.associationChange")
    }
    assert ends == {("0-3", "0-1", 3), ("0-1", "0-3", 4)}


def test_only_what_was_subscribed_is_told(api, control, receiver):
    rows = [{"subscriptionType": "contact.propertyChange", "propertyName": "city", "id": 77}]
    rows.append({"eventType": "contact.creation", "active": False})
    control.tell("webhooks", {"subscriptions": rows})
    api.create("contacts", city="X", firstname="A")
    api.create("companies", name="A")
    assert control.flush()
    assert [(e["propertyName"], e["subscriptionId"]) for e in receiver.events] == [("city", 77)]


@pytest.mark.parametrize(
    "row",
    [
        {"subscriptionType": "contact.propertyChange"},
        {"subscriptionType": "company.propertyChange", "propertyName": "hs_lastmodifieddate"},
        {"subscriptionType": "contact.explosion"},
        {"subscriptionType": "object.creation"},
        {"subscriptionType": "unicorn.creation"},
        {"subscriptionType": "contact.creation", "wildcard": True},
        "contact.creation",
    ],
)
def test_a_subscription_that_cannot_be_had_is_refused(row, control):
    answer = control.post("/_sandbox/webhooks", json={"subscriptions": [row]})
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")


# -- how it is sent


def verify_v3(headers: dict[str, str], body: bytes, url: str, secret: str) -> bool:
    stamp = headers["X-HubSpot-Request-Timestamp"]
    text = f"POST{url}".encode() + body + stamp.encode()
    digest = hmac.new(secret.encode(), text, hashlib.sha256).digest()
    return base64.b64encode(digest).decode() == headers["X-HubSpot-Signature-v3"]


def test_deliveries_are_signed_in_v3_and_an_older_version(api, control, receiver):
    api.create("contacts", firstname="Đặng")
    assert control.flush()
    headers, body = receiver.requests[0]
    assert verify_v3(headers, body, receiver.url, DEFAULT_SECRET)
    age = time.time() * 1000 - int(headers["X-HubSpot-Request-Timestamp"])
    assert -1000 < age < 60_000
    older = hashlib.sha256(DEFAULT_SECRET.encode() + body).hexdigest()
    assert headers["X-HubSpot-Signature"] == older
    assert headers["X-HubSpot-Signature-Version"] == "v1"


def test_the_secret_the_older_version_and_the_signed_address_can_be_chosen(api, control, receiver):
    public = "https://erp.example.org/saas_sync/webhook/abc"
    control.tell("webhooks", {"client_secret": "s3", "signature": "v2", "signed_url": public})
    api.create("contacts", firstname="A")
    assert control.flush()
    headers, body = receiver.requests[0]
    assert verify_v3(headers, body, public, "s3")
    older = hashlib.sha256(b"s3POST" + public.encode() + body).hexdigest()
    assert headers["X-HubSpot-Signature"] == older


def test_signatures_are_those_of_hubspots_own_libraries(recorded):
    vectors = json.loads((recorded / "signature_vectors.json").read_text(encoding="utf-8"))
    for row in vectors["vectors"]:
        secret, body = row["client_secret"], row["body"].encode()
        if row["version"] == "v1":
            made = signature.sign_v1(secret, body)
        elif row["version"] == "v2":
            made = signature.sign_v2(secret, row["method"], row["uri"], body)
        else:
            stamp = row["timestamp"]
            made = signature.sign_v3(secret, row["method"], row["uri"], body, stamp)
        assert made == row["signature"], row["name"]
    assert vectors["uri_decode_table"] == signature.DECODED


def test_v3_decodes_only_the_documented_characters():
    def sign(uri: str) -> str:
        return signature.sign_v3("s", "POST", uri, b"", "1")

    assert sign("https://a.example/x%3Ay%2f") == sign("https://a.example/x:y/")
    assert sign("https://a.example/x%20y") != sign("https://a.example/x y")


def test_at_most_100_events_travel_together_and_in_no_order(control, receiver):
    control.tell("webhooks", {"paused": True})
    rows = [{"properties": {"firstname": str(n), "city": "X"}} for n in range(70)]
    control.tell("objects/contacts", rows)
    assert control.get("/_sandbox/state").json()["deliveries"]["pending"] == 210
    control.tell("webhooks", {"paused": False})
    assert control.flush()
    assert [len(batch) for batch in sorted(receiver.batches, key=len)] == [10, 100, 100]
    for batch in receiver.batches:
        assert batch != sorted(batch, key=lambda event: event["objectId"])


def test_no_more_than_ten_requests_are_in_flight(control, receiver):
    receiver.delay_s = 0.3
    control.tell("webhooks", {"max_batch": 1})
    control.tell("objects/contacts", [{"properties": {"city": str(n)}} for n in range(20)])
    assert control.flush()
    assert receiver.most_busy == 10
    assert len(receiver.requests) == 40


@pytest.mark.parametrize("answer", [500, 503, 404, 401, 302])
def test_anything_but_success_is_tried_again_with_the_attempt_counted(answer, control, receiver):
    receiver.answers = [answer, answer]
    control.tell("webhooks", {"retry_s": [0.05, 0.05, 0.05]})
    person(control, "contacts", properties={"city": "X"})
    assert control.flush()
    assert len(receiver.requests) == 3
    attempts = [{event["attemptNumber"] for event in batch} for batch in receiver.batches]
    assert attempts == [{0}, {1}, {2}]
    ids = [sorted(event["eventId"] for event in batch) for batch in receiver.batches]
    assert ids[0] == ids[1] == ids[2]
    assert [row["accepted"] for row in control.deliveries()] == [False, False, True]


def test_after_the_last_retry_it_gives_up(control, receiver):
    receiver.answers = [500] * 9
    control.tell("webhooks", {"retry_s": [0.02, 0.02]})
    person(control, "contacts", properties={"city": "X"})
    assert control.flush()
    assert len(receiver.requests) == 3
    assert control.get("/_sandbox/state").json()["deliveries"]["given_up"] == 2


def test_a_receiver_that_is_too_slow_gets_it_again(control, receiver):
    receiver.delay_s = 0.4
    control.tell("webhooks", {"timeout_s": 0.1, "retry_s": [0.5]})
    person(control, "contacts", properties={"city": "X"})
    time.sleep(0.3)
    receiver.delay_s = 0
    assert control.flush()
    assert len(receiver.requests) == 2
    assert control.deliveries()[0]["status"] is None
    assert "Timeout" in control.deliveries()[0]["error"]


def test_a_receiver_that_is_away_is_tried_again(control, receiver):
    receiver.close()
    control.tell("webhooks", {"retry_s": [0.02]})
    person(control, "contacts", properties={"city": "X"})
    assert control.flush()
    assert [row["attempt"] for row in control.deliveries()] == [0, 1]


def test_duplicates_can_be_had(control, receiver):
    control.tell("webhooks", {"duplicate_rate": 0.5, "seed": 3})
    control.tell("objects/contacts", [{"properties": {"city": str(n)}} for n in range(50)])
    assert control.flush()
    ids = [event["eventId"] for event in receiver.events]
    assert len(set(ids)) == 100
    assert 130 <= len(ids) <= 170


def test_raw_deliveries_have_the_signature_asked_for(control, receiver):
    kinds = ["valid", "wrong", "stale", "none"]
    control.tell("webhooks", {"raw": [{"body": "{", "signature": kind} for kind in kinds]})
    assert control.flush()
    found = {}
    for headers, body in receiver.requests:
        assert body == b"{"
        if "X-HubSpot-Signature-v3" not in headers:
            found["none"] = True
        elif not verify_v3(headers, body, receiver.url, DEFAULT_SECRET):
            found["wrong"] = True
        else:
            age = time.time() * 1000 - int(headers["X-HubSpot-Request-Timestamp"])
            found["stale" if age > 300_000 else "valid"] = True
    assert set(found) == set(kinds)


def test_a_raw_delivery_is_tried_once(control, receiver):
    receiver.answers = [400]
    control.tell("webhooks", {"raw": [{"body": "{"}]})
    assert control.flush()
    assert len(receiver.requests) == 1


def test_without_a_target_events_are_counted_only(control):
    person(control, "contacts", properties={"city": "X"})
    counts = control.get("/_sandbox/state").json()["deliveries"]
    assert (counts["messages"], counts["without_target"], counts["pending"]) == (2, 2, 0)


def test_seed_data_and_imports_send_nothing(control, receiver):
    control.tell("import", {"contacts": [{"id": "1", "properties": {"city": "X"}}]})
    control.tell("config", {"seed_data": {"contacts": 20, "companies": 5, "deals": 5}})
    assert control.flush()
    assert receiver.events == []
