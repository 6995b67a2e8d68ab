"""What a worker does while nothing is due: two of them keep watch, any others leave.

The watch stays while another worker runs lanes, and takes them over within a second or two of that
worker's death; it stays for a lane whose backoff is about to end, and up to a minute for a later
one while no other job wants the process; and it stays a few seconds after the last work or news,
because these seldom come alone and starting a cron job takes longer than the work itself: the news
of an account that has to wait, too, would start a job each. It waits for PostgreSQL to tell it of
new work (``LISTEN``) and looks once a second all the same, with one statement over small indexes.
Whoever leaves the watch to work calls for another one, unless the second post is taken: a worker
that works is never alone.

Promises: no transaction is open while it waits, but that of its advisory locks, which holds no
snapshot; after the last work it makes room as soon as another job of the server is due; where
nothing runs, came or was done lately, nobody stays. What relied on a watch that was just given
up is not lost: whoever gives it up looks once more.

Weakness: while lanes run, or wait for less than a minute, the watch occupies a cron process, up to
the end of its run; jobs of other databases of the same server, which it does not see, have the
other processes. Behind a pooler that shares connections between transactions it hears nothing, and
only looks.
"""

from __future__ import annotations

import select
import time
from contextlib import contextmanager
from datetime import timedelta
from typing import NamedTuple

from odoo import api, models
from odoo.tools import SQL

from . import clock
from .queue_cursor import next_transaction, queue_cursor
from .sync_lane import WORKER_LOCK
from .sync_shift import Shift
from .sync_worker_wake import CHANNEL, KNOCK, POSTS, WATCH_LOCK

#: A lane that becomes due sooner is waited for.
LINGER_SECONDS = 8
#: So is one that becomes due sooner than this, by the first post, while nobody else wants its
#: process: a trigger of Odoo's, with its precision of a minute, would double the wait.
WAIT_SECONDS = 60
#: How long the watch stays after the last work or news.
STAY_SECONDS = 5
LOOK_SECONDS = 1.0
#: Between two rounds that found something and could not have it.
PAUSE_SECONDS = 0.2
#: How much later the second post goes after new work: the first has mostly done it by then.
STAND_BY_SECONDS = 0.1
#: What a worker that leaves tells the watch.
LEFT = 'left'
#: First half of the advisory lock over a post; the second is its number.
_POST_LOCK = 721644


class Look(NamedTuple):
    """What one look saw: something that wants a worker; others at work; for how many seconds
    nothing came and nothing was done."""

    is_wanted: bool
    others_work: bool
    quiet_seconds: float


