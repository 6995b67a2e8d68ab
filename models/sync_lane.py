"""The schedule: one row for each record that has messages waiting. Small, hot, set-based.

Promises
    * one lane is never worked twice at once, different lanes are worked in parallel;
    * a message, once committed, is worked, whatever crashes: what is not in a lane is found by
      the dispatch, what a dead worker held is found by the rescue;
    * the acknowledgement of a worker that lost its claim is refused (``token``);
    * the cost of a claim depends on the size of the batch, not on history nor on backlog.

Life of a lane::

    ready ──claim──► running ──settle──► (swept: gone, or ready again for what came meanwhile)
      ▲                 │
      │ due             ├──► waiting       backed off; ``run_at`` says until when
      └─────────────────┤
        replay          ├──► failed        the dead letter: a person has to look
                        └──► quarantined   its worker died three times

Producers touch no lane. A running lane is written by its worker alone (and by the rescue), so
the worker's settlement, which shares a REPEATABLE READ transaction with the business writes,
never collides with the arrival of news. That is why a settled lane is left for the sweep: only
a fresh snapshot can tell whether something arrived in between.

Weakness: a worker that hangs with its connection open is only rescued when the lease ends.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from odoo import api, fields, models
from odoo.tools import SQL

from .queue_cursor import forget_disk, plan_by_index, queue_cursor, spread
from .sync_message import ERROR_CLASSES

LEASE_SECONDS = 300
MAX_CRASHES = 3
DISPATCH_LIMIT = 5000
#: Serialises dispatch and sweep of one direction; both are short. Never held during a claim.
_DISPATCH_LOCK = {'in': 7216421001, 'out': 7216421002}
#: First half of the advisory lock a living worker holds; the second is ``sync_lane.worker``.
WORKER_LOCK = 721642
#: Numbers the dispatches, see ``_attach``. Good for 2^31 of them: thirteen years at five a second.
DISPATCH_SEQUENCE = 'sync_lane_dispatch_seq'
_TABLES = {'in': 'sync_event', 'out': 'sync_outbox'}


@dataclass
class Lane:
    """A claimed lane and the news in it.

    ``messages`` holds the newest message of each kind (as dicts of their columns), the newest of
    all last: a hundred thousand changes of one record are one row here. ``upto`` is the last
    dispatch whose messages the claim has seen; the settlement ends these and no later ones.
    ``pending`` is how many they are, as far as the lane knows.
    """

    id: int
    key: str
    attempts: int
    unknown: bool
    pending: int = 0
    upto: int = 0
    messages: list[dict] = field(default_factory=list)


@dataclass
class Claim:
    """A batch of lanes of one connection, direction and object, held under one token."""

    connection_id: int
    direction: str
    object: str
    token: str
    lanes: list[Lane]

    def part(self, lanes):
        return Claim(self.connection_id, self.direction, self.object, self.token, list(lanes))


class StaleClaim(Exception):
    """Another worker has taken over: whatever this one did is rolled back."""


class SyncLane(models.Model):
    _name = 'sync.lane'
    _description = 'Synchronisation lane'
    _order = 'write_date desc, id desc'

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade'
    )
    company_id = fields.Many2one(related='connection_id.company_id')
    direction = fields.Selection(
        [('in', 'Inbound'), ('out', 'Outbound')], required=True, readonly=True
    )
    object = fields.Char('Remote object', required=True, readonly=True)
    key = fields.Char(
        required=True, readonly=True,
        help='The remote ID (inbound) or the Odoo record as "model,id" (outbound).',
    )
    state = fields.Selection(
        [
            ('ready', 'Ready'),
            ('running', 'Running'),
            ('waiting', 'Waiting'),
            ('failed', 'Failed'),
            ('quarantined', 'Quarantined'),
        ],
        required=True, readonly=True, default='ready',
    )
    run_at = fields.Datetime(readonly=True, required=True, default=fields.Datetime.now)
    token = fields.Char(readonly=True, groups='base.group_no_one')
    worker = fields.Integer(readonly=True, groups='base.group_no_one', aggregator=None)
    lease_until = fields.Datetime(readonly=True)
    attempts = fields.Integer(readonly=True, default=0)
    crashes = fields.Integer(readonly=True, default=0)
    swept = fields.Boolean(
        readonly=True, default=True, groups='base.group_no_one',
        help='Whether somebody has looked at what came while it was being worked.',
    )
    unknown = fields.Boolean(
        readonly=True, help='The last call got no answer: read back before anything is created.'
    )
    priority = fields.Integer(readonly=True, default=10)
    pending_count = fields.Integer('Messages', readonly=True, default=0)
    error_class = fields.Selection(ERROR_CLASSES, readonly=True)
    error_message = fields.Text('Reason', readonly=True)
    error_field = fields.Char('Field at fault', readonly=True)
    fingerprint = fields.Char('Cause', readonly=True)
    failed_at = fields.Datetime(readonly=True)
    user_id = fields.Many2one('res.users', 'Assigned to', ondelete='set null')

    _record_uniq = models.UniqueIndex('(connection_id, direction, object, key)')
    _due_idx = models.Index(
        '(connection_id, direction, object, priority, run_at) '
        "WHERE state IN ('ready', 'waiting')"
    )
    _running_idx = models.Index("(connection_id, lease_until) WHERE state = 'running'")
    _unswept_idx = models.Index('(direction) WHERE swept = FALSE')
    _failed_idx = models.Index(
        "(connection_id, fingerprint) WHERE state IN ('failed', 'quarantined')"
    )

    def init(self):
        self.env.cr.execute(SQL(
            'CREATE SEQUENCE IF NOT EXISTS %s AS integer OWNED BY sync_lane.id',
            SQL.identifier(DISPATCH_SEQUENCE)))
        # Small, and rewritten all the time: room for updates within the page, and a vacuum for
        # every few thousand of them, however small a part of the table that is.
        self.env.cr.execute("""ALTER TABLE sync_lane SET (
            fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
            autovacuum_analyze_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0)""")

    # === SCHEDULER: DISPATCH, SWEEP, RESCUE === #

    @api.model
    def _tick(self, worker=None):
        """Rescue what dead workers held, sweep what is settled, give new messages their lanes.

        Nobody waits for the disk: what a crash of PostgreSQL makes undone is found and done again,
        and whoever builds on it (a claim, an outcome) commits after it, with it, to the disk.

        :return: the number of messages dispatched
        """
        dispatched = 0
        with queue_cursor(self.env) as cr:
            plan_by_index(cr)
            forget_disk(cr)
            self._rescue(cr, worker)
        for direction in ('in', 'out'):
            with queue_cursor(self.env) as cr:
                plan_by_index(cr)
                forget_disk(cr)
                cr.execute('SELECT pg_advisory_xact_lock(%s)', [_DISPATCH_LOCK[direction]])
                self._sweep(cr, direction)
                dispatched += self._dispatch(cr, direction)
        return dispatched

    @api.model
    def _dispatch(self, cr, direction):
        """Attach messages without a lane to the lane of their record, creating it where needed.

        The connections take turns: one with a hundred thousand of them holds up no other.
        A failed lane whose cause was the record's own data is given another go: the news is
        most likely the correction we asked for. Other failures keep their messages behind them.
        Ordered by the lane, which none has: that is the order of the index, and saves the sort.
        """
        cr.execute(SQL(
            """SELECT array_agg(id) FROM (
                   SELECT fresh.id FROM sync_connection c CROSS JOIN LATERAL (
                          SELECT id, row_number() OVER (ORDER BY lane_id, priority, id) AS turn
                            FROM %s
                           WHERE connection_id = c.id AND state = 'pending' AND lane_id IS NULL
                           ORDER BY lane_id, priority, id LIMIT %s) fresh
                    ORDER BY fresh.turn LIMIT %s) next""",
            SQL.identifier(_TABLES[direction]), DISPATCH_LIMIT, DISPATCH_LIMIT))
        ids = cr.fetchone()[0]
        if not ids:
            return 0
        self._attach(cr, direction, ids, self._make_lanes(cr, direction, ids))
        return len(ids)

    @api.model
    def _make_lanes(self, cr, direction, ids):
        """Create the lanes of these messages that do not exist yet, their news counted: a lane that
        is new is written once.

        :return: the ids of the new lanes
        """
        table, key = _TABLES[direction], self._message_model(direction)._lane_key_sql
        cr.execute(
            f"""
            INSERT INTO sync_lane (connection_id, direction, object, key, state, run_at, priority,
                                   attempts, crashes, pending_count, create_date, write_date)
            SELECT m.connection_id, %(direction)s, m.remote_object, {key}, 'ready',
                   clock_timestamp() AT TIME ZONE 'UTC', min(m.priority), 0, 0, count(*),
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC'
              FROM {table} m WHERE m.id = ANY(%(ids)s)
             GROUP BY m.connection_id, m.remote_object, {key}
             ORDER BY 1, 3, 4
            ON CONFLICT (connection_id, direction, object, key) DO NOTHING
            RETURNING id
            """,
            {'ids': ids, 'direction': direction})
        return [row[0] for row in cr.fetchall()]

    @api.model
    def _attach(self, cr, direction, ids, made):
        """Give the messages their lanes, and the lanes that do not run their news, but for those
        just ``made``, which know theirs.

        Each dispatch has a number, and commits before the next one draws its own, because the
        lock of :meth:`_tick` is held until then. Whoever sees a dispatch of a lane thus sees all
        earlier ones; message ids are not like that.

        The LIMIT has each message look its lane up by the unique index, and the array has each lane
        looked up by its id: joined freely, the planner, which goes by statistics of an empty table,
        reads either index from end to end, with all the lanes that are gone.
        """
        table, key = _TABLES[direction], self._message_model(direction)._lane_key_sql
        cr.execute(
            f"""
            WITH dispatch AS MATERIALIZED (SELECT nextval('{DISPATCH_SEQUENCE}') AS number),
            found AS (
                SELECT m.id, lane.id AS lane_id FROM {table} m CROSS JOIN LATERAL (
                       SELECT l.id FROM sync_lane l
                        WHERE l.connection_id = m.connection_id AND l.direction = %(direction)s
                          AND l.object = m.remote_object AND l.key = {key} LIMIT 1) lane
                 WHERE m.id = ANY(%(ids)s)),
            assigned AS (
                UPDATE {table} m SET lane_id = found.lane_id, dispatch_number = dispatch.number
                  FROM found, dispatch WHERE m.id = found.id
                RETURNING m.lane_id, m.priority),
            news AS (SELECT lane_id, count(*) AS n, min(priority) AS priority
                       FROM assigned WHERE lane_id NOT IN (SELECT unnest(%(made)s::int[]))
                      GROUP BY lane_id)
            UPDATE sync_lane l
               SET pending_count = l.pending_count + news.n,
                   priority = least(l.priority, news.priority),
                   state = CASE WHEN l.state = 'failed' AND l.error_class = 'data'
                                THEN 'ready' ELSE l.state END,
                   run_at = CASE WHEN l.state = 'failed' THEN clock_timestamp() AT TIME ZONE 'UTC'
                                 ELSE l.run_at END,
                   write_date = now() AT TIME ZONE 'UTC'
              FROM news WHERE l.id = news.lane_id AND l.state <> 'running'
               AND l.id = ANY(ARRAY(SELECT lane_id FROM news))
            """,
            {'ids': ids, 'direction': direction, 'made': made})

    @api.model
    def _sweep(self, cr, direction):
        """Look once, with a fresh snapshot, at what came while a lane was being worked.

        What was worked to its end is gone, or ready again for the news. What was refused for its
        data is ready again too: the news may be the correction. Other failures keep theirs.

        The foreign key of the messages is ``ON DELETE SET NULL``: a message attached by a
        transaction we do not see yet loses its lane here and is dispatched again.
        """
        cr.execute(
            f"""
            SELECT l.id, found.waiting, CASE
                       WHEN l.state = 'running' AND found.waiting = 0 THEN 'gone'
                       WHEN l.state = 'running' THEN 'ready'
                       WHEN l.error_class = 'data' AND found.fresh > 0 THEN 'ready'
                       ELSE l.state END
              FROM sync_lane l CROSS JOIN LATERAL (
                   SELECT count(*) AS waiting,
                          count(*) FILTER (WHERE m.state = 'pending') AS fresh
                     FROM {_TABLES[direction]} m WHERE m.lane_id = l.id) found
             WHERE l.swept = FALSE AND l.direction = %s AND l.token IS NULL
               FOR NO KEY UPDATE OF l SKIP LOCKED
            """,
            [direction],
        )
        found = cr.fetchall()
        self._drop_swept(cr, [lane_id for lane_id, _waiting, state in found if state == 'gone'])
        self._keep_swept(cr, [row for row in found if row[2] != 'gone'])

    @api.model
    def _drop_swept(self, cr, ids):
        # By their ids, and not in one statement with the look: there the planner, which cannot
        # know how many will be found, reads the whole table.
        if ids:
            cr.execute('DELETE FROM sync_lane WHERE id = ANY(%s)', [ids])

    @api.model
    def _keep_swept(self, cr, rows):
        if not rows:
            return
        ids, waiting, states = map(list, zip(*rows, strict=True))
        sql, source = spread('id', {
            'id': ('int4', ids), 'waiting': ('int4', waiting), 'state': ('varchar', states)})
        cr.execute(SQL(
            """UPDATE sync_lane l
                  SET swept = TRUE, state = %(state)s, pending_count = %(waiting)s,
                      run_at = CASE WHEN %(state)s = 'ready'
                                    THEN clock_timestamp() AT TIME ZONE 'UTC' ELSE l.run_at END
                 FROM %(source)s WHERE l.id = %(id)s AND l.id = ANY(%(ids)s)""",
            source=source, ids=ids, **sql))

    @api.model
    def _rescue(self, cr, worker=None):
        """Free the lanes of dead workers: at once where the worker's advisory lock is free,
        when the lease ends otherwise. ``crashes`` was counted by the claim already."""
        cr.execute(
            """SELECT worker, bool_or(lease_until < clock_timestamp() AT TIME ZONE 'UTC')
                 FROM sync_lane WHERE state = 'running' AND token IS NOT NULL GROUP BY worker""")
        running = cr.fetchall()
        dead = [key for key, _late in running
                if key is not None and key != worker and self._is_free(cr, key)]
        if not dead and not any(late for _key, late in running):
            return 0
        # A row that somebody holds is passed over: a suspended worker that stands before its commit
        # must not hold up everybody's every round. It is late, and not stale, when it wakes.
        cr.execute(
            """
            WITH late AS (
                SELECT id FROM sync_lane
                 WHERE state = 'running' AND token IS NOT NULL
                   AND (lease_until < clock_timestamp() AT TIME ZONE 'UTC'
                        OR worker = ANY(%s::int[]))
                 FOR NO KEY UPDATE SKIP LOCKED)
            UPDATE sync_lane l
               SET state = CASE WHEN crashes >= %s THEN 'quarantined' ELSE 'ready' END,
                   token = NULL, worker = NULL, lease_until = NULL,
                   run_at = clock_timestamp() AT TIME ZONE 'UTC',
                   error_class = CASE WHEN crashes >= %s THEN 'bug' ELSE error_class END,
                   error_message = CASE WHEN crashes >= %s THEN %s ELSE error_message END,
                   fingerprint = CASE WHEN crashes >= %s THEN 'bug|worker died'
                                      ELSE fingerprint END,
                   failed_at = CASE WHEN crashes >= %s THEN now() AT TIME ZONE 'UTC' END
             WHERE l.id = ANY(ARRAY(SELECT id FROM late))
            """,
            [dead, MAX_CRASHES, MAX_CRASHES, MAX_CRASHES, self._crash_sentence(), MAX_CRASHES,
             MAX_CRASHES],
        )
        return cr.rowcount

    @api.model
    def _is_free(self, cr, worker):
        """Whether nobody holds the worker's lock any more: its connection is gone."""
        cr.execute('SELECT pg_try_advisory_xact_lock(%s, %s)', [WORKER_LOCK, worker])
        return cr.fetchone()[0]

    @api.model
    def _crash_sentence(self):
        return self.env._(
            'The worker died %s times while it worked on this record. Replay it once the cause '
            'is known (see the server log).', MAX_CRASHES,
        )

    @api.model
    def _message_model(self, direction):
        return self.env['sync.event' if direction == 'in' else 'sync.outbox']
