"""Liveness for everybody, figures for those who may see them, and the project download."""

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..account import AccountMixin

HEALTH = '/saas_sync/health'


@tagged('post_install', '-at_install')
class TestHealth(AccountMixin, HttpCase):
    def setUp(self):
        super().setUp()
        self.connection = self.create_connection()
        self.other_company = self.env['res.company'].create({'name': 'Other'})
        self.foreign = self.create_connection(name='Foreign', company_id=self.other_company.id)
        self.user = new_test_user(self.env, 'sync_reader', 'saas_sync.group_user')
        self.env.flush_all()

    def ask(self, **headers):
        response = self.url_open(HEALTH, headers=headers)
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json()['status'], 'ok')
        return {row['name']: row for row in response.json().get('connections', [])}

    def key_of(self, user):
        return self.env['res.users.apikeys'].with_user(user)._generate(
            None, 'health', fields.Datetime.now() + timedelta(days=1))

    def add_events(self):
        for number, state in enumerate(('pending', 'pending', 'failed', 'done')):
            self.env['sync.event'].create({
                'connection_id': self.connection.id, 'idempotency_key': str(number),
                'state': state})
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sync_event SET create_date = create_date - interval '90 s' "
            "WHERE connection_id = %s", [self.connection.id])

    def test_everybody_learns_that_it_is_alive_and_nothing_else(self):
        response = self.url_open(HEALTH)
        self.assertEqual(response.json(), {'status': 'ok'})
        self.assertEqual(response.headers['Cache-Control'], 'no-store')
        self.assertNotIn('Set-Cookie', response.headers)

    def test_a_user_of_another_part_learns_no_figures(self):
        new_test_user(self.env, 'plain', 'base.group_user')
        self.env.flush_all()
        self.authenticate('plain', 'plain')
        self.assertEqual(self.ask(), {})

    def test_a_user_sees_the_figures_of_the_own_companies(self):
        self.add_events()
        self.authenticate('sync_reader', 'sync_reader')
        found = self.ask()
        self.assertEqual(list(found), ['HubSpot EU'])
        row = found['HubSpot EU']
        self.assertEqual((row['waiting'], row['failed'], row['state']), (2, 1, 'draft'))
        self.assertAlmostEqual(row['oldest_pending_seconds'], 90, delta=20)
        self.assertNotIn(self.connection.webhook_token, str(found))

    def test_an_api_key_does_as_well_and_all_allowed_companies_count(self):
        self.user.write({'company_ids': [Command.link(self.other_company.id)]})
        key = self.key_of(self.user)
        self.env.flush_all()
        found = self.ask(Authorization=f'Bearer {key}')
        self.assertEqual(set(found), {'HubSpot EU', 'Foreign'})

    def test_a_wrong_api_key_is_refused(self):
        response = self.url_open(HEALTH, headers={'Authorization': 'Bearer nonsense'})
        self.assertEqual(response.status_code, 401)

    def test_strange_parameters_do_no_harm(self):
        self.assertEqual(self.url_open(f'{HEALTH}?self=1&cls=2&connection=3').status_code, 200)

    # --- the project download -----------------------------------------------------------------

    def project_path(self):
        return f'/saas_sync/connection/{self.connection.id}/project.zip'

    def test_a_manager_downloads_the_project(self):
        new_test_user(self.env, 'sync_manager', 'saas_sync.group_manager')
        self.env.flush_all()
        self.authenticate('sync_manager', 'sync_manager')
        response = self.url_open(self.project_path())
        self.assertEqual(response.headers['Content-Type'], 'application/zip')
        with ZipFile(BytesIO(response.content)) as archive:
            self.assertIn('hubspot-eu/hsproject.json', archive.namelist())

    def test_a_number_that_no_connection_has_is_not_found(self):
        """Odoo's converter took 0 for no record at all, which ended in a 500, and -1 for the
        connection 1. Schemathesis found it."""
        new_test_user(self.env, 'sync_manager', 'saas_sync.group_manager')
        self.env.flush_all()
        self.authenticate('sync_manager', 'sync_manager')
        for number in (0, -self.connection.id, 2**31, 2**63, 10**40):
            for name in ('project.zip', 'certificate.crt'):
                with self.subTest(number, name=name):
                    path = f'/saas_sync/connection/{number}/{name}'
                    self.assertEqual(self.url_open(path).status_code, 404)

    def test_an_ordinary_user_does_not_and_another_company_s_does_not_exist(self):
        self.authenticate('sync_reader', 'sync_reader')
        with mute_logger('odoo.addons.base.models.ir_model', 'odoo.http'):
            self.assertEqual(self.url_open(self.project_path()).status_code, 403)
            path = f'/saas_sync/connection/{self.foreign.id}/project.zip'
            self.assertIn(self.url_open(path).status_code, (403, 404))
            path = f'/saas_sync/connection/{self.foreign.id + 1000}/project.zip'
            self.assertIn(self.url_open(path).status_code, (403, 404))
