"""What a person can enter into a mapping: a sentence that helps, and nothing half-saved."""

from psycopg2 import IntegrityError

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .common import SandboxCase


class MappingInputCase(SandboxCase):
    def add_line(self, odoo_field, remote_field, mapping=None, **values):
        mapping = mapping or self.contacts
        return self.env['sync.mapping.line'].create({
            'mapping_id': mapping.id, 'odoo_field': odoo_field, 'remote_field': remote_field,
            **values})

    def assertRefused(self, sentence, action, *args, **kwargs):
        """A sentence that names the mapping, and the mapping as it was."""
        before = set(self.contacts.line_ids.mapped('odoo_field'))
        with self.assertRaises(UserError) as caught:
            action(*args, **kwargs)
        message = str(caught.exception)
        self.assertIn(sentence, message)
        self.assertNotIn('Traceback', message)
        self.env.invalidate_all()
        self.assertEqual(set(self.contacts.line_ids.mapped('odoo_field')), before)
        return message

    def assertLineRefused(self, sentence, odoo_field, remote_field, **values):
        message = self.assertRefused(sentence, self.add_line, odoo_field, remote_field, **values)
        self.assertIn('contacts', message, 'the mapping is named')


@tagged('post_install', '-at_install')
class TestLines(MappingInputCase):
    def test_an_odoo_field_that_does_not_exist(self):
        for path, missing in (
            ('x_nothing', 'x_nothing'), ('country_id.nothing', 'nothing'), ('', ''), ('.', ''),
            ('email.', 'email'), ('country_id..code', ''), ('e\u2011mail', 'e\u2011mail'),
            ("name'; DROP TABLE res_partner; --", 'DROP TABLE'), ('__class__', '__class__'),
        ):
            with self.subTest(path), mute_logger('odoo.sql_db'):
                self.assertRefused(missing, self.add_line_or_integrity, path, 'city')

    def add_line_or_integrity(self, path, remote_field):
        """An empty path is refused by Odoo's own "required" before our check."""
        try:
            with self.cr.savepoint():
                self.add_line(path, remote_field)
        except IntegrityError as error:
            raise ValidationError(str(error)) from error

    def test_a_path_through_what_is_no_relation(self):
        self.assertLineRefused('"email" is no relation', 'email.domain', 'industry')

    def test_a_remote_field_that_does_not_exist(self):
        self.assertLineRefused('no field "nothing"', 'comment', 'nothing')
        self.assertLineRefused('no field "nothing"', 'comment', 'city+nothing')
        self.assertLineRefused('no field "associations.unicorns"', 'comment',
                               'associations.unicorns', converter='link')

    def test_a_remote_field_that_is_no_name(self):
        for remote_field in ('+', ' ', '++', ' + '):
            with self.subTest(remote_field):
                self.assertLineRefused('remote field', 'comment', remote_field)

    def test_an_odoo_field_that_is_read_only(self):
        for path, remote_field in (
            ('id', 'numberofemployees'), ('write_date', 'city'),
            ('commercial_company_name', 'city'),
            ('contact_address', 'industry'), ('active_lang_count', 'numberofemployees'),
        ):
            with self.subTest(path):
                self.assertLineRefused('read-only in Odoo', path, remote_field)

    def test_a_path_too_long_to_be_written(self):
        self.assertLineRefused(
            'can be read and not written', 'parent_id.country_id.code', 'industry')
        self.assertLineRefused('can be read and not written', 'child_ids.name', 'industry')
        line = self.add_line('parent_id.country_id.code', 'industry', rule='odoo_wins')
        self.assertTrue(line, 'the remedy of the message works')

    def test_a_remote_field_that_is_read_only(self):
        self.assertLineRefused('read-only at the SaaS', 'create_date', 'createdate',
                               rule='odoo_wins')
        line = self.add_line('date', 'createdate', converter='datetime', rule='remote_wins') \
            if 'date' in self.env['res.partner']._fields else True
        self.assertTrue(line)

    def test_a_converter_that_does_not_fit(self):
        for path, remote_field, converter in (
            ('color', 'industry', 'email'), ('comment', 'industry', 'date'),
            ('category_id', 'industry', 'text'), ('image_1920', 'industry', 'text'),
            ('color', 'city', 'boolean'), ('ref', 'firstname+city', 'text'),
            ('ref', 'industry', 'full_name'), ('ref', 'industry', 'link'),
        ):
            with self.subTest(path=path, converter=converter):
                self.assertLineRefused('converter', path, remote_field, converter=converter)

    def test_no_converter_where_none_can_be_chosen(self):
        self.assertLineRefused('no converter', 'category_id', 'industry')
        self.assertLineRefused('no converter', 'image_1920', 'industry')

    def test_a_converter_that_does_not_exist(self):
        self.assertLineRefused('"nonsense"', 'ref', 'industry', converter='nonsense')

    def test_parameters_that_do_not_fit_their_converter(self):
        for converter, params in (
            ('decimal', {'digits': 'many'}), ('decimal', {'digits': -1}),
            ('phone', {'country_prefix': 'BE'}), ('selection', {'map': 'a=b'}),
            ('stage', {'map': [1, 2]}), ('text', [1]), ('text', 'x'),
        ):
            with self.subTest(converter=converter, params=params):
                field = {'decimal': 'partner_latitude', 'selection': 'type',
                         'stage': 'category_id'}.get(converter, 'ref')
                self.assertLineRefused('', field, 'industry', converter=converter, params=params)

    def test_the_same_odoo_field_twice(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.cr.savepoint():
            self.add_line('email', 'industry')
            self.env.flush_all()

    def test_a_cycle_of_two_lines_that_feed_each_other(self):
        self.assertLineRefused('overwrite each other for ever', 'ref', 'city')
        self.assertLineRefused('overwrite each other for ever', 'ref', 'jobtitle+city',
                               converter='full_name')
        line = self.add_line('ref', 'city', rule='remote_wins')
        with self.assertRaisesRegex(ValidationError, 'for ever'), self.cr.savepoint():
            line.rule = 'two_way_newest'

    def test_changing_a_line_is_checked_like_adding_one(self):
        line = self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'city')
        self.assertRefused('no field', line.write, {'odoo_field': 'x_nothing'})
        self.assertRefused('no field', line.write, {'remote_field': 'nothing'})
        self.assertRefused('converter', line.write, {'converter': 'link'})

    def test_a_mapping_turned_round_is_checked_again(self):
        line = self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'city')
        self.contacts.direction = 'out'
        self.contacts.line_ids -= line
        self.add_line('contact_address', 'city')
        self.assertRefused('read-only in Odoo', self.contacts.write, {'direction': 'both'})

    def test_a_mapping_moved_to_another_model_is_checked_again(self):
        lead = self.env['ir.model']._get_id('crm.lead')
        self.assertRefused('no field', self.contacts.write, {'model_id': lead, 'domain': '[]'})


