"""The organisation changes its fields: one sentence on the mapping, and the rest goes on."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .salesforce_org import OrgCase


@tagged('post_install', '-at_install')
class TestSchema(OrgCase):
    objects = ('Account', 'Contact')
    options = {'custom_fields': {
        'Contact.Tier__c': {'type': 'Text', 'length': 80, 'label': 'Tier'}}}

    def setUp(self):
        super().setUp()
        self.contacts = self.mapping('Contact')
        self.contacts.line_ids = [(0, 0, {'odoo_field': 'ref', 'remote_field': 'Tier__c'})]
        self.contacts.schema_checked_at = self.mapping('Account').schema_checked_at = (
            fields.Datetime.now())

    def drop_field(self):
        self.box.change('CustomField', {'id': 'Contact.Tier__c', 'action': 'delete'})
        self.contacts.schema_checked_at = fields.Datetime.now() - timedelta(minutes=10)

    def add_field(self, **metadata):
        self.box.change('CustomField', {'properties': {
            'FullName': 'Contact.Tier__c',
            'Metadata': {'type': 'Text', 'length': 80, 'label': 'Tier', **metadata}}})

    def refresh(self):
        with self.enter_registry_test_mode():
            self.contacts._refresh_schema()

    def messages(self):
        return self.contacts.message_ids.filtered(lambda m: 'changed fields' in (m.body or ''))

    def describes(self):
        return [call for call in self.box.ledger() if call['path'].endswith('Contact/describe')]

    def test_a_field_that_vanished_is_told_and_the_others_still_come_in(self):
        contact = self.create_remote('Contact', {'LastName': 'Ada', 'Title': 'Buyer'})
        self.drop_field()
        self.arrive(('Contact', contact))
        self.assertEqual(self.record_of('Contact', contact).function, 'Buyer')
        self.assertIn('Tier__c', self.contacts.schema_alert)
        self.assertEqual(len(self.messages()), 1)
        self.assertIn(self.connection.user_id.partner_id, self.messages().notified_partner_ids
                      | self.messages().partner_ids)
        self.assertFalse(self.lanes(state='failed'))

    def test_a_record_goes_out_without_the_field_that_vanished(self):
        self.drop_field()
        partner = self.env['res.partner'].create({'name': 'Kid One', 'ref': 'gold'})
        self.work(rounds=3)
        self.assertEqual(self.remote('Contact', self.link_of(partner).remote_id)['LastName'], 'One')
        self.assertTrue(self.contacts.schema_alert)
        self.assertFalse(self.lanes(state='failed'))
        self.assertSilence()

    def test_the_daily_look_finds_it_before_anything_fails(self):
        self.drop_field()
        self.contacts.schema_checked_at = fields.Datetime.now() - timedelta(days=2)
        self.work()
        self.assertIn('Tier__c', self.contacts.schema_alert)

    def test_a_field_that_is_back_ends_the_alert_and_flows_again(self):
        self.drop_field()
        self.refresh()
        self.assertTrue(self.contacts.schema_alert)
        self.add_field()
        self.refresh()
        self.assertFalse(self.contacts.schema_alert)
        partner = self.env['res.partner'].create({'name': 'Kid One', 'ref': 'gold'})
        self.work(rounds=2)
        remote = self.remote('Contact', self.link_of(partner).remote_id)
        self.assertEqual(remote['LastName'], 'One')

    def test_removing_the_line_ends_the_alert(self):
        self.drop_field()
        self.refresh()
        self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'ref').unlink()
        self.assertFalse(self.contacts.schema_alert)

    def test_a_type_that_no_longer_fits_is_told(self):
        line = self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'ref')
        line.converter = 'url'
        self.drop_field()
        self.add_field(type='LongTextArea', length=500, visibleLines=3)
        self.refresh()
        self.assertFalse(self.contacts.schema_alert, 'a longer text is a text')
        self.drop_field()
        self.box.change('CustomField', {'properties': {
            'FullName': 'Contact.Tier__c',
            'Metadata': {'type': 'Checkbox', 'label': 'Tier', 'defaultValue': False}}})
        self.refresh()
        self.assertIn('does not fit', self.contacts.schema_alert)

    def test_an_unchanged_schema_costs_an_empty_answer(self):
        """A describe of Salesforce is hundreds of kilobytes; a 304 is none. It was taken for a
        redirection before, and refused."""
        known = self.env['sync.remote.field'].search([('connection_id', '=', self.connection.id)])
        known.sudo().learnt_at = fields.Datetime.now() + timedelta(minutes=10)
        mark = len(self.describes())
        self.refresh()
        (call,) = self.describes()[mark:]
        self.assertEqual(call['status'], 304)

    def test_a_user_who_changed_is_known_although_no_field_has(self):
        known = self.env['sync.remote.field'].search([('connection_id', '=', self.connection.id)])
        known.sudo().learnt_at = fields.Datetime.now() + timedelta(minutes=10)
        ada = next(user['id'] for user in self.box.objects('User')
                   if user['properties']['Email'] == 'ada@sandbox.example')
        self.change_remote('User', ada, properties={'Email': 'eve@sandbox.example'})
        self.refresh()
        owner = known.filtered(lambda f: (f.remote_object, f.name) == ('Contact', 'OwnerId'))
        self.assertIn('eve@sandbox.example', str(owner.options))
