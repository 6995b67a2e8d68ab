"""One column that says what a try did: its error where there is one, else its summary."""

from odoo import api, fields, models


class SyncAttempt(models.Model):
    _inherit = 'sync.attempt'

    outcome_text = fields.Char('What happened', compute='_compute_outcome_text')

    @api.depends('error_message', 'summary')
    def _compute_outcome_text(self):
        for attempt in self:
            attempt.outcome_text = attempt.error_message or attempt.summary

    @api.depends('object', 'key')
    def _compute_display_name(self):
        for attempt in self:
            attempt.display_name = f'{attempt.object} {attempt.key}'
