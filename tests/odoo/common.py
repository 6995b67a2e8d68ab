"""A connection to the sandbox, and the worker run the way the cron runs it."""

from __future__ import annotations

from odoo.tests.common import TransactionCase

from ..account import AccountMixin
from ..sandbox_process import hubspot

OBJECTS = ('companies', 'contacts', 'deals')


class EngineMixin:
    """For any Odoo test case with a ``connection`` to a sandbox, its ``box``."""

    def mapping(self, remote_object):
        return self.connection.mapping_ids.filtered(lambda m: m.remote_object == remote_object)

    # --- running the engine -------------------------------------------------------------------

    def work(self, rounds=1):
        """Post what was captured, then work until nothing is due. Backoff is skipped."""
        self.env.flush_all()
        self.cr.flush()
        with self.enter_registry_test_mode():
            for _round in range(rounds):
                self.cr.execute(
                    "UPDATE sync_lane SET run_at = now() AT TIME ZONE 'UTC' - interval '1 s' "
                    "WHERE state = 'waiting'")
                with self.registry.cursor() as cr:
                    self.env(cr=cr, user=1)['sync.worker']._work()
        self.env.invalidate_all()

    def notify(self, *pairs, kind='change'):
        """Store an event of our own for ``(remote object, remote id)`` pairs."""
        self.env['sync.scan']._post_hints(self.connection, pairs, kind)

    def create_remote(self, kind, properties, **more):
        return self.box.change(kind, {'properties': properties, **more})['id']

    # --- looking ------------------------------------------------------------------------------

    def link_of(self, record, remote_object=None):
        return self.env['sync.link'].search([
            ('res_model', '=', record._name), ('res_id', '=', record.id),
            *([('remote_object', '=', remote_object)] if remote_object else [])])

    def record_of(self, remote_object, remote_id):
        link = self.env['sync.link'].search([
            ('connection_id', '=', self.connection.id),
            ('remote_object', '=', remote_object), ('remote_id', '=', str(remote_id))])
        return link._record() if link else None

    def lanes(self, **conditions):
        return self.env['sync.lane'].search(
            [('connection_id', '=', self.connection.id),
             *((name, '=', value) for name, value in conditions.items())])

    def assertSilence(self, rounds=2):
        """After everything is worked, working again reads nothing new and writes nothing."""
        self.work(rounds=3)
        mark = self.box.last_n()
        self.work(rounds=rounds)
        self.assertEqual(self.box.writes(after=mark), [], 'the account was written to again')
        self.assertFalse(self.lanes().filtered(lambda lane: lane.state != 'failed'))


class SandboxCase(EngineMixin, AccountMixin, TransactionCase):
    """Each test has a fresh HubSpot sandbox and a connected account with the default mappings."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.box = hubspot()
        cls.addClassCleanup(cls.box.stop)
        cls.box.reset(limits={'enabled': False})
        cls.connection = cls.connect()

    def setUp(self):
        super().setUp()
        self.fresh_account()
        self.contacts = self.mapping('contacts')
        self.companies = self.mapping('companies')
        self.deals = self.mapping('deals')

    def fresh_account(self, **options):
        """Empty the sandbox, but for the ID property; ``options`` as for its reset."""
        self.box.reset(limits={'enabled': False}, **options)
        for remote_object in OBJECTS:
            self.connection._connector().create_external_id(remote_object)

    @classmethod
    def connect(cls, **values):
        connection = cls.env['sync.connection'].create({
            'name': 'Sandbox', 'provider': 'hubspot', 'base_url': cls.box.url,
            'allow_private': True, 'backoff_base': 1, 'poll_enabled': False,
            'remote_account': str(cls.box.info['portal_id']), **values,
        })
        cls.env['sync.credential']._set(connection, 'access_token', cls.box.token)
        cls.env['sync.credential']._set(connection, 'client_secret', cls.box.secret)
        connection.action_test()
        for remote_object in OBJECTS:
            connection._connector().create_external_id(remote_object)
        connection._create_default_mappings(OBJECTS)
        return connection
