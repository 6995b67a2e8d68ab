"""A real prefork server for what has to come over a real socket: tests, and `./dev fuzz`.

Promise: the connections of the tests of generated requests, in a database of their own, behind two
processes for the web. Weakness: no worker of ours runs, because the subject is the way in.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from urllib.parse import urlsplit

from odoo.tests import BaseCase

from ..account import PUBLIC_URL, SECRET
from ..odoo_database import OdooDatabase, missing
from ..odoo_server import OdooServer
from .traffic.delivery import Addresses

#: Run in `odoo shell`. The one over its ceiling holds a single event, which is its ceiling.
PREPARE = """
def connection(name, secret=None, **values):
    made = env['sync.connection'].create({
        'name': name, 'public_url': public_url, 'poll_enabled': False, **values})
    env['sync.credential']._set(made, 'client_secret', secret)
    made._update_state('connected')
    return made

opened = connection('Open', secret, remote_account='62515', backlog_ceiling=10000000)
env['sync.mapping'].create({
    'connection_id': opened.id, 'model_id': env['ir.model']._get_id('res.partner'),
    'remote_object': 'contacts',
    'line_ids': [(0, 0, {'odoo_field': 'email', 'remote_field': 'email'})]})
paused = connection('Paused', secret)
paused._update_state('paused')
full = connection('Full', secret, backlog_ceiling=1)
env['sync.event'].create({
    'connection_id': full.id, 'idempotency_key': 'x', 'remote_object': 'contacts',
    'remote_id': '1', 'state': 'pending'})
secretless = connection('No secret')
result = [opened.id] + [
    '/saas_sync/webhook/' + one.webhook_token for one in (opened, paused, full, secretless)]
"""
#: No line for each request, and none for what Odoo itself deprecates.
QUIET = ('--log-level=warn', '--log-handler=werkzeug:WARNING', '--log-handler=py.warnings:ERROR')


class PreforkCase(BaseCase):
    """The server runs for all tests of a class; `options` are its own."""

    options: tuple[str, ...] = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        absent = [name for name in missing() if 'TEMPLATE' not in name]
        if absent or 'SAAS_SYNC_INSTALLED' not in os.environ:
            cls.skipTest(cls, 'run by ./dev test, which brings a database to copy')
        stack = ExitStack()
        cls.addClassCleanup(stack.close)
        cls.database = OdooDatabase(os.environ['SAAS_SYNC_INSTALLED'])
        stack.callback(cls.database.drop)
        cls.opened, *paths = cls.database.run(PREPARE, public_url=PUBLIC_URL, secret=SECRET)
        cls.to = Addresses(*paths)
        cls.server = stack.enter_context(
            OdooServer(cls.database, *QUIET, *cls.options, workers=2, cron_threads=0))
        cls.port = urlsplit(cls.server.url).port

    def stored(self) -> int:
        """How many events there are of the connection that works."""
        return self.database.value(
            'SELECT count(*) FROM sync_event WHERE connection_id = %s', self.opened)
