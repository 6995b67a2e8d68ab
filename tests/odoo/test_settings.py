"""The engine's settings: how many workers run, and how long the log is kept."""

from odoo.exceptions import ValidationError
from odoo.tests import TransactionCase, tagged

from ...models.res_config_settings import WORKERS


@tagged('post_install', '-at_install')
class TestSettings(TransactionCase):
    def save(self, **values):
        self.env['res.config.settings'].create(values).execute()

    def active(self):
        return [self.env.ref(name).active for name in WORKERS]

    def test_the_number_of_workers_is_the_number_of_active_crons(self):
        for number in (1, 4, 2):
            self.save(saas_sync_workers=number)
            self.assertEqual(self.active(), [True] * number + [False] * (4 - number))
            self.assertEqual(self.env['res.config.settings'].create({}).saas_sync_workers, number)

    def test_a_number_that_makes_no_sense_is_refused_with_the_choices(self):
        for number in (0, 5, -1):
            with self.assertRaisesRegex(ValidationError, 'from 1 to 4'):
                self.save(saas_sync_workers=number)
        with self.assertRaisesRegex(ValidationError, 'at least 1 day'):
            self.save(saas_sync_payload_days=0)

    def test_the_days_reach_the_housekeeping(self):
        self.save(saas_sync_payload_days=7, saas_sync_attempt_days=8, saas_sync_outbox_days=9)
        days = self.env['sync.housekeeping']._days
        self.assertEqual(
            [days('payload_days', 1), days('attempt_days', 1), days('outbox_days', 1)], [7, 8, 9])
