"""The schedule, on real connections: claims, tokens, rescue, sweep.

The promises are about what several transactions see of each other, so these tests commit; the
connection they make, and with it everything else, is deleted in the end.
"""
# pylint: disable=invalid-commit

import threading
import uuid
from unittest.mock import patch

import psycopg2

from odoo import api
from odoo.orm.registry import Registry
from odoo.tests import tagged
from odoo.tests.common import BaseCase, get_db_name

from ...engine.errors import DataError
from ...models.queue_cursor import queue_cursor
from ...models.sync_lane import MAX_CRASHES, WORKER_LOCK, StaleClaim
from ...models.sync_settlement import Result


@tagged('post_install', '-at_install', 'database_breaking')
class TestLane(BaseCase):

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())
        self.cr = self.registry.cursor()
        self.addCleanup(self.cr.close)
        self.env = api.Environment(self.cr, api.SUPERUSER_ID, {})
        self.connection = self.env['sync.connection'].create({'name': f'Lanes {uuid.uuid4().hex}'})
        self.env['sync.mapping'].create({
            'connection_id': self.connection.id,
            'model_id': self.env.ref('base.model_res_partner').id,
            'remote_object': 'contacts'})
        self.cr.commit()
        self.addCleanup(self._clean)
        self.lane = self.env['sync.lane']

    def _clean(self):
        self.cr.rollback()
        self.cr.execute('DELETE FROM sync_connection WHERE id = %s', [self.connection.id])
        self.cr.commit()

    # --- helpers ------------------------------------------------------------------------------

    def store(self, *remote_ids, **values):
        with queue_cursor(self.env) as cr:
            self.insert(cr, *remote_ids, **values)

    def insert(self, cr, *remote_ids, **values):
        scan = self.env['sync.scan']
        self.env['sync.event']._ingest(cr, self.connection.id, [
            scan._event('change', 'contacts', i, uuid.uuid4().hex).model_copy(update=values)
            for i in remote_ids], 'c1')

    def states(self, key):
        """How many messages of a record are in which state."""
        self.cr.commit()
        self.cr.execute(
            'SELECT state, count(*) FROM sync_event WHERE connection_id = %s AND remote_id = %s '
            'GROUP BY state', [self.connection.id, key])
        return dict(self.cr.fetchall())

    def claim(self, token='t1', worker=None, limit=100):
        return self.lane._claim(
            self.connection.id, 'in', 'contacts', token, worker=worker, limit=limit)

    def row(self, key):
        self.cr.commit()
        self.cr.execute(
            'SELECT state, attempts, crashes, pending_count, token, id FROM sync_lane '
            'WHERE connection_id = %s AND key = %s', [self.connection.id, key])
        found = self.cr.dictfetchall()
        return found[0] if found else None

    def settle(self, claim, outcome='done', **details):
        self.cr.commit()
        self.lane._settle(
            self.cr, claim, {lane.id: Result(outcome, **details) for lane in claim.lanes})
        self.cr.commit()

    def refusal(self, claim, outcome):
        """What the settlement raises, in the present transaction (Odoo's own assertRaises would
        set a savepoint, and cannot take two classes)."""
        try:
            self.lane._settle(
                self.cr, claim, {lane.id: Result(outcome) for lane in claim.lanes})
        except (StaleClaim, psycopg2.Error) as error:
            self.cr.rollback()
            return error
        return None

    # --- promises -----------------------------------------------------------------------------

    def test_five_events_of_a_record_are_one_lane_and_drain_together(self):
        self.store(*['7'] * 5)
        self.lane._tick()
        self.assertEqual(self.row('7')['pending_count'], 5)
        claim = self.claim()
        self.assertEqual([lane.pending for lane in claim.lanes], [5])
        self.settle(claim)
        self.lane._tick()
        self.assertIsNone(self.row('7'), 'drained and swept')
        self.cr.execute(
            "SELECT count(*) FROM sync_event WHERE connection_id = %s AND state = 'done' "
            'AND lane_id IS NULL', [self.connection.id])
        self.assertEqual(self.cr.fetchone()[0], 5)

    def test_a_lane_is_claimed_once(self):
        self.store('1', '2', '3')
        self.lane._tick()
        first, second = self.claim('t1', limit=2), self.claim('t2')
        self.assertEqual(len(first.lanes), 2)
        self.assertEqual(len(second.lanes), 1)
        self.assertFalse({lane.key for lane in first.lanes} & {lane.key for lane in second.lanes})

    def test_concurrent_claims_never_overlap(self):
        self.store(*map(str, range(200)))
        self.lane._tick()
        taken, errors = [], []

        def claimer(number):
            try:
                with self.registry.cursor() as cr:
                    lane = api.Environment(cr, api.SUPERUSER_ID, {})['sync.lane']
                    for turn in range(10):
                        claim = lane._claim(
                            self.connection.id, 'in', 'contacts', f'{number}-{turn}', limit=7)
                        taken.extend(found.key for found in claim.lanes)
            except Exception as error:  # noqa: BLE001 (reported below, in the main thread)
                errors.append(error)

        threads = [threading.Thread(target=claimer, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertFalse(errors)
        self.assertEqual(len(taken), len(set(taken)))
        self.assertEqual(len(taken), 200)

    def test_news_of_a_running_lane_waits_for_it_and_is_never_lost(self):
        self.store('7')
        self.lane._tick()
        claim = self.claim()
        self.store('7')
        self.lane._tick()
        self.assertFalse(self.claim('t2').lanes, 'running: nobody else may have it')
        self.settle(claim)
        self.lane._tick()
        again = self.claim('t3')
        self.assertEqual([lane.pending for lane in again.lanes], [1])

    def test_news_during_the_settling_transaction_does_not_collide_with_it(self):
        self.store('7')
        self.lane._tick()
        claim = self.claim()
        self.cr.commit()
        self.cr.execute('SELECT 1')  # the worker's snapshot is taken here
        self.store('7')
        self.lane._tick()
        self.lane._settle(self.cr, claim, {claim.lanes[0].id: Result('done')})
        self.cr.commit()
        self.lane._tick()
        self.assertEqual(self.row('7')['pending_count'], 1)

    def test_a_message_given_to_the_lane_after_the_claim_is_never_settled_by_it(self):
        """Timeline: event 1 is inserted and its delivery hangs before its commit; event 2 of the
        same record commits, is dispatched and claimed; the delivery of event 1 commits and is
        dispatched to the running lane; the worker settles what it has claimed.

        What this proves: "what was there at the claim" is not "every id up to the newest". Event
        1, a merge that the worker has not looked at, has the lower id and must stay pending.
        """
        with queue_cursor(self.env) as hanging:
            self.insert(hanging, '7', kind='merge', related_ids=('8',))
            self.store('7')
            self.lane._tick()
            claim = self.claim()
        self.assertEqual({m['kind'] for m in claim.lanes[0].messages}, {'change'})
        self.lane._tick()
        self.settle(claim)
        self.assertEqual(self.states('7'), {'done': 1, 'pending': 1})
        self.lane._tick()
        again = self.claim('t2')
        self.assertEqual([m['kind'] for m in again.lanes[0].messages], ['merge'])
        self.settle(again)
        self.assertEqual(self.states('7'), {'done': 2})

    def test_a_failure_marks_what_the_claim_has_seen_and_not_the_news(self):
        self.store('7')
        self.lane._tick()
        claim = self.claim()
        self.store('7')
        self.lane._tick()
        self.settle(claim, 'failed', error=ValueError('no'))
        self.assertEqual(self.states('7'), {'failed': 1, 'pending': 1})

    def test_ten_thousand_messages_of_a_record_are_one_look_and_one_settlement(self):
        self.store(*['7'] * 10_000)
        while self.lane._tick():
            pass
        claim = self.claim()
        lane = claim.lanes[0]
        self.assertEqual((len(lane.messages), lane.pending), (1, 10_000))
        self.cr.commit()
        before = self.cr.sql_log_count
        self.lane._settle(self.cr, claim, {lane.id: Result('done')})
        self.assertLessEqual(self.cr.sql_log_count - before, 3, 'lane, messages, attempt')
        self.assertEqual(self.states('7'), {'done': 10_000})
        self.cr.execute('SELECT messages FROM sync_attempt WHERE connection_id = %s',
                        [self.connection.id])
        self.assertEqual(self.cr.fetchall(), [(10_000,)])

    def test_a_claim_knows_every_kind_that_waits_and_all_that_merges_have_swallowed(self):
        self.store('7', kind='delete')
        self.store('7', kind='merge', related_ids=('8', '9'))
        self.store('7', kind='restore')
        self.store('7', kind='merge', related_ids=('10',))
        self.lane._tick()
        self.store(*['7'] * 20)
        self.lane._tick()
        messages = self.claim().lanes[0].messages
        self.assertEqual(
            sorted(m['kind'] for m in messages), ['change', 'delete', 'merge', 'restore'])
        merge = next(m for m in messages if m['kind'] == 'merge')
        self.assertEqual(set(merge['related_ids'].split(',')), {'8', '9', '10'})
        self.assertEqual(messages[-1]['kind'], 'change', 'the newest of all is the last')

    def test_a_replay_that_is_faster_than_the_sweep_is_not_swept_under_its_worker(self):
        """Timeline: a lane fails; somebody replays it before the next tick has looked at what
        came meanwhile; a worker claims it; the tick sweeps.

        What this proves: the sweep leaves alone what is being worked again.
        """
        self.store('7')
        self.lane._tick()
        self.settle(self.claim(), 'failed', error=ValueError('no'))
        self.lane.browse(self.row('7')['id']).action_replay()
        self.cr.commit()
        claim = self.claim('t2')
        self.lane._tick()
        self.assertFalse(self.claim('t3').lanes)
        self.settle(claim)
        self.lane._tick()
        self.assertIsNone(self.row('7'))

    def test_what_is_due_before_the_lanes_claimed_last_is_not_forgotten(self):
        """A process goes on where it claimed last, and so passes over what came before that; it
        has to come back to it within a second, and at once when there is nothing else."""
        self.store(*map(str, range(4)))
        self.lane._tick()
        self.cr.execute("UPDATE sync_lane SET priority = 20 WHERE connection_id = %s AND key = '3'",
                        [self.connection.id])
        self.cr.commit()
        self.assertEqual(len(self.claim('t1', limit=3).lanes), 3)
        self.store('first')
        self.lane._tick()
        self.cr.execute("UPDATE sync_lane SET priority = 0 WHERE connection_id = %s AND key = %s",
                        [self.connection.id, 'first'])
        self.cr.commit()
        later = [self.claim(f't{n}', limit=1).lanes[0].key for n in (2, 3)]
        self.assertEqual(set(later), {'3', 'first'})

    def test_the_acknowledgement_of_a_stale_worker_is_refused(self):
        self.store('7')
        self.lane._tick()
        stale = self.claim('stale')
        self.cr.execute("UPDATE sync_lane SET lease_until = now() - interval '1 day' WHERE id = %s",
                        [stale.lanes[0].id])
        self.cr.commit()
        self.lane._tick()
        fresh = self.claim('fresh')
        self.assertEqual(len(fresh.lanes), 1)
        for outcome in ('done', 'retry', 'failed'):
            self.assertIsInstance(self.refusal(stale, outcome), StaleClaim)
        self.settle(fresh)

    def test_a_stale_worker_with_an_old_snapshot_is_refused_too(self):
        self.store('7')
        self.lane._tick()
        stale = self.claim('stale')
        self.cr.commit()
        self.cr.execute('SELECT 1')
        with queue_cursor(self.env) as cr:
            cr.execute("UPDATE sync_lane SET token = 'fresh' WHERE id = %s", [stale.lanes[0].id])
        self.assertIsInstance(
            self.refusal(stale, 'done'), (StaleClaim, psycopg2.errors.SerializationFailure))

    def test_a_dead_workers_lanes_are_free_at_once_and_a_living_ones_are_not(self):
        self.store('dead', 'alive')
        self.lane._tick()
        with self.registry.cursor() as living:
            living.execute('SELECT pg_advisory_xact_lock(%s, %s)', [WORKER_LOCK, 4711])
            self.claim('t1', worker=4711, limit=1)
            self.claim('t2', worker=4712, limit=1)
            self.lane._tick()
            self.assertEqual(len(self.claim('t3').lanes), 1)

    def test_three_crashes_quarantine_the_lane_and_nobody_else(self):
        self.store('poison', 'innocent')
        self.lane._tick()
        for turn in range(MAX_CRASHES + 1):
            while (claim := self.claim(f'{turn}-{uuid.uuid4().hex}', worker=99)).lanes:
                keys = {lane.key for lane in claim.lanes}
                if 'poison' in keys:
                    break
                self.settle(claim)
            self.lane._tick()
        self.assertEqual(self.row('poison')['state'], 'quarantined')
        innocent = self.row('innocent')
        self.assertTrue(innocent is None or innocent['crashes'] < MAX_CRASHES)

    def test_lanes_of_a_dead_worker_are_taken_a_few_at_a_time_and_then_alone(self):
        """A batch of a hundred whose worker was killed was worked in a hundred rounds, each with a
        look at the schedule and a read of one record."""
        self.store(*map(str, range(30)))
        self.lane._tick()
        self.assertEqual(len(self.claim('t1', worker=98).lanes), 30)
        self.lane._tick()
        self.assertEqual(len(self.claim('t2', worker=98).lanes), 10)
        with patch('random.random', return_value=0.05):
            self.lane._tick()
            self.assertEqual(len(self.claim('t3').lanes), 1, 'those that were in two deaths')

    def test_waiting_costs_no_attempt_and_a_retry_costs_one(self):
        self.store('7')
        self.lane._tick()
        self.settle(self.claim(), 'waiting', delay=0)
        self.assertEqual(self.row('7')['attempts'], 0)
        self.settle(self.claim(), 'retry', delay=0)
        self.assertEqual(self.row('7')['attempts'], 1)
        self.settle(self.claim(), 'retry', delay=3600)
        self.assertFalse(self.claim().lanes, 'backed off')

    def test_a_failed_lane_keeps_its_messages_behind_it_until_the_replay(self):
        self.store('7')
        self.lane._tick()
        self.settle(self.claim(), 'failed', error=ValueError('no'))
        self.store('7')
        self.lane._tick()
        self.assertFalse(self.claim().lanes)
        self.assertEqual(self.row('7')['pending_count'], 2)
        self.lane.browse(self.row('7')['id']).action_replay()
        self.cr.commit()
        self.assertEqual(self.claim().lanes[0].pending, 2)

    def test_a_correction_that_came_while_the_record_was_being_refused_is_not_stuck(self):
        """Found by the demo: news attached to a running lane that then fails for its data would
        have waited for a person, although it may be the correction itself."""
        self.store('7')
        self.lane._tick()
        claim = self.claim()
        self.store('7')
        self.lane._tick()
        self.settle(claim, 'failed', error=DataError('no'))
        self.lane._tick()
        again = self.claim('t2')
        self.assertEqual([lane.pending for lane in again.lanes], [2])
        self.settle(again, 'failed', error=DataError('no'))
        self.lane._tick()
        self.assertFalse(self.claim('t3').lanes, 'refused again, and nothing new')

    def test_the_same_event_is_stored_once_even_concurrently(self):
        event = self.env['sync.scan']._event('change', 'contacts', '7', 'same')
        results = []

        def deliver():
            with self.registry.cursor() as cr:
                env = api.Environment(cr, api.SUPERUSER_ID, {})
                with queue_cursor(env) as own:
                    results.append(env['sync.event']._ingest(own, self.connection.id, [event], 'c'))

        threads = [threading.Thread(target=deliver) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sum(accepted for accepted, _duplicates in results), 1)
        self.assertEqual(sum(duplicates for _accepted, duplicates in results), 7)

    def test_waking_twice_leaves_one_trigger_a_worker(self):
        crons = self.env['ir.cron'].search([('cron_name', 'like', 'SaaS Sync: worker')])
        self.cr.execute('DELETE FROM ir_cron_trigger WHERE cron_id = ANY(%s)', [crons.ids])
        self.cr.commit()
        self.env['sync.worker']._wake()
        self.env['sync.worker']._wake()
        self.cr.commit()
        self.assertEqual(
            self.env['ir.cron.trigger'].search_count([('cron_id', 'in', crons.ids)]), len(crons))
