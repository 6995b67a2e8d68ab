"""The engine's worker: an ordinary ``ir.cron`` method. Several run at once; none is a daemon.

A worker proves it is alive by an advisory lock on a connection of its own, which PostgreSQL
frees the moment the process dies. It loops: tick the schedule, take the kinds of work that are
due in turn (fair between connections), one batch each. What happens while nothing is due is in
:mod:`.sync_worker_watch`, how it is started in :mod:`.sync_worker_wake`.
"""

from __future__ import annotations

import logging
import random
import time
import uuid
from contextlib import contextmanager

import psycopg2

from odoo import api, models
from odoo.sql_db import Cursor
from odoo.tools import config

from ..engine import pause
from ..engine.errors import AuthError, RateLimitError, TransientError, classify
from .outage import as_transient, is_outage
from .queue_cursor import next_transaction, plan_by_index, queue_cursor
from .race_log import RACE_ERRORS, quiet_races
from .sync_lane import DISPATCH_LIMIT, LEASE_SECONDS, WORKER_LOCK, StaleClaim
from .sync_settlement import Result
from .sync_shift import Shift

_logger = logging.getLogger(__name__)

RUN_SECONDS = 50
#: Rounds in a row that found something due and could not have it, before the worker leaves.
MAX_IDLE_ROUNDS = 5
MAX_COLLISIONS = 5
CLIENT_CHECK_MS = 1000
#: How long a worker waits for a row.
LOCK_WAIT_MS = 10_000
#: Between two looks for imports and polls that are due; while pages are read there is no pause.
SCAN_SECONDS = 1.0


