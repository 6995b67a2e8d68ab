"""The claim: which lanes a worker takes, and what it has to know of what waits in them.

Promises
    * a claim costs as much as the lanes it takes: neither the history nor the number of messages
      that wait in a lane, nor the number of lanes that are not due, are read; under a snapshot
      that somebody pins, the lanes that are gone are read once a second;
    * what a settlement ends, the claim has seen (``Lane.upto``): a message that was given to the
      lane after the claim is worked by the next one, whatever its kind.

A pipeline looks at a record's present state, so of the messages it wants to know the kinds, the
newest of each, and whom a merge has swallowed. The first two are walked along an index, from kind
to kind; only merges are read one by one.
"""

from __future__ import annotations

import random
import time

from odoo import api, models
from odoo.tools import SQL

from .queue_cursor import plan_by_index, queue_cursor
from .sync_lane import LEASE_SECONDS, Claim, Lane, StaleClaim

#: For so long a process does not look again at what comes before the lanes it claimed last. What
#: came there meanwhile (of a higher priority, or committed late) waits that long at most.
FLOOR_SECONDS = 1.0

_floors: dict[tuple, tuple] = {}


class SyncLane(models.Model):
    _inherit = 'sync.lane'

    # === CLAIM === #

    @api.model
    def _claim(self, connection_id, direction, remote_object, token, worker=None, limit=100):
        """Take up to ``limit`` due lanes of one kind, with the news that wait in them.

        Lanes whose worker died are taken a few at a time, and alone once that has happened twice:
        the one that kills its workers must not drag the innocent into quarantine with it, and
        these must not wait for one another (a hundred rounds for a hundred lanes).
        """
        with queue_cursor(self.env) as cr:
            plan_by_index(cr)
            kind = (connection_id, direction, remote_object)
            order = [('crashes = 0', limit), ('crashes = 1', limit // 10 or 1), ('crashes > 1', 1)]
            if random.random() < 0.1:
                order.reverse()  # or constant load would never let a suspect run
            lanes = next(filter(None, (
                self._claim_due(cr, kind, token, worker, *one) for one in order)), [])
            self._load_news(cr, direction, lanes)
        return Claim(connection_id, direction, remote_object, token, lanes)

    @api.model
    def _claim_due(self, cr, kind, token, worker, which, limit):
        """Go on where this process claimed last; from the start when that is a second ago, or
        when nothing is found there.

        Where somebody's long transaction keeps the vacuum from its work, the index is full of
        lanes that are gone, and all of them come before those that are due.
        """
        key = (cr.dbname, kind, which)
        floor, looked_at = _floors.get(key, (None, -FLOOR_SECONDS))
        now = time.monotonic()
        fresh = floor is not None and now - looked_at < FLOOR_SECONDS
        rows = self._claim_rows(cr, kind, token, worker, which, limit, floor) if fresh else []
        if not rows:
            rows, looked_at = self._claim_rows(cr, kind, token, worker, which, limit), now
        if rows:
            _floors[key] = (max(row[:2] for row in rows), looked_at)
        return [Lane(*row[2:]) for row in rows]

    @api.model
    def _claim_rows(self, cr, kind, token, worker, which, limit, floor=None):
        """By an array of ids, for the planner believes a table that was empty when it was analysed:
        of a join it made a walk through the whole primary key, with all the lanes that are gone.

        :return: rows of priority, due time and the columns of a :class:`Lane`
        """
        cr.execute(
            f"""
            WITH due AS (
                SELECT id, priority, run_at FROM sync_lane
                 WHERE connection_id = %s AND direction = %s AND object = %s
                   AND state IN ('ready', 'waiting') AND {which}
                   AND run_at <= clock_timestamp() AT TIME ZONE 'UTC'
                   AND (priority, run_at) >= (%s, %s::timestamp)
                 ORDER BY priority, run_at LIMIT %s
                 FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE sync_lane l
               SET state = 'running', swept = TRUE, token = %s, worker = %s,
                   crashes = l.crashes + 1,
                   lease_until = clock_timestamp() AT TIME ZONE 'UTC'
                                 + interval '{LEASE_SECONDS} s',
                   write_date = now() AT TIME ZONE 'UTC'
             WHERE l.id = ANY(ARRAY(SELECT id FROM due))
            RETURNING l.priority, l.run_at, l.id, l.key, l.attempts,
                      coalesce(l.unknown, false), l.pending_count
            """,
            [*kind, *(floor or (-2**31, '-infinity')), limit, token, worker],
        )
        return cr.fetchall()

    @api.model
    def _load_news(self, cr, direction, lanes):
        """The newest message of each kind of each lane, in one statement and one snapshot."""
        if not lanes:
            return
        messages = self._message_model(direction)
        by_id = {lane.id: lane for lane in lanes}
        cr.execute(SQL(
            """
            WITH RECURSIVE kinds (lane_id, kind) AS (
                SELECT lane.id, first.kind FROM unnest(%(ids)s) AS lane (id) CROSS JOIN LATERAL (
                       SELECT m.kind FROM %(table)s m WHERE m.lane_id = lane.id
                        ORDER BY m.kind LIMIT 1) first
                 UNION ALL
                SELECT known.lane_id, next.kind FROM kinds known CROSS JOIN LATERAL (
                       SELECT m.kind FROM %(table)s m
                        WHERE m.lane_id = known.lane_id AND m.kind > known.kind
                        ORDER BY m.kind LIMIT 1) next)
            SELECT m.lane_id, m.id, m.kind, m.dispatch_number, m.create_date, m.correlation_id,
                   %(columns)s
              FROM kinds CROSS JOIN LATERAL (
                   SELECT * FROM %(table)s m
                    WHERE m.lane_id = kinds.lane_id AND m.kind = kinds.kind
                    ORDER BY m.dispatch_number DESC, m.id DESC LIMIT 1) m
             ORDER BY m.dispatch_number, m.id
            """,
            ids=list(by_id), table=SQL.identifier(messages._table),
            columns=SQL(messages._news_sql)))
        for row in cr.dictfetchall():
            lane = by_id[row['lane_id']]
            lane.messages.append(row)
            lane.upto = row['dispatch_number']

    # === SETTLE === #

    @api.model
    def _settle(self, cr, claim, results, started=None):
        """Write the outcome of every lane of ``claim``, in the transaction of its business writes.

        :param results: ``{lane id: Result}`` (see :mod:`.sync_settlement`)
        :raises StaleClaim: when a lane is not ours any more; the caller rolls everything back
        """
        held = self.env['sync.settlement']._write(cr, claim, results, started)
        if held != len(results):
            raise StaleClaim(f'{len(results) - held} of {len(results)} lanes were taken over')
