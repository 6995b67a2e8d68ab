"""What people do with lanes: replay, ignore, assign, release; one, a selection, or a filter.

All set-based: replaying 100,000 lanes is one UPDATE. A running lane is never touched; its worker
is just doing what was asked for.
"""

from __future__ import annotations

from odoo import api, fields, models
from odoo.exceptions import UserError

STOPPED = ('failed', 'quarantined', 'waiting')


class SyncLane(models.Model):
    _inherit = 'sync.lane'

    record_name = fields.Char('Record', compute='_compute_record_name')
    remote_url = fields.Char(compute='_compute_record_name')

    @api.depends('direction', 'object', 'key')
    def _compute_record_name(self):
        for lane in self:
            link = lane._link()
            record = lane._record(link)
            readable = record and record.with_user(self.env.user).sudo(False).has_access('read')
            lane.record_name = record.display_name if readable else f'{lane.object} {lane.key}'
            lane.remote_url = link.remote_url if link else False

    @api.depends('object', 'key')
    def _compute_display_name(self):
        for lane in self:
            lane.display_name = f'{lane.object} {lane.key}'

    def _link(self):
        self.ensure_one()
        links = self.env['sync.link'].sudo()
        if self.direction == 'in':
            return links._by_remote(self.connection_id, self.object, [self.key]).get(self.key)
        model, _, res_id = self.key.partition(',')
        found = links._by_record(self.connection_id, self.object, model, [int(res_id)])
        return found.get(int(res_id))

    def _record(self, link):
        if self.direction == 'in':
            return link and link._record()
        model, _, res_id = self.key.partition(',')
        if model not in self.env:
            return None
        return self.env[model].sudo().with_context(active_test=False).browse(int(res_id)).exists()

    # === ACTIONS === #

    def action_replay(self):
        """Put the lanes back to ready: same messages, same keys, a fresh count of tries."""
        self._check_may_operate()
        self.check_access('read')
        count = self.sudo()._replay_where('id = ANY(%s)', [self.ids])
        return self._notify(self.env._('%s records will be tried again now.', count))

    def action_ignore(self):
        """Give up what waits in these lanes; the messages stay in the log, cancelled."""
        self._check_may_operate()
        self.check_access('read')
        lanes = self.sudo()
        # Grouped first: cancelling deletes the lanes.
        for direction, group in lanes.grouped('direction').items():
            lanes._cancel(direction, 'lane_id = ANY(%s)', [group.ids])
        return self._notify(self.env._('%s records were taken off the list.', len(self)))

    def action_assign_me(self):
        self._check_may_operate()
        self.check_access('read')
        self.sudo().write({'user_id': self.env.user.id})

    def action_open_record(self):
        self.ensure_one()
        record = self._record(self._link())
        if not record:
            raise UserError(self.env._('There is no Odoo record behind %s yet.', self.display_name))
        return {'type': 'ir.actions.act_window', 'res_model': record._name, 'res_id': record.id,
                'view_mode': 'form', 'views': [(False, 'form')]}

    def action_open_remote(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_url', 'url': self.remote_url, 'target': 'new'}

    def action_open_attempts(self):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'name': self.env._('Attempts'),
            'res_model': 'sync.attempt', 'view_mode': 'list,form',
            'domain': [('connection_id', '=', self.connection_id.id), ('key', '=', self.key),
                       ('direction', '=', self.direction), ('object', '=', self.object)],
        }

    # === SET-BASED === #

    @api.model
    def _replay_where(self, where, params):
        """Release all stopped lanes that match a SQL condition; returns how many.

        By their ids, and not by one statement with the condition in it: the planner knows little
        of a table that fills and empties all the time, and compared each of 100,000 rows with each.
        """
        self.env.cr.execute(
            f"""SELECT id FROM sync_lane WHERE state IN {STOPPED} AND {where}
                 ORDER BY id FOR NO KEY UPDATE SKIP LOCKED""", params)
        self.env.cr.execute(
            """UPDATE sync_lane SET state = 'ready', run_at = clock_timestamp() AT TIME ZONE 'UTC',
                      attempts = 0, crashes = 0, priority = least(priority, 5),
                      write_date = now() AT TIME ZONE 'UTC', write_uid = %s
                WHERE id = ANY(%s)""",
            [self.env.uid, [row[0] for row in self.env.cr.fetchall()]])
        count = self.env.cr.rowcount
        self.invalidate_model()
        self.env['sync.worker']._wake_after_commit()
        return count

    @api.model
    def _replay_domain(self, domain):
        """Release everything a filter finds, reading no more of it than the ids."""
        self._check_may_operate()
        found = list(self._search(domain))
        return self.sudo()._replay_where('id = ANY(%s)', [found])

    @api.model
    def _release(self, connection, remote_object, remote_id):
        """A person decided a conflict: whatever stopped for it may go on."""
        self.sudo()._replay_where(
            "connection_id = %s AND direction = 'in' AND object = %s AND key = %s",
            [connection.id, remote_object, remote_id])

    @api.model
    def _cancel(self, direction, where, params):
        """Cancel the open messages a SQL condition finds, and drop the lanes that leaves empty.

        What a worker is just working on is not touched.
        """
        table = self._message_model(direction)._table
        idle = """(lane_id IS NULL OR lane_id IN (
                       SELECT id FROM sync_lane WHERE state <> 'running'))"""
        which = f"{where} AND state IN ('pending', 'failed') AND {idle}"
        self.env.cr.execute(f'SELECT id, lane_id FROM {table} WHERE {which}', params)
        found = self.env.cr.fetchall()
        self.env.cr.execute(
            f"""UPDATE {table} SET state = 'cancelled', lane_id = NULL, reason = %s,
                       done_at = now() AT TIME ZONE 'UTC' WHERE id = ANY(%s)""",
            [self.env._('Given up by %s.', self.env.user.name), [row[0] for row in found]])
        self.env.cr.execute(
            f"""DELETE FROM sync_lane l WHERE l.id = ANY(%s) AND l.state <> 'running'
                   AND NOT EXISTS (SELECT 1 FROM {table} m WHERE m.lane_id = l.id)""",
            [list({row[1] for row in found if row[1]})])
        self.env.invalidate_all()
        return len(found)

    @api.model
    def _drop(self, connection_id, remote_object):
        """Nobody maps this object any more: its messages are ignored, its lanes go."""
        for table in ('sync_event', 'sync_outbox'):
            self.env.cr.execute(
                f"""UPDATE {table} SET state = 'ignored', lane_id = NULL, reason = %s,
                           done_at = now() AT TIME ZONE 'UTC'
                     WHERE connection_id = %s AND remote_object = %s
                       AND state IN ('pending', 'failed')""",
                [self.env._('Its mapping was deleted.'), connection_id, remote_object])
        self.env.cr.execute(
            "DELETE FROM sync_lane WHERE connection_id = %s AND object = %s "
            "AND state <> 'running'", [connection_id, remote_object])
        self.env.invalidate_all()

    # === FROM THE MESSAGES' SIDE === #

    @api.model
    def _replay_messages(self, messages):
        """Work messages again, those that are over included."""
        self._check_may_operate()
        messages.check_access('read')
        self.env.cr.execute(
            f"""UPDATE {messages._table}
                   SET state = 'pending', reason = NULL, done_at = NULL, latency = NULL
                 WHERE id = ANY(%s) AND lane_id IS NULL
                   AND state IN ('failed', 'ignored', 'cancelled', 'superseded', 'done')
                   AND remote_object <> '' AND {messages._replayable_sql}""",
            [messages.ids])
        count = self.env.cr.rowcount
        count += self.sudo()._replay_where('id = ANY(%s)', [messages.lane_id.ids])
        messages.invalidate_model()
        self.env['sync.worker']._wake_after_commit()
        return self._notify(self.env._('%s messages will be worked again now.', count))

    @api.model
    def _cancel_messages(self, messages):
        self._check_may_operate()
        messages.check_access('read')
        count = self.sudo()._cancel(messages._direction, 'id = ANY(%s)', [messages.ids])
        return self._notify(self.env._('%s messages were given up.', count))

    @api.model
    def _check_may_operate(self):
        if not (self.env.su or self.env.user.has_group('saas_sync.group_user')):
            raise UserError(self.env._(
                'Only members of "SaaS Sync / User" may replay or ignore messages.'))

    @api.model
    def _notify(self, message):
        return {
            'type': 'ir.actions.client', 'tag': 'display_notification',
            'params': {'type': 'success', 'message': message,
                       'next': {'type': 'ir.actions.act_window_close'}},
        }
