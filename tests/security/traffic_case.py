"""The connections that generated requests are for, and Odoo's application without a socket."""

import io
from types import SimpleNamespace
from urllib.parse import unquote_to_bytes, urlsplit

import odoo.http
from odoo.tests import HttpCase
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

from ...models import backlog
from ..account import AccountMixin
from .traffic.delivery import Addresses, Made
from .traffic.wire import Answer


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
