"""An organisation without our ID field: records are looked for before they are created."""

from contextlib import closing

from odoo.sql_db import db_connect
from odoo.tests import tagged

from .salesforce_org import OrgCase


@tagged('post_install', '-at_install')
class TestKeyless(OrgCase):
    objects = ('Account', 'Contact')
    options = {'external_id': ''}

    def contacts(self):
        return [row for row in self.box.objects('Contact') if not row['archived']]

    def test_a_new_record_is_created_and_its_link_says_how(self):
        partner = self.env['res.partner'].create({'name': 'Kid One', 'email': 'kid@example.com'})
        self.work()
        (contact,) = self.contacts()
        link = self.link_of(partner)
        self.assertEqual((link.remote_id, link.state), (contact['id'], 'in_sync'))
        self.assertTrue(link.keyless)
        self.assertTrue(self.mapping('Contact').lacks_own_id)
        partner.function = 'Buyer'
        self.work()
        self.assertEqual(self.remote('Contact', link.remote_id)['Title'], 'Buyer')
        self.assertSilence()

    def test_what_is_there_already_is_linked_and_merged(self):
        there = self.create_remote('Contact', {
            'FirstName': 'Kid', 'LastName': 'One', 'Email': 'kid@example.com', 'Title': 'Buyer'})
        partner = self.env['res.partner'].create({'name': 'Kid One', 'email': 'kid@example.com'})
        self.work(rounds=3)
        self.assertEqual(self.link_of(partner).remote_id, there)
        self.assertEqual(partner.function, 'Buyer')
        self.assertEqual(len(self.contacts()), 1)
        self.assertSilence()

    def test_an_answer_that_was_lost_makes_no_second_record(self):
        """Timeline: the contact is created, the connection breaks before the answer. Nothing of
        ours is on it, and it has no e-mail address to be recognised by. What this proves: the
        next try finds it by all the values that were sent."""
        for values in ({'email': 'kid@example.com'}, {}):
            with self.subTest(values=values):
                mark = len(self.contacts())
                self.box.faults({'kind': 'commit_then_drop', 'match': '^POST .*/composite',
                                 'count': 1})
                partner = self.env['res.partner'].create({'name': f'Kid {mark}', **values})
                self.work(rounds=4)
                self.assertEqual(len(self.contacts()), mark + 1)
                self.assertTrue(self.link_of(partner))
                self.assertSilence()

    def test_two_like_it_are_a_question_for_a_person(self):
        for _n in range(2):
            self.create_remote('Contact', {'LastName': 'One', 'Email': 'kid@example.com'})
        self.env['res.partner'].create({'name': 'Kid One', 'email': 'kid@example.com'})
        self.work(rounds=2)
        lane = self.lanes(state='failed')
        self.assertEqual(lane.error_class, 'conflict')
        self.assertIn('kid@example.com', lane.error_message)
        self.assertEqual(len(self.contacts()), 2)

    def test_two_new_records_of_one_address_are_not_created_at_once(self):
        self.env['res.partner'].create([
            {'name': f'Kid {n}', 'email': 'kid@example.com'} for n in range(2)])
        self.work()
        self.assertEqual(len(self.contacts()), 1)
        self.assertEqual(self.lanes(direction='out').state, 'waiting')

    def test_a_worker_that_creates_it_at_this_moment_is_waited_for(self):
        """Timeline: worker A's claim ran out in the middle of its call, which Salesforce has not
        done yet. Worker B takes the record over, searches and finds nothing. What this proves: B
        does not create it while A's connection, and with it A's lock, lives."""
        partner = self.env['res.partner'].create({'name': 'Kid One', 'email': 'kid@example.com'})
        text = f'{self.connection.id}:contact:email:kid@example.com'
        with closing(db_connect(self.cr.dbname).cursor()) as worker_a:
            worker_a.execute(
                "SELECT pg_advisory_lock(hashtext('saas_sync.create'), hashtext(%s))", [text])
            self.work()
            self.assertFalse(self.contacts())
            worker_a.execute('SELECT pg_advisory_unlock_all()')
        self.work()
        self.assertEqual(self.link_of(partner).remote_id, self.contacts()[0]['id'])

    def test_once_the_field_is_there_records_carry_our_id(self):
        self.box.call('POST', 'config', {'tooling_grants_access': True})
        with self.enter_registry_test_mode():
            self.connection._connector().create_external_id('Contact')
            self.connection._discover(['Contact'])
        partner = self.env['res.partner'].create({'name': 'Kid One'})
        self.work()
        self.assertEqual(self.contacts()[0]['properties']['Odoo_Id__c'],
                         self.connection._own_id(partner))
        self.assertFalse(self.mapping('Contact').lacks_own_id)
