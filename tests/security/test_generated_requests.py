"""Three thousand generated requests through Odoo's WSGI application, and a few over a socket.

The long form, any number of them against a real prefork server, is `./dev fuzz`.
"""

import os
from urllib.parse import urlsplit

from odoo.tests import tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME
from odoo.tools import mute_logger

from .traffic.audit import Audit, complaint
from .traffic.maker import make
from .traffic.wire import LIES, NOT_OURS, ask
from .traffic_case import TrafficCase

REQUESTS = int(os.environ.get('SAAS_SYNC_FUZZ_REQUESTS') or 3000)
SEED = int(os.environ.get('SAAS_SYNC_FUZZ_SEED') or 1)


@tagged('post_install', '-at_install')
class TestGeneratedRequests(TrafficCase):
    @mute_logger('odoo.http', 'werkzeug', 'odoo.addons.saas_sync.models.sync_connection_webhook')
    def test_every_answer_fits_and_every_acknowledged_event_is_there_once(self):
        audit = Audit(REQUESTS)
        with self.allow_requests(all_requests=True):
            for number in range(REQUESTS):
                made = make(SEED, number, self.to)
                if made.kind != 'announced wrongly':  # a matter of sockets
                    audit.note(made, self.call(made))
        stored = self.stored()
        audit.compare(stored.mapped('payload'))
        self.assertEqual(audit.findings, [])
        self.assertEqual(len(stored), audit.accepted)
        self.assertGreater(audit.accepted, REQUESTS // 3)
        self.assertGreater(len({status for _kind, status in audit.statuses}), 8)


@tagged('post_install', '-at_install')
class TestRequestsOnASocket(TrafficCase):
    def ask(self, made):
        where = urlsplit(self.base_url())
        cookie = f'{TEST_CURSOR_COOKIE_NAME}={self.http_request_key}'.encode()
        with self.allow_requests(all_requests=True):
            answer = ask(where.hostname, where.port, made, ((b'Cookie', cookie),))
        self._wait_remaining_requests()
        return answer

    @mute_logger('odoo.http', 'werkzeug', 'odoo.addons.saas_sync.models.sync_connection_webhook')
    def test_however_a_body_is_announced_the_answer_fits(self):
        good = make(1, 0, self.to)
        for framing in ('length', 'chunked', *LIES):
            made = good.but(kind='announced wrongly', framing=framing, must=None, more=(202, 0))
            with self.subTest(framing):
                self.assertIsNone(complaint(made, self.ask(made)))

    @mute_logger('odoo.http', 'werkzeug')
    def test_what_odoo_and_python_answer_before_any_route_is_theirs(self):
        """A request without a Host, or with one that is none, is answered 500 by `odoo/http.py`
        (it looks up the database by the Host, and works out the address, before it routes), for
        every address there is; a version of HTTP that does not exist is answered 505 by Python's
        server, without a status line. A proxy in front always sends one good Host. If this test
        fails, Odoo has mended it: then move these to the lies that have to be answered well.
        """
        for path in (self.to.open, '/', '/web/login', '/nothing/here'):
            for framing in NOT_OURS:
                made = make(1, 0, self.to).but(target=path.encode(), framing=framing)
                with self.subTest(path, framing=framing):
                    self.assertIn(self.ask(made).status, (500, 0))
        self.assertFalse(self.stored())

    def test_one_connection_carries_one_request(self):
        """What follows the first request, by its length or by its chunks, is not taken for a
        second one: there is nothing to smuggle a request into.
        """
        second = b'POST ' + self.to.open.encode() + b' HTTP/1.1\r\nHost: x\r\n\r\n'
        for framing in ('length', 'chunked', 'too short', 'both'):
            made = make(1, 0, self.to).but(framing=framing)
            made = made.but(body=made.body + second) if framing == 'too short' else made
            with self.subTest(framing):
                answer = self.ask(made)
                self.assertNotIn(b'HTTP/1.', answer.body)
                self.assertIn(b'connection: close', answer.head.lower())
