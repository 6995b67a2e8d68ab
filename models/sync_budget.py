"""The allowance of an account, shared by all workers of all machines: rows, and the database clock.

Two kinds of buckets:

* ``burst``, ``search`` and the like: so many calls in so many seconds, by GCRA. A bucket lets
  ``BURST`` of the limit through at once and refills at ``STEADY`` of it, so that in *any* window
  of one period it admits less than the limit: ``0.15 L + 0.8 L/P · P = 0.95 L``. The rest is for
  calls that are held up on the way, and arrive at the account together with later ones.
* ``daily``: a counter that starts anew at midnight of the account's own time zone.

Every call takes from its bucket and from ``daily``, together or not at all. What the remote says
in its headers corrects both: other apps of the account spend too.

Promises: no over-admission whatever the number of workers (the rows are locked, in one order, in
a READ COMMITTED transaction of their own); a crash at any point leaves a correct row, since a
take is one commit and forgets at most the calls that were not made.

Weakness: a wait is an answer, not a reservation: a caller that comes back may have to wait again.
A missing row is created full, once; a connection that is not committed yet has no budget.

The arithmetic is :mod:`..engine.ratelimit`; times in it are seconds from the database's now.
"""

from __future__ import annotations

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import ratelimit
from .queue_cursor import queue_cursor

DAILY = 'daily'
STEADY = 0.8
BURST = 0.15
#: Take over what the remote says is left when it differs by this share of the limit.
LEARN_STEP = 0.05
_CLOCK = SQL("(clock_timestamp() AT TIME ZONE 'UTC')")


