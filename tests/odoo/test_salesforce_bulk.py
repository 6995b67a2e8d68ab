"""Many records at once go as a bulk job: found again by another worker, each row accounted for."""

import time
from unittest.mock import patch

from odoo.tests import tagged

from ...engine.connectors.salesforce import SalesforceConnector
from ...engine.errors import TransientError
from .salesforce_org import OrgCase


@tagged('post_install', '-at_install')
class TestBulk(OrgCase):
    objects = ('Contact',)
    options = {'bulk': {'delay_ms': 0, 'chunk_ms': 0, 'fail_after': None}}

    def setUp(self):
        super().setUp()
        patcher = patch.object(SalesforceConnector, 'bulk_from', 20)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.connection.batch_size = 10

    def people(self, count, **values):
        return self.env['res.partner'].create([
            {'name': f'Person {n}', 'email': f'p{n}@example.com', **values} for n in range(count)])

    def jobs(self):
        return self.env['sync.bulk.job'].search([('connection_id', '=', self.connection.id)])

    def calls(self, method, part):
        return [call for call in self.box.ledger()
                if call['method'] == method and part in call['path']]

    def finish(self):
        """Work until no job is left; the sandbox does its part in threads of its own."""
        for _look in range(100):
            self.work()
            if not self.jobs():
                return
            time.sleep(0.02)
        self.fail('the bulk jobs do not end')

    def test_more_than_the_threshold_go_as_one_job(self):
        people = self.people(60)
        self.finish()
        self.assertEqual(len(self.calls('POST', '/jobs/ingest')), 1)
        self.assertEqual(len(self.calls('PUT', '/batches')), 1)
        contacts = {row['id']: row['properties'] for row in self.box.objects('Contact')}
        for person in people:
            link = self.link_of(person)
            self.assertEqual(link.state, 'in_sync')
            self.assertEqual(
                contacts[link.remote_id]['Odoo_Id__c'], self.connection._own_id(person))
        self.assertEqual(len(contacts), 60)
        self.assertSilence()

    def test_a_few_do_not(self):
        self.people(20)
        self.work()
        self.assertFalse(self.calls('POST', '/jobs/ingest'))
        self.assertEqual(len(self.box.objects('Contact')), 20)

    def test_known_records_are_updated_by_their_id(self):
        """Some of these never got our ID (they were linked, not created): an upsert by it would
        make them a second time."""
        people = self.people(40)
        self.finish()
        people.function = 'Buyer'
        self.finish()
        self.assertEqual(len(self.calls('POST', '/jobs/ingest')), 2)
        titles = [row['properties']['Title'] for row in self.box.objects('Contact')]
        self.assertEqual(titles, ['Buyer'] * 40)
        self.assertSilence()

    def test_a_refused_row_fails_alone(self):
        bad = self.people(40)[7]
        bad.function = 'x' * 200
        self.finish()
        lane = self.lanes(state='failed')
        self.assertEqual(lane.key, f'res.partner,{bad.id}')
        self.assertIn('Title', lane.error_message)
        self.assertEqual(len(self.box.objects('Contact')), 39)

    def test_rows_of_a_job_that_broke_off_are_sent_again(self):
        self.box.call('POST', 'config', {
            'bulk': {'delay_ms': 0, 'chunk_ms': 0, 'fail_after': 1}})
        people = self.people(40)
        self.work(rounds=2)
        self.box.call('POST', 'config', {
            'bulk': {'delay_ms': 0, 'chunk_ms': 0, 'fail_after': 1_000_000}})
        self.finish()
        self.work(rounds=3)
        self.assertTrue(all(self.link_of(person).state == 'in_sync' for person in people))
        self.assertEqual(len(self.box.objects('Contact')), 40)
        self.assertSilence()

    def test_a_change_while_the_job_runs_goes_out_after_it(self):
        people = self.people(40)
        self.work()  # collected
        self.assertTrue(self.jobs())
        people[3].function = 'Buyer'
        people[4].action_archive()
        self.finish()
        self.work(rounds=2)
        remote = self.box.object('Contact', self.link_of(people[3]).remote_id)
        self.assertEqual(remote['properties']['Title'], 'Buyer')
        archived = self.box.object('Contact', self.link_of(people[4]).remote_id)
        self.assertTrue(archived['archived'], 'it was created by the job, and follows its policy')
        self.assertSilence()

    def test_a_worker_that_dies_while_it_sends_leaves_a_job_that_is_found(self):
        """Timeline: the job is created, its id committed; the call with its rows gets no answer.
        The next look asks whether it ever began: it did not, so it is given up and the rows are
        sent with another. What this proves: nobody's row is lost, and none is created twice."""
        from ...engine.connectors.salesforce_bulk import Bulk
        self.people(40)
        with patch.object(Bulk, 'send', side_effect=TransientError('no answer')):
            self.work(rounds=2)
        (first,) = self.jobs()
        self.assertEqual(first.state, 'created')
        given_up = first.remote_job
        self.finish()
        states = {call['path'].rsplit('/', 1)[-1]: call['request_body']
                  for call in self.calls('PATCH', '/jobs/ingest/')}
        self.assertIn('Aborted', str(states[given_up]))
        self.assertEqual(len(self.box.objects('Contact')), 40)
        self.assertSilence()
