"""Salesforce, both ways, through the same engine: from a change to silence."""

from odoo import fields
from odoo.tests import new_test_user, tagged

from .salesforce_org import OrgCase


@tagged('post_install', '-at_install')
class TestInbound(OrgCase):

    def test_a_contact_brings_its_account_along(self):
        account = self.create_remote('Account', {
            'Name': 'Acme', 'Website': 'https://www.acme.example', 'BillingCity': 'Gent',
            'BillingCountry': 'Belgium'})
        contact = self.create_remote('Contact', {
            'FirstName': 'Zoë', 'LastName': 'Peeters', 'Email': 'Zoe@acme.example',
            'Title': 'Buyer', 'AccountId': account})
        self.arrive(('Contact', contact))
        partner = self.record_of('Contact', contact)
        self.assertRecordValues(partner, [{
            'name': 'Zoë Peeters', 'email': 'zoe@acme.example', 'function': 'Buyer',
            'is_company': False}])
        self.assertRecordValues(partner.parent_id, [{
            'name': 'Acme', 'is_company': True, 'city': 'Gent',
            'country_id': self.env.ref('base.be').id}])
        self.assertEqual(partner.parent_id, self.record_of('Account', account))
        self.assertSilence()

    def test_a_lead_becomes_a_lead(self):
        lead = self.create_remote('Lead', {
            'FirstName': 'Jo', 'LastName': 'Maes', 'Company': 'Maes NV', 'Email': 'jo@maes.example',
            'City': 'Brugge', 'Status': 'Open - Not Contacted'})
        self.arrive(('Lead', lead))
        self.assertRecordValues(self.record_of('Lead', lead), [{
            'type': 'lead', 'name': 'Jo Maes', 'contact_name': 'Jo Maes',
            'partner_name': 'Maes NV', 'email_from': 'jo@maes.example', 'city': 'Brugge'}])
        self.assertSilence()

    def test_the_owner_is_the_user_with_the_same_address(self):
        ada = new_test_user(
            self.env, 'ada@sandbox.example', groups='sales_team.group_sale_salesman')
        owner = next(user for user in self.box.objects('User')
                     if user['properties'].get('Email') == 'ada@sandbox.example')
        account = self.create_remote('Account', {'Name': 'Acme', 'OwnerId': owner['id']})
        self.arrive(('Account', account))
        self.assertEqual(self.record_of('Account', account).user_id, ada)

    def test_an_opportunity_is_won_and_lost_as_in_salesforce(self):
        account = self.create_remote('Account', {'Name': 'Acme'})
        opportunity = self.create_remote('Opportunity', {
            'Name': 'Ten desks', 'StageName': 'Prospecting', 'CloseDate': '2026-12-24',
            'Amount': 1200.5, 'AccountId': account})
        self.arrive(('Opportunity', opportunity))
        record = self.record_of('Opportunity', opportunity)
        self.assertRecordValues(record, [{
            'name': 'Ten desks', 'type': 'opportunity', 'expected_revenue': 1200.5,
            'date_deadline': fields.Date.to_date('2026-12-24'),
            'partner_id': self.record_of('Account', account).id}])
        self.change_remote('Opportunity', opportunity, properties={'StageName': 'Closed Won'})
        self.arrive(('Opportunity', opportunity))
        self.assertTrue(record.stage_id.is_won)
        self.change_remote('Opportunity', opportunity, properties={'StageName': 'Closed Lost'})
        self.arrive(('Opportunity', opportunity))
        self.assertFalse(record.active)
        self.assertEqual(record.won_status, 'lost')
        self.assertSilence()

    def test_a_merge_leads_to_the_record_that_lives_on(self):
        one, other = (self.create_remote('Contact', {'LastName': name}) for name in ('A', 'B'))
        self.arrive(('Contact', one), ('Contact', other))
        kept, lost = self.record_of('Contact', one), self.record_of('Contact', other)
        self.change_remote('Contact', one, action='merge', other=[other])
        self.arrive(('Contact', other), kind='merge')
        self.assertEqual(self.link_of(lost).merged_into_id, self.link_of(kept))
        self.assertTrue(kept.active and lost.active, 'no Odoo record is taken away')
        self.assertSilence()

    def test_a_deleted_contact_is_archived_and_an_undeleted_one_is_back(self):
        contact = self.create_remote('Contact', {'LastName': 'Ada'})
        self.arrive(('Contact', contact))
        partner = self.record_of('Contact', contact)
        self.change_remote('Contact', contact, action='delete')
        self.arrive(('Contact', contact), kind='delete')
        self.assertFalse(partner.active)
        self.change_remote('Contact', contact, action='undelete')
        self.arrive(('Contact', contact), kind='restore')
        self.assertTrue(partner.active)
        self.assertFalse(self.link_of(partner).deleted_at)
        self.assertSilence()

    def test_a_deleted_account_is_a_question(self):
        """Archiving an account's company because Salesforce deleted it is one thing; the other
        way round, Salesforce deletes an account's contacts and opportunities along with it. So
        the default asks a person, on both sides."""
        account = self.create_remote('Account', {'Name': 'Acme'})
        self.arrive(('Account', account))
        company = self.record_of('Account', account)
        self.change_remote('Account', account, action='delete')
        self.arrive(('Account', account), kind='delete')
        self.assertTrue(company.active)
        self.assertEqual(self.link_of(company).state, 'conflict')


