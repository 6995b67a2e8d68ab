"""What has to be done once in a while: tell people of new causes of failure, forget the old.

One activity for a cause, however many records fail by it; it is closed when none does any more.
Retention clears payloads and deletes what only tells of the past. Event rows and their keys stay:
they are what makes a delivery count once, for ever.
"""

from __future__ import annotations

from odoo import api, models

_BATCH = 1000
FAILURE_ACTIVITY = 'mail.mail_activity_data_warning'


class SyncHousekeeping(models.AbstractModel):
    _name = 'sync.housekeeping'
    _description = 'Alerts and retention'

    # === ALERTS === #

    @api.model
    def _cron_alert(self):
        lanes = self.env['sync.lane'].sudo()
        causes = lanes._read_group(
            [('state', 'in', ('failed', 'quarantined'))],
            ['connection_id', 'fingerprint'], ['__count', 'id:min'])
        current = {}
        for connection, cause, count, first_id in causes:
            current.setdefault(connection, set()).add(cause)
            self._alert(connection, cause or '', count, lanes.browse(first_id))
        self._close_solved(current)

    @api.model
    def _alert(self, connection, cause, count, lane):
        summary = self._summary(cause)
        known = connection.activity_ids.filtered(lambda activity: activity.summary == summary)
        if known:
            return
        connection.activity_schedule(
            FAILURE_ACTIVITY, summary=summary,
            user_id=(connection.user_id or self.env.ref('base.user_admin')).id,
            note=self.env._(
                '%(count)s records of %(connection)s fail for this reason: %(sentence)s See SaaS '
                'Sync > Failures; replay them there once the cause is removed.',
                count=count, connection=connection.name, sentence=lane.error_message or cause))

    @api.model
    def _close_solved(self, current):
        """Close the activities of causes by which nothing fails any more."""
        connections = self.env['sync.connection'].sudo().search([])
        for connection in connections:
            open_summaries = {self._summary(cause or '') for cause in current.get(connection, ())}
            solved = connection.activity_ids.filtered(
                lambda a: (a.summary or '').startswith(self._summary('')[:11])
                and a.summary not in open_summaries)  # noqa: B023 (used within the loop)
            if solved:
                solved.action_feedback(feedback=self.env._('No record fails for this reason any more.'))

    @api.model
    def _summary(self, cause):
        return f'SaaS Sync: {cause}'[:200]

    # === RETENTION === #

    @api.autovacuum
    def _gc_attempts(self):
        return self._delete_older('sync_attempt', 'attempt_days', 30, 'TRUE')

    @api.autovacuum
    def _gc_outbox(self):
        return self._delete_older(
            'sync_outbox', 'outbox_days', 90, "state NOT IN ('pending', 'failed')")

    @api.autovacuum
    def _gc_payloads(self):
        """Clear what was received, keep that it was received."""
        days = self._days('payload_days', 30)
        self.env.cr.execute(
            """UPDATE sync_event SET payload = NULL WHERE id IN (
                   SELECT id FROM sync_event
                    WHERE payload IS NOT NULL AND state NOT IN ('pending', 'failed')
                      AND create_date < now() AT TIME ZONE 'UTC' - %s * interval '1 day'
                    LIMIT %s)""",
            [days, _BATCH])
        return self.env.cr.rowcount, int(self.env.cr.rowcount == _BATCH)

    @api.model
    def _delete_older(self, table, parameter, default, condition):
        self.env.cr.execute(
            f"""DELETE FROM {table} WHERE id IN (
                    SELECT id FROM {table} WHERE {condition}
                       AND create_date < now() AT TIME ZONE 'UTC' - %s * interval '1 day'
                     LIMIT %s)""",
            [self._days(parameter, default), _BATCH])
        return self.env.cr.rowcount, int(self.env.cr.rowcount == _BATCH)

    @api.model
    def _days(self, parameter, default):
        value = self.env['ir.config_parameter'].sudo().get_param(f'saas_sync.{parameter}')
        return max(int(value), 1) if value and value.isdigit() else default
