"""The ceiling is watched without counting at every delivery."""

from unittest.mock import patch

from odoo.tests import TransactionCase, tagged

from ...models import backlog
from ..account import AccountMixin


@tagged('post_install', '-at_install')
class TestBacklog(AccountMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_connection()
        self.now = 1000.0
        clock = patch.object(backlog.time, 'monotonic', lambda: self.now)
        clock.start()
        self.addCleanup(clock.stop)
        backlog.forget()
        self.addCleanup(backlog.forget)
        self.env.flush_all()

    def add_events(self, count):
        first = self.env['sync.event'].search_count([])
        self.env['sync.event'].create([
            {'connection_id': self.connection.id, 'idempotency_key': str(first + number)}
            for number in range(count)])
        self.env.flush_all()

    def has_room(self, ceiling=3):
        return backlog.has_room(self.env.cr, self.connection.id, ceiling)

    def test_one_count_serves_ten_seconds(self):
        with self.assertQueryCount(1):
            for _delivery in range(100):
                self.assertTrue(self.has_room())
        self.now += 11
        with self.assertQueryCount(1):
            self.has_room()

    def test_what_this_process_accepts_is_added_without_counting(self):
        self.has_room()
        backlog.add(self.env.cr, self.connection.id, 2)
        with self.assertQueryCount(0):
            self.assertTrue(self.has_room())

    def test_at_the_ceiling_it_counts_once_a_second_and_sees_the_room(self):
        self.add_events(3)
        self.assertFalse(self.has_room())
        with self.assertQueryCount(0):
            self.assertFalse(self.has_room())
        self.env['sync.event'].search([('connection_id', '=', self.connection.id)]).write(
            {'state': 'done'})
        self.env.flush_all()
        self.assertFalse(self.has_room())
        self.now += 1
        self.assertTrue(self.has_room())

    def test_an_estimate_that_reaches_the_ceiling_is_checked_before_anything_is_refused(self):
        self.has_room()
        backlog.add(self.env.cr, self.connection.id, 5)
        self.now += 1
        self.assertTrue(self.has_room())

    def test_the_count_stops_at_the_ceiling(self):
        self.add_events(10)
        self.assertEqual(backlog._count(self.env.cr, self.connection.id, 4), 4)

    def test_accounts_are_counted_apart(self):
        other = self.create_connection(name='Other')
        self.add_events(3)
        self.assertFalse(self.has_room())
        self.assertTrue(backlog.has_room(self.env.cr, other.id, 3))
