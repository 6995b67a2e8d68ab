"""Waking and watching, on real connections: who hears of new work, and who follows the dead.

What is created here is committed, and deleted again in the end.
"""
# pylint: disable=invalid-commit

import logging
import threading
import time
import uuid
from datetime import datetime, timezone
from unittest.mock import patch

import psycopg2
from psycopg2.extensions import STATUS_BEGIN

from odoo.tests import tagged

from ...models import sync_shift, sync_worker_wake, sync_worker_watch
from ...models.queue_cursor import queue_cursor
from ...models.race_log import quiet_races
from ...models.sync_shift import PACE_LOCK, PACE_SECONDS
from ...models.sync_worker_wake import TRUST_SECONDS
from .worker_case import WorkerCase


@tagged('post_install', '-at_install', 'database_breaking')
class TestPace(WorkerCase):

    def test_rounds_wait_for_each_other_while_there_is_little_to_do(self):
        with self.shift() as shift:
            began = time.monotonic()
            waited = [shift.begin_round() for _time in range(3)]
            seconds = time.monotonic() - began
            shift.is_behind = True
            waited.append(shift.begin_round())
        self.assertEqual(waited, [False, True, True, False])
        self.assertGreaterEqual(seconds, 2 * PACE_SECONDS)

    def test_news_just_before_a_round_wakes_nobody_but_a_watch_is_still_called(self):
        with queue_cursor(self.open()) as worker:
            worker.execute('SELECT pg_try_advisory_lock(%s)', [PACE_LOCK])
            self.worker._wake()
            self.assertEqual(self.triggers(), [])
            self.worker._wake(knock=False)
            self.assertTrue(self.triggers())
            worker.execute('SELECT pg_advisory_unlock(%s)', [PACE_LOCK])

    def test_news_in_the_pause_of_a_worker_wakes_nobody_and_is_seen_by_it(self):
        """Timeline: a worker has found lanes whose account lets them wait, and pauses; news is
        stored, and its sender looks whom to wake. What this proves: he starts nobody, and the
        worker goes after it. Nine of ten such deliveries asked for a start although two workers
        were up."""
        started = []

        def deliver(_seconds):
            self.cr.execute(
                """INSERT INTO sync_event (connection_id, idempotency_key, kind, remote_object,
                                           remote_id, state, priority, received_at)
                   VALUES (%s, %s, 'change', 'contacts', '7', 'pending', 10, now())""",
                [self.connection.id, uuid.uuid4().hex])
            self.cr.commit()
            self.worker._wake()
            started.extend(self.triggers())

        with self.shift() as shift, patch.object(sync_shift.time, 'sleep', deliver):
            wanted = self.worker._linger(shift, idle=2)
        self.assertTrue(wanted)
        self.assertEqual(started, [])

    def test_what_a_worker_leaves_lying_because_its_account_lets_it_wait_is_taken(self):
        """Timeline: a worker is about to begin a round, so that the news of two accounts wake
        nobody; it puts both on their lanes, and hangs in the call to the first one. What this
        proves: whoever keeps watch takes the other's within a look or two. It waited for the
        whole time-out of the call."""
        with self.rival():
            thread = self.watching()
            with patch.object(type(self.worker), '_due_kinds', lambda _worker: [(1, 'out', 'x')]):
                wanted, _shift, _seconds = self.result(thread, within=5)
        self.assertTrue(wanted)


@tagged('post_install', '-at_install', 'database_breaking')
class TestWake(WorkerCase):

    def test_waking_twice_leaves_one_trigger_a_worker_and_of_whole_seconds(self):
        """Odoo deletes the triggers up to the present second, its fraction cut off. One with a
        fraction stayed, and every worker ran once more for nothing."""
        self.worker._wake()
        self.worker._wake()
        active = self.crons.filtered('active')
        self.assertEqual(len(self.triggers()), len(active))
        self.assertEqual({call_at.microsecond for call_at, _created in self.triggers()}, {0})

    def test_a_save_wakes_although_somebody_else_has_begun_a_transaction_after_it(self):
        """Another add-on's hook reads something on the same cursor after the commit, before ours.
        What this proves: the workers are called, and that transaction is left to who began it."""
        self.cr.postcommit.add(lambda: self.cr.execute('SELECT 1'))
        self.worker._wake_after_commit()
        self.cr.commit()
        self.assertEqual(self.cr.connection.status, STATUS_BEGIN)
        self.assertTrue(self.triggers())

    def test_a_trigger_whose_hearers_died_is_not_trusted_for_ever(self):
        """Both cron processes were killed with triggers pending that nobody would ever hear of.
        Each wake found them, believed that a start was due and told nobody, for up to 69 seconds.

        Proves: past the moment within which a start normally happens, they are told again."""
        self.worker._wake()
        self.cr.execute(
            'UPDATE ir_cron_trigger SET create_date = create_date - make_interval(secs => %s) '
            'WHERE cron_id = ANY(%s)', [TRUST_SECONDS, self.crons.ids])
        self.cr.commit()
        with patch.object(type(self.env['ir.cron']), '_notifydb') as told:
            self.worker._wake()
            self.worker._wake()
        self.assertEqual(told.call_count, 1, 'once, and then the new trigger is trusted')

    def test_who_keeps_watch_hears_of_work_and_no_cron_is_started(self):
        with self.rival():
            watch = self.watching()
            self.worker._wake()
            wanted, _shift, seconds = self.result(watch)
            self.assertTrue(wanted)
            self.assertLess(seconds, 5)
        # The one who left the watch to work has called for another.
        self.assertEqual(len(self.triggers()), len(self.crons.filtered('active')))

    def test_forsaken_work_wakes_the_workers_and_other_work_does_not(self):
        sync_worker_wake._looked_at.clear()
        with self.rival():
            self.worker._wake_for_forsaken()
            self.assertEqual(self.triggers(), [])
            self.worker._wake_for_forsaken()
        self.assertEqual(self.triggers(), [], 'it looks once a second at most')
        sync_worker_wake._looked_at.clear()
        self.worker._wake_for_forsaken()
        self.assertEqual(len(self.triggers()), len(self.crons.filtered('active')))


