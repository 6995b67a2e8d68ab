"""One who sends too much is held up, and nobody else is."""

from odoo.tests import TransactionCase, tagged

from ...models import sync_lane
from ..account import AccountMixin
from .traffic.delivery import genuine, signed
from .traffic.maker import Chance
from .traffic_case import TrafficCase
from .world import picture

LOGGER = 'odoo.addons.saas_sync.models.sync_connection_webhook'


@tagged('post_install', '-at_install')
class TestFloods(TrafficCase):
    def delivery(self, number, path):
        return genuine(Chance(1, number), number, path)

    def test_a_flood_of_wrong_signatures_writes_no_row_and_one_line(self):
        before = picture(self.cr)
        with self.assertLogs(LOGGER, 'WARNING') as logs, self.allow_requests(all_requests=True):
            for number in range(100):
                made = self.delivery(number, self.to.open)
                made = made.but(headers=signed(made.body, self.to.open, secret='guess'))
                self.assertEqual(self.call(made).status, 401)
        self.assertEqual(picture(self.cr), before)
        self.assertLessEqual(len(logs.output), 1)

    def test_the_account_at_its_ceiling_waits_and_the_other_does_not(self):
        with self.allow_requests(all_requests=True):
            refused = self.call(self.delivery(1, self.to.full))
            taken = self.call(self.delivery(2, self.to.open))
        self.assertEqual((refused.status, taken.status), (503, 202))
        self.assertIn(b'Retry-After', refused.head)


@tagged('post_install', '-at_install')
class TestNoisyNeighbour(AccountMixin, TransactionCase):
    """By rounds of the schedule, not by the clock: a round is one batch of each kind."""

    def setUp(self):
        super().setUp()
        self.enter_single_transaction()
        self.noisy, self.quiet = (self.account(name) for name in ('Noisy', 'Quiet'))

    def account(self, name):
        connection = self.create_connection(name=name)
        self.map_contacts(connection)
        connection._update_state('connected')
        return connection

    def events(self, connection, number):
        self.env.flush_all()
        self.cr.execute(
            """INSERT INTO sync_event (connection_id, idempotency_key, remote_object, remote_id,
                      kind, state, priority, received_at, create_date)
               SELECT %s, 'k' || n, 'contacts', n, 'change', 'pending', 10, now(), now()
                 FROM generate_series(1, %s) n""", [connection.id, number])

    def claim(self, connection):
        claim = self.env['sync.lane']._claim(connection.id, 'in', 'contacts', f't{connection.id}')
        return len(claim.lanes)

    def test_a_hundred_thousand_records_of_one_sender_take_one_turn_each_round(self):
        self.cr.execute(
            """INSERT INTO sync_lane (connection_id, direction, object, key, state, run_at,
                      priority, attempts, crashes, pending_count, create_date, write_date)
               SELECT %s, 'in', 'contacts', n, 'ready', now() AT TIME ZONE 'UTC' - interval '1 h',
                      10, 0, 0, 1, now(), now()
                 FROM generate_series(1, 100000) n""", [self.noisy.id])
        self.events(self.quiet, 1)
        self.env['sync.lane']._tick()
        with self.registry.cursor() as cr:
            kinds = {kind[0] for kind in self.env(cr=cr)['sync.worker']._due_kinds()}
        self.assertEqual(kinds, {self.noisy.id, self.quiet.id})
        self.assertEqual(self.claim(self.quiet), 1)
        self.assertEqual(self.claim(self.noisy), 100)

    def test_the_only_event_of_an_account_is_given_its_lane_in_the_first_round(self):
        """However many of another account were there before it: accounts take turns. They were
        served in the order they came once, and behind a whole ceiling (100,000) the one waited for
        twenty rounds."""
        self.patch(sync_lane, 'DISPATCH_LIMIT', 100)
        self.events(self.noisy, 5 * sync_lane.DISPATCH_LIMIT)
        self.events(self.quiet, 1)
        self.env['sync.lane']._tick()
        self.assertEqual(self.claim(self.quiet), 1)
        self.assertEqual(self.claim(self.noisy), 99, 'the round was a full one all the same')
