"""Every line of the route table: what a sender gets, and what is left behind."""

import gzip
import json
import logging
import time
from urllib.parse import urlsplit

from odoo.tests import HttpCase, TransactionCase, tagged

from ...controllers.access_log import MaskAddresses
from ...models import backlog
from ..account import PUBLIC_URL, AccountMixin, encode, notification, sign


class WebhookCase(AccountMixin, HttpCase):
    def setUp(self):
        super().setUp()
        backlog.forget()
        self.addCleanup(backlog.forget)
        self.connection = self.create_connection(remote_account='62515')
        self.map_contacts(self.connection)
        self.connection._update_state('connected')
        self.env.flush_all()

    def path(self):
        return urlsplit(self.connection.webhook_url).path

    def send(self, body, headers=None, path=None, **more_headers):
        """POST ``body``, signed unless ``headers`` say otherwise."""
        path = path or self.path()
        if headers is None:
            headers = sign(body, PUBLIC_URL + path)
        # Not url_open, which turns an empty body into a GET.
        return self.opener.post(
            self.base_url() + path, data=body, headers={**headers, **more_headers}, timeout=12,
            allow_redirects=False)

    def events(self):
        self.env.invalidate_all()
        return self.env['sync.event'].search([('connection_id', '=', self.connection.id)])

    def assertAnswer(self, response, status, **content):
        self.assertEqual(response.status_code, status, response.text)
        self.assertNotIn('Set-Cookie', response.headers)
        for name, value in content.items():
            self.assertEqual(response.json()[name], value)

    def assertRefused(self, response, status):
        self.assertAnswer(response, status)
        self.assertFalse(self.events())


