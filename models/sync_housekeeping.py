"""What has to be done once in a while: tell people of new causes of failure, forget the old.

One activity for a cause, however many records fail by it; it is closed when none does any more.
Retention clears payloads and deletes what only tells of the past. Event rows and their keys stay:
they are what makes a delivery count once, for ever.
"""

from __future__ import annotations

from odoo import api, models

_BATCH = 1000
FAILURE_ACTIVITY = 'saas_sync.mail_activity_type_failure'


class SyncHousekeeping(models.AbstractModel):
    _name = 'sync.housekeeping'
    _description = 'Alerts and retention'

    # === ALERTS === #

    @api.model
    def _cron_alert(self):
        """One open activity for each cause by which records of a connection fail."""
        # A handful of rows, one for each account.
        for connection in self.env['sync.connection'].sudo().search([('state', '!=', 'draft')]):
            causes = self._causes(connection)
            known = connection.activity_ids.filtered(
                lambda a: a.activity_type_id == self.env.ref(FAILURE_ACTIVITY))
            solved = known.filtered(lambda a, causes=causes: a.summary not in causes)
            solved.action_feedback(feedback=self.env._('No record fails for this reason any more.'))
            for summary in causes.keys() - set(known.mapped('summary')):
                self._alert(connection, summary, *causes[summary])

    @api.model
    def _causes(self, connection):
        """``{summary: (number of records, sentence)}`` of what fails now."""
        lanes = self.env['sync.lane'].sudo()
        groups = lanes._read_group(
            [('connection_id', '=', connection.id), ('state', 'in', ('failed', 'quarantined'))],
            ['fingerprint'], ['__count', 'id:min'])
        return {
            self._summary(cause): (count, lanes.browse(first_id).error_message or cause)
            for cause, count, first_id in groups
        }

    @api.model
    def _summary(self, cause):
        """The cause in a form that stays the same while the records that fail by it change."""
        error_class, *details = (cause or 'bug').split('|')
        labels = dict(self.env['sync.lane']._fields['error_class']._description_selection(self.env))
        return ': '.join([labels.get(error_class, error_class), *details])[:200]

    @api.model
    def _alert(self, connection, summary, count, sentence):
        connection.activity_schedule(
            FAILURE_ACTIVITY, summary=summary,
            user_id=(connection.user_id or self.env.ref('base.user_admin')).id,
            note=self.env._(
                '%(count)s records fail, the first with: %(sentence)s See SaaS Sync > Failures, '
                'and replay them there once the cause is removed.',
                count=count, sentence=sentence))

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
