"""What is done to a good request to make it bad, or only strange.

Each function takes `(chance, number, addresses)` and returns a :class:`~.delivery.Made` that says
what may come of it. Sizes are small, so that a million of them can be sent.
"""

from __future__ import annotations

import random
import time

from ...account import SECRET
from . import hostile_json
from .delivery import PROBES, Addresses, Made, element, elements, encode, genuine, signed

V3, STAMP, KIND = b'X-HubSpot-Signature-v3', b'X-HubSpot-Request-Timestamp', b'Content-Type'
STRANGE = [
    b'', b' ', b'\xff\xfe', b'\x01\x02', b'a' * 4097, b'a' * 30_000, '漢字'.encode(), b'%00', b'0',
    b'-1', b'null', b'NaN', b'v1,abc', b'v3=', b'=' * 44, b'AAAA' * 11, b'*/*;q=x', b'bytes=0-1',
    b'"', b"'", b'\t', b'Basic OjpF', b'Bearer x', b'a=b; c', b'[::1', b'localhost:99999999',
    b'evil.example', b'odoo.example.com@evil.example', b'..', b'{}', b'<x>', b'${jndi:ldap://x}',
]
NAMES = [
    b'Accept', b'Accept-Language', b'Accept-Encoding', b'Authorization', b'Cookie', b'Referer',
    b'Range', b'Origin', b'Forwarded', b'X-Forwarded-For', b'X-Forwarded-Host',
    b'X-Forwarded-Proto', b'X-Forwarded-Port', b'X-Odoo-Database', b'X-Http-Method-Override',
    b'X-Original-URL', b'X-Rewrite-URL', b'If-None-Match', b'If-Modified-Since', b'User-Agent',
    b'Expect', b'Upgrade', b'Connection', b'Via', b'TE', b'X-HubSpot-Signature',
    b'X-HubSpot-Signature-Version', b'Cache-Control', b'Sec-Fetch-Site', b'X-Correlation-Id',
]
METHODS = [
    b'GET', b'HEAD', b'PUT', b'DELETE', b'PATCH', b'OPTIONS', b'TRACE', b'CONNECT', b'PROPFIND',
    b'POSTS', b'FOO', b'*', b'M-SEARCH', b'PO\xc3\x96ST',
]
TYPES = [
    b'application/xml', b'text/xml; charset=utf-8', b'application/soap+xml', b'text/plain',
    b'application/x-www-form-urlencoded', b'multipart/form-data; boundary=b', b'text/json',
    b'multipart/mixed; boundary=' + b'b' * 500, b'application/json, application/json', b'',
    b'application/jsonp', b'application/vnd.api+json', b'*/*', b'application/zip', b'\xff',
]


def delivery(chance: random.Random, number: int, to: Addresses) -> Made:
    """Good, in one of the forms in which good ones may come."""
    made = genuine(chance, number, to.open)
    form = chance.randrange(10)
    if form == 0:
        made = made.but(headers=tuple((name.lower(), value) for name, value in made.headers))
    elif form == 1:
        made = made.with_header(KIND, b'Application/JSON; Charset="utf-8"')
    elif form == 2:
        made = made.but(framing='chunked')
    elif form == 3:
        target = f'{to.open}?b=2&a=1&a=%2F%7e'
        made = made.but(target=target.encode(), headers=signed(made.body, target))
    elif form == 4:
        for name, value in ((b'Host', b'evil.example'), (b'X-Forwarded-Host', b'evil.example'),
                            (b'X-Forwarded-Proto', b'http')):
            made = made.with_header(name, value)
    elif form == 5:
        made = made.but(method=b'post')  # Werkzeug, and so Odoo, takes it for POST
    elif form == 6:
        target = f'{to.open}/'
        made = made.but(target=target.encode(), headers=signed(made.body, target))
    return made