@tagged('post_install', '-at_install')
class TestOutbound(OrgCase):

    def test_a_company_goes_before_its_contact_and_both_carry_our_id(self):
        company = self.env['res.partner'].create({'name': 'Parent Ltd', 'is_company': True})
        child = self.env['res.partner'].create({
            'name': 'Kid One', 'email': 'kid@parent.example', 'parent_id': company.id})
        self.work(rounds=3)
        account, contact = self.link_of(company).remote_id, self.link_of(child).remote_id
        self.assertEqual(self.remote('Account', account)['Odoo_Id__c'],
                         self.connection._own_id(company))
        remote = self.remote('Contact', contact)
        self.assertEqual((remote['FirstName'], remote['LastName'], remote['AccountId']),
                         ('Kid', 'One', account))
        self.assertSilence()

    def test_a_contact_that_leaves_its_company_leaves_its_account(self):
        company = self.env['res.partner'].create({'name': 'Parent Ltd', 'is_company': True})
        child = self.env['res.partner'].create({'name': 'Kid One', 'parent_id': company.id})
        self.work(rounds=3)
        child.parent_id = False
        self.work(rounds=2)
        self.assertFalse(self.remote('Contact', self.link_of(child).remote_id).get('AccountId'))
        self.assertSilence()

    def test_a_name_of_one_word_is_the_last_name_that_salesforce_demands(self):
        partner = self.env['res.partner'].create({'name': 'Madonna', 'email': 'm@example.com'})
        self.work()
        remote = self.remote('Contact', self.link_of(partner).remote_id)
        self.assertEqual((remote.get('FirstName'), remote['LastName']), (None, 'Madonna'))
        self.assertSilence()

    def test_one_refused_row_fails_alone_with_its_field(self):
        good = self.env['res.partner'].create([{'name': f'Good {n}'} for n in range(3)])
        bad = self.env['res.partner'].create({'name': 'Bad One', 'function': 'x' * 200})
        self.work()
        self.assertTrue(all(self.link_of(partner).state == 'in_sync' for partner in good))
        lane = self.lanes(state='failed')
        self.assertEqual(lane.key, f'res.partner,{bad.id}')
        self.assertIn('Title', lane.error_message)

    def test_an_opportunity_gets_the_closing_date_salesforce_demands_and_odoo_keeps_its_own(self):
        """Most opportunities have no expected closing in Odoo; Salesforce takes none without.
        The default is sent once, and is no news for Odoo when it comes back."""
        partner = self.env['res.partner'].create({'name': 'Acme', 'is_company': True})
        person = self.env['res.partner'].create({'name': 'Kid One', 'parent_id': partner.id})
        lead = self.env['crm.lead'].create({
            'name': 'Ten desks', 'type': 'opportunity', 'partner_id': person.id})
        self.work(rounds=3)
        link = self.link_of(lead, 'Opportunity')
        remote = self.remote('Opportunity', link.remote_id)
        self.assertTrue(remote['CloseDate'])
        self.assertEqual(remote['AccountId'], self.link_of(partner).remote_id,
                         'of a person, the company')
        self.arrive(('Opportunity', link.remote_id))
        self.assertFalse(lead.date_deadline)
        self.assertEqual(lead.partner_id, person)
        self.assertSilence()
        lead.date_deadline = '2027-01-31'
        self.work()
        self.assertEqual(self.remote('Opportunity', link.remote_id)['CloseDate'], '2027-01-31')
        self.assertSilence()

    def test_a_lead_without_a_contact_gets_its_title_for_a_name(self):
        lead = self.env['crm.lead'].create({
            'name': 'Desks wanted', 'type': 'lead', 'email_from': 'jo@example.com'})
        self.work(rounds=2)
        remote = self.remote('Lead', self.link_of(lead, 'Lead').remote_id)
        self.assertEqual((remote['LastName'], remote['Company'], remote['Email']),
                         ('wanted', '[not provided]', 'jo@example.com'))
        self.arrive(('Lead', self.link_of(lead, 'Lead').remote_id))
        self.assertFalse(lead.contact_name or lead.partner_name)
        self.assertSilence()

    def test_taking_the_salesperson_away_leaves_the_owner(self):
        """Salesforce has no record without an owner: an empty value would be refused with every
        change of the contact, which could not be synchronised any more."""
        ada = new_test_user(
            self.env, 'ada@sandbox.example', groups='sales_team.group_sale_salesman')
        partner = self.env['res.partner'].create({'name': 'Kid One', 'user_id': ada.id})
        self.work()
        contact = self.link_of(partner).remote_id
        owner = self.remote('Contact', contact)['OwnerId']
        partner.write({'user_id': False, 'function': 'Buyer'})
        self.work(rounds=2)
        remote = self.remote('Contact', contact)
        self.assertEqual((remote['OwnerId'], remote['Title']), (owner, 'Buyer'))
        self.assertSilence()

    def test_who_is_entered_on_both_sides_at_once_is_one(self):
        """Timeline: somebody enters a contact at Salesforce, somebody else the same person in Odoo,
        and Odoo's news goes out before Salesforce's comes in. Salesforce takes two contacts of one
        address where no duplicate rule stops it. What this proves: the one that is there is found,
        linked and merged."""
        there = self.create_remote('Contact', {
            'LastName': 'One', 'Email': 'kid@example.com', 'Title': 'Buyer'})
        partner = self.env['res.partner'].create({'name': 'Kid One', 'email': 'kid@example.com'})
        self.work(rounds=3)
        self.arrive(('Contact', there))
        self.assertEqual([row['id'] for row in self.box.objects('Contact')], [there])
        self.assertEqual(self.record_of('Contact', there), partner)
        self.assertEqual(partner.function, 'Buyer')
        self.assertSilence()

    def test_archiving_puts_the_contact_into_the_recycle_bin(self):
        partner = self.env['res.partner'].create({'name': 'Gone Soon'})
        self.work()
        link = self.link_of(partner)
        partner.action_archive()
        self.work()
        self.assertTrue(self.box.object('Contact', link.remote_id)['archived'])
        self.assertTrue(link.deleted_at)
        self.assertSilence()

    def test_an_answer_that_was_lost_makes_no_second_contact(self):
        self.box.faults({'kind': 'commit_then_drop', 'match': '^PATCH .*/composite', 'count': 3})
        partner = self.env['res.partner'].create({'name': 'Max Tester'})
        self.work(rounds=3)
        self.assertEqual(len(self.box.objects('Contact')), 1)
        self.assertEqual(self.link_of(partner).remote_id, self.box.objects('Contact')[0]['id'])
        self.assertSilence()


