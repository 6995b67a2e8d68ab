"""Signed deliveries as HubSpot sends them, and the request they travel in.

Every element that is to be found again carries a `probe`, a number of its own that is also its
event id; an element with the same probe is the same event.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field, replace

from ...account import PUBLIC_URL, SECRET, sign

PORTAL = 62515
#: Probes of one request: its number times this, and up.
PROBES = 8
FIRST_EVENT = 10**9

TYPES = [
    'contact.creation', 'contact.propertyChange', 'contact.deletion', 'company.creation',
    'company.propertyChange', 'deal.creation', 'deal.propertyChange', 'deal.deletion',
    'contact.privacyDeletion', 'contact.restore', 'ticket.creation', 'conversation.newMessage',
]
VALUES = [
    'ada@example.com', 'Ünïcode ✓ 漢字', '\0', '\ud800', '', 'a' * 300, '=1+1', '<b>x</b>', '1e9',
]
NAMES = ['email', 'firstname', 'lastname', 'phone', 'hubspot_owner_id', 'dealname', 'amount']


@dataclass(frozen=True)
class Addresses:
    """Paths of connections: one that works, one paused, one over its ceiling, one without a secret.
    """

    open: str
    paused: str
    full: str
    secretless: str


@dataclass(frozen=True)
class Made:
    """One request. `framing` tells how the body is announced: see :mod:`.wire`.

    `must` is the only status that will do, where there is one. `forged`: nothing in it may be
    accepted. `probes`: of the elements that are stored if it is accepted; `again`: it repeats them.
    """

    number: int
    kind: str
    target: bytes
    body: bytes = b''
    method: bytes = b'POST'
    headers: tuple[tuple[bytes, bytes], ...] = ()
    framing: str = 'length'
    must: int | None = None
    forged: bool = False
    again: bool = False
    probes: tuple[int, ...] = ()
    more: tuple[int, ...] = field(default=(), repr=False)  # further statuses that are right

    def but(self, **changes) -> Made:
        return replace(self, **changes)

    def with_header(self, name: bytes, value: bytes | None) -> Made:
        """With this header instead of every one of the same name; None leaves it out."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        return self.but(headers=kept if value is None else (*kept, (name, value)))

    def plus_header(self, name: bytes, value: bytes) -> Made:
        return self.but(headers=(*self.headers, (name, value)))


def element(chance: random.Random, probe: int, **changes) -> dict:
    """A notification that fits, of any type we know or do not know."""
    kind = chance.choice(TYPES)
    one = {
        'eventId': FIRST_EVENT + probe, 'subscriptionId': 3, 'portalId': PORTAL, 'appId': 54321,
        'occurredAt': 1_700_000_000_000 + probe, 'subscriptionType': kind,
        'attemptNumber': chance.randrange(10), 'objectId': chance.randrange(1, 100_000),
        'probe': probe,
    }
    if kind.endswith('propertyChange'):
        one |= {'propertyName': chance.choice(NAMES), 'propertyValue': chance.choice(VALUES)}
    if chance.random() < 0.05:
        one['portalId'] = chance.randrange(1, 10**8)
    return {**one, **changes}


def elements(chance: random.Random, number: int, **changes) -> list[dict]:
    count = chance.choices((1, 2, 3, 7), (80, 10, 8, 2))[0]
    return [element(chance, number * PROBES + n, **changes) for n in range(count)]


def encode(chance: random.Random, value) -> bytes:
    """JSON as one serialiser or another writes it."""
    text = json.dumps(
        value, indent=chance.choice((None, None, None, 1)),
        separators=chance.choice(((',', ':'), (', ', ': '))),
        sort_keys=chance.random() < 0.2,
    )
    return chance.choice((b'', b'', b'\n')) + text.encode()


def signed(body: bytes, target: str, **options) -> tuple[tuple[bytes, bytes], ...]:
    """The headers of a genuine delivery of these bytes to this address."""
    headers = sign(body, PUBLIC_URL + target, **{'secret': SECRET, **options})
    return tuple((name.encode(), value.encode()) for name, value in headers.items())


def genuine(chance: random.Random, number: int, target: str, body: bytes | None = None) -> Made:
    """A good delivery: it has to be accepted."""
    sent = elements(chance, number)
    body = encode(chance, sent) if body is None else body
    return Made(
        number, 'genuine', target.encode(), body, headers=signed(body, target), must=202,
        probes=tuple(one['probe'] for one in sent),
    )
