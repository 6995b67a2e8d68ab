"""Signatures and replays over the real route: what a forger, a thief of one delivery or a helpful
proxy in between can change."""

import hashlib
import json
import time
from contextlib import ExitStack
from unittest.mock import patch
from urllib.parse import urlsplit

from odoo.tests import tagged
from odoo.tools import config, mute_logger

from ..account import PUBLIC_URL, SECRET, encode, notification, sign
from ..http.test_webhook import WebhookCase
from .traffic import hostile_json

V3 = 'X-HubSpot-Signature-v3'


@tagged('post_install', '-at_install')
class TestSignedRequests(WebhookCase):
    def signed(self, body, target=None, **options):
        return sign(body, PUBLIC_URL + (target or self.path()), **options)

    # --- the address ---------------------------------------------------------------------------

    def test_the_address_is_ours_whatever_the_headers_say(self):
        """Behind a proxy (`proxy_mode`) and without one: neither Host nor X-Forwarded-* counts."""
        body = encode([notification(1)])
        forged = {'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'http',
                  'X-Forwarded-For': '1.2.3.4', 'Forwarded': 'host=evil.example;proto=http'}
        for number, behind in enumerate((False, True), start=1):
            config['proxy_mode'] = behind
            self.addCleanup(config.__setitem__, 'proxy_mode', False)
            with self.subTest(proxy_mode=behind):
                body = encode([notification(number)])
                self.assertAnswer(self.send(body, {**self.signed(body), **forged}), 202)
                theirs = sign(body, 'https://evil.example' + self.path())
                self.assertAnswer(self.send(body, {**theirs, **forged}), 401)

    def test_every_spelling_of_the_address_is_another_address(self):
        body, path = encode([notification(1)]), self.path()
        for other in (path + '?', path + '?a=1', path.replace('saas_sync', 'saas%5Fsync'),
                      path + '#x', path[:-1], path.upper()):
            with self.subTest(signed=other):
                self.assertRefused(self.send(body, self.signed(body, other)), 401)
        for uri in (f'http://{urlsplit(PUBLIC_URL).netloc}{path}', f'{PUBLIC_URL}:443{path}',
                    f'{PUBLIC_URL}.{path}', f'{self.base_url()}{path}'):
            with self.subTest(signed=uri):
                self.assertRefused(self.send(body, sign(body, uri)), 401)

    def test_a_query_is_signed_as_it_was_sent(self):
        """Found by generated requests: Werkzeug's address of a request is decoded here and there
        (`%7e`, `%C3%A9`), and a delivery that was signed rightly over these was refused.
        """
        queries = ('?a=1&b=2', '?b=2&a=1', '?a=%2F%C3%A9', '?a=%C3%A9&a=', '?%20')
        for number, query in enumerate(queries):
            with self.subTest(query):
                body, target = encode([notification(number)]), self.path() + query
                self.assertAnswer(
                    self.send(body, self.signed(body, target), path=target), 202, accepted=1)

    # --- the bytes -----------------------------------------------------------------------------

    def test_only_the_bytes_that_were_signed_will_do(self):
        """The same JSON written by another hand is another body."""
        events = [notification(1, propertyValue='Zoë')]
        body = json.dumps(events, ensure_ascii=False).encode()
        same = [
            json.dumps(events).encode(), json.dumps(events, indent=1).encode(),
            json.dumps(events, separators=(',', ':'), ensure_ascii=False).encode(),
            json.dumps(events, sort_keys=True, ensure_ascii=False).encode(), body + b'\n',
            b' ' + body, body.replace('Zoë'.encode(), 'Zoe\u0308'.encode()),
        ]
        for other in same:
            with self.subTest(other[:40]):
                self.assertRefused(self.send(other, self.signed(body)), 401)
        self.assertAnswer(self.send(body, self.signed(body)), 202, accepted=1)

    @mute_logger('odoo.addons.saas_sync.models.sync_connection_webhook')
    def test_a_second_signature_header_does_not_help(self):
        body = encode([notification(1)])
        good = self.signed(body)
        for first, second in ((good[V3], 'x'), ('x', good[V3]), (good[V3], good[V3])):
            headers = {**good, V3: f'{first}, {second}'}
            with self.subTest(headers[V3][:10]):
                self.assertRefused(self.send(body, headers), 401)

    def test_an_older_version_of_the_signature_is_not_accepted_instead(self):
        body = encode([notification(1)])
        v1 = hashlib.sha256(SECRET.encode() + body).hexdigest()
        v2 = hashlib.sha256(
            SECRET.encode() + b'POST' + (PUBLIC_URL + self.path()).encode() + body).hexdigest()
        for version, value in (('v1', v1), ('v2', v2), ('v3', v1)):
            headers = {'X-HubSpot-Signature': value, 'X-HubSpot-Signature-Version': version,
                       'Content-Type': 'application/json'}
            with self.subTest(version):
                self.assertRefused(self.send(body, headers), 401)

    def test_xml_is_refused_and_never_parsed(self):
        """There is no XML route yet: what is no JSON by its type is not even read."""
        kinds = ('application/xml', 'text/xml; charset=utf-8', 'application/soap+xml')
        parsers = ('xml.parsers.expat.ParserCreate', 'lxml.etree.fromstring')
        for kind in kinds:
            for body in (hostile_json.BILLION_LAUGHS, hostile_json.EXTERNAL_ENTITY):
                headers = {**self.signed(body), 'Content-Type': kind}
                with self.subTest(kind), ExitStack() as stack:
                    for parser in parsers:
                        stack.enter_context(patch(parser, side_effect=AssertionError(parser)))
                    self.assertRefused(self.send(body, headers), 415)

    # --- one answer ----------------------------------------------------------------------------

    def test_without_the_signature_nobody_learns_in_which_state_a_connection_is(self):
        """Connected, paused, in set-up, needing a sign-in, full, without a secret: one answer."""
        body = encode([notification(1)])
        bad = self.signed(body, secret='another')
        answers = set()
        for state in ('connected', 'paused', 'draft', 'needs_auth', 'full', 'no secret'):
            if state == 'full':
                self.connection.backlog_ceiling = 1
                self.send(encode([notification(99)]))
            elif state == 'no secret':
                self.env['sync.credential']._set(self.connection, 'client_secret', None)
            else:
                self.env.flush_all()
                self.cr.execute('UPDATE sync_connection SET state = %s WHERE id = %s',
                                [state, self.connection.id])
                self.env.invalidate_all()
            self.env.flush_all()
            response = self.send(body, bad)
            names = {name for name in response.headers if name != 'Date'}
            answers.add((response.status_code, response.content, frozenset(names)))
        self.assertEqual(len(answers), 1, answers)
        self.assertEqual(answers.pop()[0], 401)

    def test_unknown_addresses_give_one_answer_and_are_not_to_be_guessed(self):
        token = self.connection.webhook_token
        self.assertGreaterEqual(len(token), 43)  # 256 bits
        body = encode([notification(1)])
        answers = set()
        for wrong in (token[:-1] + ('A' if token[-1] != 'A' else 'B'), 'x' * 43, 'x', token * 2):
            path = self.path().replace(token, wrong)
            response = self.send(body, self.signed(body, path), path=path)
            answers.add((response.status_code, response.content))
        self.assertEqual(len(answers), 1)
        self.assertEqual(answers.pop()[0], 404)

    # --- replays -------------------------------------------------------------------------------

    def test_what_is_five_minutes_old_or_to_come_is_refused(self):
        body = encode([notification(1)])
        for at in (time.time() - 301, time.time() + 303, 1, time.time() * 1000):
            with self.subTest(at):
                self.assertRefused(self.send(body, self.signed(body, at=at)), 401)

    def test_the_first_delivery_of_an_id_stays_whatever_comes_under_it_later(self):
        """Signed by the account itself, so it may come; it changes nothing that was kept."""
        first = notification(1, propertyValue='first@example.com')
        self.assertAnswer(self.send(encode([first])), 202, accepted=1)
        later = {**first, 'propertyValue': 'later@example.com', 'attemptNumber': 3, 'more': 1}
        self.assertAnswer(self.send(encode([later])), 202, accepted=0, duplicates=1)
        self.assertIn('first@example.com', self.events().payload)
        self.assertNotIn('later@example.com', self.events().payload)

    def test_the_same_content_under_another_id_is_another_event(self):
        self.assertAnswer(self.send(encode([notification(1)])), 202, accepted=1)
        self.assertAnswer(self.send(encode([notification(2)])), 202, accepted=1)

    def test_an_event_of_another_account_is_never_worked_here(self):
        """Portal A's event at the address of portal B, signed by the app they share."""
        self.assertAnswer(self.send(encode([notification(1, portalId=99)])), 202, accepted=1)
        self.assertRecordValues(self.events(), [{'state': 'ignored'}])
        self.assertIn('99', self.events().reason)
