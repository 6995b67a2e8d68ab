"""What becomes of a lane after a try, and the SQL that writes it down.

Every outcome of every try goes through :meth:`SyncSettlement._write`, in the transaction that
holds the business writes it speaks of: the record, its link, its messages, its lane and the
attempt commit together or not at all.
"""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass

from odoo import api, models
from odoo.tools import SQL

from ..engine.errors import SyncError, UnknownOutcome, classify, fingerprint
from .queue_cursor import spread

#: Outcomes that end the messages, with the state they end in.
FINAL = {'done': 'done', 'nothing': 'done', 'ignored': 'ignored', 'shadow': 'ignored'}


@dataclass
class Result:
    """The outcome of one lane.

    ``outcome`` is a value of ``sync.attempt.outcome``. ``delay`` (seconds) belongs to ``retry``
    (costs an attempt) and ``waiting`` (costs none). ``reason`` and ``summary`` are sentences.
    """

    outcome: str
    reason: str | None = None
    error: BaseException | None = None
    delay: float = 0.0
    unknown: bool = False
    summary: str | None = None
    http_status: int | None = None
    request_id: str | None = None

    @classmethod
    def from_error(cls, error, lane, policy):
        """Decide by the class of ``error``: retry, wait at no cost, or give up.

        :param policy: the connection's :class:`~..engine.retry.RetryPolicy`
        """
        error_class = classify(error)
        unknown = isinstance(error, UnknownOutcome)
        details = {
            'error': error, 'unknown': unknown,
            'http_status': getattr(error, 'status', None),
            'request_id': getattr(error, 'request_id', None),
        }
        nobody_called = getattr(error, 'code', None) == 'BREAKER_OPEN'
        if error_class in ('rate_limit', 'auth') or nobody_called:
            delay = policy.delay(error_class, 1, getattr(error, 'retry_after', None))
            return cls('waiting', delay=delay, **details)
        if policy.gives_up(error_class, lane.attempts + 1):
            return cls('failed', **details)
        retry_after = getattr(error, 'retry_after', None)
        delay = policy.delay(error_class, lane.attempts + 1, retry_after)
        return cls('retry', delay=delay, **details)


