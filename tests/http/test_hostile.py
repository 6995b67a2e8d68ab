"""Whatever a stranger or a broken proxy sends: an answer, never a 5xx, and nothing lost. The lines
of the route table themselves are in :mod:`.test_webhook`, hostile values in
:mod:`.test_hostile_values`, what is logged in :mod:`.test_secrets`."""

import gzip
import json
import socket
import zlib
from urllib.parse import urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.tests import tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

from ...engine.connectors.hubspot_events import MAX_EVENTS
from ..account import PUBLIC_URL, encode, notification, sign
from .test_webhook import WebhookCase

#: About ten seconds for the lot on a small machine.
BOUNDED = settings(
    max_examples=60, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(HealthCheck),
)
NAMES = ['subscriptionType', 'eventType', 'eventId', 'portalId', 'appId', 'occurredAt', 'objectId',
         'objectTypeId', 'propertyName', 'propertyValue', 'attemptNumber', 'fromObjectId',
         'toObjectId', 'associationType', 'mergedObjectIds', 'newObjectId', 'isSensitive']
SCALARS = (
    st.none() | st.booleans() | st.floats() | st.text()
    | st.integers() | st.integers(min_value=10**15, max_value=10**40)
    | st.sampled_from(['contact.creation', 'deal.deletion', 'object.merge', '0-1', '', '\0', '-1'])
)
ELEMENTS = st.dictionaries(
    st.sampled_from(NAMES) | st.text(max_size=10),
    SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(), SCALARS, max_size=2),
    max_size=12,
)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@tagged('post_install', '-at_install')
class TestGeneratedDeliveries(WebhookCase):
    def assertAnswered(self, response, *statuses):
        self.assertIn(response.status_code, statuses, response.text)
        self.assertNotIn('Traceback', response.text)

    @BOUNDED
    @given(st.lists(ELEMENTS | ANY_JSON, max_size=6))
    def test_a_signed_list_of_anything_is_stored_or_refused_whole(self, elements):
        before = len(self.events())
        response = self.send(json.dumps(elements).encode())
        self.assertAnswered(response, 202, 400)
        after = len(self.events())
        if response.status_code == 202:
            answer = response.json()
            self.assertEqual(answer['accepted'] + answer['duplicates'], len(elements))
            self.assertEqual(after - before, answer['accepted'])
            again = self.send(json.dumps(elements).encode()).json()
            self.assertEqual(again, {'accepted': 0, 'duplicates': len(elements)})
        else:
            self.assertEqual(after, before)

    @BOUNDED
    @given(st.binary(max_size=300) | ANY_JSON.map(lambda value: json.dumps(value).encode()))
    def test_signed_bytes_are_answered(self, body):
        self.assertAnswered(self.send(body), 202, 400)

    @BOUNDED
    @given(
        st.sampled_from(['X-HubSpot-Signature-v3', 'X-HubSpot-Request-Timestamp',
                         'X-HubSpot-Signature', 'Content-Type', 'Content-Encoding', 'Accept',
                         'X-Forwarded-For', 'X-Forwarded-Proto', 'X-Odoo-Database', 'Cookie',
                         'Accept-Language', 'Authorization', 'Referer', 'Range', 'Origin']),
        st.binary(max_size=80).map(lambda value: value.translate(None, b'\r\n\0')),
    )
    def test_a_header_of_anything_is_answered_and_forges_nothing(self, name, value):
        body = encode([notification(1)])
        headers = {key: text.encode() for key, text in
                   sign(body, PUBLIC_URL + self.path(), secret='not the secret').items()}
        if name == 'Cookie':
            value = f'{TEST_CURSOR_COOKIE_NAME}={self.http_request_key}; x='.encode() + value
        self.assertAnswered(
            self.send(body, {**headers, name: b'x' + value}), 400, 401, 404, 415)
        self.assertFalse(self.events())


