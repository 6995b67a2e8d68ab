"""A spreadsheet made of our logs works nothing out."""

import csv
import io
import json

import openpyxl

from odoo.http import Request
from odoo.tests import HttpCase, new_test_user, tagged

from ...models.export_guard import STARTS_A_FORMULA
from ..account import AccountMixin
from ..screen_data import ScreenData

EVIL = [
    "=cmd|' /C calc'!A0", '+1+1', '-2+3', '@SUM(1+1)*cmd', '\t=1+1', '\r=1+1', '=HYPERLINK("x")',
]


@tagged('post_install', '-at_install')
class TestExports(AccountMixin, HttpCase):
    def setUp(self):
        super().setUp()
        new_test_user(self.env, 'exporter', 'saas_sync.group_user,base.group_allow_export')
        self.authenticate('exporter', 'exporter')
        data, connection = ScreenData(self.env), self.create_connection()
        lane = data.failed_lane(connection)
        for number, text in enumerate(EVIL):
            data.event(connection, str(number), event_type=text, reason=text, error_message=text)
            data.lane(connection, key=text, state='failed', error_message=text)
            data.attempt(lane, error_message=text, request_id=text)
        data.schema(connection, 'contacts', {
            f'n{number}': (text, 'string') for number, text in enumerate(EVIL)})
        self.env.flush_all()

    def export(self, kind, model, names):
        answer = self.url_open(f'/web/export/{kind}', data={'data': json.dumps({
            'model': model, 'fields': [{'name': name, 'label': name} for name in names],
            'ids': False, 'domain': [], 'import_compat': False, 'context': {}}),
            'csrf_token': Request.csrf_token(self)})
        self.assertEqual(answer.status_code, 200, answer.text[:300])
        return answer.content

    EXPORTS = {
        'sync.event': ['event_type', 'reason', 'error_message', 'payload'],
        'sync.lane': ['key', 'error_message', 'display_name'],
        'sync.attempt': ['error_message', 'request_id'],
        'sync.remote.field': ['name', 'label'],
    }

    def test_no_cell_of_a_csv_begins_as_a_formula(self):
        for model, names in self.EXPORTS.items():
            rows = list(csv.reader(io.StringIO(self.export('csv', model, names).decode())))
            with self.subTest(model):
                self.assertGreater(len(rows), len(EVIL))
                cells = [cell for row in rows for cell in row]
                self.assertFalse([one for one in cells if one.startswith(STARTS_A_FORMULA)])
                self.assertTrue([one for one in cells if one.startswith("'=cmd")])

    def test_no_cell_of_an_xlsx_is_a_formula(self):
        """Found by this test: Odoo writes a text that begins with `=` as a formula."""
        for model, names in self.EXPORTS.items():
            book = openpyxl.load_workbook(io.BytesIO(self.export('xlsx', model, names)))
            cells = [cell for row in book.active.iter_rows() for cell in row]
            with self.subTest(model):
                self.assertFalse([cell.value for cell in cells if cell.data_type == 'f'])
                texts = [cell.value for cell in cells if isinstance(cell.value, str)]
                self.assertFalse([one for one in texts if one.startswith(STARTS_A_FORMULA)])