@tagged('post_install', '-at_install')
class TestProducts(OrgCase):
    objects = ('Product2', 'Pricebook2', 'PricebookEntry')

    def test_a_price_brings_its_product_and_its_price_book(self):
        book = next(row['id'] for row in self.box.objects('Pricebook2'))
        product = self.create_remote('Product2', {
            'Name': 'Desk', 'ProductCode': 'DSK-1', 'IsActive': True})
        entry = self.create_remote('PricebookEntry', {
            'Product2Id': product, 'Pricebook2Id': book, 'UnitPrice': 99.5, 'IsActive': True})
        self.arrive(('PricebookEntry', entry))
        item = self.record_of('PricebookEntry', entry)
        self.assertRecordValues(item, [{
            'fixed_price': 99.5, 'compute_price': 'fixed', 'applied_on': '1_product',
            'product_tmpl_id': self.record_of('Product2', product).id,
            'pricelist_id': self.record_of('Pricebook2', book).id}])
        self.assertEqual(item.product_tmpl_id.default_code, 'DSK-1')
        self.assertSilence()

    def test_a_product_of_odoo_becomes_one_and_is_recognised_by_its_code(self):
        product = self.env['product.template'].create({'name': 'Chair', 'default_code': 'CHR'})
        self.work()
        remote = self.remote('Product2', self.link_of(product).remote_id)
        self.assertEqual((remote['Name'], remote['ProductCode'], remote['IsActive']),
                         ('Chair', 'CHR', True))
        product.active = False
        self.work()
        self.assertFalse(self.remote('Product2', self.link_of(product).remote_id)['IsActive'])
        self.assertSilence()
