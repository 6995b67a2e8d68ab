"""The set-up of a Salesforce connection, followed by an administrator in a real browser."""

from ..odoo.salesforce_case import SalesforceMixin
from .common import BrowserCase, expect


class TestSalesforceScreens(SalesforceMixin, BrowserCase):

    def choose(self, page, field, label):
        page.locator(f'.o_field_widget[name={field}] input:visible').first.click()
        page.locator('.o_select_menu_item').filter(has_text=label).first.click()

    def fill(self, page, field, value):
        box = page.locator(f'.o_field_widget[name={field}] input:visible').first
        box.fill(value)
        box.press('Tab')

    def test_an_organisation_is_connected_by_following_the_steps(self):
        """Nothing of HubSpot is in the way, and what the organisation lacks is said."""
        self.box.reset(limits={'enabled': False}, external_id='')
        with self.browse('/odoo/saas-sync') as page:
            self.press(page, 'New')
            page.locator('.o_field_widget[name=name] input').fill('My organisation')
            self.choose(page, 'provider', 'Salesforce')
            setup = page.locator('.o_sync_steps')
            expect(setup).to_contain_text('External Client App')
            expect(page.locator('.o_field_widget[name=access_token_input]')).to_have_count(0)
            self.assertNotIn('HubSpot', setup.inner_text())
            self._allow_sandbox(page)
            self.fill(page, 'client_id', self.box.info['client_id'])
            self.fill(page, 'client_secret_input', self.box.secret)
            self.press(page, 'Test and connect')
            self.notified(page, 'Connected to')
            self.press(page, 'Read the fields again')
            expect(page.get_by_role('button', name='Download the package')).to_be_visible()
            expect(page.locator('.o_sync_next:visible')).to_have_text('3')
        connection = self.env['sync.connection'].search([('name', '=', 'My organisation')])
        self.assertEqual((connection.state, connection.auth_method),
                         ('connected', 'client_credentials'))

    def _allow_sandbox(self, page):
        page.get_by_role('tab', name='Account').click()
        page.locator('.o_field_widget[name=base_url] input').fill(self.box.url)
        page.locator('.o_field_widget[name=allow_private] input').check()
        page.get_by_role('tab', name='Set-up').click()