def replayed(chance: random.Random, number: int, to: Addresses) -> Made:
    """What an earlier number of the same thousand sent, again; perhaps with other values."""
    from .maker import earlier

    before = earlier(chance.seed_of_run, number, to)
    if before is None:
        return delivery(chance, number, to)
    sent = [dict(one) for one in before]
    if chance.random() < 0.5:
        sent = [{**one, 'propertyValue': 'forged later', 'tampered': True} for one in sent]
    chance.shuffle(sent)
    made = genuine(chance, number, to.open, encode(chance, sent))
    return made.but(kind='replay', again=True, probes=tuple(one['probe'] for one in sent))


def misfits(chance: random.Random, number: int, to: Addresses) -> Made:
    first = number * PROBES
    sent = [hostile_json.mutated(chance, first + n) for n in range(chance.choice((1, 1, 1, 3)))]
    if chance.random() < 0.5:
        sent.append(element(chance, first + len(sent)))
    made = genuine(chance, number, to.open, encode(chance, sent))
    return made.but(kind='misfit', probes=tuple(one['probe'] for one in sent))


def mangled(chance: random.Random, number: int, to: Addresses) -> Made:
    """Bytes changed before they were signed: readable by chance only."""
    body = hostile_json.mangled(chance, number)
    made = genuine(chance, number, to.open, body)
    return made.but(kind='mangled', probes=(), must=None, more=(202, 400))


def changed_on_the_way(chance: random.Random, number: int, to: Addresses) -> Made:
    """Bytes changed after they were signed, among them changes that mean the same JSON."""
    made = genuine(chance, number, to.open)
    body = made.body
    changes = [body + b' ', b' ' + body, body.replace(b',', b' ,', 1), body[:-1], body + b'[]',
               body.replace(b'1', b'2', 1), body.swapcase(), b'', b'\xef\xbb\xbf' + body]
    body = chance.choice([other for other in changes if other != body])
    return made.but(kind='changed on the way', body=body, must=401, forged=True, probes=())


def hostile(chance: random.Random, number: int, to: Addresses) -> Made:
    bad = chance.random() < 0.7
    made = genuine(chance, number, to.open, chance.choice(
        hostile_json.BAD if bad else hostile_json.ODD))
    return made.but(kind='hostile JSON', must=400 if bad else 202, forged=bad, probes=())


def forged(chance: random.Random, number: int, to: Addresses) -> Made:
    """A signature that is not: missing, garbled, another secret's, another time's, downgraded."""
    made = genuine(chance, number, to.open).but(
        kind='forged signature', must=401, forged=True, probes=())
    now = time.time()
    other = [
        {'secret': 'another'}, {'secret': ''}, {'at': now - 400}, {'at': now + 400}, {'at': 1},
        {'at': now * 1000},
    ]
    choice = chance.randrange(12)
    if choice < 6:
        return made.but(headers=signed(made.body, to.open, **other[choice]))
    if choice == 6:
        address = chance.choice((to.open + '/', to.open.upper(), to.open + '?x', '', to.paused))
        return made.but(headers=signed(made.body, address))
    if choice == 7:
        return made.with_header(V3, None).plus_header(b'X-HubSpot-Signature', b'0' * 64)
    if choice == 8:
        return made.plus_header(V3, b'garbage')
    if choice == 9:
        return made.plus_header(STAMP, b'1700000000000')
    return made.with_header(chance.choice((V3, STAMP)), chance.choice((None, *STRANGE[:-4])))


def strange_headers(chance: random.Random, number: int, to: Addresses) -> Made:
    """Headers of anything, on a good delivery or on a forged one."""
    made = genuine(chance, number, to.open)
    names = chance.sample(NAMES, chance.randint(1, 3))
    for name in names:
        made = made.plus_header(name, chance.choice(STRANGE))
    made = made.but(kind='strange headers', must=None, more=(202,))
    if chance.random() < 0.5:
        made = made.with_header(V3, b'AAAA').but(forged=True, probes=())
    return made


