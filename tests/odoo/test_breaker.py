"""An account that is down is left alone, and one probe at a time finds out when it is back."""

import random
from dataclasses import replace
from datetime import timedelta

from odoo.tests import tagged
from odoo.tests.common import TransactionCase

from ...engine import breaker
from ...engine.errors import TransientError
from ...models.connection_adapters import ConnectionBreaker
from ...models.sync_breaker import SETTINGS
from ..account import AccountMixin


@tagged('post_install', '-at_install')
class TestBreaker(AccountMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.enter_single_transaction()
        self.connection = self.create_connection()
        self.breaker = self.env['sync.breaker']

    def row(self):
        self.env.invalidate_all()
        return self.breaker.search([('connection_id', '=', self.connection.id)])

    def break_down(self, times=SETTINGS.threshold):
        for _time in range(times):
            self.breaker._record(self.connection, False)

    def let_the_cooldown_pass(self):
        self.row().until -= timedelta(seconds=SETTINGS.cooldown_cap + SETTINGS.probe)
        self.env.flush_all()

    def test_a_connection_without_failures_has_no_row_and_writes_none(self):
        self.assertTrue(self.breaker._before_call(self.connection))
        self.breaker._record(self.connection, True)
        self.assertFalse(self.row())

    def test_failures_in_a_row_open_it_and_no_call_passes(self):
        self.break_down(SETTINGS.threshold - 1)
        self.breaker._before_call(self.connection)
        self.break_down(1)
        with self.assertRaises(TransientError) as caught:
            self.breaker._before_call(self.connection)
        self.assertAlmostEqual(caught.exception.retry_after, SETTINGS.cooldown, delta=1)
        self.assertEqual(self.row().state, 'open')
        self.assertEqual(self.connection.breaker_state, 'open')

    def test_a_success_in_between_starts_the_count_anew(self):
        self.break_down(SETTINGS.threshold - 1)
        self.breaker._record(self.connection, True)
        self.break_down(SETTINGS.threshold - 1)
        self.assertFalse(self.breaker._before_call(self.connection))

    def test_failures_spread_over_a_long_time_do_not_add_up(self):
        self.break_down(SETTINGS.threshold - 1)
        self.row().first_failure_at -= timedelta(minutes=5)
        self.env.flush_all()
        self.break_down(1)
        self.assertEqual((self.row().state, self.row().failures), ('closed', 1))

    def test_after_the_cooldown_exactly_one_probe_passes(self):
        self.break_down()
        self.let_the_cooldown_pass()
        self.breaker._before_call(self.connection)
        self.assertEqual(self.row().state, 'half_open')
        with self.assertRaises(TransientError) as caught:
            self.breaker._before_call(self.connection)
        self.assertLessEqual(caught.exception.retry_after, SETTINGS.look)

    def test_a_good_probe_closes_it(self):
        self.break_down()
        self.let_the_cooldown_pass()
        self.breaker._before_call(self.connection)
        self.breaker._record(self.connection, True)
        self.assertRecordValues(self.row(), [
            {'state': 'closed', 'failures': 0, 'until': False, 'cooldown': SETTINGS.cooldown}])

    def test_a_bad_probe_doubles_the_cooldown_up_to_a_cap(self):
        self.break_down()
        for _round in range(8):
            self.let_the_cooldown_pass()
            self.breaker._before_call(self.connection)
            self.breaker._record(self.connection, False)
            self.assertEqual(self.row().state, 'open')
        self.assertEqual(self.row().cooldown, SETTINGS.cooldown_cap)

    def test_a_probe_that_never_reports_is_replaced(self):
        self.break_down()
        self.let_the_cooldown_pass()
        self.breaker._before_call(self.connection)
        self.let_the_cooldown_pass()
        self.breaker._before_call(self.connection)
        self.assertEqual(self.row().state, 'half_open')

    def test_a_late_success_does_not_close_an_open_breaker(self):
        self.break_down()
        self.breaker._record(self.connection, True)
        self.assertEqual(self.row().state, 'open')

    def test_another_account_is_not_concerned(self):
        other = self.create_connection(name='Other')
        self.break_down()
        self.assertTrue(self.breaker._before_call(other))

    def test_the_adapter_writes_nothing_for_a_healthy_account(self):
        adapter = ConnectionBreaker(self.connection)
        adapter.before_call()
        with self.assertQueryCount(0):
            adapter.record(True)
        adapter.record(False)
        self.assertEqual(self.row().failures, 1)
        adapter.before_call()
        adapter.record(True)
        self.assertEqual(self.row().failures, 0)


@tagged('post_install', '-at_install')
class TestTwin(AccountMixin, TransactionCase):
    """The row does what the pure rules do, whatever happens in whatever order."""

    STEPS = ('fail', 'fail', 'fail', 'succeed', 'call', 'pass 3', 'pass 31', 'pass 70', 'pass 2000')

    def setUp(self):
        super().setUp()
        self.enter_single_transaction()
        self.connection = self.create_connection()

    def shift(self, seconds):
        """Let time pass: the past moves away from now."""
        self.env.cr.execute(
            "UPDATE sync_breaker SET until = until - make_interval(secs => %s), "
            'first_failure_at = first_failure_at - make_interval(secs => %s)', [seconds, seconds])

    def ask_the_row(self):
        try:
            self.env['sync.breaker']._before_call(self.connection)
        except TransientError:
            return False
        return True

    def drive(self, step, state, now):
        word, _blank, seconds = step.partition(' ')
        if word == 'pass':
            self.shift(int(seconds))
            return state, now + int(seconds)
        if word == 'call':
            state, wait = breaker.before_call(SETTINGS, state, now)
            self.assertEqual(self.ask_the_row(), not wait)
            return state, now
        self.env['sync.breaker']._record(self.connection, word == 'succeed')
        return breaker.record(SETTINGS, state, word == 'succeed', now), now

    def assertSame(self, state):
        self.env.invalidate_all()
        row = self.env['sync.breaker'].search([('connection_id', '=', self.connection.id)])
        if row:
            self.assertEqual(
                (row.state, row.failures, row.cooldown),
                (state.state, state.failures, state.cooldown or SETTINGS.cooldown))
        else:
            self.assertEqual(replace(state, cooldown=None), breaker.CLOSED)

    def test_the_row_does_as_the_pure_rules_do(self):
        for seed in range(25):
            self.env['sync.breaker'].sudo().search([]).unlink()
            self.env.flush_all()
            chance, state, now = random.Random(seed), breaker.CLOSED, 0.0
            for _number in range(20):
                step = chance.choice(self.STEPS)
                with self.subTest(seed=seed, step=step):
                    state, now = self.drive(step, state, now)
                    self.assertSame(state)