@tagged('post_install', '-at_install')
class TestOddDeliveries(WebhookCase):
    def test_timestamps_that_are_no_time(self):
        body = encode([notification(1)])
        good = sign(body, PUBLIC_URL + self.path())
        for value in ('', 'NaN', 'Infinity', '-1', '0', '1e13', '0x10', '٣' * 13, '9' * 400,
                      f"{good['X-HubSpot-Request-Timestamp']}.5",
                      f"+{good['X-HubSpot-Request-Timestamp']}",
                      f"{good['X-HubSpot-Request-Timestamp']}_0"):
            with self.subTest(value):
                headers = {**good, 'X-HubSpot-Request-Timestamp': value.encode()}
                self.assertRefused(self.send(body, headers), 401)

    def test_bombs_are_refused_unopened(self):
        bomb = b'[' + b' ' * (200 * 1024 * 1024) + b']'
        packed = {
            'gzip': gzip.compress(bomb), 'deflate': zlib.compress(bomb),
            'x-gzip': gzip.compress(bomb), 'gzip, gzip': gzip.compress(gzip.compress(bomb)),
            'br': b'\x5b\xff\xff\x0b\xf8', 'zstd': b'\x28\xb5\x2f\xfd', 'identity, gzip': b'[]',
            'nonsense': b'[]',
        }
        for encoding, body in packed.items():
            with self.subTest(encoding):
                headers = sign(body, PUBLIC_URL + self.path())
                response = self.send(body, {**headers, 'Content-Encoding': encoding})
                self.assertRefused(response, 415)

    def test_more_elements_than_hubspot_ever_sends(self):
        body = encode([{}] * (MAX_EVENTS + 1))
        self.assertRefused(self.send(body), 400)

    def test_a_key_twice_in_one_object_is_refused_whatever_else_is_sent(self):
        good = json.dumps(notification(1))
        body = f'[{good}, {{"objectId": 1, "objectId": 2}}]'.encode()
        self.assertRefused(self.send(body), 400)
        self.assertAnswer(self.send(f'[{good}]'.encode()), 202, accepted=1)

    def test_a_refused_delivery_takes_nothing_away_from_the_next(self):
        for body in (b'[' * 100_000 + b']' * 100_000, b'[1e400]', b'\xff\xfe[]',
                     b'[{"objectId": ' + b'9' * 1_000_000 + b'}]'):
            self.assertRefused(self.send(body), 400)
            number = len(body)
            self.assertAnswer(self.send(encode([notification(number)])), 202, accepted=1)
            self.events().unlink()

    def test_requests_that_are_hardly_http(self):
        body = encode([notification(1)])
        start = f'POST {self.path()} HTTP/1.1\r\n'
        cookie = f'Cookie: {TEST_CURSOR_COOKIE_NAME}={self.http_request_key}\r\n'
        kind = 'Content-Type: application/json\r\n'
        host = f'Host: {urlsplit(self.base_url()).netloc}\r\n'
        size = f'Content-Length: {len(body)}\r\n'
        requests = {
            'negative length': start + host + cookie + kind + 'Content-Length: -5\r\n\r\n',
            'length in words': start + host + cookie + kind + 'Content-Length: ten\r\n\r\n',
            'two lengths': start + host + cookie + kind + size + 'Content-Length: 1\r\n\r\n',
            'chunked and length': start + host + cookie + kind + size
            + 'Transfer-Encoding: chunked\r\n\r\nzz\r\n',
            'bad chunk': start + host + cookie + kind + 'Transfer-Encoding: chunked\r\n\r\n-1\r\n',
            'HTTP/1.0': f'POST {self.path()} HTTP/1.0\r\n' + host + cookie + kind + size + '\r\n',
            'a long header': start + host + cookie + kind + size + f'X-A: {"a" * 60_000}\r\n\r\n',
            'many headers': start + host + cookie + kind + size
            + ''.join(f'X-{n}: {n}\r\n' for n in range(90)) + '\r\n',
            'signature twice': start + host + cookie + kind + size
            + 'X-HubSpot-Signature-v3: a\r\nX-HubSpot-Signature-v3: b\r\n\r\n',
            'token in percent': start.replace(self.connection.webhook_token, '%zz' * 30)
            + host + cookie + kind + size + '\r\n',
        }
        for name, head in requests.items():
            with self.subTest(name):
                status = self.raw(head.encode() + body)
                self.assertIn(status // 100, (2, 4), f'{name}: {status}')
        self.assertFalse(self.events())

    def raw(self, request):
        """The status that answers these bytes."""
        where = urlsplit(self.base_url())
        with self.allow_requests(all_requests=True), \
                socket.create_connection((where.hostname, where.port), timeout=10) as peer:
            peer.sendall(request)
            peer.shutdown(socket.SHUT_WR)
            answer = peer.makefile('rb').readline()
        self.assertTrue(answer.startswith(b'HTTP/1'), answer)
        return int(answer.split()[1])
