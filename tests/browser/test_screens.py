"""Three journeys: setting an account up, a failure seen and replayed, and the smart button."""

import re

from odoo.tests import new_test_user

from ..account import SECRET
from ..sandbox_process import hubspot
from .common import BrowserCase, expect

#: What a menu does, without loading the web client anew.
DO_ACTION = '''(id) => odoo.__WOWL_DEBUG__.root.env.services.action.doAction(
    id, {clearBreadcrumbs: true})'''


class TestScreens(BrowserCase):

    # --- set-up -------------------------------------------------------------------------------

    def test_a_connection_is_set_up_by_following_its_steps(self):
        self.box = hubspot()
        self.box.reset(limits={'enabled': False})
        self.box.change('contacts', {'properties': {
            'firstname': 'Ada', 'lastname': 'Lovelace', 'email': 'ada@analytical.example'}})
        with self.browse('/odoo/saas-sync') as page:
            self.press(page, 'New')
            page.locator('.o_field_widget[name=name] input').fill('My account')
            self._point_at_sandbox(page)
            self._sign_in(page)
            self._lay_out(page)
            self._receive(page)
            self.press(page, 'Start the import')
            self.notified(page, 'The import has started')
        connection = self.env['sync.connection'].search([('name', '=', 'My account')])
        self.assertEqual(connection.state, 'connected')
        self.assertEqual(
            set(connection.mapping_ids.mapped('remote_object')), {'companies', 'contacts'})
        self.work()
        self.assertTrue(self.env['res.partner'].search([('email', '=', 'ada@analytical.example')]))
        with self.browse(f'/odoo/saas-sync/{connection.id}') as page:
            expect(page.locator('.o_sync_done:visible')).to_have_count(6)

    def _point_at_sandbox(self, page):
        page.get_by_role('tab', name='Account').click()
        page.locator('.o_field_widget[name=base_url] input').fill(self.box.url)
        page.locator('.o_field_widget[name=allow_private] input').check()
        page.get_by_role('tab', name='Set-up').click()

    def _sign_in(self, page):
        expect(page.locator('.o_sync_next:visible')).to_have_text('1')
        token = page.locator('.o_field_widget[name=access_token_input] input')
        self.assertEqual(token.get_attribute('type'), 'password')
        token.fill('pat-na1-of-nobody')
        token.press('Tab')
        self.press(page, 'Test and connect')
        expect(page.locator('.modal')).to_contain_text('My account')
        page.locator('.modal button').filter(has_text='Close').first.click()
        token.fill(self.box.token)
        token.press('Tab')
        self.press(page, 'Test and connect')
        self.notified(page, 'Connected to')
        expect(token).to_have_value('')
        self.assertNotIn(self.box.token, page.content())

    def _lay_out(self, page):
        expect(page.locator('.o_sync_next:visible')).to_have_text('3')
        self.press(page, 'Create the field…')
        expect(page.locator('.modal')).to_contain_text('Create a field in the account?')
        self.confirm(page, 'Create it')
        self.notified(page, 'The ID property exists')
        expect(page.locator('.o_sync_next:visible')).to_have_text('4')
        self.press(page, 'Choose objects…')
        page.locator('.modal .o_data_row').filter(has_text='Deals').locator('input').click()
        self.confirm(page, 'Lay out the mappings')
        self.notified(page, '2 mappings were laid out')

    def _receive(self, page):
        expect(page.locator('.o_sync_next:visible')).to_have_text('5')
        address = page.locator('.o_field_widget[name=webhook_url]:visible')
        expect(address).to_contain_text('/saas_sync/webhook/')
        secret = page.locator('.o_field_widget[name=client_secret_input]:visible input')
        secret.fill('a sentence is no secret')
        secret.press('Tab')
        page.locator('.o_form_button_save:visible').click()
        expect(page.locator('.modal')).to_contain_text('the client secret holds blanks')
        page.locator('.modal button').filter(has_text='Close').first.click()
        secret.fill(SECRET)
        secret.press('Tab')
        page.locator('.o_form_button_save:visible').click()
        expect(page.locator('.o_sync_next:visible')).to_have_text('6')

    # --- failures -----------------------------------------------------------------------------

    def test_a_failure_is_seen_with_its_cause_and_replayed(self):
        connection = self.data.connection()
        lanes = [self.data.failed_lane(connection, str(key), 'stage') for key in (1, 2)]
        other = self.data.failed_lane(connection, '3', 'duplicate')
        for lane in (*lanes, other):
            self.data.event(connection, lane.key, lane, state='failed')
            self.data.attempt(lane)
        with self.browse('/odoo/saas-sync-failures') as page:
            causes = page.locator('.o_group_header')
            expect(causes).to_have_count(2)
            expect(causes.first).to_contain_text('The stage "Kick-off" has no counterpart in Odoo')
            expect(causes.first).to_contain_text('(2)')
            causes.first.get_by_role('button', name='Replay all').click()
            self.notified(page, '2 records will be tried again now')
            expect(causes).to_have_count(1)
            causes.first.click()
            self.open_record(page, 'HubSpot has two contacts')
            expect(page.locator('.alert-danger')).to_contain_text('Merge them in HubSpot')
            self.press(page, 'Assign to me')
            expect(page.locator('.o_field_widget[name=user_id]')).to_contain_text('Administrator')
            self.press(page, 'Replay')
            self.notified(page, '1 records will be tried again now')
            page.locator('.o_back_button, .breadcrumb-item a').first.click()
            expect(page.locator('.o_nocontent_help')).to_contain_text('All is well')
        self.assertEqual({lane.state for lane in (*lanes, other)}, {'ready'})
        self.assertEqual(other.user_id, self.env.ref('base.user_admin'))

    def test_everything_a_filter_finds_is_replayed_from_one_dialog(self):
        connection = self.data.connection()
        for key in range(120):  # more than a page
            self.data.failed_lane(connection, str(key), 'stage')
        with self.browse('/odoo/saas-sync-failures') as page:
            self.press(page, 'Replay all that match…')
            expect(page.locator('.modal')).to_contain_text('120 failing or waiting records')
            self.confirm(page, 'Replay')
            self.notified(page, '120 are worked again now')
            expect(page.locator('.o_nocontent_help')).to_contain_text('All is well')

    def test_a_hostile_payload_is_shown_and_not_run(self):
        connection = self.data.connection()
        markup = (
            '<img src=x onerror="document.title=\'hacked\'">'
            '<script>document.title="hacked"</script>')
        event = self.data.event(connection, payload={'propertyValue': markup}, reason=markup)
        mapping = self.data.mapping(connection)
        link = self.data.link(
            mapping, self.env['res.partner'].create({'name': 'Ada'}), state='conflict',
            conflicts={'email': ['', 'a@x.example', markup]}, reason=markup)
        with self.browse(f'/odoo/saas-sync-events/{event.id}') as page:
            expect(page.locator('.ace_content')).to_contain_text('onerror')
            self.assertNotIn('hacked', page.title())
            page.goto(f'{self.base_url()}/odoo/saas-sync-links/{link.id}')
            expect(page.locator('.o_sync_table').first).to_contain_text('onerror')
            self.assertNotIn('hacked', page.title())
            self.assertEqual(page.locator('.o_form_view img[src="x"]').count(), 0)

    # --- the smart button ---------------------------------------------------------------------

    def test_a_salesman_reads_why_and_an_operator_acts(self):
        new_test_user(self.env, 'saleswoman', 'sales_team.group_sale_salesman')
        new_test_user(self.env, 'operator', 'sales_team.group_sale_salesman,saas_sync.group_user')
        mapping = self.data.mapping(
            self.data.connection(), domain="[('is_company', '=', False)]")
        partner = self.env['res.partner'].create({'name': 'Ada Lovelace'})
        self.env.flush_all()
        self.env.cr.precommit.run()
        self.env['sync.outbox'].search([('res_id', '=', partner.id)]).state = 'done'
        self.data.link(mapping, partner)
        path = f'/odoo/contacts/{partner.id}'
        with self.browse(path, 'saleswoman') as page:
            button = page.locator('.oe_stat_button').filter(has_text='SaaS Sync')
            expect(button).to_contain_text('In sync')
            button.click()
            dialog = page.locator('.modal')
            expect(dialog).to_contain_text('Odoo and HubSpot last agreed on it')
            expect(dialog.locator('a.o_sync_remote')).to_have_attribute(
                'href', f'https://app.hubspot.com/contacts/{mapping.connection_id.remote_account}'
                        '/record/0-1/151')
            expect(dialog.get_by_role('button', name='Sync now')).to_have_count(0)
            page.locator('.modal-footer button').filter(has_text='Close').click()
            page.locator('.o_navbar_apps_menu button, .o_menu_toggle').first.click()
            expect(page.locator('.o_app').first).to_be_visible()
            expect(page.locator('.o_app').filter(has_text='SaaS Sync')).to_have_count(0)
        with self.browse(path, 'operator') as page:
            page.locator('.oe_stat_button').filter(has_text='SaaS Sync').click()
            page.locator('.modal').get_by_role('button', name='Exclude').click()
            self.confirm(page, 'Exclude it')
            expect(page.locator('.o_sync_why')).to_contain_text('Excluded by operator')
            page.locator('.modal').get_by_role('button', name='Include').click()
            expect(page.locator('.modal .o_field_badge')).to_have_text('Pending')
            page.locator('.modal-footer button').filter(has_text='Close').click()
            expect(page.locator('.oe_stat_button').filter(has_text='SaaS Sync')).to_contain_text(
                'Pending')

    # --- small and large ----------------------------------------------------------------------

    def test_every_screen_opens_empty_and_on_a_telephone(self):
        actions = self.env['ir.actions.act_window'].search([('path', '=like', 'saas-sync%')])
        self.assertGreaterEqual(len(actions), 14)
        names = {action.id: action.name for action in actions}
        with self.browse('/odoo/saas-sync', width=400, height=800) as page:
            for action_id, name in names.items():
                with self.subTest(name):
                    page.evaluate(DO_ACTION, action_id)
                    expect(page).to_have_title(re.compile(re.escape(name)))
                    expect(page.locator('.o_nocontent_help')).to_be_visible()
                    self.assertEqual(page.locator('.o_error_dialog').count(), 0)
