"""Workers on real connections: rivals, watches and triggers that others see.

What is created here is committed, and deleted again in the end.
"""
# pylint: disable=invalid-commit

import threading
import time
import uuid
from contextlib import contextmanager
from unittest.mock import patch

from odoo import api
from odoo.orm.registry import Registry
from odoo.tests.common import BaseCase, get_db_name

from ...models.queue_cursor import queue_cursor
from ...models.sync_lane import WORKER_LOCK

DEAD = 4711


class WorkerCase(BaseCase):

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.env = self.open()
        self.cr = self.env.cr
        self.connection = self.env['sync.connection'].create({'name': f'Watch {uuid.uuid4().hex}'})
        self.crons = self.env['ir.cron'].search([('cron_name', 'like', 'SaaS Sync: worker')])
        self.cr.execute('DELETE FROM ir_cron_trigger WHERE cron_id = ANY(%s)', [self.crons.ids])
        self.cr.execute("UPDATE ir_cron SET nextcall = now() + interval '1 hour'")
        self.cr.commit()
        self.worker = self.env['sync.worker']
        self.addCleanup(self._clean)

    def _clean(self):
        self.cr.rollback()
        self.cr.execute('DELETE FROM sync_connection WHERE id = %s', [self.connection.id])
        self.cr.execute('DELETE FROM ir_cron_trigger WHERE cron_id = ANY(%s)', [self.crons.ids])
        self.cr.commit()

    # --- helpers ------------------------------------------------------------------------------

    def open(self):
        cr = self.registry.cursor()
        self.addCleanup(cr.close)
        return api.Environment(cr, api.SUPERUSER_ID, {})

    @contextmanager
    def shift(self, seconds=20, env=None):
        """A run of a worker, with its lock."""
        with (env or self.env)['sync.worker']._alive() as shift:
            shift.deadline = time.monotonic() + seconds
            yield shift

    @contextmanager
    def rival(self, worker=DEAD):
        """Another worker, alive while the block runs, with one lane in its hands."""
        env = self.open()
        with queue_cursor(env) as guard:
            guard.execute('SELECT pg_advisory_xact_lock(%s, %s)', [WORKER_LOCK, worker])
            self.cr.execute(
                """INSERT INTO sync_lane (connection_id, direction, object, key, state, token,
                                          worker, run_at, lease_until, attempts, crashes)
                   VALUES (%s, 'in', 'contacts', %s, 'running', 't', %s, now(),
                           now() + interval '5 min', 0, 1)""",
                [self.connection.id, uuid.uuid4().hex, worker])
            self.cr.commit()
            yield guard

    def settle(self):
        self.cr.execute('DELETE FROM sync_lane WHERE connection_id = %s', [self.connection.id])
        self.cr.commit()

    def triggers(self):
        self.cr.commit()
        self.cr.execute(
            'SELECT call_at, create_date FROM ir_cron_trigger WHERE cron_id = ANY(%s)',
            [self.crons.ids])
        return self.cr.fetchall()

    def watching(self, seconds=20):
        """A thread that keeps watch, once it does; join it with :meth:`result`."""
        results, ready = [], threading.Event()
        env, answer = self.open(), None

        def look(worker, cr, key=None):
            seen = answer(worker, cr, key)
            ready.set()
            return seen

        def run():
            with patch.object(type(self.worker), '_look', look), self.shift(seconds, env) as shift:
                started = time.monotonic()
                results.append((env['sync.worker']._linger(shift), shift))
                results.append(time.monotonic() - started)

        answer = type(self.worker)._look
        thread = threading.Thread(target=run)
        thread.results = results
        thread.start()
        self.assertTrue(ready.wait(10), 'nobody keeps watch')
        return thread

    def result(self, thread, within=10):
        """``(there is something to do, the shift, seconds)``"""
        thread.join(within)
        self.assertFalse(thread.is_alive(), 'it still keeps watch')
        (wanted, shift), seconds = thread.results
        return wanted, shift, seconds
