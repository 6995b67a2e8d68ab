"""Each error class, from the wire to the lane: what follows, what it costs, who is told."""

from odoo.tests import tagged

from .common import SandboxCase


@tagged('post_install', '-at_install')
class TestFailures(SandboxCase):

    def partner(self, **values):
        return self.env['res.partner'].create(
            {'name': 'Max Tester', 'email': 'max@example.com', **values})

    def created(self, kind='contacts'):
        return [o for o in self.box.objects(kind) if not o['archived']]

    # --- data ---------------------------------------------------------------------------------

    def test_a_refused_value_fails_its_record_at_once_and_names_the_field(self):
        bad, good = self.partner(email='not an address'), self.partner(email='fine@example.com')
        self.work()
        lane = self.lanes(state='failed')
        self.assertEqual((lane.key, lane.error_class), (f'res.partner,{bad.id}', 'data'))
        self.assertIn('email', lane.error_field)
        self.assertTrue(self.link_of(good))
        bad.email = 'corrected@example.com'
        self.work()
        self.assertTrue(self.link_of(bad), 'the correction is a new try')
        self.assertFalse(self.lanes())

    def test_ignoring_a_failure_cancels_its_messages_and_nothing_else(self):
        bad = self.partner(email='not an address')
        self.work()
        self.lanes(state='failed').action_ignore()
        self.assertFalse(self.lanes())
        states = self.env['sync.outbox'].search([('res_id', '=', bad.id)]).mapped('state')
        self.assertEqual(set(states), {'cancelled'})

    # --- transient and unknown ----------------------------------------------------------------

    def test_an_outage_costs_tries_and_ends_well(self):
        self.connection.backoff_base = 60  # a slow machine must not reach the next try by itself
        partner = self.partner()
        self.box.faults({'kind': 'http_503', 'match': 'batch/upsert', 'count': 3})
        self.work()
        self.assertEqual(self.lanes().state, 'waiting')
        self.box.faults()
        self.work(rounds=3)
        self.assertTrue(self.link_of(partner))
        self.assertEqual(len(self.created()), 1)

    def test_an_outage_that_lasts_ends_as_a_failure_to_replay(self):
        self.connection.max_attempts = 2
        partner = self.partner()
        self.box.faults({'kind': 'http_500', 'match': 'batch/upsert'})
        self.work(rounds=3)
        lane = self.lanes()
        self.assertEqual((lane.state, lane.error_class), ('failed', 'transient'))
        self.box.faults()
        self.env['sync.breaker'].search([]).unlink()
        lane.action_replay()
        self.work()
        self.assertTrue(self.link_of(partner))

    def test_a_create_without_an_answer_makes_no_duplicate(self):
        for kind in ('commit_then_drop', 'truncated'):
            with self.subTest(kind=kind):
                before = len(self.created())
                partner = self.partner(email=f'{kind}@example.com')
                self.box.faults({'kind': kind, 'match': 'batch/upsert', 'count': 1})
                self.work(rounds=4)
                self.assertTrue(self.link_of(partner))
                self.assertEqual(len(self.created()), before + 1)
                self.assertSilence()

    def test_a_success_that_did_nothing_is_not_believed(self):
        partner = self.partner()
        self.box.faults({'kind': 'silent_noop', 'match': 'batch/upsert', 'count': 1})
        self.work(rounds=4)
        self.assertTrue(self.link_of(partner))
        self.assertEqual(len(self.created()), 1)

    # --- the account --------------------------------------------------------------------------

    def test_a_rate_limit_slows_the_connection_and_costs_the_record_nothing(self):
        self.partner()
        self.box.faults({'kind': 'http_429', 'match': 'batch/upsert', 'retry_after': 3600})
        self.work()
        self.assertEqual(self.lanes().attempts, 0)
        self.assertEqual(self.lanes().state, 'waiting')
        self.connection.invalidate_recordset()
        self.assertTrue(self.connection.hold_until)

    def test_a_refused_token_stops_the_connection_and_tells_one_person_once(self):
        self.partner()
        self.box.call('POST', 'auth', {'revoke': [self.box.token]})
        self.work(rounds=2)
        self.assertEqual(self.connection.state, 'needs_auth')
        self.assertEqual(len(self.connection.activity_ids), 1)
        self.assertEqual(self.lanes().attempts, 0)
        mark = self.box.last_n()
        self.work(rounds=2)
        self.assertEqual(self.box.ledger(after=mark), [], 'a stopped connection costs nothing')

    def test_a_paused_connection_makes_no_call_and_loses_nothing(self):
        self.connection.action_pause()
        partner = self.partner()
        mark = self.box.last_n()
        self.work()
        self.assertEqual(self.box.ledger(after=mark), [])
        self.connection.action_resume()
        self.work()
        self.assertTrue(self.link_of(partner))

    def test_shadow_mode_does_everything_but_the_writes(self):
        self.connection.shadow = True
        partner = self.partner()
        remote_id = self.create_remote('contacts', {'firstname': 'Shade'})
        self.notify(('contacts', remote_id))
        mark = self.box.last_n()
        self.work()
        self.assertEqual(self.box.writes(after=mark), [])
        self.assertFalse(self.link_of(partner))
        self.assertFalse(self.record_of('contacts', remote_id))
        outcomes = self.env['sync.attempt'].search(
            [('connection_id', '=', self.connection.id)]).mapped('outcome')
        self.assertEqual(set(outcomes), {'shadow'})

    # --- conflict -----------------------------------------------------------------------------

    def test_a_record_the_remote_already_has_is_adopted(self):
        remote_id = self.create_remote('contacts', {'email': 'max@example.com', 'city': 'Gent'})
        partner = self.partner()
        self.work(rounds=4)
        self.assertEqual(self.link_of(partner).remote_id, remote_id)
        self.assertEqual(partner.city, 'Gent')
        self.assertEqual(len(self.created()), 1)
        self.assertSilence()

    def test_an_ambiguous_match_is_a_question_for_a_person(self):
        for number in (1, 2):
            self.partner(name=f'Twin {number}', email='twin@example.com')
        self.env.flush_all()
        self.cr.flush()
        self.env['sync.outbox'].search([]).write({'state': 'cancelled'})
        remote_id = self.create_remote('contacts', {'email': 'twin@example.com'})
        self.notify(('contacts', remote_id))
        self.work()
        lane = self.lanes(state='failed')
        self.assertEqual((lane.key, lane.error_class), (remote_id, 'conflict'))
        self.assertIn('Twin 1', lane.error_message)

    def test_both_sides_changed_a_manual_field_and_a_person_chooses(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Ann', 'city': 'Gent'})
        self.notify(('contacts', remote_id))
        self.work()
        partner = self.record_of('contacts', remote_id)
        self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'city').rule = 'manual'
        self.box.change('contacts', {'id': remote_id, 'properties': {'city': 'Brugge'}})
        partner.city = 'Leuven'
        self.notify(('contacts', remote_id))
        self.work(rounds=2)
        link = self.link_of(partner)
        self.assertEqual(link.state, 'conflict')
        self.assertEqual(self.lanes(state='failed').error_class, 'conflict')
        link.action_keep_odoo()
        self.work(rounds=3)
        self.assertEqual(link.state, 'in_sync')
        self.assertEqual(self.box.object('contacts', remote_id)['properties']['city'], 'Leuven')
        self.assertSilence()
