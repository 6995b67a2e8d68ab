"""A mapping does nothing that who saved it may not do: the engine has every right, people not."""

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import TransactionCase, new_test_user, tagged

from ..account import AccountMixin


@tagged('post_install', '-at_install')
class TestAuthorRights(AccountMixin, TransactionCase):
    """The manager of SaaS Sync here has no other role: no Sales, no Settings."""

    def setUp(self):
        super().setUp()
        self.manager = new_test_user(
            self.env, 'only_sync', 'saas_sync.group_manager,base.group_partner_manager')
        self.connection = self.create_connection(remote_account='62515')
        self.mapping = self.map_contacts(self.connection)
        self.mine = self.mapping.with_user(self.manager)

    def assertNotMine(self, action, words='rights'):
        with self.assertRaisesRegex(AccessError, words), self.cr.savepoint():
            action()
            self.env.flush_all()

    def create_mapping(self, model, field, direction, **values):
        return self.env['sync.mapping'].with_user(self.manager).create({
            'connection_id': self.connection.id, 'remote_object': 'companies',
            'model_id': self.env['ir.model']._get_id(model), 'direction': direction,
            'line_ids': [Command.create({
                'odoo_field': field, 'remote_field': 'name',
                'rule': 'odoo_wins' if direction == 'out' else 'remote_wins'})], **values})

    def test_the_code_of_a_server_action_is_not_written_by_a_delivery(self):
        """Found by reading: a manager maps contacts to `ir.actions.server`, the field `code`, and
        sends a delivery. The engine wrote it with every right: code of the manager's choice ran.
        """
        self.assertNotMine(lambda: self.create_mapping('ir.actions.server', 'code', 'in'))

    def test_what_only_the_system_may_read_is_not_sent_out(self):
        for model, field in (('ir.config_parameter', 'value'), ('ir.mail_server', 'smtp_pass'),
                             ('sync.credential', 'value'), ('crm.lead', 'name')):
            with self.subTest(model):
                self.assertNotMine(lambda m=model, f=field: self.create_mapping(m, f, 'out'))

    def test_not_even_an_administrator_maps_the_secrets(self):
        admin = self.env.ref('base.user_admin')
        with self.assertRaises(AccessError):
            self.env['sync.mapping'].with_user(admin).create({
                'connection_id': self.connection.id, 'remote_object': 'companies',
                'model_id': self.env['ir.model']._get_id('sync.credential'), 'direction': 'out'})

    def test_every_step_of_a_path_counts(self):
        self.assertNotMine(lambda: self.mine.write({'line_ids': [Command.create({
            'odoo_field': 'opportunity_ids.name', 'remote_field': 'company',
            'rule': 'odoo_wins'})]}))

    def test_a_filter_is_no_way_to_guess_what_one_may_not_read(self):
        self.assertNotMine(lambda: self.mine.write(
            {'domain': "[('signup_type', '=like', 'a%')]"}))
        self.assertNotMine(lambda: self.mine.write(
            {'domain': "[('opportunity_ids.name', '=like', 'a%')]"}))

    def test_values_of_new_records_are_one_s_own_to_write(self):
        self.assertNotMine(lambda: self.mine.write({'create_values': {'signup_type': 'x'}}))

    def test_creating_writing_and_deleting_are_told_apart(self):
        reader = new_test_user(self.env, 'no_contacts', 'saas_sync.group_manager')
        mapping = self.mapping.with_user(reader)
        self.assertNotMine(lambda: mapping.write({'direction': 'in'}))
        mapping.write({'direction': 'out'})
        self.assertNotMine(lambda: mapping.write({'delete_policy': 'delete', 'direction': 'in'}))

    def test_an_ordinary_manager_goes_on_as_before(self):
        self.mine.write({'domain': "[('is_company', '=', False)]", 'line_ids': [
            Command.create({'odoo_field': 'country_id.code', 'remote_field': 'country'})]})
        self.env.flush_all()

    def test_our_own_mappings_are_laid_out_for_every_manager(self):
        other = self.create_connection(name='Second')
        for name, label in (('dealname', 'Name'), ('dealstage', 'Stage'), ('amount', 'Amount')):
            self.env['sync.remote.field'].create({
                'connection_id': other.id, 'remote_object': 'deals', 'name': name, 'label': label})
        made = other.with_user(self.manager)._create_default_mappings(['deals'])
        self.assertEqual((made.model, made.env.su), ('crm.lead', False))

    def test_a_mapping_is_not_moved_into_another_company_s_account(self):
        company = self.env['res.company'].create({'name': 'Other'})
        foreign = self.create_connection(name='Foreign', company_id=company.id)
        theirs = self.map_contacts(foreign)
        theirs.remote_object = 'companies'
        theirs.line_ids.write({'odoo_field': 'phone', 'remote_field': 'phone'})
        self.assertNotMine(lambda: self.mine.write({'connection_id': foreign.id}), '')
        self.assertNotMine(lambda: self.mine.line_ids.write({'mapping_id': theirs.id}), '')

    def test_only_an_administrator_lets_a_connection_into_the_private_network(self):
        """Found by reading: a manager set the address to the cloud's metadata service, allowed
        private addresses, and read the answer in the attempt it left behind.
        """
        mine = self.connection.with_user(self.manager)
        metadata = 'http://169.254.169.254/latest'
        self.assertNotMine(
            lambda: mine.write({'allow_private': True, 'base_url': metadata}), 'administrator')
        self.connection.write({'allow_private': True, 'base_url': 'http://127.0.0.1:1'})
        self.assertNotMine(lambda: mine.write({'base_url': metadata}), 'administrator')
        mine.write({'allow_private': False, 'base_url': False})
        administrator = self.env.ref('base.user_admin')
        self.connection.with_user(administrator).write({'allow_private': True})
