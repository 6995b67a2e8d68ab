"""What inbound events and outbound messages have in common.

A message is written once and never changed but for its outcome. Producers (the webhook, the
change capture) only ever INSERT: they touch no lane, so no user's save and no delivery can
collide with a worker. The scheduler (:mod:`.sync_lane`) finds messages without a lane, and
gives them one.

Life of a message::

    pending ──► done | ignored | superseded      the lane was worked
       │  ▲
       ▼  │ replay
    failed ──► cancelled                         a person gave it up
"""

from __future__ import annotations

from odoo import api, fields, models
from odoo.tools import SQL

MESSAGE_STATES = [
    ('pending', 'Pending'),
    ('done', 'Done'),
    ('ignored', 'Ignored'),
    ('superseded', 'Superseded'),
    ('failed', 'Failed'),
    ('cancelled', 'Cancelled'),
]

ERROR_CLASSES = [
    ('transient', 'Temporary failure'),
    ('rate_limit', 'Rate limit'),
    ('auth', 'Sign-in'),
    ('data', 'Refused data'),
    ('conflict', 'Conflict'),
    ('contract', 'Unexpected format'),
    ('bug', 'Internal error'),
]

_FORMER_INDEXES = ('fresh_idx', 'correlation_idx')


class SyncMessage(models.AbstractModel):
    _name = 'sync.message'
    _description = 'Message waiting for, or worked by, a lane'

    #: 'in' or 'out': the direction of the lanes that drain this table.
    _direction = None
    #: SQL expression over the table's own columns: the key of the message's lane.
    _lane_key_sql = None
    #: SQL select list over the newest message ``m`` of a kind: what the pipeline wants of it.
    _news_sql = None
    #: SQL condition: whether there is a record behind the message that could be looked at.
    _replayable_sql = 'TRUE'

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade'
    )
    company_id = fields.Many2one(related='connection_id.company_id')
    remote_object = fields.Char(readonly=True)
    kind = fields.Char(
        required=True, readonly=True, default='change',
        help='What the message tells the engine to look at.')
    state = fields.Selection(MESSAGE_STATES, required=True, readonly=True, default='pending')
    reason = fields.Char(readonly=True, help='Why it ended the way it did.')
    priority = fields.Integer(readonly=True, default=10, help='Lower goes first.')
    correlation_id = fields.Char(
        readonly=True, help='Joins a delivery, the records it changed and the calls it caused.'
    )
    lane_id = fields.Many2one(
        'sync.lane', readonly=True, ondelete='set null',
        help='The schedule of its record, while the message waits.',
    )
    dispatch_number = fields.Integer(
        readonly=True, aggregator=None,
        help='Which dispatch gave it its lane: a claim ends what it has seen, and nothing later.')
    error_class = fields.Selection(ERROR_CLASSES, readonly=True)
    error_message = fields.Text(readonly=True)
    done_at = fields.Datetime(readonly=True)
    latency = fields.Float(
        'Latency (s)', readonly=True, aggregator='avg', digits=(12, 3),
        help='Seconds between the arrival of the message and its outcome.',
    )

    # "What is new, and what waits?" and "what belongs to this lane?". Both are partial, so that a
    # year of history costs them nothing. The first question is one index and not two: of two, the
    # planner took the other one whenever statistics said that nothing waits, and every round then
    # read all that waits on lanes. Every index costs a message an entry when it comes, one when it
    # gets its lane and one when it ends.
    _open_idx = models.Index(
        "(connection_id, state, lane_id, priority, id) WHERE state IN ('pending', 'failed')")
    _lane_idx = models.Index('(lane_id, kind, dispatch_number, id) WHERE lane_id IS NOT NULL')
    _history_idx = models.Index('(connection_id, create_date)')

    def init(self):
        """Vacuum by what is worked, not by a fifth of a history that is never deleted; take away
        the indexes of earlier versions, which Odoo leaves where they are."""
        if self._abstract:
            return
        self.env.cr.execute(SQL(
            'ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.02, '
            'autovacuum_analyze_scale_factor = 0.02)', SQL.identifier(self._table)))
        for name in _FORMER_INDEXES:
            self.env.cr.execute(SQL(
                'DROP INDEX IF EXISTS %s', SQL.identifier(f'{self._table}_{name}')))

    @api.depends('connection_id', 'remote_object')
    def _compute_display_name(self):
        for message in self:
            message.display_name = f'{message.remote_object or message._description} #{message.id}'

    # === ACTIONS === #

    def action_replay(self):
        """Work the messages again: same rows, same keys. Those still waiting are hurried."""
        return self.env['sync.lane']._replay_messages(self)

    def action_ignore(self):
        """Give the messages up; they stay in the log as cancelled."""
        return self.env['sync.lane']._cancel_messages(self)

    def action_open_attempts(self):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window',
            'name': self.env._('Attempts'),
            'res_model': 'sync.attempt',
            'view_mode': 'list,form',
            'domain': [('correlation_id', '=', self.correlation_id)],
        }
