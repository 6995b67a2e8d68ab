"""Two automations that undo each other's work are stopped, and a person is told."""

from odoo.tests import tagged

from ...models import sync_link_turns
from .common import SandboxCase


@tagged('post_install', '-at_install')
class TestLoop(SandboxCase):

    def setUp(self):
        super().setUp()
        self.patch(sync_link_turns, 'MAX_TURNS', 6)
        self.remote_id = self.create_remote('contacts', {'firstname': 'Ann', 'city': 'Gent'})
        self.notify(('contacts', self.remote_id))
        self.work()
        self.partner = self.record_of('contacts', self.remote_id)
        self.link = self.link_of(self.partner)

    def change_there(self, city):
        self.box.change('contacts', {'id': self.remote_id, 'properties': {'city': city}})
        self.notify(('contacts', self.remote_id))
        self.work()

    def change_here(self, city):
        self.partner.city = city
        self.work()

    def fight(self, turns):
        """A workflow of the account writes one city, an automation of Odoo the other."""
        for _turn in range(turns // 2):
            self.change_here('Odoo town')
            self.change_there('Their town')

    def test_the_record_goes_back_and_forth_so_often_and_then_a_person_decides(self):
        self.fight(20)
        lane = self.lanes(state='failed')
        self.assertEqual((lane.key, lane.error_class), (self.remote_id, 'conflict'))
        for words in ('in turns', 'HubSpot', 'City', 'replay'):
            self.assertIn(words, lane.error_message)
        self.assertEqual(self.link.state, 'failing')
        self.assertEqual(self.partner.city, 'Odoo town')
        mark = self.box.last_n()
        self.fight(4)
        self.assertEqual(self.partner.city, 'Odoo town', 'what stopped waits for a person')
        self.assertEqual(self.box.writes(after=mark), [], 'and costs no more calls')

    def test_a_replay_takes_over_what_waited(self):
        self.fight(20)
        self.lanes(state='failed').action_replay()
        self.work()
        self.assertFalse(self.lanes())
        self.assertEqual(self.partner.city, 'Their town')
        self.assertEqual(self.link.state, 'in_sync')

    def test_changes_of_one_side_alone_are_no_loop(self):
        for number in range(10):
            self.change_there(f'Town {number}')
        for number in range(10):
            self.change_here(f'Place {number}')
        self.assertFalse(self.lanes())
        self.assertEqual(self.box.object('contacts', self.remote_id)['properties']['city'],
                         'Place 9')

    def test_people_who_take_turns_on_different_days_are_no_loop(self):
        for _day in range(10):
            self.fight(2)
            self.link.turns_since = self.link.turns_since - 2 * sync_link_turns.WINDOW
        self.assertFalse(self.lanes())
        self.assertEqual(self.partner.city, 'Their town')
