"""The engine's worker: an ordinary ``ir.cron`` method. Several run at once; none is a daemon.

A worker proves it is alive by an advisory lock on a connection of its own, which PostgreSQL
frees the moment the process dies. It loops: tick the schedule, take the kinds of work that are
due in turn (fair between connections), one batch each; it lingers a few seconds for a lane whose
backoff is about to end, and leaves the rest to a trigger.

Weakness: a trigger in the future has the cron's own precision of a minute.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from contextlib import contextmanager
from datetime import timedelta

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import LockError
from odoo.sql_db import Cursor

from ..engine import pause
from ..engine.errors import AuthError, RateLimitError, TransientError, classify
from .queue_cursor import next_transaction, queue_cursor
from .sync_lane import LEASE_SECONDS, WORKER_LOCK, StaleClaim
from .sync_settlement import Result

_logger = logging.getLogger(__name__)

RUN_SECONDS = 50
LINGER_SECONDS = 8
#: Rounds in a row that found something due and could not have it, before the worker leaves.
MAX_IDLE_ROUNDS = 5
_WAKE = 'saas_sync.wake'
MAX_COLLISIONS = 5
#: What PostgreSQL answers to a transaction that lost a race; the work is simply done again.
RACE_ERRORS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    LockError,
)


class SyncWorker(models.AbstractModel):
    _name = 'sync.worker'
    _description = 'Synchronisation worker'

    # === WAKING === #

    @api.model
    def _wake(self):
        """Have the workers start now, unless a start is already due. Called after the commit.

        A trigger older than the cron's present run has been consumed by it (the row only
        disappears when the run ends), so it does not count. Checking *after* the commit is what
        makes this safe: a start we rely on has not begun, and will see what was committed.
        """
        with queue_cursor(self.env) as cr:
            cr.execute(
                """
                INSERT INTO ir_cron_trigger (cron_id, call_at, create_uid, write_uid,
                                             create_date, write_date)
                SELECT c.id, now() AT TIME ZONE 'UTC', 1, 1,
                       clock_timestamp() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
                  FROM ir_cron c
                  JOIN ir_model_data d ON d.model = 'ir.cron' AND d.res_id = c.id
                   AND d.module = 'saas_sync' AND d.name LIKE 'ir_cron_worker_%%'
                 WHERE c.active AND NOT EXISTS (
                       SELECT 1 FROM ir_cron_trigger t
                        WHERE t.cron_id = c.id AND t.call_at <= now() AT TIME ZONE 'UTC'
                          AND t.create_date >= coalesce(
                              (SELECT p.create_date FROM ir_cron_progress p
                                WHERE p.cron_id = c.id ORDER BY p.id DESC LIMIT 1), '-infinity'))
                RETURNING id
                """
            )
            woken = cr.rowcount
        if woken:
            self.env['ir.cron']._notifydb()

    @api.model
    def _wake_after_commit(self):
        """Wake the workers when, and if, the present transaction commits; once for all of it.

        What was committed is committed: a failure to wake must not look like a failure of the
        user's save or of the sender's delivery. The workers' interval finds what waits.
        """
        postcommit = self.env.cr.postcommit
        if not postcommit.data.get(_WAKE):
            postcommit.data[_WAKE] = True
            postcommit.add(self._wake_quietly)

    @api.model
    def _wake_quietly(self):
        try:
            self._wake()
        except Exception:
            _logger.exception('The workers could not be woken; they start within a minute')

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

    # === THE LOOP === #

    @api.model
    def _cron_work(self):
        """Entry of the worker crons."""
        deadline = time.monotonic() + RUN_SECONDS
        with self._alive() as worker:
            done = self._work(worker, deadline)
        # "Nothing remains": Odoo would call again within the same job, ten times, and the job
        # as a whole would outlive the time limit of cron workers. A new trigger is a new job.
        self._leave_a_trigger()
        self.env['ir.cron']._commit_progress(done, remaining=0)

    @api.model
    def _work(self, worker=None, deadline=None):
        """Work until nothing is due or the time is over.

        :return: the number of lanes worked
        """
        done, idle = 0, 0
        while idle < MAX_IDLE_ROUNDS and (deadline is None or time.monotonic() < deadline):
            progressed = self._round(worker, deadline)
            done += progressed
            idle = 0 if progressed else idle + 1
            if not progressed and not self._linger(deadline):
                break
        return done

    @api.model
    def _round(self, worker, deadline):
        """Tick, then one batch of each kind that is due, then one step of scanning.

        :return: how much was done; 0 also when the schedule lost a race, which is no failure
        """
        try:
            self.env['sync.lane']._tick(worker)
            progressed = sum(
                self._work_kind(kind, worker, deadline) for kind in self._due_kinds())
            return progressed + self.env['sync.scan']._step()
        except RACE_ERRORS as error:
            self.env.cr.rollback()
            _logger.info('The schedule lost a race, and goes on: %s', error)
            return 0

    @contextmanager
    def _alive(self):
        """Hold this worker's advisory lock, on a connection that only waits.

        READ COMMITTED and idle, it pins no snapshot. In test mode there are no rivals, and
        the one connection must not be nested.
        """
        worker = random.randint(1, 2**31 - 1)
        with queue_cursor(self.env) as cr:
            if not isinstance(cr, Cursor):
                worker = None
            else:
                cr.execute('SELECT pg_advisory_xact_lock(%s, %s)', [WORKER_LOCK, worker])
                yield worker
                return
        yield worker

    @api.model
    def _due_kinds(self):
        """``(connection id, direction, object)`` with due lanes, the parents first within a
        connection, as the mappings are sequenced.

        Connections nobody works for now go first, so that a slow account does not take all the
        workers; beyond that, chance is fair.
        """
        next_transaction(self.env)
        self.env.cr.execute(
            """
            SELECT k.connection_id, k.direction, k.object,
                   EXISTS (SELECT 1 FROM sync_lane r
                            WHERE r.connection_id = k.connection_id AND r.state = 'running')
              FROM (SELECT m.connection_id, d.direction, m.remote_object AS object,
                           min(m.sequence) AS sequence
                      FROM sync_mapping m, (VALUES ('in'), ('out')) AS d(direction)
                     GROUP BY 1, 2, 3) k
              JOIN sync_connection c ON c.id = k.connection_id AND c.state = 'connected'
               AND (c.database_uuid IS NULL OR c.database_uuid = %s)
               AND (c.hold_until IS NULL OR c.hold_until <= clock_timestamp() AT TIME ZONE 'UTC')
             WHERE EXISTS (SELECT 1 FROM sync_lane l
                            WHERE l.connection_id = k.connection_id AND l.direction = k.direction
                              AND l.object = k.object AND l.state IN ('ready', 'waiting')
                              AND l.run_at <= clock_timestamp() AT TIME ZONE 'UTC')
             ORDER BY k.sequence, k.direction
            """,
            [self.env['sync.connection']._database_uuid()])
        rows = self.env.cr.fetchall()
        order = {row[0]: (row[3], random.random()) for row in rows}
        return [row[:3] for row in sorted(rows, key=lambda row: order[row[0]])]

    @api.model
    def _linger(self, deadline):
        """Sleep until the next lane is due, if that is soon; False if there is none."""
        if deadline is None:
            return False
        seconds = self._seconds_to_next()
        if seconds is None or seconds > LINGER_SECONDS or time.monotonic() + seconds > deadline:
            return False
        next_transaction(self.env)
        time.sleep(max(seconds, 0.2))
        return True

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

    @api.model
    def _leave_a_trigger(self):
        seconds = self._seconds_to_next()
        if seconds is not None and seconds > 0:
            self._wake_at(fields.Datetime.now() + timedelta(seconds=seconds))
        elif seconds is not None:
            self._wake()

    # === ONE BATCH === #

    @api.model
    def _work_kind(self, kind, worker=None, deadline=None):
        """Claim one batch of this kind and work it; returns how many lanes it held."""
        connection = self.env['sync.connection'].sudo().browse(kind[0])
        over = deadline is not None and time.monotonic() >= deadline
        if over or not connection._is_live():
            return 0
        token = uuid.uuid4().hex
        claim = self.env['sync.lane']._claim(
            *kind, token=token, worker=worker, limit=connection.batch_size or 100)
        if not claim.lanes:
            return 0
        pause.point('after_claim')
        next_transaction(self.env)  # a fresh snapshot: it must not be older than the claim
        company = connection.company_id
        pipeline = self.env['sync.inbound' if claim.direction == 'in' else 'sync.outbound']
        if company:
            pipeline = pipeline.with_context(allowed_company_ids=company.ids).with_company(company)
        self._run(pipeline, connection, claim)
        return len(claim.lanes)

    @api.model
    def _run(self, pipeline, connection, claim):
        """Run the pipeline; whatever it raises ends as the outcome of the lanes still held."""
        started = time.monotonic()
        try:
            pipeline.with_context(saas_sync_started=started)._process(connection, claim)
        except (StaleClaim, *RACE_ERRORS) as error:
            self.env.cr.rollback()
            _logger.info('Lost a race on %s, will try again: %s', connection.name, error)
            self._give_back(claim, {lane.id: Result('waiting', delay=random.uniform(0.05, 1))
                                    for lane in claim.lanes}, started)
        except psycopg2.errors.UniqueViolation as error:
            self.env.cr.rollback()
            _logger.info('A record of %s was linked meanwhile: %s', connection.name, error)
            self._on_collision(pipeline, connection, self._held(claim), error, started)
        except Exception as error:  # noqa: BLE001 (every error ends as an outcome)
            self.env.cr.rollback()
            self._on_error(pipeline, connection, claim, error, started)

    @api.model
    def _on_collision(self, pipeline, connection, claim, error, started):
        """Another worker linked one of these records first. The one is found by halving, and
        tried again a few times at the cost of a try: were it our own doing, it would not end."""
        if len(claim.lanes) > 1:
            self._run_halves(pipeline, connection, claim)
            return
        delay = random.uniform(0.05, 1)
        self._give_back(claim, {
            lane.id: Result('failed', error=error) if lane.attempts >= MAX_COLLISIONS
            else Result('retry', delay=delay, error=error)
            for lane in claim.lanes}, started)

    @api.model
    def _run_halves(self, pipeline, connection, claim):
        middle = len(claim.lanes) // 2
        self._run(pipeline, connection, claim.part(claim.lanes[:middle]))
        self._run(pipeline, connection, claim.part(claim.lanes[middle:]))

    @api.model
    def _on_error(self, pipeline, connection, claim, error, started):
        """An error of the account or the network is everybody's; any other is somebody's, and
        the batch is halved until it stands alone with it."""
        policy = connection._retry_policy()
        if isinstance(error, AuthError):
            connection._set_needs_auth(error)
        elif isinstance(error, RateLimitError):
            connection._hold(policy.delay('rate_limit', 1, error.retry_after), error)
        elif not isinstance(error, TransientError):
            held = self._held(claim)
            if len(held.lanes) > 1:
                self._run_halves(pipeline, connection, held)
                return
            if classify(error) == 'bug':
                _logger.exception('Working %s of %s failed', claim.object, connection.name)
        self._give_back(
            claim, {lane.id: Result.from_error(error, lane, policy) for lane in claim.lanes},
            started)

    @api.model
    def _held(self, claim):
        """The part of a claim that is still ours, neither settled nor taken over; its lease
        begins anew, so that a long search for the bad record is not taken for a dead worker."""
        self.env.cr.execute(
            """UPDATE sync_lane SET lease_until = clock_timestamp() AT TIME ZONE 'UTC'
                                                  + make_interval(secs => %s)
                WHERE id = ANY(%s) AND token = %s RETURNING id""",
            [LEASE_SECONDS, [lane.id for lane in claim.lanes], claim.token])
        held = {row[0] for row in self.env.cr.fetchall()}
        return claim.part(lane for lane in claim.lanes if lane.id in held)

    @api.model
    def _give_back(self, claim, results, started):
        """Settle lanes outside the pipeline; those already settled or taken over are not ours."""
        cr, claim = self.env.cr, self._held(claim)
        results = {lane.id: results[lane.id] for lane in claim.lanes}
        try:
            self.env['sync.lane']._settle(cr, claim, results, started)
            next_transaction(self.env)
        except (StaleClaim, *RACE_ERRORS):
            cr.rollback()
            _logger.warning('The lanes of a failed batch were taken over meanwhile')
