"""Every question the web client can ask about every model, and no secret in any answer."""

import logging
import os
import subprocess
from contextlib import suppress
from pathlib import Path
from unittest import SkipTest

from odoo.exceptions import AccessError, UserError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ...models.sync_credential import KEY_PARAMETER
from ..account import AccountMixin
from .world import MANAGERS_ONLY, SECRETS, World

#: Odoo refuses what a role may not do, and logs that it did.
QUIET = ('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule', 'odoo.http')


@tagged('post_install', '-at_install')
class TestSecretsByRpc(AccountMixin, TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world = World(cls.env)
        cls.mine = cls.world.rows(cls.world.home)
        cls.env.flush_all()
        key = cls.env['ir.config_parameter'].get_param(KEY_PARAMETER)
        cls.secrets = {*SECRETS.values(), *filter(None, [key])}
        cls.secrets |= {row.value for row in cls.mine['sync.credential']}
        cls.tokens = {cls.mine['sync.connection'][name] for name in MANAGERS_ONLY}

    def assertClean(self, answer, hidden):
        text = repr(answer)
        for secret in hidden:
            self.assertNotIn(secret, text)

    @mute_logger(*QUIET)
    def test_no_answer_to_anybody_holds_a_secret(self):
        for name, person in self.world.people.items():
            hidden = self.secrets | (self.tokens if name != 'manager' else set())
            for model, records in self.mine.items():
                for question, ask in self.questions(records.with_user(person)).items():
                    self.env.invalidate_all()
                    with self.subTest(model, person=name, question=question), \
                            suppress(AccessError, UserError):
                        self.assertClean(ask(), hidden)

    @mute_logger(*QUIET)
    def test_they_are_asked_indeed(self):
        """The questions reach the rows: a manager finds by them what a manager may see."""
        records = self.mine['sync.connection'].with_user(self.world.people['manager'])
        found = {question: repr(ask()) for question, ask in self.questions(records).items()
                 if question not in ('name_search', 'fields_get', 'default_get', 'onchange',
                                     'views', 'groups')}
        token = self.mine['sync.connection'].webhook_token
        self.assertIn(token, found['read'])
        self.assertIn(token, found['web_search_read'])
        for answer in found.values():
            self.assertTrue(answer)

    def questions(self, records):
        """What the web client calls, by name."""
        own = [('id', 'in', records.ids)]
        names = list(records._fields)
        visible = [name for name in names
                   if records._has_field_access(records._fields[name], 'read')]
        specification = {name: {} for name in visible}
        exported = [name for name in visible if records._fields[name].exportable]
        stored = [name for name in visible if records._fields[name].store
                  and records._fields[name].type in ('char', 'selection', 'many2one', 'boolean')]
        return {
            'read': records.read,
            'read every field': lambda: records.read(names),
            'search_read': lambda: records.search_read(own),
            'web_read': lambda: records.web_read(specification),
            'web_search_read': lambda: records.web_search_read(own, specification),
            'groups': lambda: [records.formatted_read_group(own, [name], ['__count'])
                               for name in stored],
            'web_read_group': lambda: records.web_read_group(own, stored[:1], ['__count']),
            'fields_get': records.fields_get,
            'name_search': lambda: records.name_search(''),
            'default_get': lambda: records.browse().default_get(names),
            'onchange': lambda: records.onchange({}, [], specification),
            'export': lambda: records.export_data(exported),
            'export every field': lambda: [records.export_data([name]) for name in exported],
            'copy_data': records.copy_data,
            'views': lambda: records.get_views([(False, 'form'), (False, 'list')]),
            'display': lambda: records.mapped('display_name'),
            'messages': lambda: records.mapped('message_ids.body')
            if 'message_ids' in names else None,
        }

    @mute_logger(*QUIET)
    def test_a_secret_is_not_found_by_guessing_at_its_beginning(self):
        """A search that says yes or no to `=like 'p%'` gives a secret away letter by letter."""
        for name, person in self.world.people.items():
            connections = self.env['sync.connection'].with_user(person)
            fields = ['access_token_input', 'client_secret_input', 'client_id']
            fields += ['webhook_token'] if name != 'manager' else []
            for field in fields:
                guess = [(field, '=like', '%')]
                with self.subTest(field, person=name), suppress(AccessError, ValueError):
                    self.assertFalse(connections.search(guess) if name != 'manager' else None)

    def test_a_repr_or_a_traceback_of_ours_holds_no_secret(self):
        connection = self.mine['sync.connection']
        connector = connection._connector(fenced=True)
        things = [connection, connector, connector.http, vars(connector),
                  self.env['sync.connection']._find_receiver(connection.webhook_token)]
        self.assertClean(things[:4], self.secrets)
        # The receiver holds the signing secret for the time of a request: its repr does not.
        self.assertClean(things[4], self.secrets)

    def test_a_dump_of_the_database_holds_no_secret_in_the_clear(self):
        """Where the key is configured; without one the log says that the dump holds it too."""
        program = Path(os.environ.get('SAAS_SYNC_PG_BIN') or '.') / 'pg_dump'
        if not program.exists():
            raise SkipTest('SAAS_SYNC_PG_BIN names no folder with pg_dump')
        # What this test made is not committed: every row of the transaction is looked at as well.
        self.cr.execute(
            "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' "
            "AND table_name LIKE 'sync\\_%' OR table_name IN "
            "('mail_message', 'mail_tracking_value', 'ir_logging', 'ir_config_parameter') "
            'GROUP BY 1')
        for (table,) in self.cr.fetchall():
            self.cr.execute(f'SELECT t::text FROM "{table}" t')
            text = '\n'.join(row[0] for row in self.cr.fetchall())
            with self.subTest(table):
                for secret in SECRETS.values():
                    self.assertNotIn(secret, text)
        dump = subprocess.run(
            [program, '--data-only', '--table=sync_*', '--dbname', self.cr.dbname],
            capture_output=True, check=True).stdout.decode()
        for secret in SECRETS.values():
            self.assertNotIn(secret, dump)

    def test_no_right_on_the_rows_can_be_had_by_any_group(self):
        """Not by a group of ours and not by the system's administrators."""
        rows = self.mine['sync.credential'].with_user(self.env.ref('base.user_admin'))
        logging.getLogger('odoo.addons.base.models.ir_model').setLevel(logging.ERROR)
        for ask in self.questions(rows).values():
            with suppress(AccessError, UserError):
                self.assertClean(ask(), self.secrets)
        self.assertFalse(any(rows.has_access(one) for one in ('read', 'write', 'create', 'unlink')))