@tagged('post_install', '-at_install', 'database_breaking')
class TestWatch(WorkerCase):

    def test_nobody_stays_where_nothing_runs(self):
        with self.shift() as shift:
            started = time.monotonic()
            self.assertFalse(self.worker._linger(shift))
        self.assertLess(time.monotonic() - started, 2)
        self.assertEqual(shift.post, 1)

    def test_the_lane_of_a_dead_worker_is_taken_over_within_two_looks(self):
        """One worker was killed at work while the other slept: its lane waited for Odoo's look at
        its schedule, 66 seconds on average of our tries."""
        with self.rival():
            watch = self.watching()
            time.sleep(0.3)
            self.assertTrue(watch.is_alive(), 'who watches stays while others work')
        died = time.monotonic()
        wanted, shift, _seconds = self.result(watch)
        self.assertTrue(wanted)
        self.assertLess(time.monotonic() - died, 5)
        self.assertFalse(shift.is_relieved)
        self.env['sync.lane']._tick()
        self.cr.commit()
        self.cr.execute('SELECT state FROM sync_lane WHERE connection_id = %s',
                        [self.connection.id])
        self.assertEqual(self.cr.fetchall(), [('ready',)])

    def test_the_watch_leaves_when_the_others_are_done(self):
        with self.rival():
            watch = self.watching()
            self.settle()
            wanted, shift, _seconds = self.result(watch)
        self.assertFalse(wanted)
        self.assertFalse(shift.is_relieved)

    def back_off(self, seconds):
        """A lane of a mapped object that is due in ``seconds``."""
        self.connection.state = 'connected'
        if not self.connection.mapping_ids:
            self.env['sync.mapping'].create({
                'connection_id': self.connection.id, 'remote_object': 'contacts',
                'model_id': self.env['ir.model']._get_id('res.partner')})
        self.env.flush_all()
        self.cr.execute(
            """INSERT INTO sync_lane (connection_id, direction, object, key, state, attempts,
                                      crashes, run_at)
               VALUES (%s, 'in', 'contacts', %s, 'waiting', 0, 0,
                       clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => %s))""",
            [self.connection.id, uuid.uuid4().hex, seconds])
        self.cr.commit()

    def test_the_first_post_waits_up_to_a_minute_for_a_lane_while_nobody_wants_its_process(self):
        """A lane that was to be tried in twelve seconds was tried when Odoo looked at its schedule
        the next time, up to a minute later (found by the fault campaign)."""
        self.back_off(2.5)
        with patch.object(sync_worker_watch, 'LINGER_SECONDS', 0.5), \
                patch.object(sync_worker_watch, 'STAY_SECONDS', 0):
            wanted, _shift, seconds = self.result(self.watching())
            self.assertTrue(wanted)
            self.assertGreater(seconds, 1)
            with self.shift() as shift, patch.object(
                    type(self.worker), '_is_in_the_way', lambda _worker, _cr: True):
                self.settle()
                self.back_off(2.5)
                self.assertFalse(self.worker._linger(shift), 'another job is due')

    def test_one_whose_time_ends_while_it_waits_for_a_lane_has_another_wait(self):
        self.back_off(30)
        wanted, shift, _seconds = self.result(self.watching(seconds=1))
        self.assertFalse(wanted)
        self.worker._leave(shift)
        (first, *_others) = self.triggers()
        now = datetime.now(timezone.utc).replace(tzinfo=None)
        self.assertLessEqual(first[0], now, 'at once, and not in half a minute')

    def test_a_watch_whose_time_is_over_leaves_a_trigger(self):
        with self.rival():
            watch = self.watching(seconds=1)
            wanted, shift, _seconds = self.result(watch)
            self.assertFalse(wanted)
            self.assertTrue(shift.is_relieved)
            self.worker._leave(shift)
            self.assertEqual(len(self.triggers()), len(self.crons.filtered('active')))

    def test_the_watch_stays_a_moment_after_news_that_nobody_can_work_yet(self):
        """Timeline: an account has asked us to wait, and deliveries come in. Each of them is put on
        its lane, and nothing is done. What this proves: the watch stays for the next one. It left,
        for nothing had been done lately, and nearly every delivery started a cron job."""
        self.cr.execute(
            """INSERT INTO sync_event (connection_id, idempotency_key, kind, remote_object,
                                       remote_id, state, priority, received_at, create_date)
               VALUES (%s, %s, 'change', 'contacts', '7', 'ignored', 10, now(),
                       clock_timestamp() AT TIME ZONE 'UTC')""",
            [self.connection.id, uuid.uuid4().hex])
        self.cr.commit()
        with patch.object(sync_worker_watch, 'STAY_SECONDS', 2):
            wanted, _shift, seconds = self.result(self.watching())
        self.assertFalse(wanted)
        self.assertGreater(seconds, 0.5)

    def test_there_are_two_posts_and_a_third_worker_leaves_without_a_trigger(self):
        with self.rival():
            watches = [self.watching(), self.watching()]
            with self.shift() as shift:
                self.assertFalse(self.worker._linger(shift))
                self.assertIsNone(shift.post)
                self.worker._leave(shift)
            self.assertEqual(self.triggers(), [])
            self.settle()
            posts = {self.result(watch)[1].post for watch in watches}
        self.assertEqual(posts, {1, 2})

    def test_no_snapshot_is_held_and_no_statement_runs_while_it_waits(self):
        with self.rival():
            watch = self.watching()
            time.sleep(0.3)
            self.cr.commit()
            self.cr.execute(
                """SELECT count(*) FILTER (WHERE backend_xmin IS NOT NULL),
                          count(*) FILTER (WHERE state = 'active')
                     FROM pg_stat_activity WHERE datname = current_database()
                      AND pid <> pg_backend_pid()""")
            self.assertEqual(self.cr.fetchone(), (0, 0))
            self.settle()
            self.result(watch)

    def test_another_job_that_is_due_gets_the_process(self):
        self.cr.execute(
            "UPDATE ir_cron SET nextcall = now() AT TIME ZONE 'UTC' WHERE id = ("
            'SELECT id FROM ir_cron WHERE active AND id <> ALL(%s) LIMIT 1)', [self.crons.ids])
        self.cr.commit()
        self.assertTrue(self.worker._is_in_the_way(self.cr))


