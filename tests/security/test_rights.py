"""Everybody against every model, and every button: made from the registry, so that a new model or a
new button is asked the same questions as the old ones."""

import inspect
from contextlib import suppress

from odoo.exceptions import AccessError, MissingError, UserError, ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ..account import AccountMixin
from .world import World, addon_models, missing, picture

CONFIGURATION = ['sync_connection', 'sync_mapping%', 'sync_credential', 'sync_remote_field']
#: What people without the add-on's group may do: look, in a dialog of their own.
QUIET = ('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule', 'odoo.models')
#: So that a second row beside the first breaks no unique index.
DIFFERENT = {
    'sync.mapping': {'remote_object': 'deals', 'line_ids': []},
    'sync.mapping.line': {'odoo_field': 'phone', 'remote_field': 'phone'},
    'sync.bulk.row': {'res_id': 1},
}
OPERATIONS = ('read', 'write', 'create', 'unlink')


@tagged('post_install', '-at_install')
class TestRights(AccountMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world = World(cls.env)
        cls.mine = cls.world.rows(cls.world.home)
        cls.theirs = cls.world.rows(cls.world.other)
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.enter_single_transaction()

    def test_every_model_of_the_add_on_is_asked(self):
        self.assertFalse(missing(self.env, self.mine), 'give it a row in world.py')
        self.assertGreater(len(addon_models(self.env)), 15)

    # --- rows ---------------------------------------------------------------------------------

    @mute_logger(*QUIET)
    def test_another_company_s_rows_do_not_exist_for_anybody(self):
        """Search, read, name, group, write, copy, delete: with every role in this company."""
        for name in ('stranger', 'user', 'manager'):
            person = self.world.people[name]
            for model, records in self.theirs.items():
                with self.subTest(model, person=name):
                    self.env.invalidate_all()
                    theirs = records.with_user(person)
                    self.assertUnseen(theirs)
                    self.assertUntouched(theirs)

    def assertUnseen(self, records):
        fields = [name for name, field in records._fields.items() if field.store][:40]
        with suppress(AccessError):
            self.assertFalse(records.search([('id', 'in', records.ids)]))
        with suppress(AccessError):
            self.assertFalse(records.name_search(domain=[('id', 'in', records.ids)]))
        with suppress(AccessError):
            self.assertEqual(
                records.formatted_read_group([('id', 'in', records.ids)], [], ['__count'])[0]
                ['__count'], 0)
        for look in (lambda: records.read(fields), lambda: records.export_data(['display_name']),
                     lambda: records.web_read({'display_name': {}})):
            self.assertRefused(look, MissingError, UserError)

    def assertUntouched(self, records):
        for change in (lambda: records.write({'create_uid': 1}), records.unlink,
                       lambda: records[:1].copy()):
            self.assertRefused(change, UserError)

    def assertRefused(self, action, *others):
        try:
            with self.cr.savepoint():
                action()
                self.env.flush_all()
        except (AccessError, *others):
            return
        self.fail('was not refused')

    @mute_logger(*QUIET)
    def test_nobody_makes_rows_in_another_company_s_account(self):
        for name, person in self.world.people.items():
            for model in ('sync.mapping', 'sync.mapping.line', 'sync.link', 'sync.event',
                          'sync.outbox', 'sync.lane', 'sync.attempt', 'sync.remote.field',
                          'sync.budget', 'sync.breaker', 'sync.credential', 'sync.bulk.job',
                          'sync.bulk.row'):
                vals = {**self.theirs[model][:1].copy_data()[0], **DIFFERENT.get(model, {})}
                with self.subTest(model, person=name):
                    self.assertRefused(
                        lambda m=model, p=person, v=vals: self.env[m].with_user(p).create(v),
                        ValidationError)

    @mute_logger(*QUIET)
    def test_the_rights_of_each_role_are_these_and_no_others(self):
        configured = {'sync.connection', 'sync.mapping', 'sync.mapping.line'}
        logs = {name for name in addon_models(self.env, transient=False)
                if name != 'sync.credential'}
        expected = {
            'user': {'read': logs - {'sync.bulk.row'}},  # whole records, of any mapping
            'manager': {'read': logs, 'write': configured, 'create': configured,
                        'unlink': configured},
        }
        for name, person in self.world.people.items():
            for operation in OPERATIONS:
                with self.subTest(name, operation=operation):
                    allowed = {model for model in addon_models(self.env, transient=False)
                               if self.env[model].with_user(person).has_access(operation)}
                    self.assertEqual(allowed, expected.get(name, {}).get(operation, set()))

    # --- buttons ------------------------------------------------------------------------------

    def test_who_has_no_role_changes_nothing_by_any_button_or_call(self):
        for name in ('stranger', 'salesperson', 'portal'):
            self.press_everything(self.world.people[name], self.mine)

    def test_no_role_in_another_company_changes_this_one_s_account(self):
        """Found by this test: a failure was taken from who had it by any user of the add-on of any
        company, because "Unassign" looked at the group and not at the records.
        """
        for person in self.world.outsiders.values():
            self.press_everything(person, self.mine)

    def test_a_user_of_the_add_on_configures_nothing_by_any_button_or_call(self):
        self.press_everything(self.world.people['user'], self.mine, CONFIGURATION)

    @mute_logger(*QUIET, 'odoo.sql_db')
    def press_everything(self, person, rows, tables=('sync_%',)):
        """Call every public method of the add-on; the database has to look the same afterwards."""
        rows['sync.lane'].user_id = self.env.user
        self.cr.flush()  # what was captured of the rows just made
        for model, records in rows.items():
            self.env.flush_all()
            before, passed = picture(self.cr, tables), []
            for method in self.public_methods(model):
                if self.press(records[:1].with_user(person), method):
                    passed.append(method)
            with self.subTest(model, person=person.login, not_refused=passed):
                self.assertEqual(picture(self.cr, tables), before)

    def press(self, record, method):
        """Call it; whether it came back without a refusal."""
        try:
            with self.cr.savepoint():
                getattr(record, method)(*self.arguments(getattr(record, method)))
                self.env.flush_all()
        except (AccessError, UserError, MissingError):
            self.env.invalidate_all()
            return False
        return True

    def public_methods(self, model):
        """Methods that a client may call, of the classes of the add-on."""
        own = [cls for cls in self.env.registry[model].__mro__
               if cls.__module__.startswith('odoo.addons.saas_sync.')]
        names = {name for cls in own for name, value in vars(cls).items()
                 if inspect.isfunction(value) and not name.startswith('_')
                 and not getattr(value, '_api_private', False)}
        return sorted(names - {'create', 'write', 'unlink', 'copy', 'copy_data', 'default_get'})

    def arguments(self, method):
        """Something for every parameter that has no default."""
        parameters = inspect.signature(method).parameters.values()
        return [[] for one in parameters
                if one.default is one.empty and one.kind in (
                    one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]