@tagged('post_install', '-at_install')
class TestRouteTable(WebhookCase):
    def test_202_a_signed_delivery_is_stored_and_counted(self):
        response = self.send(encode([notification(1), notification(2, object_id=102)]))
        self.assertAnswer(response, 202, accepted=2, duplicates=0)
        self.assertRecordValues(self.events().sorted('remote_id'), [
            {'remote_object': 'contacts', 'remote_id': '101', 'state': 'pending'},
            {'remote_object': 'contacts', 'remote_id': '102', 'state': 'pending'},
        ])
        self.assertEqual(len(set(self.events().mapped('correlation_id'))), 1)

    def test_202_a_delivery_without_events_is_fine(self):
        self.assertAnswer(self.send(b'[]'), 202, accepted=0, duplicates=0)

    def test_400_a_body_that_is_no_delivery(self):
        for body in (b'', b'{', b'null', b'"x"', b'12', b'\xff\xfe', b'[1, 2'):
            with self.subTest(body=body):
                self.assertRefused(self.send(body), 400)

    def test_401_without_the_right_signature(self):
        body = encode([notification(1)])
        good = sign(body, PUBLIC_URL + self.path())
        wrong = {
            'missing': {'Content-Type': 'application/json'},
            'another secret': sign(body, PUBLIC_URL + self.path(), secret='x'),
            'another address': sign(body, 'https://evil.example.com' + self.path()),
            'another body': sign(body + b' ', PUBLIC_URL + self.path()),
            'old': sign(body, PUBLIC_URL + self.path(), at=time.time() - 301),
            # Not 301: a slow machine looks when it is 300 seconds ahead, which is allowed.
            'from the future': sign(body, PUBLIC_URL + self.path(), at=time.time() + 360),
            'an older version': {
                'Content-Type': 'application/json', 'X-HubSpot-Signature-Version': 'v1',
                'X-HubSpot-Signature': good['X-HubSpot-Signature-v3']},
            'garbage': {**good, 'X-HubSpot-Signature-v3': 'é' * 10},
        }
        answers = set()
        for name, headers in wrong.items():
            with self.subTest(name):
                headers = {key: value.encode() for key, value in headers.items()}
                response = self.send(body, headers=headers)
                self.assertRefused(response, 401)
                answers.add(response.text)
        self.assertEqual(len(answers), 1, 'the answer tells what was wrong')

    def test_401_where_no_secret_is_stored_there_is_no_unsigned_mode(self):
        self.env['sync.credential']._set(self.connection, 'client_secret', None)
        self.env.flush_all()
        self.assertRefused(self.send(encode([notification(1)])), 401)
        body = encode([notification(1)])
        self.assertRefused(self.send(body, sign(body, PUBLIC_URL + self.path(), secret='')), 401)

    def test_404_an_unknown_token(self):
        for token in ('x', 'A' * 43, self.connection.webhook_token.swapcase(), '%00' * 40,
                      '%FF%FE' * 20, "'%20OR%201=1--" * 4, '.' * 43):
            with self.subTest(token):
                path = f'/saas_sync/webhook/{token}'
                self.assertRefused(self.send(encode([notification(1)]), path=path), 404)

    def test_405_anything_but_a_post(self):
        for method in ('GET', 'PUT', 'DELETE', 'PATCH'):
            with self.subTest(method):
                response = self.opener.request(
                    method, self.base_url() + self.path(), timeout=12, allow_redirects=False)
                self.assertEqual(response.status_code, 405)

    def test_413_more_than_a_mebibyte(self):
        for size in (1024 * 1024 + 1, 10 * 1024 * 1024):
            with self.subTest(size):
                self.assertRefused(self.send(b'[' + b' ' * (size - 2) + b']'), 413)

    def test_413_whatever_the_size_is_said_to_be(self):
        def pieces():
            yield b'['
            for _piece in range(40):
                yield b' ' * 65536
            yield b']'

        response = self.url_open(
            self.path(), data=pieces(), headers={'Content-Type': 'application/json'})
        self.assertIn(response.status_code, (400, 401, 413))
        self.assertFalse(self.events())

    def test_a_mebibyte_exactly_is_read(self):
        body = encode([notification(1)])
        body += b' ' * (1024 * 1024 - len(body))
        self.assertAnswer(self.send(body), 202, accepted=1)

    def test_415_another_type_or_a_compressed_body(self):
        body = encode([notification(1)])
        headers = sign(body, PUBLIC_URL + self.path())
        for kind in ('text/plain', 'application/xml', 'application/x-www-form-urlencoded',
                     'multipart/form-data; boundary=x', 'application/jsonx', ''):
            with self.subTest(kind):
                response = self.send(body, {**headers, 'Content-Type': kind})
                self.assertRefused(response, 415)
        packed = gzip.compress(body)
        response = self.send(
            packed, {**sign(packed, PUBLIC_URL + self.path()), 'Content-Encoding': 'gzip'})
        self.assertRefused(response, 415)

    def test_json_with_a_charset_is_json(self):
        body = encode([notification(1)])
        headers = sign(body, PUBLIC_URL + self.path())
        headers['Content-Type'] = 'application/json;charset=UTF-8'
        self.assertAnswer(self.send(body, headers), 202, accepted=1)

    def test_503_while_paused_with_the_time_to_come_back(self):
        self.connection.action_pause()
        self.env.flush_all()
        response = self.send(encode([notification(1)]))
        self.assertRefused(response, 503)
        self.assertEqual(response.headers['Retry-After'], '300')

    def test_503_over_the_backlog_ceiling_until_there_is_room(self):
        self.connection.backlog_ceiling = 2
        self.env.flush_all()
        self.assertAnswer(self.send(encode([notification(1), notification(2)])), 202, accepted=2)
        response = self.send(encode([notification(3)]))
        self.assertAnswer(response, 503)
        self.assertEqual(response.headers['Retry-After'], '60')
        self.assertEqual(len(self.events()), 2)
        self.events().write({'state': 'done'})
        self.env.flush_all()
        backlog.forget()
        self.assertAnswer(self.send(encode([notification(3)])), 202, accepted=1)

    def test_what_waits_for_a_sign_in_or_for_its_set_up_is_kept_all_the_same(self):
        for number, state in enumerate(('needs_auth', 'draft'), start=1):
            self.connection.state = state
            self.env.flush_all()
            self.assertAnswer(self.send(encode([notification(number)])), 202, accepted=1)

    def test_a_renewed_address_replaces_the_old_one(self):
        old = self.path()
        self.connection.action_renew_webhook_token()
        self.env.flush_all()
        self.assertAnswer(self.send(encode([notification(1)]), path=old), 404)
        self.assertAnswer(self.send(encode([notification(1)])), 202, accepted=1)


