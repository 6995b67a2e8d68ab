"""Deliveries as Salesforce sends them: Outbound Messages, and JSON that a Flow or Apex signed."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

SESSION = '00DQy0000000001!AQsession-of-a-living-user'
_MESSAGE = '''<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
 <soapenv:Body>
  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">
   <OrganizationId>{organisation}</OrganizationId>
   <ActionId>04kQy0000000001AAA</ActionId>
   <SessionId>{session}</SessionId>
   <EnterpriseUrl>https://acme.my.salesforce.com/services/Soap/c/66.0</EnterpriseUrl>
   <PartnerUrl>https://acme.my.salesforce.com/services/Soap/u/66.0</PartnerUrl>{rows}
  </notifications>
 </soapenv:Body>
</soapenv:Envelope>'''
_ROW = '''
   <Notification>
    <Id>{notification}</Id>
    <sObject xsi:type="sf:{kind}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">
     <sf:Id>{record}</sf:Id>
     <sf:SystemModstamp>2026-11-21T10:00:00.000Z</sf:SystemModstamp>
    </sObject>
   </Notification>'''


def outbound_message(organisation, *rows, session=SESSION) -> bytes:
    """An Outbound Message; each row is ``(notification id, object, record id)``."""
    found = ''.join(
        _ROW.format(notification=notification, kind=kind, record=record)
        for notification, kind, record in rows
    )
    return _MESSAGE.format(organisation=organisation, session=session, rows=found).encode()


def number(prefix, index) -> str:
    """An id of 18 characters: capitals nowhere, so that its three check characters are A."""
    return f'{prefix}qy{index:010d}AAA'


def sign_json(body: bytes, secret: str, at=None) -> dict[str, str]:
    """The headers of the Apex recipe in the README: milliseconds, a colon, the body."""
    stamp = str(int((at or time.time()) * 1000))
    digest = hmac.new(secret.encode(), stamp.encode() + b':' + body, hashlib.sha256).hexdigest()
    return {'X-Timestamp': stamp, 'X-Signature': digest, 'Content-Type': 'application/json'}


def encode(event) -> bytes:
    return json.dumps(event).encode()
