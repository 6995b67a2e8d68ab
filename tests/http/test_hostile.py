"""Whatever a stranger, a broken proxy or a careless person sends: an answer, never a 5xx, nothing
lost, and no secret in what is logged or kept. The ordinary lines of the route table are in
:mod:`.test_webhook`."""

import gzip
import json
import logging
import socket
import zlib
from contextlib import contextmanager
from urllib.parse import urlsplit

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import HttpCase, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

from ...engine.connectors.hubspot_events import MAX_EVENTS
from ...models import backlog
from ..account import PUBLIC_URL, AccountMixin, encode, notification, sign
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


@contextmanager
def everything_logged():
    """All that is logged, at every level, tracebacks included; yields the list of lines."""
    lines = []

    class Recorder(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    root, recorder = logging.getLogger(), Recorder()
    recorder.setFormatter(logging.Formatter('%(levelname)s %(name)s: %(message)s'))
    ours = logging.getLogger('odoo.addons.saas_sync')
    level = ours.level
    root.addHandler(recorder)
    ours.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        ours.setLevel(level)
        root.removeHandler(recorder)


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


class LiveCase(AccountMixin, HttpCase):
    """A connected account with the default mappings, behind the real route."""

    def setUp(self):
        super().setUp()
        backlog.forget()
        self.addCleanup(backlog.forget)
        self.connection = self.create_sandbox_connection(backoff_base=1)
        self.connection.action_test()
        self.connection.action_create_external_id()
        self.connection._create_default_mappings()
        self.env.flush_all()

    def put(self, kind, remote_id, **properties):
        self.box.call('POST', 'import', {kind: [{
            'id': str(remote_id), 'properties': properties, 'archived': False,
            'createdAt': '2025-07-01T08:54:19Z', 'updatedAt': '2025-07-01T08:54:19Z'}]})

    def post(self, *events):
        path, body = urlsplit(self.connection.webhook_url).path, encode(list(events))
        response = self.opener.post(
            self.base_url() + path, data=body, headers=sign(body, PUBLIC_URL + path), timeout=12)
        self.assertEqual(response.status_code, 202, response.text)

    def news(self, remote_id, kind='contact'):
        return notification(
            remote_id, object_id=remote_id, portalId=self.box.info['portal_id'],
            subscriptionType=f'{kind}.creation')

    def work(self, rounds=3):
        self.env.flush_all()
        self.cr.flush()
        for _round in range(rounds):
            self.cr.execute(
                "UPDATE sync_lane SET run_at = now() AT TIME ZONE 'UTC' - interval '1 s' "
                "WHERE state = 'waiting'")
            with self.registry.cursor() as cr:
                self.env(cr=cr, user=1)['sync.worker']._work()
        self.env.invalidate_all()

    def record_of(self, kind, remote_id):
        link = self.env['sync.link'].search([
            ('connection_id', '=', self.connection.id), ('remote_object', '=', kind),
            ('remote_id', '=', str(remote_id))])
        return link and link._record()

    def lane_of(self, key):
        return self.env['sync.lane'].search([
            ('connection_id', '=', self.connection.id), ('key', '=', str(key))])


@tagged('post_install', '-at_install')
class TestHostileValues(LiveCase):
    """Well-formed deliveries of records whose values nobody expected."""

    CONTACTS = {
        'control characters': {'firstname': 'A\x01\x08nn', 'lastname': 'B\x7fo'},
        'direction marks': {'firstname': '\u202eevil\u202c', 'lastname': '\ufeffX'},
        'markup': {'firstname': '<script>alert(1)</script>', 'jobtitle': '{{7*7}} ${7*7} %s'},
        'a long name': {'firstname': 'a' * 60_000},
        'no name at all': {'firstname': '', 'lastname': ' \t ', 'email': ''},
        'an e-mail that is none': {'firstname': 'E', 'email': 'not an address@@'},
        'many e-mails': {'firstname': 'E', 'email': 'a@b.example; c@d.example'},
        'a phone of words': {'firstname': 'P', 'phone': 'call me maybe'},
        'a long phone': {'firstname': 'P', 'phone': '+' + '1' * 500},
        'a country nobody knows': {'firstname': 'C', 'country': 'Atlantis\'; DROP TABLE x; --'},
        'an owner nobody knows': {'firstname': 'O', 'hubspot_owner_id': '999999999'},
        'an owner of words': {'firstname': 'O', 'hubspot_owner_id': 'me'},
        'a website of nothing': {'firstname': 'W', 'website': 'javascript:alert(1)'},
        'a website that does not parse': {'firstname': 'W', 'website': 'http://[::1'},
        'combining marks': {'firstname': 'Z' + '\u0301' * 500},
    }
    DEALS = {
        'an amount of words': {'dealname': 'D', 'amount': 'a lot'},
        'not a number': {'dealname': 'D', 'amount': 'NaN'},
        'an infinite amount': {'dealname': 'D', 'amount': 'Infinity'},
        'an amount beyond floats': {'dealname': 'D', 'amount': '1e400'},
        'a tiny amount': {'dealname': 'D', 'amount': '1e-400'},
        'many digits': {'dealname': 'D', 'amount': '9' * 1000},
        'a huge exponent': {'dealname': 'D', 'amount': '1e999999999'},
        'a date of words': {'dealname': 'D', 'closedate': 'tomorrow'},
        'a date before time': {'dealname': 'D', 'closedate': '-99999999999999'},
        'a date after time': {'dealname': 'D', 'closedate': '99999-12-31T00:00:00Z'},
        'the 30th of February': {'dealname': 'D', 'closedate': '2025-02-30T00:00:00Z'},
        'a stage nobody knows': {'dealname': 'D', 'dealstage': 'nirvana'},
        'no name': {'dealname': '', 'amount': '1'},
    }

    def assertTakenOrTold(self, kind, cases, singular):
        """Each record exists, or its lane says in words why not; the good one is not held up."""
        events = []
        for number, properties in enumerate(cases.values(), start=1001):
            self.put(kind, number, **properties)
            events.append(self.news(number, singular))
        good = {'contacts': {'firstname': 'Good'}, 'deals': {'dealname': 'Good'}}[kind]
        self.put(kind, 5000, **good)
        self.post(*events, self.news(5000, singular))
        self.work()
        self.assertEqual(self.record_of(kind, 5000).name, 'Good')
        for number, (name, properties) in enumerate(cases.items(), start=1001):
            with self.subTest(name):
                self.check(kind, number, properties)

    def check(self, kind, number, properties):
        lane, record = self.lane_of(number), self.record_of(kind, number)
        event = self.env['sync.event'].search([('remote_id', '=', str(number))])
        self.assertEqual(len(event), 1, 'the event is kept')
        if record:
            self.assertFalse(lane)
            self.assertTrue(record.name)
            return
        self.assertEqual((lane.state, lane.error_class), ('failed', 'data'), lane.error_message)
        self.assertIn(lane.error_field or '', ' '.join(properties))
        self.assertLess(len(lane.error_message), 1000)
        self.assertGreater(len(lane.error_message.split()), 5, 'a sentence')
        for machine_talk in ('Traceback', 'psycopg', 'KeyError', 'decimal.', 'NoneType'):
            self.assertNotIn(machine_talk, lane.error_message)

    def test_contacts(self):
        self.assertTakenOrTold('contacts', self.CONTACTS, 'contact')

    def test_deals(self):
        self.assertTakenOrTold('deals', self.DEALS, 'deal')

    def test_markup_stays_text(self):
        self.put('contacts', 7, **self.CONTACTS['markup'])
        self.post(self.news(7))
        self.work()
        partner = self.record_of('contacts', 7)
        self.assertEqual(partner.name, '<script>alert(1)</script>')
        self.assertEqual(partner.function, '{{7*7}} ${7*7} %s')

    def test_an_address_that_a_browser_would_run_never_reaches_a_form(self):
        self.put('contacts', 7, firstname='W', website=' jAvAsCrIpT\t:alert(1)')
        self.put('contacts', 8, firstname='W', website='https://javascript:alert(1)')
        self.post(self.news(7), self.news(8))
        self.work()
        for number in (7, 8):
            self.assertFalse(self.record_of('contacts', number))
            self.assertIn('no web address', self.lane_of(number).error_message)

    def test_a_value_odoo_has_and_the_saas_refuses_fails_that_record_alone(self):
        partners = self.env['res.partner'].create([
            {'name': 'Good One', 'email': 'good@example.com'},
            {'name': 'L' * 70_000, 'email': 'long@example.com'},
            {'name': 'Bad Mail', 'email': 'not an address'},
        ])
        self.work()
        sent = {one['properties'].get('email') for one in self.box.objects('contacts')}
        self.assertIn('good@example.com', sent)
        for partner in partners[1:]:
            lane = self.lane_of(f'res.partner,{partner.id}')
            if lane:
                self.assertEqual((lane.state, lane.error_class), ('failed', 'data'))
                self.assertGreater(len(lane.error_message.split()), 5)
            else:
                self.assertIn(partner.email, sent)


@tagged('post_install', '-at_install')
class TestSecrets(LiveCase):
    """Whatever goes wrong, no secret is logged, kept or shown."""

    def secrets(self):
        return [self.box.token, self.box.secret, f'Bearer {self.box.token}']

    def assertClean(self, lines):
        text = '\n'.join(lines)
        self.assertTrue(lines, 'something was logged')
        for secret in self.secrets():
            self.assertNotIn(secret, text)
        for line in lines:
            if 'odoo.addons.saas_sync' in line.split(':')[0]:
                self.assertNotIn(self.connection.webhook_token, line)
        self.cr.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND "
            "(table_name LIKE 'sync\\_%' OR table_name IN ('mail_message', 'mail_activity'))")
        for (table,) in self.cr.fetchall():
            self.cr.execute(f'SELECT t::text FROM "{table}" t')
            kept = '\n'.join(row[0] for row in self.cr.fetchall())
            for secret in self.secrets():
                self.assertNotIn(secret, kept, table)

    def test_nothing_secret_is_logged_or_kept_whatever_the_account_answers(self):
        with everything_logged() as lines:
            for number, fault in enumerate((
                'garbage', 'html', 'empty', 'truncated', 'reset', 'http_500', 'http_429',
                'expired_token', 'commit_then_drop',
            ), start=1):
                with self.subTest(fault):
                    self.fail_once(fault, 2000 + number)
        self.assertClean(lines)

    def fail_once(self, fault, number):
        self.env['sync.breaker'].search([]).unlink()
        self.connection.write({'state': 'connected', 'hold_until': False})
        self.put('contacts', number, firstname=fault)
        self.box.faults({'kind': fault, 'match': 'contacts', 'count': 3})
        self.post(self.news(number))
        self.env['res.partner'].create({'name': f'Out {fault}'})
        self.work(rounds=2)
        self.box.faults()

    def test_a_bug_with_the_secret_at_hand_is_logged_without_it(self):
        """The traceback is kept with the attempt, for whoever has to find the bug."""
        line = self.connection.mapping_ids.filtered(
            lambda mapping: mapping.remote_object == 'contacts').line_ids[:1]
        self.env.flush_all()
        self.cr.execute("UPDATE sync_mapping_line SET converter = 'nonsense' WHERE id = %s",
                        [line.id])
        self.env.invalidate_all()
        self.put('contacts', 1, firstname='Ann')
        with everything_logged() as lines:
            self.post(self.news(1))
            self.work()
        self.assertEqual(self.lane_of(1).state, 'failed')
        self.assertClean(lines)

    def test_a_refused_sign_in_is_told_without_the_token(self):
        """A wrong token, and tokens that would be headers, bodies or other addresses."""
        for token in ('pat-na1-wrong-but-secret', 'two words of secret', 'secret\r\nX-Evil: 1',
                      'sécret-ünïcode', 'secret' * 20_000, '\u202esecret', '{"secret": 1}'):
            with self.subTest(token[:20]), everything_logged() as lines:
                mark = self.box.last_n()
                with self.assertRaises(UserError) as caught:
                    self.connection.access_token_input = token
                    self.connection.action_test()
                self.assertNotIn(token, str(caught.exception))
                self.assertGreater(len(str(caught.exception).split()), 5, 'a sentence')
                self.assertNotIn(token, '\n'.join(lines))
                for call in self.box.ledger(after=mark):
                    self.assertNotIn('X-Evil', json.dumps(call['request_headers']))

    def test_credentials_of_another_account_are_refused_in_words(self):
        self.connection.remote_account = '62515'
        with self.assertRaises(UserError) as caught:
            self.connection.action_test()
        self.assertIn('62515', str(caught.exception))
        self.assertIn(str(self.box.info['portal_id']), str(caught.exception))
        self.assertNotIn(self.box.token, str(caught.exception))
