"""Three thousand generated requests through Odoo's WSGI application, and a few over a socket.

The long form, any number of them against a real prefork server, is `./dev fuzz`.
"""

import io
import os
from types import SimpleNamespace
from urllib.parse import unquote_to_bytes, urlsplit

import odoo.http
from odoo.tests import HttpCase, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME
from odoo.tools import mute_logger

from ...models import backlog
from ..account import AccountMixin
from .traffic.audit import Audit, complaint
from .traffic.delivery import Addresses, Made
from .traffic.maker import make
from .traffic.wire import LIES, NOT_OURS, Answer, ask

REQUESTS = int(os.environ.get('SAAS_SYNC_FUZZ_REQUESTS') or 3000)
SEED = int(os.environ.get('SAAS_SYNC_FUZZ_SEED') or 1)


class TrafficCase(AccountMixin, HttpCase):
    def setUp(self):
        super().setUp()
        backlog.forget()
        self.addCleanup(backlog.forget)
        self.opened = self.receiver('Open', remote_account='62515')
        self.map_contacts(self.opened)
        paused = self.receiver('Paused')
        paused._update_state('paused')
        full = self.receiver('Full', backlog_ceiling=1)
        self.env['sync.event'].create({
            'connection_id': full.id, 'idempotency_key': 'x', 'remote_object': 'contacts',
            'remote_id': '1', 'state': 'pending'})
        secretless = self.receiver('No secret')
        self.env['sync.credential']._set(secretless, 'client_secret', None)
        self.env.flush_all()
        self.to = Addresses(*(
            urlsplit(one.webhook_url).path for one in (self.opened, paused, full, secretless)))

    def receiver(self, name, **values):
        connection = self.create_connection(name=name, **values)
        connection._update_state('connected')
        return connection

    def stored(self):
        self.env.invalidate_all()
        return self.env['sync.event'].search([('connection_id', '=', self.opened.id)])


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

    def call(self, made: Made) -> Answer:
        """The answer of Odoo's application to this request."""
        said = SimpleNamespace(status='', headers=[])

        def start_response(status, headers, _problem=None):
            said.status, said.headers = status, headers

        parts = odoo.http.root(self.environ(made), start_response)
        body = b''.join(parts)
        if hasattr(parts, 'close'):
            parts.close()
        head = '\r\n'.join(f'{name}: {value}' for name, value in said.headers)
        return Answer(int(said.status.split()[0]), body, head.encode('latin-1'))

    def environ(self, made: Made) -> dict:
        """What Werkzeug's server makes of this request (PEP 3333)."""
        path, _mark, query = made.target.partition(b'?')
        environ = {
            'REQUEST_METHOD': made.method.decode('latin-1'), 'SCRIPT_NAME': '',
            'PATH_INFO': unquote_to_bytes(path).decode('latin-1'),
            'QUERY_STRING': query.decode('latin-1'), 'REQUEST_URI': made.target.decode('latin-1'),
            'SERVER_NAME': '127.0.0.1', 'SERVER_PORT': '8069', 'SERVER_PROTOCOL': 'HTTP/1.1',
            'REMOTE_ADDR': '127.0.0.1', 'wsgi.version': (1, 0), 'wsgi.url_scheme': 'http',
            'wsgi.input': io.BytesIO(made.body), 'wsgi.errors': io.StringIO(),
            'wsgi.multithread': True, 'wsgi.multiprocess': False, 'wsgi.run_once': False,
            'HTTP_HOST': '127.0.0.1:8069', **self.headers(made)}
        cookie = f'{TEST_CURSOR_COOKIE_NAME}={self.http_request_key}'
        environ['HTTP_COOKIE'] = '; '.join(filter(None, [cookie, environ.get('HTTP_COOKIE')]))
        if made.framing == 'chunked':
            environ['wsgi.input_terminated'] = True
        elif made.framing == 'length':
            environ['CONTENT_LENGTH'] = str(len(made.body))
        return environ

    def headers(self, made: Made) -> dict:
        found = {}
        for name, value in made.headers:
            key = name.decode('latin-1').upper().replace('-', '_')
            key = key if key == 'CONTENT_TYPE' else f'HTTP_{key}'
            text = value.decode('latin-1').strip()
            found[key] = f'{found[key]},{text}' if key in found else text
        return found


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
        server, without a status line. A proxy in front always sends one good Host. If this test fails, Odoo has mended
        it: then move these to the lies that have to be answered well.
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