@tagged('post_install', '-at_install', 'database_breaking')
class TestRun(WorkerCase):

    def test_a_lost_client_is_noticed_where_the_system_can(self):
        self.worker._notice_a_lost_client()
        self.cr.rollback()
        self.cr.execute('SHOW client_connection_check_interval')
        self.assertEqual(self.cr.fetchone()[0], '1s')

    def test_a_system_that_cannot_notice_lost_clients_costs_nothing(self):
        with patch('odoo.addons.saas_sync.models.sync_worker.CLIENT_CHECK_MS', -1), \
                self.assertNoLogs('odoo.sql_db', 'ERROR'):
            self.worker._notice_a_lost_client()
        self.cr.execute('SELECT 1')

    def lose_a_race(self):
        """Fail to update a row that somebody else has changed since this transaction began."""
        self.cr.commit()
        self.cr.execute('SELECT 1 FROM sync_connection')
        with self.registry.cursor() as other:
            other.execute("UPDATE sync_connection SET name = name || '.' WHERE id = %s",
                          [self.connection.id])
        try:
            self.cr.execute("UPDATE sync_connection SET name = 'mine' WHERE id = %s",
                            [self.connection.id])
        except psycopg2.errors.SerializationFailure:
            self.cr.rollback()
            return
        self.fail('the race was won')

    def test_a_lost_race_is_no_bad_query_where_it_is_handled(self):
        with quiet_races(), self.assertNoLogs('odoo.sql_db', 'ERROR'):
            self.lose_a_race()
        with self.assertLogs('odoo.sql_db', 'ERROR'):
            self.lose_a_race()

    def test_every_other_bad_query_and_every_other_thread_s_is_logged(self):
        logger = logging.getLogger('odoo.sql_db')
        race = psycopg2.errors.SerializationFailure('somebody else was faster')
        with quiet_races(), self.assertLogs(logger, 'ERROR') as logs:
            try:
                self.cr.execute('SELECT nothing FROM nowhere')
            except psycopg2.errors.UndefinedTable:
                self.cr.rollback()
            thread = threading.Thread(target=logger.error, args=('bad query: %s\n%s', 'x', race))
            thread.start()
            thread.join()
        self.assertEqual(len(logs.output), 2)
