"""A lead that is converted in Salesforce: one person, one company, one opportunity on each side."""

from odoo.tests import tagged

from .salesforce_org import OrgCase


@tagged('post_install', '-at_install')
class TestConversion(OrgCase):

    def setUp(self):
        super().setUp()
        self.lead_id = self.create_remote('Lead', {
            'FirstName': 'Jo', 'LastName': 'Maes', 'Company': 'Maes NV',
            'Email': 'jo@maes.example'})
        self.arrive(('Lead', self.lead_id))
        self.lead = self.record_of('Lead', self.lead_id)

    def convert(self, **options):
        """Convert the lead; its account, contact and opportunity."""
        self.change_remote('Lead', self.lead_id, action='convert', **options)
        remote = self.remote('Lead', self.lead_id)
        return [remote.get(f'Converted{name}Id') for name in ('Account', 'Contact', 'Opportunity')]

    def assertFollowed(self, account, contact, opportunity):
        self.assertEqual(self.record_of('Opportunity', opportunity), self.lead)
        self.assertEqual(self.lead.type, 'opportunity')
        self.assertTrue(self.lead.date_conversion, 'converted as by the button in Odoo')
        company, person = self.record_of('Account', account), self.record_of('Contact', contact)
        self.assertEqual((company.name, person.name, person.parent_id),
                         ('Maes NV', 'Jo Maes', company))
        self.assertEqual(self.env['crm.lead'].search_count([('name', 'ilike', 'maes')]), 1)
        self.assertEqual(self.env['res.partner'].search_count([('name', 'ilike', 'maes')]), 2)
        old = self.link_of(self.lead, 'Lead')
        self.assertTrue(old.deleted_at)
        self.assertEqual(old.merged_into_id, self.link_of(self.lead, 'Opportunity'))
        self.assertSilence()
        self.assertEqual([len([row for row in self.box.objects(kind) if not row['archived']])
                          for kind in ('Lead', 'Account', 'Contact', 'Opportunity')], [1, 1, 1, 1])

    def test_the_lead_becomes_the_opportunity(self):
        made = self.convert()
        self.arrive(('Lead', self.lead_id), rounds=3)
        self.assertFollowed(*made)

    def test_the_opportunity_may_be_heard_of_before_the_lead(self):
        """Notifications come in any order. The opportunity that comes first has no link yet, and
        would become a second opportunity in Odoo; so Salesforce is asked what it was made of."""
        account, contact, opportunity = self.convert()
        self.arrive(('Opportunity', opportunity), rounds=3)
        self.assertEqual(self.record_of('Opportunity', opportunity), self.lead)
        self.arrive(('Contact', contact), ('Account', account), ('Lead', self.lead_id), rounds=3)
        self.assertFollowed(account, contact, opportunity)

    def test_all_of_it_at_once(self):
        account, contact, opportunity = self.convert()
        self.arrive(('Contact', contact), ('Account', account), ('Lead', self.lead_id),
                    ('Opportunity', opportunity), rounds=3)
        self.assertFollowed(account, contact, opportunity)

    def test_the_customer_the_lead_has_in_odoo_is_the_contact(self):
        """Odoo's lead has a customer of another address than the lead, which nothing but the lead
        itself says to be the same person."""
        company = self.env['res.partner'].create({'name': 'Maes', 'is_company': True})
        person = self.env['res.partner'].create({
            'name': 'Johan', 'email': 'johan@other.example', 'parent_id': company.id})
        self.mapping('Account').create_out = self.mapping('Contact').create_out = False
        self.lead.partner_id = person
        self.work(rounds=2)
        account, contact, opportunity = self.convert()
        self.arrive(('Lead', self.lead_id), rounds=3)
        self.assertEqual(self.record_of('Contact', contact), person)
        self.assertEqual(self.record_of('Account', account), company)
        self.assertEqual(self.record_of('Opportunity', opportunity).partner_id, person)

    def test_a_change_in_odoo_that_crosses_the_conversion_is_not_lost(self):
        """Salesforce refuses to change a converted lead. The change waits for what the lead has
        become instead of failing for a person to look at."""
        _account, _contact, opportunity = self.convert()
        self.lead.user_id = self.env.user
        self.lead.phone = '+32 2 555 01 02'
        self.work(rounds=3)
        self.assertEqual(self.record_of('Opportunity', opportunity), self.lead)
        self.assertFalse(self.lanes(state='failed'))
        self.assertSilence()

    def test_a_conversion_without_an_opportunity_leaves_the_lead_alone(self):
        self.convert(opportunity=False)
        self.arrive(('Lead', self.lead_id), rounds=3)
        link = self.link_of(self.lead, 'Lead')
        self.assertEqual((self.lead.type, self.lead.active), ('lead', True))
        self.assertTrue(link.deleted_at)
        self.assertIn('no opportunity', link.reason)
        self.assertSilence()

    def test_deleting_the_converted_lead_takes_nothing_away(self):
        """The tombstone of the lead leads to the opportunity's link. Were it followed as that of
        a merge is, the deletion of an old lead would archive a living opportunity."""
        _account, _contact, opportunity = self.convert()
        self.arrive(('Lead', self.lead_id), rounds=3)
        self.change_remote('Lead', self.lead_id, action='delete')
        self.arrive(('Lead', self.lead_id), kind='delete', rounds=2)
        self.assertTrue(self.record_of('Opportunity', opportunity).active)
        self.assertFalse(self.link_of(self.lead, 'Opportunity').deleted_at)

    def test_a_lead_that_odoo_never_had_is_not_created_when_it_is_converted(self):
        stranger = self.create_remote('Lead', {'LastName': 'Old', 'Company': 'Old NV'})
        self.change_remote('Lead', stranger, action='convert')
        self.arrive(('Lead', stranger))
        self.assertFalse(self.record_of('Lead', stranger))
        event = self.env['sync.event'].search([('remote_id', '=', stranger)])
        self.assertEqual(event.state, 'ignored')
        self.assertIn('Converted', event.reason)
