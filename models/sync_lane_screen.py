"""Failures as people see them: causes in words, and what waits and was tried beside the record.

Failures are grouped by fingerprint, which is made for machines. Wherever groups are read for a
screen, the fingerprint is replaced by the sentence of the oldest failure of the group, which names
what is wrong and what to do; the group's own filter stays the fingerprint's.
"""

from __future__ import annotations

from odoo import api, fields, models
from odoo.fields import Domain

TRIES_SHOWN = 20


class SyncLane(models.Model):
    _inherit = 'sync.lane'

    event_ids = fields.One2many('sync.event', 'lane_id', 'Events')
    outbox_ids = fields.One2many('sync.outbox', 'lane_id', 'Outbound messages')
    attempt_ids = fields.Many2many('sync.attempt', compute='_compute_attempt_ids')
    has_record = fields.Boolean(compute='_compute_has_record')

    # === COMPUTE === #

    def _compute_attempt_ids(self):
        for lane in self:
            lane.attempt_ids = self.env['sync.attempt'].search(
                [('connection_id', '=', lane.connection_id.id), ('key', '=', lane.key),
                 ('direction', '=', lane.direction), ('object', '=', lane.object)],
                limit=TRIES_SHOWN)

    def _compute_has_record(self):
        for lane in self:
            record = lane._record(lane._link())
            lane.has_record = bool(record) and record.with_user(
                self.env.user).sudo(False).has_access('read')

    # === READING GROUPS === #

    @api.model
    @api.readonly
    def formatted_read_group(
        self, domain, groupby=(), aggregates=(), having=(), offset=0, limit=None, order=None
    ):
        groups = super().formatted_read_group(
            domain, groupby, aggregates, having=having, offset=offset, limit=limit, order=order)
        if 'fingerprint' in groupby:
            self._name_causes(domain, groups)
        return groups

    @api.model
    def _name_causes(self, domain, groups):
        causes = [group['fingerprint'] for group in groups if group['fingerprint']]
        sentences = self._cause_sentences(domain, causes)
        for group in groups:
            cause = group['fingerprint']
            group['fingerprint'] = sentences.get(cause, cause)

    @api.model
    def _cause_sentences(self, domain, causes):
        """``{fingerprint: sentence}``, no two of them equal: the client tells groups by them."""
        rows = self._read_group(
            Domain(domain) & Domain('fingerprint', 'in', causes), ['fingerprint'], ['id:min'])
        firsts = {lane.id: lane for lane in self.browse([row[1] for row in rows])}
        sentences = {cause: firsts[first]._cause_sentence() or cause for cause, first in rows}
        taken = list(sentences.values())
        return {
            cause: sentence if taken.count(sentence) == 1 else f'{sentence} [{cause}]'
            for cause, sentence in sentences.items()
        }

    def _cause_sentence(self):
        return ' '.join((self.error_message or '').split())

    # === ACTIONS === #

    def action_unassign(self):
        self._check_may_operate()
        self.sudo().write({'user_id': False})
