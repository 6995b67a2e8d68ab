"""One database between two accounts: both sandboxes, their post, and what happens at three places.

What the accounts send is taken by a :class:`Mailbag` and arrives when, how often and in which order
the test says, through the same check of its origin and the same log as by the webhook's route.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from ...devkit.demo import books, compare, sides
from ...devkit.demo.accounts import HubSpot, Salesforce
from ...engine.contracts import WebhookRequest
from ...models.sync_connection_webhook import verify
from ..sandbox_process import running
from .common import SandboxCase

#: What Salesforce takes for an acknowledgement; to HubSpot any body will do.
ACK = (
    b'<Envelope xmlns="http://schemas.xmlsoap.org/soap/envelope/"><Body><notificationsResponse '
    b'xmlns="http://soap.sforce.com/2005/09/outbound"><Ack>true</Ack></notificationsResponse>'
    b'</Body></Envelope>'
)
#: Within one transaction the database's clock stands still; people's clocks do not. What tells the
#: newer of two changes, and whether anything was written at all, is the moment of each write.
CLOCK = """
    CREATE OR REPLACE FUNCTION saas_sync_test_clock() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        NEW.write_date := clock_timestamp() AT TIME ZONE 'UTC';
        RETURN NEW;
    END $$;
    CREATE TRIGGER saas_sync_test_clock BEFORE INSERT OR UPDATE ON res_partner
       FOR EACH ROW EXECUTE FUNCTION saas_sync_test_clock();
"""
#: As every organisation has them from its first day: they do not forbid two of one address, they
#: warn, and our connector takes a warning for a no.
DUPLICATE_RULES = [
    {'object': 'Contact', 'match': ['Email'], 'block': False},
    {'object': 'Account', 'match': ['Website'], 'block': False},
]
#: Rounds of post and work after which three places must have nothing more to say.
MAX_ROUNDS = 12


@dataclass(frozen=True)
class Letter:
    """One delivery, exactly as it was sent."""

    provider: str
    headers: dict[str, str]
    body: bytes


class Mailbag:
    """Accepts whatever the sandboxes deliver, and keeps it."""

    def __init__(self):
        self.letters: list[Letter] = []
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(handler):
                body = handler.rfile.read(int(handler.headers['Content-Length']))
                headers = {name.lower(): value for name, value in handler.headers.items()}
                with lock:
                    self.letters.append(Letter(handler.path.strip('/'), headers, body))
                handler.send_response(200)
                handler.send_header('Content-Length', str(len(ACK)))
                handler.end_headers()
                handler.wfile.write(ACK)

            def log_message(handler, *_words):
                """Standard error is not ours to fill."""

        self.server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def address(self, provider):
        return f'http://127.0.0.1:{self.server.server_port}/{provider}'

    def take(self):
        """What has come since the last look."""
        letters, self.letters = self.letters, []
        return letters

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class InProcess:
    """Odoo's records as :mod:`devkit.demo.sides` reads them through the API: plain values."""

    def __init__(self, env):
        self.env = env(context={'active_test': False, 'lang': 'en_US'})

    def rows(self, model, domain, fields):
        return [
            {name: str(value) if isinstance(value, date) else value for name, value in row.items()}
            for row in self.env[model].search_read(domain, fields, load=None)
        ]


