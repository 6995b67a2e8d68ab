"""Changes and deletions that nobody told us of."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from ...engine.connectors import salesforce_read
from ...models import sync_scan
from .salesforce_org import OrgCase


@tagged('post_install', '-at_install')
class TestPoll(OrgCase):
    objects = ('Account', 'Contact')

    def setUp(self):
        super().setUp()
        patcher = patch.object(salesforce_read, 'POLL_LAG', 0)
        patcher.start()
        self.addCleanup(patcher.stop)
        self.contact = self.create_remote('Contact', {'LastName': 'Polled'})

    def poll(self, swept=None):
        """Poll a day back; ``swept``: how long ago deletions were last swept."""
        now = fields.Datetime.now()
        self.connection.poll_enabled = True
        self.connection.mapping_ids.write({
            'poll_since': now - timedelta(days=1), 'sweep_since': swept and now - swept})
        self.work(rounds=2)
        self.connection.poll_enabled = False

    def test_new_changed_deleted_and_undeleted_records_are_found(self):
        self.poll()
        partner = self.record_of('Contact', self.contact)
        self.change_remote('Contact', self.contact, properties={'Title': 'Buyer'})
        self.poll()
        self.assertEqual(partner.function, 'Buyer')
        self.change_remote('Contact', self.contact, action='delete')
        self.poll()
        self.assertFalse(partner.active)
        self.change_remote('Contact', self.contact, action='undelete')
        self.poll()
        self.assertTrue(partner.active)
        self.assertSilence()

    def test_a_merge_is_found(self):
        other = self.create_remote('Contact', {'LastName': 'Other'})
        self.poll()
        lost = self.record_of('Contact', other)
        self.change_remote('Contact', self.contact, action='merge', other=[other])
        self.poll()
        self.assertEqual(
            self.link_of(lost).merged_into_id.res_id, self.record_of('Contact', self.contact).id)
        self.assertSilence()

    def purge(self):
        self.poll()
        self.change_remote('Contact', self.contact, action='delete')
        self.change_remote('Contact', self.contact, action='purge')

    def test_what_was_purged_is_found_in_the_log_of_deletions(self):
        self.purge()
        later = salesforce_read.utcnow() + timedelta(seconds=61)  # the log ignores seconds
        with patch.object(salesforce_read, 'utcnow', lambda: later):
            self.poll(swept=timedelta(hours=2))
        self.assertFalse(self.record_of('Contact', self.contact).active)

    def test_after_longer_than_salesforce_remembers_every_id_is_compared(self):
        """Timeline: the connection is paused for three weeks; meanwhile a contact is deleted and
        purged. The log of deletions goes back 15 days and does not name it any more. What this
        proves: the sweep knows that it slept for too long, and asks for every linked record."""
        self.purge()
        kept = self.create_remote('Contact', {'LastName': 'Kept'})
        self.arrive(('Contact', kept))
        with patch.object(salesforce_read.Reader, '_purged', side_effect=AssertionError):
            self.poll(swept=timedelta(days=21))
        self.assertFalse(self.record_of('Contact', self.contact).active)
        self.assertTrue(self.record_of('Contact', kept).active)
        swept = self.mapping('Contact').sweep_since
        self.assertGreater(swept, fields.Datetime.now() - timedelta(minutes=5))

    def test_a_long_comparison_goes_on_where_it_stopped(self):
        """A page a round: deleted records are found in the last page as well as in the first."""
        others = [self.create_remote('Contact', {'LastName': f'P{n}'}) for n in range(3)]
        self.arrive(*(('Contact', one) for one in others))
        self.purge()
        cls = self.connection._connector_class()
        with patch.object(cls, 'batch_size', 1), patch.object(sync_scan, 'MAX_SWEEP_PAGES', 2):
            self.poll(swept=timedelta(days=21))
            self.assertTrue(self.mapping('Contact').sweep_cursor)
            for _step in range(2):
                self.mapping('Contact').poll_since = fields.Datetime.now() - timedelta(days=1)
                self.connection.poll_enabled = True
                self.work()
        self.assertFalse(self.mapping('Contact').sweep_cursor)
        self.assertFalse(self.record_of('Contact', self.contact).active)
