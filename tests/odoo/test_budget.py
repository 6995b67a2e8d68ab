"""The shared allowance never lets more through than the account allows, whoever asks."""

import threading
import time
from datetime import timedelta

from odoo import fields
from odoo.sql_db import Cursor
from odoo.tests import tagged
from odoo.tests.common import TransactionCase

from ...models.connection_adapters import ConnectionBudget
from ...models.sync_budget import BURST, STEADY
from ..account import AccountMixin

LIMITS = {'burst': (50, 10), 'search': (4, 1), 'daily': (1000, 86400)}


@tagged('post_install', '-at_install')
class TestBudget(AccountMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.enter_single_transaction()
        self.connection = self.create_connection()
        self.budget = self.env['sync.budget']

    def take(self, bucket='burst', cost=1):
        self.env.flush_all()
        return self.budget._take(self.connection, bucket, cost, LIMITS)

    def learn(self, bucket='burst', **reading):
        self.budget._learn(self.connection, bucket, LIMITS, **reading)
        self.env.invalidate_all()

    def row(self, bucket):
        self.env.invalidate_all()
        return self.budget.search(
            [('connection_id', '=', self.connection.id), ('bucket', '=', bucket)])

    def assertPass(self, expected, bucket='burst'):
        """So many calls pass at once, and what is refilled while a slow machine asks."""
        began, passed = time.monotonic(), 0
        while not self.take(bucket):
            passed += 1
        row = self.row(bucket)
        refilled = (time.monotonic() - began + 0.1) * 0.8 * row.capacity / row.period
        self.assertGreaterEqual(passed, expected)
        self.assertLessEqual(passed, expected + refilled + 1)

    def test_a_part_of_the_limit_passes_at_once_then_calls_wait_their_turn(self):
        self.assertPass(7)
        wait = self.take()
        self.assertGreater(wait, 0)
        self.assertLessEqual(wait, 10 / (0.8 * 50))

    def test_time_refills_the_bucket_at_four_fifths_of_the_limit(self):
        self.assertPass(7)
        self.row('burst').tat -= timedelta(seconds=1)
        self.assertPass(4)

    def test_a_bucket_the_connector_does_not_know_counts_as_burst(self):
        self.take('upload')
        self.assertTrue(self.row('burst'))
        self.assertFalse(self.row('upload'))

    def test_search_has_its_own_bucket_and_both_count_for_the_day(self):
        self.assertEqual(self.take('search'), 0)
        self.assertEqual(self.take('burst'), 0)
        self.assertEqual(self.row('daily').used, 2)
        self.assertNotEqual(self.row('search').tat, self.row('burst').tat)

    def test_a_refused_take_charges_nothing(self):
        self.take()
        self.learn('daily', limit=1000, remaining=0)
        before = self.row('daily').used
        schedule = self.row('burst').tat
        self.assertGreater(self.take(), 0)
        self.assertEqual(self.row('daily').used, before)
        self.assertEqual(self.row('burst').tat, schedule)

    def seconds_to_midnight(self):
        return (self.row('daily').resets_at - fields.Datetime.now()).total_seconds()

    def test_the_day_starts_anew_at_the_accounts_own_midnight(self):
        self.connection.time_zone = 'Asia/Tokyo'
        self.take()
        day = self.row('daily')
        self.assertEqual((day.resets_at.hour, day.resets_at.minute), (15, 0))
        day.write({'used': 1000, 'resets_at': fields.Datetime.now() - timedelta(seconds=1)})
        self.assertEqual(self.take(), 0)
        self.assertEqual(self.row('daily').used, 1)
        self.assertGreater(self.row('daily').resets_at, fields.Datetime.now())

    def test_an_unknown_time_zone_counts_as_utc(self):
        self.connection.time_zone = 'Mars/Olympus'
        self.take()
        self.assertEqual(self.row('daily').resets_at.hour, 0)

    def test_oauth_apps_have_no_daily_limit(self):
        self.connection.auth_method = 'oauth'
        self.take()
        self.assertFalse(self.row('daily'))

    def test_there_is_room_for_calls_that_are_held_up_on_the_way(self):
        """Calls that wait in the network reach the account together with later ones: 191 within
        9.8 s where it allows 190 in ten (found by the fault campaign, seed 1)."""
        self.assertLessEqual(BURST + STEADY, 0.95 + 1e-9)

    # --- learning -----------------------------------------------------------------------------

    def test_the_limit_of_the_headers_replaces_the_default(self):
        self.learn(limit=190, remaining=189, period=10)
        self.assertEqual(self.row('burst').capacity, 190)
        self.assertPass(28)

    def test_what_other_apps_used_slows_us_down(self):
        self.learn(limit=50, remaining=3, period=10)
        self.assertPass(3)

    def test_a_block_lets_nothing_through_and_no_burst_afterwards(self):
        self.learn(blocked_for=7)
        self.assertAlmostEqual(self.take(), 7, delta=0.5)
        self.row('burst').tat -= timedelta(seconds=7)
        self.assertPass(1)

    def test_a_shorter_block_does_not_end_a_longer_one(self):
        self.learn(blocked_for=30)
        self.learn(blocked_for=2)
        self.assertGreater(self.take(), 28)

    def test_a_used_up_day_waits_for_midnight_and_a_block_of_the_day_is_kept(self):
        self.learn('daily', limit=1000, remaining=0)
        self.assertAlmostEqual(self.take(), self.seconds_to_midnight(), delta=2)
        self.learn('daily', blocked_for=2 * 86400)
        self.assertGreater(self.take(), 86400)

    def test_the_adapter_learns_on_edges_only(self):
        adapter = ConnectionBudget(self.connection, LIMITS)
        adapter.learn('burst', limit=50, remaining=49, period=10)
        with self.assertQueryCount(0):
            adapter.learn('burst', limit=50, remaining=48, period=10)
        adapter.learn('burst', limit=50, remaining=40, period=10)
        adapter.learn('burst', blocked_for=5)
        self.assertGreater(adapter.take('burst'), 4)


@tagged('post_install', '-at_install')
class TestBudgetOfSeveralWorkers(AccountMixin, TransactionCase):
    """Real transactions on connections of their own: what the row lock is for."""

    def setUp(self):
        super().setUp()
        with self.registry.cursor() as cr:
            self.assertIsInstance(cr, Cursor)
            env = self.env(cr=cr)
            self.connection_id = env['sync.connection'].create({'name': 'Rivals'}).id
        self.addCleanup(self.delete_connection)

    def delete_connection(self):
        with self.registry.cursor() as cr:
            self.env(cr=cr)['sync.connection'].browse(self.connection_id).unlink()

    def worker(self, passed):
        with self.registry.cursor() as cr:
            env = self.env(cr=cr)
            connection = env['sync.connection'].browse(self.connection_id)
            for _call in range(40):
                if not env['sync.budget']._take(connection, 'burst', 1, LIMITS):
                    passed.append(1)

    def test_four_workers_together_pass_no_more_than_one_alone(self):
        passed = []
        threads = [threading.Thread(target=self.worker, args=(passed,)) for _ in range(4)]
        began = fields.Datetime.now()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = (fields.Datetime.now() - began).total_seconds() + 1
        self.assertGreaterEqual(len(passed), 7)
        self.assertLessEqual(len(passed), 7 + 4 * seconds)
        with self.registry.cursor() as cr:
            day = self.env(cr=cr)['sync.budget'].search(
                [('connection_id', '=', self.connection_id), ('bucket', '=', 'daily')])
            self.assertEqual(day.used, len(passed))
