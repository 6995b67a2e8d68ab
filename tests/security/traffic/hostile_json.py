"""Bodies that mean harm: JSON by the letter or nearly, and what is none."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
import zlib

from .delivery import NAMES, TYPES, element

DEEP = 100_000
DIGITS = 100_000
FIELDS = [
    'subscriptionType', 'eventType', 'eventId', 'portalId', 'appId', 'occurredAt', 'objectId',
    'objectTypeId', 'propertyName', 'propertyValue', 'attemptNumber', 'fromObjectId',
    'toObjectId', 'associationType', 'mergedObjectIds', 'newObjectId', 'primaryObjectId',
    'isSensitive', 'fromObjectTypeId',
]
BILLION_LAUGHS = b'''<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha">%s]><l>&i;</l>''' % b''.join(
    b'<!ENTITY %c "%s">' % (98 + n, b'&%c;' % (97 + n) * 10) for n in range(8))
EXTERNAL_ENTITY = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;'
    b'<!ENTITY e SYSTEM "http://127.0.0.1:1/">]><x xmlns:xi="http://www.w3.org/2001/XInclude">&e;'
    b'<xi:include href="file:///etc/passwd" parse="text"/></x>')
MULTIPART = (
    b'--b\r\nContent-Disposition: form-data; name="payload"; filename="../../x"\r\n'
    b'Content-Type: application/json\r\n\r\n[]\r\n--b--\r\n')


def zip_in_zip() -> bytes:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, 'w', zipfile.ZIP_DEFLATED) as packed:
        packed.writestr('a', b'0' * 1_000_000)
    outer = io.BytesIO()
    with zipfile.ZipFile(outer, 'w', zipfile.ZIP_DEFLATED) as packed:
        packed.writestr('inner.zip', inner.getvalue())
    return outer.getvalue()


#: Made once: they are large when unpacked, and small as sent.
BOMBS = {
    b'gzip': gzip.compress(b'[' + b' ' * 5_000_000 + b']'),
    b'deflate': zlib.compress(b'0' * 5_000_000),
    b'gzip, gzip': gzip.compress(gzip.compress(b'0' * 5_000_000)),
    b'zip': zip_in_zip(),
    b'br': b'\x5b\xff\xff\x0b\xf8', b'zstd': b'\x28\xb5\x2f\xfd',
}
#: No JSON at all, or more than anybody means; every one of them is refused.
BAD = [
    b'', b'{', b'null', b'"x"', b'12', b'true', b'[1,', b'[NaN]', b'[Infinity]', b'[-Infinity]',
    b'[1e400]', b'\xff\xfe[]', b'\xef\xbb\xbf[]', b'[' * DEEP, b'[' * DEEP + b']' * DEEP,
    b'{"a":' * 5000 + b'1' + b'}' * 5000, b'[{"eventId": ' + b'9' * DIGITS + b'}]',
    b'[-' + b'9' * DIGITS + b']', b'[1.' + b'9' * DIGITS + b'e999]', b'[{"a": 1, "a": 2}]',
    b'[{"probe": 1, "probe": 2}]', b'\x00', b'[]\x00', b'[] []', b'[{"a": "\x00"}]',
    '[{"a": 1}]'.encode('utf-16'), b"[{'a': 1}]", b'/*[]*/', BILLION_LAUGHS, MULTIPART,
    b'[' + b'{},' * 5000 + b'{}]',
]
#: JSON by the letter, and nothing we can use; it is taken and kept for people to see.
ODD = [
    b'[]', b'[[]]', b'[null]', b'[{}]', b'{}', b'[1, "a", true, null]', b'["\\ud800"]',
    b'[{"\\u0000": 1}]', b'[{"subscriptionType": "\\u0000"}]', b'[{"\\ud83d": "\\udc4d"}]',
    b'[{"' + b'k' * 300_000 + b'": 1}]', b'[{"subscriptionType": "' + b'x' * 300_000 + b'"}]',
    b'[{"__proto__": {"a": 1}, "constructor": 1, "__class__": 1}]',
]
SCALARS = [
    None, True, False, 0, -1, 2**53, 10**25, 1.5, -0.0, 1e308, '', ' ', '0', '-1', '1e9', '\0',
    '\ud800', '\U0010ffff', 'contact.creation', '0-1', 'x' * 200, "'; DROP TABLE sync_event; --",
    '{{7*7}}', '${7*7}', '%s%n', '=cmd|x!A1', '<script>alert(1)</script>', '../../etc/passwd',
    [], {}, [1], {'a': 1}, [[[]]], ['1', '2'], list(range(50)),
]


def mutated(chance: random.Random, probe: int) -> dict:
    """A notification with one to three fields that do not fit."""
    one = element(chance, probe)
    for _change in range(chance.randint(1, 3)):
        name = chance.choice(FIELDS)
        action = chance.random()
        if action < 0.2:
            one.pop(name, None)
        elif action < 0.3:
            one[chance.choice(SCALARS[10:20]) or 'x'] = chance.choice(SCALARS)
        else:
            one[name] = chance.choice(SCALARS + TYPES + NAMES)
    one['probe'] = probe
    return one


def mangled(chance: random.Random, number: int) -> bytes:
    """The bytes of a delivery with some of them changed. It holds no probe to be looked for."""
    one = element(chance, number, noise=number)
    one.pop('probe')
    body = bytearray(json.dumps([one]).encode())
    for _change in range(chance.randint(1, 4)):
        where = chance.randrange(len(body))
        action = chance.random()
        if action < 0.4:
            body[where] = chance.randrange(256)
        elif action < 0.6:
            del body[where:where + chance.randint(1, 20)]
        elif action < 0.8:
            body[where:where] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 6)))
        else:
            body[where:where] = body[where:where + 30]
        body = body or bytearray(b'[')
    return bytes(body)