class HubCase(SandboxCase):
    """``box`` and ``connection`` are HubSpot's, ``org`` and ``salesforce`` the other account's."""

    OBJECTS = ('Account', 'Contact')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mailbag = Mailbag()
        cls.addClassCleanup(cls.mailbag.close)
        cls.org = running('salesforce')
        cls.addClassCleanup(cls.org.stop)
        cls.org.reset(limits={'enabled': False})
        with ExitStack() as stack:  # a sign-in is stored by a cursor of its own
            for one in cls._registry_test_mode_patches(cr=cls.cr, registry=cls.registry):
                stack.enter_context(one)
            cls.salesforce = cls.connect_salesforce()
        cls.deals_off()
        cls.env.cr.execute(CLOCK)

    @classmethod
    def deals_off(cls):
        """Only companies and people go round here."""
        for mapping in cls.connection.mapping_ids:
            if mapping.remote_object == 'deals':
                mapping.active = False

    @classmethod
    def connect_salesforce(cls):
        connection = cls.env['sync.connection'].create({
            'name': 'Organisation', 'provider': 'salesforce', 'base_url': cls.org.url,
            'auth_method': 'client_credentials', 'allow_private': True, 'backoff_base': 1,
            'client_id': cls.org.info['client_id'], 'poll_enabled': False,
        })
        cls.env['sync.credential']._set(connection, 'client_secret', cls.org.secret)
        connection.action_connect()
        connection._create_default_mappings(cls.OBJECTS)
        return connection

    def setUp(self):
        super().setUp()
        self.fresh_accounts()

    def fresh_accounts(self):
        """Nothing at either account, and all they say from now on comes into the bag."""
        self.fresh_account()
        self.org.reset(limits={'enabled': False}, duplicate_rules=DUPLICATE_RULES)
        # A reset forgets the tokens that were given, but for the one it begins with.
        self.env['sync.credential']._set(self.salesforce, 'access_token', self.org.token)
        self.box.call('POST', 'webhooks', {
            'target': self.mailbag.address('hubspot'), 'style': 'classic', 'window_ms': 5,
            'client_secret': self.box.secret, 'max_batch': 10,
            'signed_url': self.connection.webhook_url})
        self.org.call('POST', 'webhooks', {
            'target': self.mailbag.address('salesforce'), 'window_ms': 5, 'max_batch': 10})
        self.mailbag.take()

    # --- the post -----------------------------------------------------------------------------

    def collect(self):
        """Everything the accounts have to say at this moment."""
        for box in (self.box, self.org):
            self.assertTrue(box.call(
                'POST', 'webhooks', {'flush': True, 'flush_timeout_s': 30}).json()['flushed'])
        return self.mailbag.take()

    def deliver(self, letters):
        connections = {'hubspot': self.connection, 'salesforce': self.salesforce}
        for letter in letters:
            connection = connections[letter.provider]
            receiver = self.env['sync.connection']._find_receiver(connection.webhook_token)
            request = WebhookRequest(
                method='POST', url=connection.webhook_url, headers=letter.headers,
                body=letter.body)
            verify(receiver, request)
            self.env['sync.connection']._receive(receiver, request, 'hub')

    def drain(self):
        """Post and work, until nobody has anything to say; return all that was delivered."""
        delivered = []
        letters = None
        rounds = 0
        while letters is None or letters or self.waiting():
            self.assertLess(rounds, MAX_ROUNDS, f'no rest: {self.waiting()}')
            letters, rounds = self.collect(), rounds + 1
            self.deliver(letters)
            delivered += letters
            self.work()
        return delivered

    def waiting(self):
        """The messages that are not done, with the reason; one that failed does not end here."""
        self.env.cr.execute(
            """SELECT 'in', m.remote_object, m.remote_id, l.state, l.error_message
                 FROM sync_event m LEFT JOIN sync_lane l ON l.id = m.lane_id
                WHERE m.state IN ('pending', 'failed') AND m.connection_id = ANY(%(ids)s)
                UNION ALL
               SELECT 'out', m.remote_object, m.res_model || ',' || m.res_id, l.state,
                      l.error_message
                 FROM sync_outbox m LEFT JOIN sync_lane l ON l.id = m.lane_id
                WHERE m.state IN ('pending', 'failed') AND m.connection_id = ANY(%(ids)s)""",
            {'ids': (self.connection | self.salesforce).ids})
        return self.env.cr.fetchall()

    # --- what must be true --------------------------------------------------------------------

    def three_sides(self):
        """Odoo and HubSpot, Odoo and Salesforce, by rules that the add-on has no part in."""
        self.env.flush_all()
        erp = InProcess(self.env)
        pairs = ((HubSpot, self.box, self.connection), (Salesforce, self.org, self.salesforce))
        return [sides.read(erp, kind(box.info), account.id) for kind, box, account in pairs]

    def assertOneState(self):
        """All three places hold the same, nothing is missing, nothing is there twice."""
        wrong, linked = [], []
        for both in self.three_sides():
            wrong += [*compare.differences(both, set()), *compare.unlinked(both, set()),
                      *compare.duplicates(both, set())]
            linked.append(sorted((link['res_model'], link['res_id'])
                                 for link in both.live_links()))
        self.assertEqual(wrong, [])
        self.assertEqual(*linked, 'a record of one account is not at the other')

    def assertStill(self, letters):
        """Whatever could provoke an answer does not: every delivery once more, both polls, and
        every link looked at again."""
        marks = {box: box.last_n() for box in (self.box, self.org)}
        self.env.cr.execute('SELECT max(write_date) FROM res_partner')
        written_at = self.env.cr.fetchone()
        self.deliver(letters)
        for connection in self.connection | self.salesforce:
            connection.poll_enabled = True
            connection.action_poll()
            links = self.env['sync.link'].search([('connection_id', '=', connection.id)])
            links._request_read(connection)
        self.work(rounds=2)
        (self.connection | self.salesforce).poll_enabled = False
        self.drain()
        writes = [books.described(call) for box, mark in marks.items()
                  for call in box.ledger(mark) if books.is_change(call)]
        self.assertEqual(writes, [], 'an echo at an account')
        self.env.cr.execute('SELECT max(write_date) FROM res_partner')
        self.assertEqual(self.env.cr.fetchone(), written_at, 'an echo in Odoo')
