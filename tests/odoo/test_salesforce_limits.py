"""An organisation's calls are scarce: what is asked for, what is kept for people, what waits."""

from odoo import fields
from odoo.tests import tagged

from ...engine.errors import RateLimitError
from .salesforce_org import OrgCase

DAY = 1000


@tagged('post_install', '-at_install')
class TestLimits(OrgCase):
    objects = ('Contact',)

    def setUp(self):
        super().setUp()
        self.contacts = self.mapping('Contact')

    def day(self):
        self.env.invalidate_all()
        return self.env['sync.budget'].search(
            [('connection_id', '=', self.connection.id), ('bucket', '=', 'daily')])

    def partner(self, name='Ada Lovelace'):
        return self.env['res.partner'].create({'name': name, 'email': 'ada@analytical.example'})

    def ask_limits(self):
        """As the scheduled action does, in a transaction that it may commit."""
        self.env.flush_all()
        self.cr.flush()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            self.env(cr=cr, user=1)['sync.connection']._cron_limits()
        self.env.invalidate_all()

    def ask_account(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            return self.connection._ask_account().account_id

    def test_what_other_apps_spent_is_known_within_the_hour(self):
        self.box.call('POST', 'config', {'limits': {'enabled': True, 'daily': DAY}})
        self.ask_limits()
        self.assertEqual(self.day().capacity, DAY)
        spent = self.day().used
        self.assertGreater(spent, 0)
        self.day().used = 990
        self.ask_limits()
        self.assertLess(self.day().used, spent + 10, 'calls of yesterday did not come back')

    def test_one_account_that_does_not_answer_costs_the_others_nothing(self):
        other = self.connection.copy({'name': 'Another, asked first'})  # without credentials
        other._update_state('connected', database_uuid=other._database_uuid())
        self.box.call('POST', 'config', {'limits': {'enabled': True, 'daily': DAY}})
        self.ask_limits()
        self.assertEqual(other.state, 'needs_auth')
        self.assertEqual(self.connection.state, 'connected')
        self.assertEqual(self.day().capacity, DAY)

    def test_limits_that_are_not_told_leave_everything_as_it_is(self):
        self.ask_account()
        before = self.day().used
        self.box.faults({'kind': 'call_error', 'match': '/limits'})
        self.ask_limits()
        self.assertGreaterEqual(self.day().used, before)
        self.assertEqual(self.connection.state, 'connected')

    def test_background_work_leaves_some_calls_to_people(self):
        """At 95 % of the day a worker waits; who presses a button is still answered."""
        self.ask_account()
        self.day().write({'capacity': DAY, 'used': DAY * 95 // 100})
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.assertRaises(RateLimitError) as caught:
            self.connection._connector().read('Contact', ['003000000000001AAA'], ['LastName'])
        self.assertEqual(caught.exception.code, 'BUDGET')
        self.assertTrue(self.ask_account())

    def test_a_day_that_is_used_up_pauses_the_connection_and_not_the_records(self):
        """Salesforce answers 403 REQUEST_LIMIT_EXCEEDED, where others answer 429."""
        partner = self.partner()
        self.box.faults({'kind': 'request_limit', 'match': '/composite/sobjects'})
        self.work()
        lane = self.lanes()
        self.assertEqual((lane.state, lane.attempts), ('waiting', 0))
        self.assertFalse(lane.error_class == 'data')
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.state, 'connected')
        self.assertGreater(self.connection.hold_until, fields.Datetime.now())
        mark = self.box.last_n()
        self.work()
        self.assertEqual(self.box.ledger(after=mark), [], 'it went on calling')
        self.box.faults()
        self.connection.hold_until = False
        self.work(rounds=2)
        self.assertTrue(self.link_of(partner))