@tagged('post_install', '-at_install')
class TestMappings(MappingInputCase):
    def new(self, **values):
        return self.env['sync.mapping'].create({
            'connection_id': self.connection.id, 'remote_object': 'contacts',
            'model_id': self.env['ir.model']._get_id('crm.lead'), **values})

    def test_an_object_the_saas_does_not_have(self):
        message = self.assertRefused('no object "unicorns"', self.new, remote_object='unicorns')
        self.assertIn('companies', message, 'the message says what there is')

    def test_the_same_pair_twice(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.cr.savepoint():
            self.new(model_id=self.contacts.model_id.id)
            self.env.flush_all()

    def test_a_filter_that_does_not_work(self):
        for domain in (
            '[("nothing", "=", 1)]', '[', 'not python', '[("name", "~~", 1)]', '{}', '1',
            '[("name", "=")]', '"name"', '["&"]', '[("email.nothing", "=", 1)]',
            '__import__("os").system("true")', '().__class__.__mro__', '[(name, "=", 1)]',
            '[("name", "=", "a\\x00b")]', '[("write_date", ">", "no date")]',
        ):
            with self.subTest(domain), mute_logger('odoo.sql_db'):
                self.assertRefused('filter', self.contacts.write, {'domain': domain})

    def test_match_keys_that_no_line_maps(self):
        for keys in ('nothing', 'email,ref', 'Email', 'email;name', '"email"'):
            with self.subTest(keys):
                self.assertRefused('which no line maps', self.contacts.write, {'match_keys': keys})

    def test_removing_the_line_it_is_matched_by(self):
        line = self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'email')
        self.assertRefused('which no line maps', self.contacts.write,
                           {'line_ids': [(2, line.id)]})

    def test_create_values_that_odoo_refuses_fail_the_record_with_a_sentence(self):
        for values in ({'color': 'red'}, {'company_id': 999999999}, {'type': 'nonsense'}, [1], 'x'):
            with self.subTest(values=values):
                self.contacts.create_values = values
                self.fails_visibly()

    def fails_visibly(self):
        """A record cannot be created: its lane says why, and the event is kept."""
        remote_id = self.create_remote('contacts', {'firstname': 'Ann'})
        self.notify(('contacts', remote_id))
        with mute_logger('odoo.sql_db'):
            self.work(rounds=4)
        lane = self.lanes().filtered(lambda lane: lane.key == remote_id)
        self.assertEqual(lane.state, 'failed', lane.error_message)
        self.assertTrue(lane.error_message)
        self.assertEqual(
            self.env['sync.event'].search([('remote_id', '=', remote_id)]).mapped('state'),
            ['failed'])
        lane.action_ignore()


@tagged('post_install', '-at_install')
class TestChangedUnderneath(MappingInputCase):
    """What was right when it was entered, and is not any more."""

    def test_a_model_s_field_that_is_gone_is_told_and_nothing_is_lost(self):
        field = self.env['ir.model.fields'].create({
            'name': 'x_shoe_size', 'model_id': self.env['ir.model']._get_id('res.partner'),
            'ttype': 'char', 'state': 'manual'})
        self.add_line('x_shoe_size', 'industry')
        field.unlink()
        remote_id = self.create_remote('contacts', {'firstname': 'Ann'})
        self.notify(('contacts', remote_id))
        self.work(rounds=4)
        lane = self.lanes().filtered(lambda lane: lane.key == remote_id)
        self.assertEqual(lane.state, 'failed')
        self.assertIn('x_shoe_size', lane.error_message)

    def test_a_remote_field_that_is_gone_is_told_by_the_next_discovery(self):
        line = self.contacts.line_ids.filtered(lambda line: line.odoo_field == 'city')
        self.env['sync.remote.field'].search([
            ('connection_id', '=', self.connection.id), ('remote_object', '=', 'contacts'),
            ('name', '=', 'city')]).active = False
        self.assertRefused('no field "city"', line.write, {'remote_field': 'city'})
