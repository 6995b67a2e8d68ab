"""Outbound Messages: SOAP notifications of Salesforce's workflow, flow and approval actions.

Promise: any bytes give events or one :class:`~..errors.ContractError`. The body is read by
namespace; a document type, an entity, or a reference to something outside is refused before it
could be followed. The ``SessionId`` that an administrator may have switched on, a live credential,
is neither kept nor repeated. A notification's ``Id`` is its key: Salesforce sends one until it is
acknowledged, and sometimes again. What it says of the record is not read: the record is.

Sources: "Understanding Outbound Messaging", the outbound message WSDL, recorded bodies.

Weakness: nothing signs an Outbound Message. It is believed for the secret in our address and for
the organisation's id; both travel in the clear to whoever ends TLS.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator

from lxml import etree

from ..contracts import InboundEvent
from ..errors import ContractError, SignatureError
from ..signature import REFUSED
from .salesforce_objects import is_id, long_id

MAX_BYTES = 1024 * 1024
#: The WSDL allows up to 100.
MAX_NOTIFICATIONS = 100
_ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/'
_OUTBOUND = 'http://soap.sforce.com/2005/09/outbound'
_SOBJECT = 'urn:sobject.enterprise.soap.sforce.com'
_TYPE = '{http://www.w3.org/2001/XMLSchema-instance}type'

ACKNOWLEDGEMENT = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    f'<soapenv:Envelope xmlns:soapenv="{_ENVELOPE}"><soapenv:Body>'
    f'<notificationsResponse xmlns="{_OUTBOUND}"><Ack>true</Ack></notificationsResponse>'
    '</soapenv:Body></soapenv:Envelope>'
).encode('ascii')
#: A tag with 64 attributes or more; Salesforce's have four at most.
_OVERLOADED = re.compile(
    rb"""<[^\s/>!?][^\s/>]*(?:\s+[^\s=<>]+\s*=\s*(?:"[^"<]*"|'[^'<]*')){64}""")


def check_organisation(body: bytes, organisation: str) -> None:
    """Refuse a delivery of another organisation than the connection's.

    :param organisation: the connection's, of 15 or 18 characters.
    :raises SignatureError: it is another's, or names none; told in the same words.
    :raises ContractError: the body is no Outbound Message.
    """
    named = _text(_notifications(body), f'{{{_OUTBOUND}}}OrganizationId')
    expected = long_id(organisation).encode()
    same = hmac.compare_digest(long_id(named).encode('utf-8', 'replace'), expected)
    if not (same and is_id(organisation)):
        raise SignatureError(REFUSED)


def parse(body: bytes) -> list[InboundEvent]:
    """The events of a delivery.

    :raises ContractError: the body is no Outbound Message.
    """
    root = _notifications(body)
    rows = root.findall(f'{{{_OUTBOUND}}}Notification')
    if not 1 <= len(rows) <= MAX_NOTIFICATIONS:
        raise _bad(f'{len(rows)} notifications, not 1 to {MAX_NOTIFICATIONS}')
    organisation = long_id(_text(root, f'{{{_OUTBOUND}}}OrganizationId'))
    return [_event(row, organisation) for row in rows]


def _event(row: etree._Element, organisation: str) -> InboundEvent:
    """One notification; one that does not fit is kept with the reason."""
    notification = _text(row, f'{{{_OUTBOUND}}}Id')
    subject = row.find(f'{{{_OUTBOUND}}}sObject')
    remote_object, remote_id, deleted = '', '', False
    if subject is not None:
        remote_object = (subject.get(_TYPE) or '').rpartition(':')[2]
        remote_id = _text(subject, f'{{{_SOBJECT}}}Id')
        deleted = _text(subject, f'{{{_SOBJECT}}}IsDeleted') == 'true'
    fits = is_id(notification) and is_id(remote_id) and remote_object.replace('_', '').isalnum()
    return InboundEvent(
        idempotency_key=_key(organisation, notification, etree.tostring(row)),
        event_type='outboundMessage',
        kind='delete' if deleted else 'change',
        remote_object=remote_object[:128] if fits else '',
        remote_id=long_id(remote_id) if fits else '',
        account=organisation,
        payload={'notification': notification[:64], 'object': remote_object[:128],
                 'id': remote_id[:64], 'deleted': deleted},
        error=None if fits else 'The notification names no record: its Id, the sObject’s type or '
        'the sObject’s Id is missing.',
    )  # fmt: skip


def _key(organisation: str, notification: str, raw: bytes) -> str:
    """Equal for two deliveries of one notification; of one without an id, for equal bytes."""
    about = notification.encode() if is_id(notification) else hashlib.sha256(raw).digest()
    return hashlib.sha256(b'\0'.join([b'om', organisation.encode(), about])).hexdigest()


def _notifications(body: bytes) -> etree._Element:
    root = _document(body)
    found = root.find(f'{{{_ENVELOPE}}}Body/{{{_OUTBOUND}}}notifications')
    if root.tag != f'{{{_ENVELOPE}}}Envelope' or found is None:
        raise _bad('no SOAP envelope with notifications in it')
    return found


def _document(body: bytes) -> etree._Element:
    """:raises ContractError: it is too large, no XML, or has a document type."""
    if len(body) > MAX_BYTES:
        raise ContractError(f'{len(body)} bytes, at most {MAX_BYTES} are read', code='TOO_LARGE')
    # Before any parser sees it: libxml2 expands what a document type declares while it reads.
    if b'<!DOCTYPE' in body:
        raise _bad('a document type')
    # libxml2 compares every attribute of an element with every other: 50,000 take minutes.
    if b'\0' in body or _OVERLOADED.search(body):
        raise _bad('no UTF-8, or an element of too many attributes')
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False,
        huge_tree=False, remove_comments=True, remove_pis=True, encoding='utf-8',
    )  # fmt: skip
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise _bad(type(error).__name__) from error
    if root.getroottree().docinfo.doctype or any(_entities(root)):
        raise _bad('a document type or an entity')
    return root


def _entities(root: etree._Element) -> Iterator[etree._Element]:
    return root.iter(etree.Entity)


def _text(parent: etree._Element, name: str) -> str:
    return (parent.findtext(name) or '').strip()


def _bad(why: str) -> ContractError:
    return ContractError(f'The body is no Outbound Message: {why}.', code='BAD_XML')