@tagged('post_install', '-at_install')
class TestDeliveries(WebhookCase):
    def test_the_same_delivery_again_in_any_order_and_at_any_attempt_counts_once(self):
        events = [notification(number) for number in range(1, 6)]
        self.assertAnswer(self.send(encode(events)), 202, accepted=5, duplicates=0)
        again = [dict(event, attemptNumber=3) for event in reversed(events)]
        self.assertAnswer(self.send(encode(again)), 202, accepted=0, duplicates=5)
        twice = [notification(6), notification(6)]
        self.assertAnswer(self.send(encode(twice)), 202, accepted=1, duplicates=1)
        self.assertEqual(len(self.events()), 6)

    def test_the_secret_of_before_a_rotation_still_counts(self):
        before = sign(encode([notification(1)]), PUBLIC_URL + self.path())
        self.connection.client_secret_input = 'the-new-secret'
        self.env.flush_all()
        self.assertAnswer(self.send(encode([notification(1)]), before), 202, accepted=1)
        body = encode([notification(2)])
        after = sign(body, PUBLIC_URL + self.path(), secret='the-new-secret')
        self.assertAnswer(self.send(body, after), 202, accepted=1)
        self.connection.action_forget_previous_secret()
        self.env.flush_all()
        self.assertAnswer(self.send(encode([notification(1)]), before), 401)

    def test_another_account_s_event_is_kept_as_ignored_with_the_reason(self):
        response = self.send(encode([notification(1, portalId=99)]))
        self.assertAnswer(response, 202, accepted=1)
        event = self.events()
        self.assertEqual(event.state, 'ignored')
        self.assertIn('99', event.reason)
        self.assertIn('62515', event.reason)

    def test_an_object_nobody_mapped_is_kept_as_ignored_with_the_reason(self):
        response = self.send(encode([notification(1, subscriptionType='deal.creation')]))
        self.assertAnswer(response, 202, accepted=1)
        self.assertEqual(self.events().state, 'ignored')
        self.assertIn('deals', self.events().reason)

    def test_an_element_that_does_not_fit_is_kept_as_failed_and_the_others_count(self):
        response = self.send(encode([
            notification(1), {'subscriptionType': 'contact.creation', 'objectId': 'abc'}, 7]))
        self.assertAnswer(response, 202)
        states = self.events().mapped('state')
        self.assertIn('pending', states)
        self.assertIn('failed', states)
        failed = self.events().filtered(lambda event: event.state == 'failed')
        self.assertEqual(set(failed.mapped('error_class')), {'contract'})

    def test_what_somebody_typed_into_a_field_costs_no_delivery(self):
        """One contact's note held an escaped NUL, another's half an emoji: the delivery was refused
        with 400 until HubSpot gave it up, and the events of everybody else in it with it."""
        texts = ['a\0b', 'half \ud83d', 'whole \U0001f600', '\udc00\ud800']
        response = self.send(encode([
            *(notification(n, 100 + n, propertyValue=text) for n, text in enumerate(texts)),
            notification(8, subscriptionType='contact.\0'), notification(9, **{'\ud800': 1})]))
        self.assertAnswer(response, 202, accepted=6, duplicates=0)
        events = self.events()
        kept = events.filtered(lambda event: event.state == 'pending').sorted('remote_id')
        self.assertEqual([json.loads(event.payload)['propertyValue'] for event in kept], texts)
        self.assertEqual((events - kept).mapped('state'), ['failed'] * 2)
        for event in events:
            # What the form reads, as the server sends it to the browser.
            shown = event.read(['payload_pretty', 'event_type', 'error_message'])
            json.dumps(shown, ensure_ascii=False, default=str).encode()
            pretty = event.payload_pretty.encode().decode()
            self.assertEqual(json.loads(pretty), json.loads(event.payload))
        self.assertIn('whole \U0001f600', kept[2].payload_pretty)
        self.assertIn(r'half \ud83d', kept[1].payload_pretty)

    def test_hostile_json_is_answered_and_never_a_5xx(self):
        element = json.dumps(notification(1))
        bodies = {
            'NUL': encode([notification(1, propertyValue='a\0b', subscriptionType='a\0.b')]),
            'raw NUL': b'["\0"]',
            'lone surrogate': b'[{"subscriptionType": "\\ud800.creation", "objectId": 1}]',
            'deep': b'[' * 100_000 + b']' * 100_000,
            'deep object': b'{"a":' * 100_000 + b'1' + b'}' * 100_000,
            'huge number': b'[{"objectId": ' + b'9' * 1_000_000 + b'}]',
            'huge exponent': b'[{"objectId": 1e999999}]',
            'not a number': b'[{"objectId": NaN}, Infinity]',
            'duplicate keys': b'[{"objectId": 1, "objectId": 2}]',
            'not UTF-8': element.encode('utf-16'),
            'latin-1': '[{"propertyValue": "é"}]'.encode('latin-1'),
            'many': b'[' + b','.join([b'{}'] * 100_000) + b']',
            'huge key': b'[{"' + b'k' * 900_000 + b'": 1}]',
            'negative': encode([notification(1, objectId=-5, occurredAt=-1)]),
            'far future': encode([notification(1, occurredAt=9_999_999_999_999_999)]),
            'wrong types': encode([notification(1, objectId={'a': 1}, portalId=[], eventId=True)]),
        }
        for name, body in bodies.items():
            with self.subTest(name):
                self.assertIn(self.send(body).status_code, (202, 400))
        self.assertFalse(self.events().filtered(lambda event: event.state == 'pending'))

    def test_strange_requests_are_answered_and_never_a_5xx(self):
        body = encode([notification(1)])
        headers = sign(body, PUBLIC_URL + self.path())
        for extra in (
            {'X-HTTP-Method-Override': 'DELETE'},
            {'Accept-Language': 'xx-YY,*;q=nope'}, {'X-Forwarded-Host': 'evil.example.com'},
            {'Content-Encoding': 'identity'}, {'Expect': ''}, {'Range': 'bytes=0-1'},
        ):
            with self.subTest(extra):
                self.assertEqual(self.send(body, headers, **extra).status_code, 202)
        self.opener.cookies.set('session_id', '../../etc/passwd')
        self.assertEqual(self.send(body, headers).status_code, 202)
        response = self.send(body, headers, path=self.path() + '?webhook_token=x&self=y&db=z')
        self.assertEqual(response.status_code, 401, 'the query is part of what is signed')
        self.assertEqual(self.send(body, headers, path=self.path() + '/').status_code, 401)
        form = self.opener.post(
            self.base_url() + self.path(), files={'self': ('a', body)}, timeout=12)
        self.assertEqual(form.status_code, 415)

    def test_nothing_secret_is_logged_and_refusals_are_logged_once_a_minute(self):
        body = encode([notification(1)])
        with self.assertLogs('odoo.addons.saas_sync', 'DEBUG') as logs:
            for _time in range(5):
                self.send(body, sign(body, PUBLIC_URL + self.path(), secret='x'))
            self.send(body)
        ours = [line for line in logs.output if 'refused' in line]
        self.assertEqual(len(ours), 1)
        text = ''.join(logs.output)
        self.assertNotIn(self.connection.webhook_token, text)
        self.assertNotIn('b2f4a7de', text)
        self.assertNotIn('ada@example.com', text)


