"""Outbound Messages: SOAP notifications of changes, and how the control surface sets them up.

Promise: a change of an object with a definition becomes a notification with an id of its own; a
delivery holds 1 to 100 of one definition and shows the rows as they are when it is sent, empty
fields left out; anything but HTTP 200 with ``Ack`` true is tried again. Deletions send nothing.
Options: ``messages`` (object, fields, and whether creates, updates or both), ``own_changes``.
Weakness: one target for all definitions, no time of day, no SessionId.
"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ..core.delivery import Postman
from ..core.errors import no_unknown_keys, require
from .ids import Ids
from .moments import soap_text
from .records import Record
from .schema import SObject
from .store import Event, Store

DEFAULT = ("Account", "Contact", "Lead", "Opportunity", "Product2", "PricebookEntry")
DEFAULT_FIELDS = ("Id", "SystemModstamp", "LastModifiedById")
MESSAGE_KEYS = {"object", "fields", "on"}
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
OUTBOUND = "http://soap.sforce.com/2005/09/outbound"
AGENT = "Jakarta Commons-HttpClient/3.1"
HEADERS = {"Content-Type": "text/xml; charset=utf-8", "User-Agent": AGENT, "SOAPAction": '""'}


class Outbox:
    """Turns events of a :class:`Store` into notifications for a :class:`Postman`."""

    def __init__(self, store: Store, postman: Postman, integration: str) -> None:
        self.store = store
        self.postman = postman
        self.integration = integration
        self._ids = Ids(store.options.seed)
        self.definitions: dict[str, dict[str, Any]] = {}
        self.define([{"object": name} for name in DEFAULT])

    def define(self, rows: Any) -> None:
        """Other definitions. Raises ``ControlError``; then nothing has changed."""
        require(isinstance(rows, list), "messages must be a list of definitions.")
        self.definitions = {name: row for row in rows for name, row in [self._parsed(row)]}

    def _parsed(self, row: Any) -> tuple[str, dict[str, Any]]:
        require(isinstance(row, dict), "A message definition must be an object.")
        no_unknown_keys(row, MESSAGE_KEYS, "A message definition")
        sobject = self.store.schema.find(str(row.get("object")))
        if sobject is None:
            require(False, f"There is no object {row.get('object')}.")
            raise ValueError
        fields = row.get("fields", list(DEFAULT_FIELDS))
        known = isinstance(fields, list) and all(sobject.field(str(name)) for name in fields)
        require(known, f"fields must be a list of fields of {sobject.name}.")
        on = row.get("on", ["created", "updated"])
        sound = isinstance(on, list) and set(on) <= {"created", "updated"}
        require(sound, 'on must be a list of "created" and "updated".')
        return sobject.name, {"fields": fields, "on": on, "action": self._ids.new("04k")}

    def tell(self, events: list[Event]) -> None:
        """Queue a notification for each event that a definition wants."""
        messages = []
        for what, record, user in events:
            definition = self.definitions.get(record.kind)
            mine = user == self.integration and not self.store.options.own_changes
            if definition is None or what not in definition["on"] or mine:
                continue
            number = self._ids.new("04l")
            messages.append({"id": number, "kind": record.kind, "record": record.id})
        if messages:
            self.postman.post(messages)

    def envelope(self, messages: list[dict[str, Any]]) -> str:
        """The SOAP message for notifications of one object."""
        kind = messages[0]["kind"]
        sobject = self.store.schema.objects[kind.lower()]
        definition = self.definitions.get(kind) or {"fields": ["Id"], "action": ""}
        org = self.store.options.org_id
        notifications = "".join(
            f"<Notification><Id>{message['id']}</Id>"
            f"{self._sobject(sobject, message['record'], definition['fields'])}</Notification>"
            for message in messages
        )
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            f'<soapenv:Envelope xmlns:soapenv="{SOAP}" '
            'xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
            f' <soapenv:Body>\n  <notifications xmlns="{OUTBOUND}">\n'
            f"   <OrganizationId>{org}</OrganizationId>\n"
            f"   <ActionId>{definition['action']}</ActionId>\n"
            '   <SessionId xsi:nil="true"/>\n'
            f"   <EnterpriseUrl>https://sandbox.example/services/Soap/c/66.0/{org[:15]}"
            "</EnterpriseUrl>\n"
            f"   <PartnerUrl>https://sandbox.example/services/Soap/u/66.0/{org[:15]}</PartnerUrl>\n"
            f"   {notifications}\n  </notifications>\n </soapenv:Body>\n</soapenv:Envelope>\n"
        )

    def _sobject(self, sobject: SObject, record_id: str, names: list[str]) -> str:
        record = self.store.table(sobject).rows.get(record_id) or Record(sobject.name, record_id)
        cells = []
        for name in dict.fromkeys(["Id", *names]):
            field = sobject.field(name)
            value = record.get(field.name) if field else None
            if name == "Id":
                value = record_id
            if field is not None and value is not None:
                text = soap_text(value) if field.type == "datetime" else _text(value)
                cells.append(f"<sf:{field.name}>{escape(text)}</sf:{field.name}>")
        return (
            f'<sObject xsi:type="sf:{sobject.name}" '
            f'xmlns:sf="urn:sobject.enterprise.soap.sforce.com">{"".join(cells)}</sObject>'
        )


class Format:
    """Renders deliveries of whichever org is open; ``lock`` is the provider's."""

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self.outbox: Outbox | None = None

    def render(self, messages: list[dict], attempt: int, url: str) -> tuple[bytes, dict[str, str]]:
        """The notifications with what the rows are now."""
        with self.lock:
            text = self.outbox.envelope(messages) if self.outbox else ""
        return text.encode(), dict(HEADERS)

    def accepted(self, status: int, body: bytes) -> bool:
        """200 with ``Ack`` true, and nothing else."""
        if status != 200:
            return False
        try:
            found = ElementTree.fromstring(body).iter(f"{{{OUTBOUND}}}Ack")
        except ElementTree.ParseError:
            return False
        return any((ack.text or "").strip() == "true" for ack in found)


def sign(secret: str, body: bytes, *, age_s: float = 0) -> dict[str, str]:
    """Headers of a JSON notification as our Apex class signs it: HMAC over time and body."""
    stamp = str(round((time.time() - age_s) * 1000))
    digest = hmac.new(secret.encode(), stamp.encode() + b":" + body, hashlib.sha256).hexdigest()
    return {"Content-Type": "application/json", "X-Timestamp": stamp, "X-Signature": digest}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
