"""Outbound Messages and signed JSON: what a stranger may send, and what becomes of it."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.connectors.salesforce import SalesforceConnector
from engine.connectors.salesforce_soap import ACKNOWLEDGEMENT, MAX_BYTES
from engine.contracts import WebhookRequest
from engine.errors import ContractError, SignatureError

ORG = '00DQ0000000EB93MAG'
NOW = datetime(2026, 11, 21, 12, tzinfo=timezone.utc)
SECRET = b'a-long-secret-of-the-connection'
ROOT = Path(__file__).resolve().parents[3]
CONTACT = '003Q000000abcDE'
OUTBOUND = 'http://soap.sforce.com/2005/09/outbound'
HUB = SalesforceConnector(None, {'account_id': ORG})


def soap(*notifications, org=ORG, session='<SessionId>00D!live-token</SessionId>', head=''):
    rows = ''.join(
        f'<Notification><Id>{one}</Id><sObject xsi:type="sf:Contact" '
        'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">'
        f'<sf:Id>{CONTACT}</sf:Id><sf:LastName>Ö</sf:LastName></sObject></Notification>'
        for one in notifications
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>'
        f'<notifications xmlns="{OUTBOUND}"><OrganizationId>{org}</OrganizationId>'
        f'<ActionId>04kV0000000CaSPIA0</ActionId>{session}{rows}'
        '</notifications></soapenv:Body></soapenv:Envelope>'
    ).encode()


def delivery(body, **headers):
    kind = 'text/xml; charset=utf-8' if body.lstrip()[:1] == b'<' else 'application/json'
    return WebhookRequest(
        method='POST', url='/x', headers={'content-type': kind} | headers, body=body
    )


def number(n):
    return f'04lV000000{n:05d}'


# --- Outbound Messages --------------------------------------------------------------------------


def test_a_message_of_a_hundred_notifications_is_a_hundred_events():
    request = delivery(soap(*map(number, range(100))))
    HUB.verify(request, [SECRET], NOW)
    events = HUB.parse(request)
    assert len({event.idempotency_key for event in events}) == 100
    assert {event.remote_object for event in events} == {'Contact'}
    assert {len(event.remote_id) for event in events} == {18}


def test_a_notification_sent_again_has_its_key_whatever_else_is_with_it():
    one = HUB.parse(delivery(soap(number(1), number(2))))[1]
    two = HUB.parse(delivery(soap(number(2), session='')))[0]
    assert one.idempotency_key == two.idempotency_key


def test_the_session_of_the_user_is_neither_kept_nor_shown():
    events = HUB.parse(delivery(soap(number(1))))
    assert 'live-token' not in repr(events) + json.dumps([one.payload for one in events])


@pytest.mark.parametrize('org', ['00DQ0000000EB94', '', 'x' * 15, "00DQ0000000EB93' --"])
def test_another_organisation_is_refused_in_the_words_of_a_wrong_signature(org):
    with pytest.raises(SignatureError) as caught:
        HUB.verify(delivery(soap(number(1), org=org)), [SECRET], NOW)
    assert org not in str(caught.value) or not org


def test_a_connection_that_knows_no_organisation_believes_none():
    with pytest.raises(SignatureError):
        SalesforceConnector(None, {}).verify(delivery(soap(number(1), org='')), [SECRET], NOW)


BOMB = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LAUGHS = '<!DOCTYPE a [<!ENTITY a0 "ha">%s]>' % ''.join(
    f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12)
)
FILE = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize(
    'body',
    [
        soap(number(1), head=BOMB),
        soap(number(1), head=LAUGHS).replace(b'\xc3\x96', b'&a11;'),
        soap(number(1), head=LAUGHS).decode().encode('utf-16'),
        soap(number(1), head=FILE).replace(b'\xc3\x96', b'&x;'),
        soap(number(1), head='<!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd">'),
        soap(number(1), head='<!DOCTYPE a [<!ENTITY % p SYSTEM "http://127.0.0.1:1/">%p;]>'),
        soap(),
        soap(*map(number, range(101))),
        soap(number(1))[:-9],
        soap(number(1)).replace(b'2005/09', b'2006/09'),
        b'<a/>',
        b'<' * 5000,
        b'<a>' * 5000,
        b'<?xml version="1.0" encoding="UTF-16"?><a/>',
        b'<a/>' + b' ' * MAX_BYTES,
    ],
)
def test_what_is_no_outbound_message_is_refused_without_being_followed(body):
    with pytest.raises(ContractError):
        HUB.parse(delivery(body))


def test_a_notification_that_names_no_record_is_kept_with_the_reason():
    body = soap(number(1), number(2)).replace(CONTACT.encode(), b'nonsense', 1)
    bad, good = HUB.parse(delivery(body))
    assert bad.error and not bad.remote_id
    assert good.error is None


def test_a_record_that_says_it_is_deleted_is_a_deletion():
    flag = b'<sf:IsDeleted>true</sf:IsDeleted></sObject>'
    (event,) = HUB.parse(delivery(soap(number(1)).replace(b'</sObject>', flag)))
    assert event.kind == 'delete'


@given(st.binary(max_size=300))
def test_any_bytes_are_events_or_one_refusal(body):
    for kind in ('text/xml', 'application/json'):
        request = WebhookRequest(
            method='POST', url='/x', headers={'content-type': kind}, body=body
        )
        try:
            assert HUB.parse(request)
        except ContractError as error:
            assert 'passwd' not in str(error)


def test_the_recorded_messages_are_understood():
    base = Path(os.environ.get('SAAS_SYNC_RECORDED', Path(__file__).parents[4] / 'shared/recorded'))
    folder = base / 'salesforce' / 'outbound_messages'
    if not folder.is_dir():
        pytest.skip(f'recorded traffic is not in {base}')
    for path in sorted(folder.glob('om_*.xml')):
        (event,) = HUB.parse(delivery(path.read_bytes()))
        assert (event.remote_object, event.remote_id[:15]) == ('Opportunity', '006Q0000009N3gf')
        assert event.account == ORG
    recorded = (folder / 'ack_true.xml').read_bytes()
    assert b'<Ack>true</Ack>' in ACKNOWLEDGEMENT and b'true' in recorded


# --- signed JSON --------------------------------------------------------------------------------


def signed(value, secret=SECRET, at=NOW):
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    stamp = str(int(at.timestamp()))
    digest = hmac.new(secret, stamp.encode() + b':' + body, hashlib.sha256).hexdigest()
    return delivery(body, **{'x-timestamp': stamp, 'x-signature': digest})


EVENT = {'id': CONTACT, 'object': 'Contact', 'type': 'updated', 'event': 'e1'}


def test_signed_json_becomes_events():
    request = signed([EVENT, {**EVENT, 'type': 'deleted', 'event': 'e2'}])
    HUB.verify(request, [b'old', SECRET], NOW)
    assert [event.kind for event in HUB.parse(request)] == ['change', 'delete']


@pytest.mark.parametrize(
    'request_',
    [
        signed(EVENT, secret=b'another'),
        signed(EVENT, at=NOW - timedelta(minutes=6)),
        signed(EVENT, at=NOW + timedelta(minutes=6)),
        delivery(json.dumps(EVENT).encode()),
        delivery(b'{}', **{'x-timestamp': '1.5', 'x-signature': 'é'}),
        delivery(b'{}', **{'x-timestamp': 'é', 'x-signature': ''}),
    ],
)
def test_what_is_not_signed_just_now_by_a_known_secret_is_refused(request_):
    with pytest.raises(SignatureError):
        HUB.verify(request_, [SECRET], NOW)


def test_no_secret_signs_nothing():
    request = signed(EVENT, secret=b'')
    for secrets in ([], [b'']):
        with pytest.raises(SignatureError):
            HUB.verify(request, secrets, NOW)


def test_one_changed_byte_of_the_body_is_refused():
    request = signed(EVENT)
    other = request.model_copy(update={'body': request.body + b' '})
    with pytest.raises(SignatureError):
        HUB.verify(other, [SECRET], NOW)


def test_a_merge_names_those_that_are_gone():
    losers = ['003Q000000abcDF', 'no id']
    (event,) = HUB.parse(signed({**EVENT, 'type': 'merged', 'losers': losers}))
    assert event.kind == 'merge' and len(event.related_ids) == 1


def test_the_event_number_decides_what_is_the_same_event():
    key = [HUB.parse(signed(one))[0].idempotency_key for one in (
        EVENT, {**EVENT, 'at': '2026-01-01T00:00:00Z'}, {**EVENT, 'event': 'e2'})]  # fmt: skip
    assert key[0] == key[1] != key[2]


@pytest.mark.parametrize('odd', [7, None, {}, {'id': 'x'}, {**EVENT, 'object': 'a b'}, 'text'])
def test_an_element_that_does_not_fit_is_kept_and_costs_no_other(odd):
    bad, good = HUB.parse(signed([odd, EVENT]))
    assert bad.error and good.error is None


def test_a_type_of_tomorrow_is_ignored_with_its_reason():
    (event,) = HUB.parse(signed({**EVENT, 'type': 'archived'}))
    assert event.kind == 'ignored' and 'archived' in event.reason


# --- the Apex recipe ----------------------------------------------------------------------------


def test_what_the_apex_class_sends_is_verified_and_understood():
    """The class cannot run here; its four lines that make the signature are carried out below as
    Apex documents them, and must stand in it exactly so."""
    source = (ROOT / 'data/salesforce/classes/OdooWebhook.cls').read_text()
    for line in (
        'String stamp = String.valueOf(System.currentTimeMillis());',
        "'HmacSHA256', Blob.valueOf(stamp + ':' + body), Blob.valueOf(settings.Secret__c));",
        "request.setHeader('X-Timestamp', stamp);",
        "request.setHeader('X-Signature', EncodingUtil.convertToHex(mac));",
    ):
        assert line in source, line
    names = re.findall(r"'(\w+)' => ", source)
    values = {'id': CONTACT, 'object': 'Contact', 'type': 'updated', 'event': 'c9a6-1'}
    assert names == list(values)
    body = json.dumps([values]).encode()
    stamp = str(int(NOW.timestamp() * 1000))
    signature = hmac.new(SECRET, stamp.encode() + b':' + body, hashlib.sha256).hexdigest()
    request = delivery(body, **{'x-timestamp': stamp, 'x-signature': signature})
    HUB.verify(request, [SECRET], NOW)
    (event,) = HUB.parse(request)
    assert (event.remote_object, event.kind, event.error) == ('Contact', 'change', None)


def test_milliseconds_that_are_not_now_are_refused():
    for seconds in (-301, 301):
        stamp = str(int((NOW.timestamp() + seconds) * 1000))
        signature = hmac.new(SECRET, stamp.encode() + b':{}', hashlib.sha256).hexdigest()
        with pytest.raises(SignatureError):
            HUB.verify(
                delivery(b'{}', **{'x-timestamp': stamp, 'x-signature': signature}), [SECRET], NOW
            )
