"""Failures as people see them: causes in words, and what waits and was tried beside the record.

Failures are grouped by fingerprint, which is made for machines. Wherever groups are read for a
screen, the fingerprint is replaced by the sentence of the oldest failure of the group, which names
what is wrong and what to do; the group's own filter stays the fingerprint's.
"""

from __future__ import annotations

import textwrap

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

TRIES_SHOWN = 20
#: Characters; the records of a group show their sentence whole.
HEADING_LENGTH = 240


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
        by_cause = bool(groupby) and groupby[0] == 'fingerprint'
        if by_cause and (order or 'fingerprint').split()[0] == 'fingerprint':
            order = '__count DESC, fingerprint'
        groups = super().formatted_read_group(
            domain, groupby, aggregates, having=having, offset=offset, limit=limit, order=order)
        if by_cause:
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
        return textwrap.shorten(self.error_message or '', HEADING_LENGTH, placeholder='…')

    # === ACTIONS === #

    @api.model
    def action_replay_matching(self, domain):
        """Release everything a filter of the screen finds."""
        count = self._replay_domain(domain)
        return self._notify(self.env._('%s records will be tried again now.', count))

    @api.model
    def action_ignore_matching(self, domain):
        """Give up what waits in every lane a filter of the screen finds."""
        self._check_may_operate()
        found = self._search(domain).subselect()
        count = sum(
            self.sudo()._cancel(direction, f'lane_id IN {found.code}', list(found.params))
            for direction in ('in', 'out'))
        return self._notify(self.env._('%s messages were given up.', count))

    @api.model
    def action_assign_matching(self, domain):
        """Take over everything a filter of the screen finds."""
        self._check_may_operate()
        self.flush_model()
        self.env.cr.execute(SQL(
            'UPDATE sync_lane SET user_id = %s WHERE id IN %s', self.env.uid,
            self._search(domain).subselect()))
        self.invalidate_model(['user_id'])
        return self._notify(self.env._('%s records are yours now.', self.env.cr.rowcount))

    def action_unassign(self):
        self._check_may_operate()
        self.check_access('read')
        self.sudo().write({'user_id': False})
