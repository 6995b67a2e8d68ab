"""What the change capture sees, and what it does not cost."""

from odoo.tests import tagged

from .common import SandboxCase


@tagged('post_install', '-at_install')
class TestCapture(SandboxCase):

    def setUp(self):
        super().setUp()
        self.country = self.env['res.country'].create({'name': 'Testland', 'code': 'X9'})
        self.partner = self.env['res.partner'].create(
            {'name': 'Max Tester', 'country_id': self.country.id})
        self.settled()

    def settled(self):
        """Forget what was captured so far."""
        self.env.flush_all()
        self.cr.flush()
        self.env['sync.outbox'].search([]).unlink()

    def captured(self):
        """``{(model, id): changed fields}`` since the last call of ``settled``."""
        self.env.flush_all()
        self.cr.flush()
        return {
            (row.res_model, row.res_id): set(row.changed_fields or ())
            for row in self.env['sync.outbox'].search([])
        }

    def add_line(self, mapping, odoo_field, remote_field, **values):
        self.env['sync.mapping.line'].create({
            'mapping_id': mapping.id, 'odoo_field': odoo_field, 'remote_field': remote_field,
            'rule': 'odoo_wins', **values})

    def test_a_write_of_a_mapped_field_is_captured_with_its_name(self):
        self.partner.city = 'Gent'
        self.assertEqual(self.captured(), {('res.partner', self.partner.id): {'city'}})

    def test_a_write_of_other_fields_is_not(self):
        self.partner.comment = 'x'
        self.assertEqual(self.captured(), {})

    def test_many_writes_of_a_transaction_are_one_insert(self):
        self.env['res.partner'].create([{'name': f'P {n}'} for n in range(50)])
        self.env.flush_all()
        with self.assertQueryCount(5):
            # look-ups of mappings are cached or few; the insert is one for all fifty
            self.cr.flush()
        self.assertEqual(len(self.captured()), 50)

    def test_a_stored_computed_field_is_captured_without_any_write_call(self):
        self.add_line(self.contacts, 'commercial_company_name', 'company', converter='text')
        company = self.env['res.partner'].create({'name': 'Before', 'is_company': True})
        self.partner.parent_id = company
        self.settled()
        company.name = 'After'
        self.assertIn('commercial_company_name',
                      self.captured().get(('res.partner', self.partner.id), set()))

    def test_a_change_of_a_far_record_reaches_the_record_whose_path_runs_through_it(self):
        self.country.code = 'X8'
        self.assertEqual(
            self.captured(), {('res.partner', self.partner.id): {'country_id.code'}})

    def test_a_path_of_three_steps_is_followed_back(self):
        self.add_line(self.deals, 'partner_id.country_id.code', 'description', converter='text')
        lead = self.env['crm.lead'].create(
            {'name': 'Deal', 'type': 'opportunity', 'partner_id': self.partner.id})
        self.settled()
        self.country.code = 'X7'
        self.assertIn(('crm.lead', lead.id), self.captured())
        self.settled()
        self.partner.country_id = self.env.ref('base.be')
        self.assertIn(('crm.lead', lead.id), self.captured())

    def test_a_many2many_is_captured_from_both_of_its_sides(self):
        self.add_line(self.contacts, 'category_id.name', 'company', converter='text')
        tag = self.env['res.partner.category'].create({'name': 'VIP'})
        self.settled()
        self.partner.category_id = tag
        self.assertIn(('res.partner', self.partner.id), self.captured())
        self.settled()
        tag.partner_ids = [(5,)]
        self.assertIn(('res.partner', self.partner.id), self.captured())
        self.partner.category_id = tag
        self.settled()
        tag.name = 'Very important'
        self.assertIn(('res.partner', self.partner.id), self.captured())

    def test_a_child_that_moves_is_captured_for_both_of_its_parents(self):
        """Only the child is written, and afterwards nothing leads to the parent it left."""
        self.add_line(self.companies, 'child_ids.city', 'description', converter='text')
        old, new = self.env['res.partner'].create(
            [{'name': name, 'is_company': True} for name in ('Old', 'New')])
        self.partner.parent_id = old
        self.settled()
        self.partner.parent_id = new
        self.assertLessEqual(
            {('res.partner', old.id), ('res.partner', new.id)}, self.captured().keys())

    def test_a_linked_record_is_captured_without_asking_the_filter(self):
        """The filter says who takes part; a linked record does. Two look-ups and one insert, for
        one record as for fifty."""
        partners = self.env['res.partner'].create([{'name': f'P {n}'} for n in range(50)])
        self.work(rounds=2)
        self.settled()
        for records in (partners[:1], partners):
            records.city = f'Gent {len(records)}'
            self.env.flush_all()
            with self.assertQueryCount(2):
                self.cr.flush()
            self.assertEqual(len(self.captured()), len(records))
            self.settled()

    def test_what_is_created_and_deleted_at_once_is_not_captured(self):
        partner = self.env['res.partner'].create({'name': 'Brief'})
        self.env.flush_all()
        partner.unlink()
        self.assertEqual(self.captured(), {})

    def test_a_mapping_changed_within_the_transaction_counts_from_then_on(self):
        self.partner.city = 'Before'
        self.env.flush_all()
        self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'city').unlink()
        self.settled()
        self.partner.city = 'After'
        self.assertEqual(self.captured(), {})

    def test_what_a_savepoint_undoes_is_not_captured(self):
        try:
            with self.cr.savepoint():
                self.partner.city = 'Nowhere'
                raise ValueError
        except ValueError:
            self.assertEqual(self.captured(), {})

    def test_a_record_that_does_not_match_the_filter_is_not_captured(self):
        internal = self.env.ref('base.user_admin').partner_id
        internal.city = 'Inside'
        self.assertNotIn(('res.partner', internal.id), self.captured())

    def test_an_unlink_posts_the_deletion_of_linked_records_only(self):
        linked = self.env['res.partner'].create({'name': 'Linked'})
        self.work()
        self.settled()
        (linked | self.partner).unlink()
        rows = self.env['sync.outbox'].search([])
        self.assertEqual([(row.res_id, row.operation) for row in rows], [(linked.id, 'delete')])

    def test_without_an_active_outbound_mapping_nothing_is_captured(self):
        self.connection.mapping_ids.direction = 'in'
        self.partner.city = 'Gent'
        self.assertEqual(self.captured(), {})

    def test_a_record_of_another_company_is_not_this_accounts_business(self):
        other = self.env['res.company'].create({'name': 'Other'})
        foreign = self.env['res.partner'].create({'name': 'Foreign', 'company_id': other.id})
        self.assertNotIn(('res.partner', foreign.id), self.captured())

    def test_an_unmapped_model_is_never_looked_at(self):
        watch = self.env['sync.capture']._watch()
        self.assertNotIn('res.currency', watch)
        self.assertIn('res.partner', watch)
