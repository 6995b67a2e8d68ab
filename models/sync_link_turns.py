"""The loop breaker: a record that both sides keep changing back is stopped, and a person told.

Our own writes make no loop: they come back as echoes, and change nothing. But an automation of the
account may undo what Odoo writes, and one of Odoo may undo that, for ever and as fast as both can.
Each change that goes the other way than the last one is a turn; so many within the hour, and the
next change that comes in stays out until somebody replays it.

Weakness: a loop slower than that (through a poll every quarter of an hour, say) goes on; it costs
a few calls an hour. Two people who change one record in turns that often are taken for machines.
"""

from __future__ import annotations

from datetime import timedelta

from odoo import api, fields, models

from ..engine.errors import ConflictError
from . import clock
from .sync_settlement import Result

MAX_TURNS = 20
WINDOW = timedelta(hours=1)


class SyncLink(models.Model):
    _inherit = 'sync.link'

    last_side = fields.Selection(
        [('odoo', 'Odoo'), ('remote', 'The SaaS')], 'Last changed by', readonly=True,
        help='The side whose change was carried over last.')
    turns = fields.Integer(
        readonly=True, aggregator=None,
        help='How often the changes have changed direction within the hour.')
    turns_since = fields.Datetime(readonly=True, help='When that hour has begun.')

    @api.model
    def _turn(self, link, side):
        """The columns of ``link`` once a change of ``side`` was carried over.

        :param link: empty where it is a new one
        :param side: None where both sides agreed already
        """
        if not link or not side:
            kept = link and link.turns_since
            return {'last_side': (link and link.last_side) or side or False,
                    'turns': link.turns if kept else 0, 'turns_since': kept or False}
        now = clock.now(self.env)
        if not link.turns_since or link.turns_since < now - WINDOW:
            return {'last_side': side, 'turns': 0, 'turns_since': now}
        return {'last_side': side, 'turns': link.turns + (link.last_side != side),
                'turns_since': link.turns_since}

    def _is_looping(self):
        self.ensure_one()
        return (self.turns >= MAX_TURNS and self.last_side == 'odoo'
                and self.turns_since >= clock.now(self.env) - WINDOW)

    def _stop_looping(self, keys):
        """Stop at these lines; return the Result of the lane. A replay begins anew."""
        self.ensure_one()
        labels = self._field_labels()
        names = ', '.join(sorted(labels.get(key, key) for key in keys))
        reason = self.env._(
            'Odoo and %(provider)s changed this record in turns %(turns)s times within the hour, '
            'now %(fields)s. Most likely an automation on one side undoes what the other one '
            'writes. Stop one of them, then replay.',
            provider=self.connection_id.sudo()._remote_label(), turns=self.turns, fields=names)
        self.write({'state': 'failing', 'reason': reason, 'turns': 0})
        return Result('failed', error=ConflictError(
            f'{self.remote_object} {self.remote_id} goes back and forth', code='LOOP',
            user_message=reason))
