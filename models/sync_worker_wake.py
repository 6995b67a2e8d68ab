"""Waking the workers: those that keep watch hear a knock, those that sleep get a cron trigger.

Promises: what is committed before :meth:`_wake` is seen by a worker that starts, or looks, after
it. A wake costs one statement where somebody keeps watch (:mod:`.sync_worker_watch`) or a start is
due already; else also a connection to the database ``postgres``, which Odoo opens anew each time
to tell its cron processes.

Weakness: a trigger in the future has the cron's own precision of a minute. When every cron process
dies at once, nobody hears that; the next delivery, change or look at ``/saas_sync/health`` wakes
the new ones, and Odoo's own look at its schedule does within 70 seconds.
"""

from __future__ import annotations

import logging
import time
from datetime import timedelta

from odoo import api, models

from .queue_cursor import cursor_after_commit, queue_cursor
from .sync_shift import PACE_LOCK

_logger = logging.getLogger(__name__)

#: PostgreSQL's channel, in this database, on which a worker that keeps watch listens, and what it
#: hears of new work.
CHANNEL, KNOCK = 'saas_sync', 'work'
#: Where workers keep watch; advisory locks, of which this is the first half.
POSTS = (1, 2)
WATCH_LOCK = 721643
#: How long a trigger is trusted to be heard: whoever heard it may have died since.
TRUST_SECONDS = 1.0
_WOKEN = 'saas_sync.wake'
#: When this process looked for forsaken work last, by database.
_looked_at: dict[str, float] = {}


class SyncWorker(models.AbstractModel):
    _inherit = 'sync.worker'

    # A lock that cannot be had: somebody is about to begin a round, or stands at a post. One
    # statement without tables, for every delivery and every save asks this; to plan the other one
    # costs more than to run it. A notice takes a transaction id, and so a commit that would wait
    # for the disk: what a crash of PostgreSQL loses of it, nobody would hear after the crash.
    _KNOCK = """
        SELECT CASE WHEN watch.is_kept AND %(knock)s
                    THEN set_config('synchronous_commit', 'off', true) END,
               CASE WHEN watch.is_kept AND %(knock)s
                    THEN pg_notify(%(channel)s, %(word)s) END,
               near.is_there OR watch.is_kept
          FROM (SELECT %(knock)s AND NOT pg_try_advisory_xact_lock_shared(%(pace)s) AS is_there
                OFFSET 0) near,
               LATERAL (SELECT NOT near.is_there
                           AND NOT (pg_try_advisory_xact_lock_shared(%(watch)s, 1)
                                AND pg_try_advisory_xact_lock_shared(%(watch)s, 2)) AS is_kept
                        OFFSET 0) watch
    """
    # Whole seconds: Odoo leaves a trigger of the present second in place, and the job would run
    # again for nothing.
    _START = """
        INSERT INTO ir_cron_trigger (cron_id, call_at, create_uid, write_uid,
                                     create_date, write_date)
        SELECT c.id, date_trunc('second', now() AT TIME ZONE 'UTC'), 1, 1,
               clock_timestamp() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
          FROM ir_cron c
          JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
           AND d.module = 'saas_sync' AND d.name LIKE 'ir_cron_worker_%%'
         WHERE c.active AND NOT EXISTS (
               SELECT 1 FROM ir_cron_trigger t
                WHERE t.cron_id = c.id AND t.call_at <= now() AT TIME ZONE 'UTC'
                  AND t.create_date >= greatest(
                      clock_timestamp() AT TIME ZONE 'UTC' - make_interval(secs => %(trust)s),
                      (SELECT p.create_date FROM ir_cron_progress p
                        WHERE p.cron_id = c.id ORDER BY p.id DESC LIMIT 1)))
        RETURNING id
    """

    @api.model
    def _wake(self, knock=True):
        """Have the workers start now, unless one keeps watch, or will look in a moment, or a start
        is already due.

        :param knock: False where somebody is wanted to keep watch, and not to work
        """
        with queue_cursor(self.env) as cr:
            starts = self._call_workers(cr, knock)
        if starts:
            self.env['ir.cron']._notifydb()

    @api.model
    def _call_workers(self, cr, knock=True):
        """What :meth:`_wake` does in the database; return whether cron processes are to be told.

        A trigger older than the cron's present run has been consumed by it (the row only
        disappears when the run ends), so it does not count; nor does one that is older than a
        moment, because the processes that were told of it may be dead. Called *after* the
        commit of the news, which is what makes this safe: a start we rely on has not begun, and a
        watch that is just given up looks once more afterwards.
        """
        cr.execute(self._KNOCK, {
            'pace': PACE_LOCK, 'watch': WATCH_LOCK, 'knock': knock, 'channel': CHANNEL,
            'word': KNOCK})
        if cr.fetchone()[2]:
            return False
        cr.execute(self._START, {'trust': TRUST_SECONDS})
        return bool(cr.rowcount)

    @api.model
    def _wake_here(self):
        """As :meth:`_wake`, on the present cursor, whose transaction has just been committed: to
        borrow another connection cost a save more than all the rest of us, and a delivery a third.

        Never fails: what was committed is committed, and a failure to wake must not look like a
        failure of the user's save or of the sender's delivery. The workers' interval finds what
        waits.
        """
        try:
            with cursor_after_commit(self.env) as cr:
                starts = self._call_workers(cr)
            if starts:
                self.env['ir.cron']._notifydb()
        except Exception:
            _logger.exception('The workers could not be woken; they start within a minute')

    @api.model
    def _wake_after_commit(self):
        """Wake the workers when, and if, the present transaction commits; once for all of it."""
        postcommit = self.env.cr.postcommit
        if not postcommit.data.get(_WOKEN):
            postcommit.data[_WOKEN] = True
            postcommit.add(self._wake_here)

    @api.model
    def _wake_at(self, moment):
        """Have a worker start at ``moment`` (naive UTC); one trigger a minute is enough."""
        cron = self.env.ref('saas_sync.ir_cron_worker_1', raise_if_not_found=False)
        if not cron:
            return
        moment = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        known = self.env['ir.cron.trigger'].sudo().search_count(
            [('cron_id', '=', cron.id), ('call_at', '=', moment)], limit=1)
        if not known:
            cron.sudo()._trigger(at=moment)

    @api.model
    def _wake_for_forsaken(self):
        """Wake the workers where work waits that nobody has heard of: what dead workers held, and
        messages without a lane. For whoever comes by now and then; looks once a second at most."""
        now, database = time.monotonic(), self.env.cr.dbname
        if now - _looked_at.get(database, -TRUST_SECONDS) < TRUST_SECONDS:
            return
        _looked_at[database] = now
        try:
            with queue_cursor(self.env) as cr:
                wanted = self._look(cr).is_wanted
            if wanted:
                self._wake()
        except Exception:
            _logger.exception('Whether workers are wanted could not be found out')