class SyncSettlement(models.AbstractModel):
    _name = 'sync.settlement'
    _description = 'Settlement of worked lanes'

    @api.model
    def _write(self, cr, claim, results, started=None):
        """Write ``results`` (lane id → :class:`Result`) and return how many lanes were ours."""
        lanes = {lane.id: lane for lane in claim.lanes if lane.id in results}
        final = {i: r for i, r in results.items() if r.outcome in FINAL}
        later = {i: r for i, r in results.items() if r.outcome in ('retry', 'waiting')}
        failed = {i: r for i, r in results.items() if r.outcome == 'failed'}
        held = self._settle_final(cr, claim, lanes, final)
        held += self._settle_later(cr, claim, lanes, later)
        held += self._settle_failed(cr, claim, lanes, failed)
        self._log_attempts(cr, claim, lanes, results, started)
        return held

    @api.model
    def _settle_final(self, cr, claim, lanes, results):
        """Leave the lanes to the sweep: running, without a token, nothing counted any more."""
        if not results:
            return 0
        cr.execute(
            """UPDATE sync_lane
                  SET token = NULL, worker = NULL, lease_until = NULL, attempts = 0, crashes = 0,
                      unknown = false, error_class = NULL, error_message = NULL,
                      error_field = NULL, fingerprint = NULL, failed_at = NULL, swept = FALSE,
                      write_date = now() AT TIME ZONE 'UTC'
                WHERE id = ANY(%s) AND token = %s""",
            [list(results), claim.token],
        )
        held = cr.rowcount
        self._end_messages(cr, claim, lanes, {
            lane_id: (FINAL[result.outcome], result.reason)
            for lane_id, result in results.items()})
        return held

    @api.model
    def _end_messages(self, cr, claim, lanes, outcomes):
        """End what the claim has seen of each lane, with its state and reason; one statement,
        however many messages that is.

        By an array of ids beside the join, here and below: the planner, which goes by statistics of
        an empty table, would rather walk through all that waits on lanes.
        """
        lane_ids, ends = list(outcomes), list(outcomes.values())
        sql, source = spread('lane_id', {
            'lane_id': ('int4', lane_ids),
            'upto': ('int4', [lanes[lane_id].upto for lane_id in lane_ids]),
            'state': ('varchar', [state for state, _reason in ends]),
            'reason': ('varchar', [reason for _state, reason in ends])})
        cr.execute(SQL(
            """WITH ended AS (
                   UPDATE %(table)s m
                      SET state = %(state)s, reason = %(reason)s, lane_id = NULL,
                          error_class = NULL, error_message = NULL,
                          done_at = now() AT TIME ZONE 'UTC',
                          latency = extract(epoch FROM clock_timestamp() AT TIME ZONE 'UTC'
                                                       - m.create_date)
                     FROM %(source)s
                    WHERE m.lane_id = %(lane_id)s AND m.lane_id = ANY(%(ids)s)
                      AND m.dispatch_number <= %(upto)s
                   RETURNING %(lane_id)s AS lane_id)
               SELECT lane_id, count(*) FROM ended GROUP BY lane_id""",
            table=SQL.identifier(self._table_of(claim)), source=source, ids=lane_ids, **sql))
        for lane_id, count in cr.fetchall():
            lanes[lane_id].pending = count

    @api.model
    def _settle_later(self, cr, claim, lanes, results):
        if not results:
            return 0
        return self._update_held(
            cr, claim, results,
            """state = 'waiting', attempts = %(attempts)s, unknown = l.unknown OR %(unknown)s,
               run_at = clock_timestamp() AT TIME ZONE 'UTC' + %(delay)s * interval '1 s'""",
            attempts=('int4', [
                lanes[lane_id].attempts + (result.outcome == 'retry')
                for lane_id, result in results.items()]),
            unknown=('bool', [result.unknown for result in results.values()]),
            delay=('float8', [result.delay for result in results.values()]))

    @api.model
    def _settle_failed(self, cr, claim, lanes, results):
        if not results:
            return 0
        held = self._update_held(
            cr, claim, results,
            """state = 'failed', attempts = %(attempts)s, swept = FALSE,
               failed_at = now() AT TIME ZONE 'UTC'""",
            attempts=('int4', [lanes[lane_id].attempts + 1 for lane_id in results]))
        self._stop_messages(cr, claim, lanes, results)
        return held

    @api.model
    def _update_held(self, cr, claim, results, assignments, **columns):
        """Take the worker's hands off the lanes that are still ours, with the error of each.

        :param assignments: SQL, what else is set; names the ``columns`` of :func:`spread`
        :return: how many lanes were ours
        """
        sql, source = spread('id', {
            'id': ('int4', list(results)), **columns, **self._spread_errors(results)})
        cr.execute(SQL(
            """UPDATE sync_lane l
                  SET token = NULL, worker = NULL, lease_until = NULL, crashes = 0,
                      error_class = %(error_class)s, error_message = %(error_message)s,
                      error_field = %(error_field)s, fingerprint = %(fingerprint)s,
                      write_date = now() AT TIME ZONE 'UTC', %(assignments)s
                 FROM %(source)s
                WHERE l.id = %(id)s AND l.id = ANY(%(ids)s) AND l.token = %(token)s""",
            assignments=SQL(assignments, **sql), source=source, ids=list(results),
            token=claim.token, **sql))
        return cr.rowcount

    @api.model
    def _stop_messages(self, cr, claim, lanes, results):
        """Mark what the claim has seen of each lane as failed; it waits behind the lane."""
        sql, source = spread('lane_id', {
            'lane_id': ('int4', list(results)),
            'upto': ('int4', [lanes[lane_id].upto for lane_id in results]),
            **self._spread_errors(results)})
        cr.execute(SQL(
            """UPDATE %(table)s m
                  SET state = 'failed', error_class = %(error_class)s,
                      error_message = %(error_message)s
                 FROM %(source)s
                WHERE m.lane_id = %(lane_id)s AND m.lane_id = ANY(%(ids)s)
                  AND m.dispatch_number <= %(upto)s""",
            table=SQL.identifier(self._table_of(claim)), source=source, ids=list(results), **sql))

    @api.model
    def _spread_errors(self, results):
        columns = zip(*(self._error_columns(result) for result in results.values()), strict=True)
        kinds = {'error_class': 'varchar', 'error_message': 'text', 'error_field': 'varchar',
                 'fingerprint': 'varchar'}
        return {name: (kind, list(values))
                for (name, kind), values in zip(kinds.items(), columns, strict=True)}

    @api.model
    def _log_attempts(self, cr, claim, lanes, results, started):
        duration = time.monotonic() - started if started else None
        self.env['sync.attempt']._log(cr, [
            {
                'connection_id': claim.connection_id, 'direction': claim.direction,
                'object': claim.object, 'key': lanes[lane_id].key, 'outcome': result.outcome,
                'started_at': self._started_at(duration), 'duration': duration,
                'number': lanes[lane_id].attempts + 1, 'messages': lanes[lane_id].pending,
                'http_status': result.http_status, 'request_id': result.request_id,
                'summary': result.summary or result.reason,
                'correlation_id': self._correlation_of(lanes[lane_id]),
                'traceback': self._traceback_of(result.error),
                'error_class': result.error and classify(result.error),
                'error_message': self._error_columns(result)[1],
            }
            for lane_id, result in results.items()
        ])

    # === HELPERS === #

    @api.model
    def _error_columns(self, result):
        """``(error_class, sentence, field, fingerprint)`` of a result; all None without error."""
        error = result.error
        if error is None:
            return None, result.reason, None, None
        if isinstance(error, SyncError):
            return error.error_class, error.user_message, error.field, error.fingerprint
        message = str(error) or type(error).__name__
        cause = fingerprint('bug', None, None, f'{type(error).__name__}: {message}')
        return 'bug', message, None, cause

    @api.model
    def _traceback_of(self, error):
        if error is None or isinstance(error, SyncError):
            return None
        return ''.join(traceback.format_exception(error))[-8000:]

    @api.model
    def _correlation_of(self, lane):
        ids = [message['correlation_id'] for message in lane.messages if message['correlation_id']]
        return ids[-1] if ids else None

    @api.model
    def _started_at(self, duration):
        return self.env.cr.now().replace(microsecond=0) if duration is not None else None

    @api.model
    def _table_of(self, claim):
        return self.env['sync.event' if claim.direction == 'in' else 'sync.outbox']._table