class SyncWorker(models.AbstractModel):
    _name = 'sync.worker'
    _description = 'Synchronisation worker'

    # === THE LOOP === #

    @api.model
    def _cron_work(self):
        """Entry of the worker crons."""
        self._notice_a_lost_client()
        self._wait_for_nobody()
        with quiet_races(), self._alive() as shift:
            self._work(shift)
        # "Nothing remains": Odoo would call again within the same job, ten times, and the job
        # as a whole would outlive the time limit of cron workers. A new trigger is a new job.
        self._leave(shift)
        self.env['ir.cron']._commit_progress(remaining=0)

    @api.model
    def _work(self, shift=None):
        """Work until nothing is due or the time is over.

        :param shift: the run of a cron; without one, nobody waits and no time is over
        :return: the number of lanes worked
        """
        shift = shift or Shift()
        done, idle = 0, 0
        while idle < MAX_IDLE_ROUNDS and not shift.is_over and self._is_current(shift):
            progressed = self._round(shift)
            done += progressed
            if progressed:
                # Odoo leaves a job aside that was killed three times without having done anything.
                self.env['ir.cron']._commit_progress(progressed, remaining=1)
            idle = 0 if progressed else idle + 1
            if not progressed and not self._linger(shift, idle):
                break
        return done

    @api.model
    def _is_current(self, shift):
        """Whether the models are still those of the database; caches that went stale are emptied.

        A web process looks at every request, a cron job once: too rarely for one that stays.
        """
        if shift.guard is None:
            return True
        # Nobody may take us for dead while we work: without the guard's connection, this ends.
        shift.guard.execute('SELECT 1')
        next_transaction(self.env)
        return self.env.registry.check_signaling() is self.env.registry

    @api.model
    def _round(self, shift):
        """Tick, then one batch of each kind that is due, then one step of scanning.

        :return: how much was done; 0 also when the schedule lost a race, which is no failure
        """
        if shift.begin_round():
            # Who trusted us to see his news woke nobody: somebody is to keep watch while we work.
            self._wake(knock=False)
        try:
            shift.is_behind = self.env['sync.lane']._tick(shift.worker) >= DISPATCH_LIMIT
            progressed = sum(self._work_kind(kind, shift) for kind in self._due_kinds())
            return progressed + self._scan(shift, progressed)
        except RACE_ERRORS as error:
            self.env.cr.rollback()
            _logger.info('The schedule lost a race, and goes on: %s', error)
            return 0

    @api.model
    def _scan(self, shift, progressed):
        """One step of scanning, unless the last one, a moment ago, has found nothing to read.

        :param progressed: what else the round has done; a run that waits for nobody ends with a
            round that has done nothing, and that one looks
        """
        may_wait = progressed or shift.guard is not None
        if may_wait and time.monotonic() < shift.scan_at:
            shift.owes_scan = True
            return 0
        pages = self.env['sync.scan']._step()
        shift.owes_scan = False
        shift.is_behind |= bool(pages)
        shift.scan_at = time.monotonic() + (0 if pages else SCAN_SECONDS)
        return pages

    @api.model
    def _run_seconds(self):
        """For how long to work: the server kills a cron process that takes too long, which would
        count against the records in its hands."""
        limit = config['limit_time_real_cron']
        limit = config['limit_time_real'] if limit < 0 else limit
        return min(RUN_SECONDS, limit / 2) if limit else RUN_SECONDS

    @contextmanager
    def _alive(self):
        """Hold this worker's advisory lock, on a connection that only waits.

        READ COMMITTED and idle, it pins no snapshot. In test mode there are no rivals, and
        the one connection must not be nested.
        """
        shift = Shift(time.monotonic() + self._run_seconds())
        with queue_cursor(self.env) as cr:
            if isinstance(cr, Cursor):
                shift.worker, shift.guard = random.randint(1, 2**31 - 1), cr
                cr.execute('SELECT pg_advisory_xact_lock(%s, %s)', [WORKER_LOCK, shift.worker])
                yield shift
                return
        yield shift

    @api.model
    def _notice_a_lost_client(self):
        """Have PostgreSQL see within a second that this process is gone.

        A backend in the middle of a statement looks at its client only when it is done, and holds
        the locks of a killed worker until then. Not every version and system can do better
        (PostgreSQL 14 on Linux can); there, a rescue waits for the statement.
        """
        cr = self.env.cr
        if not isinstance(cr, Cursor) or cr.connection.server_version < 140000:
            return
        try:
            cr.execute('SET client_connection_check_interval = %s', [CLIENT_CHECK_MS],
                       log_exceptions=False)
        except psycopg2.Error as error:
            cr.rollback()
            _logger.debug('This system cannot look for lost clients: %s', error)
        else:
            next_transaction(self.env)

    @api.model
    def _wait_for_nobody(self):
        """Bound the wait for a row that somebody holds: behind it, a whole batch waits for as long
        as a person's import may take, and its lanes pass for those of a dead worker at last.

        The batch loses a race then, and is worked again; the pool resets what is set here.
        """
        if isinstance(self.env.cr, Cursor):
            self.env.cr.execute('SET lock_timeout = %s', [LOCK_WAIT_MS])
            next_transaction(self.env)

    @api.model
    def _due_kinds(self):
        """``(connection id, direction, object)`` with due lanes, the parents first within a
        connection, as the mappings are sequenced.

        Connections nobody works for now go first, so that a slow account does not take all the
        workers; beyond that, chance is fair.
        """
        next_transaction(self.env)
        database = self.env['sync.connection']._database_uuid()
        with queue_cursor(self.env) as cr:
            plan_by_index(cr)
            rows = self._kinds(cr, database)
        order = {row[0]: (row[3], random.random()) for row in rows}
        return [row[:3] for row in sorted(rows, key=lambda row: order[row[0]])]

    @api.model
    def _kinds(self, cr, database):
        """:return: rows of connection id, direction, object, and whether the connection is busy"""
        cr.execute(
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
            [database])
        return cr.fetchall()

    # === ONE BATCH === #

    @api.model
    def _work_kind(self, kind, shift):
        """Claim one batch of this kind and work it; returns how many lanes it held."""
        connection = self.env['sync.connection'].sudo().browse(kind[0])
        if shift.is_over or not connection._is_live():
            return 0
        token, limit = uuid.uuid4().hex, connection.batch_size or 100
        claim = self.env['sync.lane']._claim(*kind, token=token, worker=shift.worker, limit=limit)
        if not claim.lanes:
            return 0
        shift.is_behind |= len(claim.lanes) >= limit
        pause.point('after_claim')
        next_transaction(self.env)  # a fresh snapshot: it must not be older than the claim
        company = connection.company_id
        pipeline = self.env['sync.inbound' if claim.direction == 'in' else 'sync.outbound']
        if company:
            pipeline = pipeline.with_context(allowed_company_ids=company.ids).with_company(company)
        delay = connection._retry_policy().delay('transient', 1)
        try:
            self._run(pipeline, connection, claim)
        except psycopg2.Error as error:
            if is_outage(error):
                self._let_go(claim, delay)
            raise
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
        if is_outage(error):
            self._sit_out(claim, as_transient(self.env, error), policy, started)
            return
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
    def _sit_out(self, claim, error, policy, started):
        """The database could not work: the batch waits, at no cost, until it can again."""
        self._give_back(claim, {
            lane.id: Result('waiting', delay=policy.delay('transient', 1), error=error)
            for lane in claim.lanes}, started)

    @api.model
    def _let_go(self, claim, delay):
        """Free a claim of which not even the outcome could be written, on another connection.

        The worker lives: nothing must look as if it had died of these records. Where this fails,
        too, the rescue finds them.
        """
        try:
            with queue_cursor(self.env) as cr:
                cr.execute(
                    """UPDATE sync_lane
                          SET state = 'waiting', token = NULL, worker = NULL, lease_until = NULL,
                              crashes = greatest(crashes - 1, 0),
                              run_at = clock_timestamp() AT TIME ZONE 'UTC'
                                       + make_interval(secs => %s)
                        WHERE token = %s""",
                    [delay, claim.token])
        except psycopg2.Error as error:
            _logger.warning('A claim is left to the rescue: %s', error)

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
