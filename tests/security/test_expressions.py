"""The filter of a mapping is the one expression somebody can type, and it runs nothing."""

import time
import tracemalloc

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged
from odoo.tools import mute_logger

from ...models import sync_filter
from ..account import AccountMixin

ESCAPES = [
    '().__class__', "''.__class__.__mro__[1].__subclasses__()", '__import__("os").system("true")',
    '(lambda: 1)()', '[x for x in ().__class__.__bases__]', 'open("/etc/passwd").read()',
    "getattr([], '__class__')", '[("name", "=", uid.__class__)]', '[("name", "=", f"{uid}")]',
    '[("name", "=", env.cr)]', '[("name", "=", (yield))]', '[*range(9)]', '[("name", "=", name)]',
    "exec('1')", '`1`', '[("a", "=", 1) if 1 else 2]', '[].append(1)', '{}["a"]', '[1, 2][0]',
]
BOMBS = [
    '9**9**9', '[("name", "=", 9**9**9)]', "'a'*10**9", '[0]*10**9', '1<<10**9', '-' * 5000 + '1',
    '[' * 10_000, '(' * 9000 + ')' * 9000, '[("name", "=", ' + '9' * 10_000 + ')]',
    "[('name', 'like', '" + 'a' * 30_000 + "')]", '1 if ' * 2000 + '1', 'not ' * 3000 + '1',
    '{' * 90 + '}' * 90, '"' + '\\N{BULLET}' * 3000, '1' + '+1' * 9000, '[' + '[],' * 9000 + ']',
]
GOOD = [
    '[]', '', '[("is_company", "=", False)]', "['|', ('a', '=', 1), ('b', 'in', [1, 2])]",
    "[('user_id', '=', uid)]", "[('create_date', '>=', 'today -7d')]", "[('a', '=', -1.5)]",
    "[('a', '!=', None), ('b', 'in', {1, 2})]", "  [('a', '=', 'it''s')]\n",
]


@tagged('post_install', '-at_install')
class TestExpressions(AccountMixin, TransactionCase):
    def setUp(self):
        super().setUp()
        self.mapping = self.map_contacts(self.create_connection())

    def test_what_a_filter_may_hold_is_read_as_before(self):
        for text in GOOD:
            with self.subTest(text):
                list(sync_filter.parse(text, uid=1).iter_conditions())
        domain = sync_filter.parse("[('user_id', '=', uid)]", uid=7)
        self.assertEqual([condition.value for condition in domain.iter_conditions()], [7])

    def test_nothing_is_called_looked_up_or_worked_out(self):
        for text in ESCAPES:
            with self.subTest(text), self.assertRaises(ValueError):
                sync_filter.parse(text, uid=1)

    def test_a_bomb_costs_neither_time_nor_memory(self):
        """`9**9**9` was worked out by safe_eval, and took its worker with it."""
        for text in BOMBS:
            with self.subTest(text[:30]):
                tracemalloc.start()
                before = time.process_time()
                with self.assertRaises(ValueError):
                    sync_filter.parse(text, uid=1)
                spent, (_now, peak) = time.process_time() - before, tracemalloc.get_traced_memory()
                tracemalloc.stop()
                self.assertLess(spent, 5)
                self.assertLess(peak, 50_000_000)

    def test_the_form_says_what_is_wrong_with_it(self):
        for text in ('9**9**9', "'a'*10**9", '().__class__', '[("name", "=", context_today())]'):
            with self.subTest(text), self.assertRaises(ValidationError) as caught, \
                    self.cr.savepoint(), mute_logger('odoo.sql_db'):
                self.mapping.domain = text
                self.mapping.flush_recordset()
            self.assertIn('only literal values, uid may stand in a filter', str(caught.exception))
            self.assertIn(self.mapping.name, str(caught.exception))

    def test_a_bomb_that_is_in_the_database_already_stops_nobody_s_save(self):
        """It came by SQL, a restore or an older version: records are saved, the log tells."""
        self.env.flush_all()
        self.cr.execute(
            'UPDATE sync_mapping SET domain = %s WHERE id = %s', ['9**9**9', self.mapping.id])
        self.env.invalidate_all()
        self.mapping._forget()
        with self.assertLogs('odoo.addons.saas_sync.models.sync_capture', 'ERROR'):
            partner = self.env['res.partner'].create({'name': 'Ann', 'email': 'ann@example.com'})
            self.env.flush_all()
            self.cr.flush()
        self.assertTrue(partner.exists())