class SyncWorker(models.AbstractModel):
    _inherit = 'sync.worker'

    @api.model
    def _linger(self, shift: Shift, idle=0):
        """Keep watch while there is a reason to; return whether there may be something to do.

        :param idle: how many rounds in a row found nothing
        """
        if shift.guard is None:
            return False
        if idle > 1:
            shift.keep_pace(PAUSE_SECONDS)
        with self._watch(shift):
            wanted = bool(shift.post) and self._keep_watch(shift)
        if wanted:
            self._wake(knock=False)  # somebody is to keep watch while we work
        return wanted

    @contextmanager
    def _watch(self, shift):
        """Stand at a free post until the block ends, if there is one.

        Two locks: one that only workers try, and one that tells those who wake us. The second is
        waited for: who wakes us holds it for the moment of his question.
        """
        cr = shift.guard
        savepoint = cr.savepoint(flush=False)
        try:
            shift.post = next(filter(lambda post: self._take_post(cr, post), POSTS), None)
            if shift.post:
                cr.execute('SELECT pg_advisory_xact_lock(%s, %s)', [WATCH_LOCK, shift.post])
            yield
        finally:
            savepoint.close(rollback=True)  # which is what frees the locks

    @api.model
    def _take_post(self, cr, post):
        cr.execute('SELECT pg_try_advisory_xact_lock(%s, %s)', [_POST_LOCK, post])
        return cr.fetchone()[0]

    @api.model
    def _keep_watch(self, shift):
        with self._ear() as ear:
            heard, due_at = {LEFT}, None
            while True:
                if heard:
                    due_at = self._next_due_at(shift)
                if KNOCK in heard and shift.post != POSTS[0]:
                    time.sleep(STAND_BY_SECONDS)
                look, now = self._look(ear, shift.worker), time.monotonic()
                if now >= due_at or self._concerns(shift, look, heard):
                    return True
                until = self._until(shift, look, due_at, now, ear)
                if now >= until:
                    shift.is_relieved = look.others_work
                    return False
                heard = self._listen(ear, min(LOOK_SECONDS, until - now, due_at - now))

    @api.model
    def _concerns(self, shift, look, heard):
        """Whether there is work for us. The second post leaves to the first what that can do; what
        a worker has put on lanes and cannot come to, because its account lets it wait, is ours."""
        if look.is_wanted or (KNOCK in heard and (shift.post == POSTS[0] or look.others_work)):
            return True
        return (look.others_work or KNOCK in heard) and self._is_due()

    @api.model
    def _is_due(self):
        due = bool(self._due_kinds())
        next_transaction(self.env)  # no snapshot is held while we wait
        return due

    @api.model
    def _until(self, shift, look, due_at, now, cr):
        """Until when to stay, as things are; ``now`` where there is no reason to."""
        if look.others_work:
            return shift.deadline
        until = due_at if due_at <= now + LINGER_SECONDS else now
        stay = now + STAY_SECONDS - look.quiet_seconds
        if shift.post == POSTS[0] and due_at <= now + WAIT_SECONDS:
            stay = max(stay, due_at)
        if stay > until and not self._is_in_the_way(cr):
            until = stay
        return min(until, shift.deadline)

    @api.model
    def _is_in_the_way(self, cr):
        """Whether another job of this server is due, and may wait for our process."""
        cr.execute(
            """SELECT EXISTS (
                   SELECT 1 FROM ir_cron c
                    WHERE c.active AND c.nextcall <= now() AT TIME ZONE 'UTC' AND NOT EXISTS (
                          SELECT 1 FROM ir_model_data d
                           WHERE d.model = 'ir.cron' AND d.res_id = c.id
                             AND d.module = 'saas_sync' AND d.name LIKE 'ir_cron_worker_%%'))""")
        return cr.fetchone()[0]

    @api.model
    def _leave(self, shift):
        """See to it that somebody comes for what is left, and watches over those who still work.

        A worker without a post only tells the watch, which then knows when the next lane is due.
        """
        seconds = self._seconds_to_next()
        with queue_cursor(self.env) as cr:
            if shift.guard is not None and not shift.post:
                cr.execute('SELECT pg_notify(%s, %s)', [CHANNEL, LEFT])
                return
            wanted = self._look(cr, shift.worker).is_wanted
        # One whose time ended while it waited has another one wait in its place.
        patience = WAIT_SECONDS if shift.is_over else LINGER_SECONDS
        soon = seconds is not None and seconds <= patience
        if wanted or soon or shift.is_relieved or shift.owes_scan:
            self._wake()
        elif seconds is not None:
            self._wake_at(clock.now(self.env) + timedelta(seconds=seconds))

    # === LOOKING AND LISTENING === #

    @api.model
    def _look(self, cr, worker=None):
        """One look: lanes of a dead worker, or messages without a lane; and who works, or did.

        A worker is dead when its lock is free. It is ours for this statement then, or, within a
        transaction, until that ends; another one that looks meanwhile takes the dead for alive,
        until its next look.
        """
        cr.execute(
            """
            SELECT bool_or(r.is_late OR pg_try_advisory_xact_lock(%s, r.worker)),
                   EXISTS (SELECT 1 FROM sync_connection c WHERE EXISTS (
                       SELECT 1 FROM sync_event m WHERE m.connection_id = c.id
                          AND m.state = 'pending' AND m.lane_id IS NULL OFFSET 0)
                    OR EXISTS (
                       SELECT 1 FROM sync_outbox m WHERE m.connection_id = c.id
                          AND m.state = 'pending' AND m.lane_id IS NULL OFFSET 0)),
                   extract(epoch FROM clock_timestamp() AT TIME ZONE 'UTC' - greatest(
                       (SELECT create_date FROM sync_attempt ORDER BY id DESC LIMIT 1),
                       (SELECT create_date FROM sync_event ORDER BY id DESC LIMIT 1),
                       (SELECT create_date FROM sync_outbox ORDER BY id DESC LIMIT 1)))::float8
              FROM (SELECT worker,
                           bool_or(lease_until < clock_timestamp() AT TIME ZONE 'UTC') AS is_late
                      FROM sync_lane
                     WHERE state = 'running' AND token IS NOT NULL AND worker IS DISTINCT FROM %s
                     GROUP BY worker) r
            """,
            [WORKER_LOCK, worker])
        forsaken, news, quiet = cr.fetchone()
        quiet = float('inf') if quiet is None else quiet
        return Look(bool(forsaken or news), forsaken is not None, quiet)

    @contextmanager
    def _ear(self):
        """A connection of the pool that hears of new work; what came before, the look sees."""
        with queue_cursor(self.env) as cr:
            cr.connection.autocommit = True  # the pool undoes it
            cr.execute(SQL('LISTEN %s', SQL.identifier(CHANNEL)))
            try:
                yield cr
            finally:
                cr.execute(SQL('UNLISTEN %s', SQL.identifier(CHANNEL)))
                cr.connection.notifies.clear()

    @api.model
    def _listen(self, cr, seconds):
        """Wait to hear something; return what was heard, which may be nothing."""
        connection = cr.connection
        select.select([connection], [], [], max(seconds, 0))
        connection.poll()
        heard = {notice.payload for notice in connection.notifies}
        connection.notifies.clear()
        return heard

    @api.model
    def _next_due_at(self, shift):
        """When the next lane is due, or a look for imports and polls that somebody may wait for, on
        the clock of ``time.monotonic``."""
        seconds = self._seconds_to_next()
        next_transaction(self.env)
        due_at = float('inf') if seconds is None else time.monotonic() + seconds
        return min(due_at, shift.scan_at) if shift.owes_scan else due_at

    @api.model
    def _seconds_to_next(self):
        next_transaction(self.env)
        self.env.cr.execute(
            """SELECT extract(epoch FROM min(greatest(l.run_at, coalesce(c.hold_until, l.run_at)))
                              - clock_timestamp() AT TIME ZONE 'UTC')::float8
                 FROM sync_lane l JOIN sync_connection c ON c.id = l.connection_id
                WHERE l.state IN ('ready', 'waiting') AND c.state = 'connected'
                  AND (c.database_uuid IS NULL OR c.database_uuid = %s)
                  AND EXISTS (SELECT 1 FROM sync_mapping m
                               WHERE m.connection_id = c.id AND m.remote_object = l.object)""",
            [self.env['sync.connection']._database_uuid()])
        return self.env.cr.fetchone()[0]
