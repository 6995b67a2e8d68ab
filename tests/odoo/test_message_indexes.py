"""What the queue reads of its messages, and which indexes it keeps for that."""

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ...models.queue_cursor import plan_by_index
from ...models.sync_lane import Claim, Lane
from ..account import AccountMixin


@tagged('post_install', '-at_install')
class TestMessageIndexes(AccountMixin, TransactionCase):

    def setUp(self):
        super().setUp()
        self.connection = self.create_connection()

    def add_events(self, state, count, lane=None):
        self.env.cr.execute(
            """INSERT INTO sync_event (connection_id, idempotency_key, kind, remote_object,
                                       remote_id, state, priority, lane_id, received_at)
               SELECT %s, %s || n, 'change', 'contacts', '1', %s, 10, %s, now()
                 FROM generate_series(1, %s) n""",
            [self.connection.id, state, state, lane and lane.id, count])

    def rows_read(self):
        """Rows of the events that this transaction has read so far, by whatever way."""
        self.env.cr.execute("""
            SELECT seq_tup_read + coalesce(idx_tup_fetch, 0)
              FROM pg_stat_xact_user_tables WHERE relname = 'sync_event'""")
        return self.env.cr.fetchone()[0]

    def test_a_dispatch_and_a_look_read_nothing_of_what_waits_on_lanes(self):
        """Seen in the bench: statistics were made while the queue was empty; by them, the index of
        all that is open cost as little as that of what is new, and each round read the whole
        backlog again (17 million entries for 92,000 events).

        Proves: with such statistics and 500 messages on a lane, neither reads any of them, but for
        the newest one of all, whose age the look wants to know.
        """
        cr = self.env.cr
        self.add_events('done', 1000)
        cr.execute('ANALYZE sync_event')
        lane = self.env['sync.lane'].create({
            'connection_id': self.connection.id, 'direction': 'in', 'object': 'contacts',
            'key': '1'})
        self.env.flush_all()
        self.add_events('pending', 500, lane)
        plan_by_index(cr)
        before = self.rows_read()
        self.assertEqual(self.env['sync.lane']._dispatch(cr, 'in'), 0)
        self.assertFalse(self.env['sync.worker']._look(cr).is_wanted)
        self.assertLessEqual(self.rows_read() - before, 1)

    def test_a_settlement_reads_nothing_of_what_waits_on_other_lanes(self):
        """With the same statistics, the join of a batch with its messages walked through the index
        of all that waits on lanes: 13 ms for 30,000 messages, where 100 were the batch's own."""
        cr = self.env.cr
        self.add_events('done', 1000)
        cr.execute('ANALYZE sync_event')
        others, own = self.env['sync.lane'].create([{
            'connection_id': self.connection.id, 'direction': 'in', 'object': 'contacts',
            'key': key} for key in '12'])
        self.env.flush_all()
        self.add_events('pending', 500, others)
        self.add_events('failed', 1, own)
        cr.execute('UPDATE sync_event SET dispatch_number = 1 WHERE lane_id IS NOT NULL')
        lane = Lane(own.id, '2', 0, False, upto=1)
        claim = Claim(self.connection.id, 'in', 'contacts', 'token', [lane])
        plan_by_index(cr)
        before = self.rows_read()
        self.env['sync.settlement']._end_messages(cr, claim, {own.id: lane}, {
            own.id: ('done', None)})
        self.assertEqual(lane.pending, 1)
        self.assertLessEqual(self.rows_read() - before, 10)

    def test_an_upgrade_takes_the_indexes_of_earlier_versions_away(self):
        """Odoo leaves an index that no model names any more: it would cost every message."""
        names = ['sync_event_fresh_idx', 'sync_outbox_correlation_idx']
        for name in names:
            self.env.cr.execute(SQL(
                'CREATE INDEX %s ON %s (correlation_id)', SQL.identifier(name),
                SQL.identifier(name.rpartition('_')[0].rpartition('_')[0])))
        self.env['sync.event'].init()
        self.env['sync.outbox'].init()
        self.env.cr.execute('SELECT indexname FROM pg_indexes WHERE indexname = ANY(%s)', [names])
        self.assertEqual(self.env.cr.fetchall(), [])
