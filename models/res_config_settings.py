"""Settings of the engine: how many workers, and how long the log is kept."""

from odoo import api, fields, models
from odoo.exceptions import ValidationError

WORKERS = [f'saas_sync.ir_cron_worker_{number}' for number in range(1, 5)]


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    saas_sync_workers = fields.Integer(
        'Sync workers', default=lambda self: self._saas_sync_active_workers(),
        help='How many scheduled actions work at once, at most 4. More than the Odoo server has '
             'cron threads brings nothing.',
    )
    saas_sync_payload_days = fields.Integer(
        'Keep payloads (days)', default=30, config_parameter='saas_sync.payload_days',
        help='What was received is cleared after so many days; that it was received is kept.',
    )
    saas_sync_outbox_days = fields.Integer(
        'Keep sent messages (days)', default=90, config_parameter='saas_sync.outbox_days'
    )
    saas_sync_attempt_days = fields.Integer(
        'Keep attempts (days)', default=30, config_parameter='saas_sync.attempt_days'
    )

    # === CONSTRAINTS === #

    @api.constrains(
        'saas_sync_workers', 'saas_sync_payload_days', 'saas_sync_outbox_days',
        'saas_sync_attempt_days',
    )
    def _check_saas_sync(self):
        for settings in self:
            if not 1 <= settings.saas_sync_workers <= len(WORKERS):
                raise ValidationError(self.env._(
                    'Sync workers: choose from 1 to %s.', len(WORKERS)))
            days = (settings.saas_sync_payload_days, settings.saas_sync_outbox_days,
                    settings.saas_sync_attempt_days)
            if min(days) < 1:
                raise ValidationError(self.env._('Keep the log of SaaS Sync for at least 1 day.'))

    # === BUSINESS === #

    def set_values(self):
        result = super().set_values()
        if self.saas_sync_workers != self._saas_sync_active_workers():
            for number, cron in enumerate(self._saas_sync_crons(), start=1):
                cron.active = number <= self.saas_sync_workers
        return result

    @api.model
    def _saas_sync_active_workers(self):
        return sum(cron.active for cron in self._saas_sync_crons())

    @api.model
    def _saas_sync_crons(self):
        return [self.env.ref(name).sudo() for name in WORKERS]