class SyncBudget(models.Model):
    _name = 'sync.budget'
    _description = 'API budget'
    _order = 'connection_id, bucket'
    _rec_name = 'bucket'

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade'
    )
    bucket = fields.Char(required=True, readonly=True)
    capacity = fields.Integer('Limit', required=True, readonly=True, help='Calls in one period.')
    period = fields.Float('Period (s)', required=True, readonly=True)
    tat = fields.Datetime(
        'Busy until', required=True, readonly=True,
        help='Theoretical arrival time of the next call; for the day, the moment before which '
             'the account asked us to be silent.',
    )
    used = fields.Integer(readonly=True, default=0, help='Calls of the day so far.')
    resets_at = fields.Datetime(readonly=True, help='When the day of the account ends.')

    _bucket_uniq = models.UniqueIndex('(connection_id, bucket)', 'This budget exists already.')

    # === TAKE === #

    @api.model
    def _take(self, connection, bucket, cost, defaults, known=None, reserve=0):
        """Take ``cost`` calls, or nothing.

        :param defaults: ``{bucket: (calls, seconds)}`` to start from, see the connector
        :param known: a dict to fill with what the buckets are like now, for :meth:`_is_news`
        :param reserve: the share of the day that is left to others
        :return: 0.0 for go, else the seconds to wait
        """
        names = self._buckets(connection, bucket, defaults)
        with queue_cursor(self.env) as cr:
            rows = self._lock(cr, connection, names, defaults)
            waits = [self._wait(row, cost, reserve) for row in rows]
            if any(waits):
                return max(waits)
            for row in rows:
                self._charge(cr, row, cost)
        if known is not None:
            known.update({row['bucket']: row for row in rows})
        return 0.0

    @api.model
    def _buckets(self, connection, bucket, defaults):
        """The day is counted where the provider limits it for this way of signing in."""
        counted = connection._connector_class().counts_the_day
        daily = {DAILY} if DAILY in defaults and connection.auth_method in counted else set()
        return sorted({bucket if bucket in defaults else 'burst'} | daily)

    @api.model
    def _wait(self, row, cost, reserve):
        if row['bucket'] == DAILY:
            full = row['used'] + cost > int(row['capacity'] * (1 - reserve))
            return max(row['tat'], row['to_reset'] if full else 0.0)
        return ratelimit.take(self._rate(row), row['tat'], 0.0, cost)[0]

    @api.model
    def _charge(self, cr, row, cost):
        if row['bucket'] == DAILY:
            row['used'] += cost
        else:
            row['tat'] = ratelimit.take(self._rate(row), row['tat'], 0.0, cost)[1]
        self._store(cr, row)

    @api.model
    def _rate(self, row):
        return ratelimit.Rate(
            limit=row['capacity'], period=row['period'] / STEADY,
            burst=max(1, int(BURST * row['capacity'])),
        )

    # === LEARN === #

    @api.model
    def _is_news(self, row, age, limit, remaining):
        """Whether what the remote says of a bucket would change it by so much that it is worth a
        transaction.

        :param row: the bucket as it was ``age`` seconds ago
        """
        if limit and limit != row['capacity']:
            return True
        if remaining is None:
            return False
        step = max(1, int(LEARN_STEP * row['capacity']))
        if row['bucket'] == DAILY:
            return row['capacity'] - remaining >= row['used'] + step
        rate, tat = self._rate(row), row['tat'] - age
        return ratelimit.align(rate, tat, 0.0, remaining) >= max(tat, 0.0) + step * rate.interval

    @api.model
    def _learn(
        self, connection, bucket, defaults, *, limit=None, remaining=None, period=None,
        blocked_for=None, known=None, exact=False,
    ):
        """Take over what the remote says of a bucket.

        :param limit: calls in one period; :param remaining: calls left in it
        :param period: seconds; :param blocked_for: seconds of silence it asked for
        :param known: as for :meth:`_take`
        :param exact: it was asked for, so that less than we know of is news too: the calls of a
            day that counts the last 24 hours come back by and by
        """
        if bucket not in defaults:
            return
        with queue_cursor(self.env) as cr:
            for row in self._lock(cr, connection, [bucket], defaults):
                if limit and limit > 0:
                    row.update(capacity=limit, period=period or row['period'])
                learn = self._learn_day if bucket == DAILY else self._learn_rate
                learn(row, remaining, blocked_for)
                if exact and bucket == DAILY and remaining is not None:
                    row['used'] = row['capacity'] - remaining
                self._store(cr, row)
                if known is not None:
                    known[bucket] = row

    @api.model
    def _learn_day(self, row, remaining, blocked_for):
        if remaining is not None:
            row['used'] = max(row['used'], row['capacity'] - remaining)
        if blocked_for is not None:
            row['tat'] = max(row['tat'], blocked_for)

    @api.model
    def _learn_rate(self, row, remaining, blocked_for):
        """Push the schedule back: no more at once than is left, and one call after a silence."""
        rate = self._rate(row)
        if remaining is not None:
            row['tat'] = ratelimit.align(rate, row['tat'], 0.0, remaining)
        if blocked_for is not None:
            row['tat'] = ratelimit.block(rate, row['tat'], 0.0, blocked_for)

    @api.model
    def _store(self, cr, row):
        cr.execute(SQL(
            """
            UPDATE sync_budget
               SET capacity = %(capacity)s, period = %(period)s, used = %(used)s,
                   tat = %(clock)s + make_interval(secs => %(tat)s)
             WHERE id = %(id)s
            """,
            clock=_CLOCK, **{key: row[key] for key in ('capacity', 'period', 'used', 'tat', 'id')},
        ))

    # === ROWS === #

    @api.model
    def _lock(self, cr, connection, names, defaults):
        """The rows of ``names``, locked in that order, as dicts.

        ``tat`` and ``to_reset`` are seconds from now, read from the clock once the lock is held:
        a clock read before it would let the waiting time pass twice.
        """
        rows = self._select(cr, connection, names)
        if len(rows) < len(names):
            self._create_missing(cr, connection, names, defaults)
            rows = self._select(cr, connection, names)
        for row in rows:
            if row['to_reset'] is not None and row['to_reset'] <= 0:
                row.update(self._new_day(cr, connection, row['id']))
        return rows

    @api.model
    def _select(self, cr, connection, names):
        params = {'connection': connection.id, 'names': list(names), 'clock': _CLOCK}
        cr.execute(SQL(
            """
            SET LOCAL synchronous_commit = off;
            SELECT id FROM sync_budget
             WHERE connection_id = %(connection)s AND bucket = ANY(%(names)s)
             ORDER BY bucket FOR NO KEY UPDATE
            """, **params,
        ))
        ids = [row_id for (row_id,) in cr.fetchall()]
        cr.execute(SQL(
            """
            SELECT id, bucket, capacity, period, used,
                   extract(epoch FROM tat - %(clock)s)::float8 AS tat,
                   extract(epoch FROM resets_at - %(clock)s)::float8 AS to_reset
              FROM sync_budget WHERE id = ANY(%(ids)s) ORDER BY bucket
            """, ids=ids, clock=_CLOCK,
        ))
        return cr.dictfetchall()

    @api.model
    def _create_missing(self, cr, connection, names, defaults):
        for name in names:
            capacity, period = defaults[name]
            cr.execute(SQL(
                """
                INSERT INTO sync_budget (connection_id, bucket, capacity, period, tat, used,
                                         resets_at)
                SELECT id, %(name)s, %(capacity)s, %(period)s, %(clock)s, 0, %(resets_at)s
                  FROM sync_connection WHERE id = %(connection)s
                ON CONFLICT (connection_id, bucket) DO NOTHING
                """,
                connection=connection.id, name=name, capacity=capacity, period=period,
                clock=_CLOCK,
                resets_at=self._midnight(connection) if name == DAILY else SQL('NULL'),
            ))

    @api.model
    def _new_day(self, cr, connection, row_id):
        cr.execute(SQL(
            """
            UPDATE sync_budget SET used = 0, resets_at = %(midnight)s WHERE id = %(id)s
            RETURNING used, extract(epoch FROM resets_at - %(clock)s)::float8 AS to_reset
            """,
            midnight=self._midnight(connection), clock=_CLOCK, id=row_id,
        ))
        return cr.dictfetchone()

    @api.model
    def _midnight(self, connection):
        """The next midnight of the account, in UTC; a zone PostgreSQL does not know is UTC."""
        zone = connection.time_zone or 'UTC'
        return SQL(
            """
            (SELECT (date_trunc('day', clock_timestamp() AT TIME ZONE z.name) + interval '1 day')
                    AT TIME ZONE z.name AT TIME ZONE 'UTC'
               FROM (SELECT coalesce((SELECT name FROM pg_timezone_names WHERE name = %s),
                                     'UTC') AS name) z)
            """, zone,
        )