@tagged('post_install', '-at_install')
class TestAccessLog(TransactionCase):
    def line(self, message, *args):
        """What the server's access log makes of a line."""
        logger = logging.getLogger('werkzeug')
        record = logger.makeRecord('werkzeug', logging.INFO, '', 0, message, args, None)
        for each in logger.filters:
            if isinstance(each, MaskAddresses):
                each.filter(record)
        return record.getMessage()

    def test_webhook_addresses_are_cut_short(self):
        token = '75oRS7bjYl2HovbVVdDEpiVAOujjLZML9X4qkDrzRIY'
        for line in (
            self.line(f'127.0.0.1 - "POST /saas_sync/webhook/{token} HTTP/1.1" 202 -'),
            self.line('"%s" %s %s', f'POST /saas_sync/webhook/{token}?a=b HTTP/1.1', '202', '-'),
        ):
            self.assertIn('POST /saas_sync/webhook/75oR*** HTTP/1.1', line)
            self.assertIn('202', line)

    def test_the_query_of_a_sign_in_is_left_out(self):
        line = self.line('"GET /saas_sync/oauth/callback?code=na1-x&state=AX_y HTTP/1.1" 303 -')
        self.assertEqual(line, '"GET /saas_sync/oauth/callback?*** HTTP/1.1" 303 -')
        line = self.line('"GET /web/login?redirect=%2Fsaas_sync%2Foauth%2Fcallback%3Fcode%3Dna1-x '
                         'HTTP/1.1" 200 -')
        self.assertNotIn('na1-x', line)

    def test_other_lines_stay_as_they_are(self):
        for line in ('"GET /saas_sync/health HTTP/1.1" 200 -', '"GET /web?code=1 HTTP/1.1" 200 -'):
            self.assertEqual(self.line(line), line)