def packed(chance: random.Random, number: int, to: Addresses) -> Made:
    encoding, body = chance.choice(list(hostile_json.BOMBS.items()))
    made = genuine(chance, number, to.open, body).with_header(b'Content-Encoding', encoding)
    return made.but(kind='compressed', must=415, forged=True, probes=())


def typed(chance: random.Random, number: int, to: Addresses) -> Made:
    """Another type than JSON, with what it stands for, or with a good delivery all the same."""
    good = encode(chance, elements(chance, number))
    body = chance.choice((
        good, hostile_json.BILLION_LAUGHS, hostile_json.EXTERNAL_ENTITY, hostile_json.MULTIPART,
        b'a=1&' * 2000, hostile_json.BOMBS[b'zip']))
    made = genuine(chance, number, to.open, body).with_header(KIND, chance.choice(TYPES))
    return made.but(kind='another type', must=None, more=(413, 415), forged=True, probes=())


def elsewhere(chance: random.Random, number: int, to: Addresses) -> Made:
    """Good, but for an address that is wrong or does not take anything at the moment."""
    choice, token = chance.randrange(9), to.open.rpartition('/')[2]
    if choice == 0:
        return genuine(chance, number, to.paused).but(
            kind='paused', must=503, forged=True, probes=())
    if choice == 1:
        return genuine(chance, number, to.full).but(
            kind='over the ceiling', must=503, forged=True, probes=())
    if choice == 2:
        return genuine(chance, number, to.secretless).but(
            kind='no secret', must=401, forged=True, probes=())
    ends = [token[:-1], token + 'A', token.swapcase(), '', '..', '%2e%2e/x', '%00', '%ff%fe',
            'a' * 5000, f'{token}/{token}', token + '%0d%0aX-Evil:1', "' OR 1=1 --"]
    path = f'/saas_sync/webhook/{chance.choice(ends)}'
    made = genuine(chance, number, path).but(kind='wrong address', forged=True, probes=())
    target = path.encode().replace(b' ', b'%20')
    return made.but(target=target, must=None)


def unexpected_method(chance: random.Random, number: int, to: Addresses) -> Made:
    made = genuine(chance, number, to.open).but(method=chance.choice(METHODS), probes=())
    if chance.random() < 0.3:
        made = made.plus_header(b'X-HTTP-Method-Override', b'POST')
    return made.but(kind='another method', must=405, forged=True)


def other_route(chance: random.Random, number: int, _to: Addresses) -> Made:
    """Liveness, and the callback of a sign-in by somebody who is not signed in."""
    query = '&'.join(
        f'{chance.choice(("state", "code", "error", "db", "debug", "x[]"))}='
        f'{chance.choice(("", "%00", "%ff", "a" * 3000, "..%2f", "1", "{}", "%F0%9F%98%80"))}'
        for _ in range(chance.randrange(4)))
    health = chance.random() < 0.5
    target = ('/saas_sync/health?' if health else '/saas_sync/oauth/callback?') + query
    made = Made(number, 'health' if health else 'callback', target.encode(), method=b'GET',
                framing='none', more=() if health else (303,))
    if chance.random() < 0.5:
        made = made.plus_header(chance.choice(NAMES), chance.choice(STRANGE))
    return made


def large(chance: random.Random, number: int, to: Addresses) -> Made:
    size = chance.choice((1024 * 1024 + 1, 1_500_000, 3_000_000))
    made = genuine(chance, number, to.open, b'[' + b' ' * size + b']')
    return made.but(
        kind='large', must=None, more=(413,), forged=True, probes=(),
        framing=chance.choice(('length', 'chunked')))


def announced_wrongly(chance: random.Random, number: int, to: Addresses) -> Made:
    """A length that is a lie, chunks that are none, lines that are hardly HTTP."""
    from .wire import LIES

    made = genuine(chance, number, to.open)
    return made.but(
        kind='announced wrongly', framing=chance.choice(LIES), must=None, probes=(), more=(202, 0))


assert SECRET  # the tests' connection and these signatures share it
