"""The circuit breaker of an account: a row, shared by all workers, judged by the database clock.

::

    closed ──5 failures in a row, within a minute──► open ──cooldown over──► half_open (one probe)
       ▲                                              ▲                        │
       │                                              └── probe failed: cooldown doubles
       └────────────────────────── probe succeeded ────────────────────────────┘

The rules are those of :mod:`..engine.breaker`, as SQL; a test drives both with the same histories.

Promises: while it is open no call is made; one worker probes at a time, decided by a single
``UPDATE … WHERE … RETURNING``, and the others ask again a moment later; a probe that never reports
(its worker died) is replaced when its time is over; a closed breaker writes nothing for a success.

What counts is what indicts the remote (time-outs, refused connections, 5xx): a record it refuses
is that record's fault. A missing row counts as closed: the breaker fails open.

Weakness: calls already under way when it opens are not interrupted.
"""

from __future__ import annotations

from odoo import api, fields, models
from odoo.tools import SQL

from ..engine import breaker
from ..engine.errors import TransientError
from .queue_cursor import queue_cursor

SETTINGS = breaker.Settings()
_CLOCK = SQL("(clock_timestamp() AT TIME ZONE 'UTC')")


class SyncBreaker(models.Model):
    _name = 'sync.breaker'
    _description = 'Circuit breaker'
    _rec_name = 'connection_id'

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade'
    )
    state = fields.Selection(
        [('closed', 'Closed'), ('open', 'Open'), ('half_open', 'Probing')],
        required=True, readonly=True, default='closed',
    )
    failures = fields.Integer(readonly=True, default=0, help='In a row.')
    first_failure_at = fields.Datetime(readonly=True)
    cooldown = fields.Float('Cooldown (s)', readonly=True, default=SETTINGS.cooldown)
    until = fields.Datetime(readonly=True, help='End of the cooldown, or of the present probe.')

    _connection_uniq = models.UniqueIndex('(connection_id)', 'This breaker exists already.')

    # === BUSINESS === #

    @api.model
    def _before_call(self, connection):
        """Let the call through, or say how long to wait.

        :return: True where no failure is on record, so that a success need not be recorded
        :raises TransientError: the breaker is open, or another worker is probing
        """
        with queue_cursor(self.env) as cr:
            cr.execute(SQL(
                """
                SELECT state, failures, extract(epoch FROM until - %(clock)s)::float8
                  FROM sync_breaker WHERE connection_id = %(connection)s
                """,
                clock=_CLOCK, connection=connection.id,
            ))
            state, failures, wait = cr.fetchone() or ('closed', 0, None)
            if state == 'closed' or (wait <= 0 and self._claim_probe(cr, connection)):
                return state == 'closed' and not failures
        if state == 'half_open':
            wait = min(wait, SETTINGS.look)  # that is when the probe is most likely over
        raise self._refusal(connection, max(wait, 1.0))

    @api.model
    def _claim_probe(self, cr, connection):
        cr.execute(SQL(
            """
            UPDATE sync_breaker
               SET state = 'half_open', until = %(clock)s + make_interval(secs => %(probe)s)
             WHERE connection_id = %(connection)s AND state <> 'closed' AND until <= %(clock)s
            RETURNING id
            """,
            clock=_CLOCK, probe=SETTINGS.probe, connection=connection.id,
        ))
        return bool(cr.fetchone())

    @api.model
    def _record(self, connection, ok):
        """Count the outcome of a call. A late success does not close an open breaker."""
        with queue_cursor(self.env) as cr:
            if ok:
                self._record_success(cr, connection)
            else:
                self._record_failure(cr, connection)

    @api.model
    def _record_success(self, cr, connection):
        cr.execute(SQL(
            """
            UPDATE sync_breaker
               SET state = 'closed', failures = 0, cooldown = %(cooldown)s, until = NULL,
                   first_failure_at = NULL
             WHERE connection_id = %(connection)s
               AND (state = 'half_open' OR (state = 'closed' AND failures > 0))
            """,
            cooldown=SETTINGS.cooldown, connection=connection.id,
        ))

    @api.model
    def _record_failure(self, cr, connection):
        """One statement: concurrent failures wait for each other and are all counted."""
        values = {
            'clock': _CLOCK, 'connection': connection.id, 'threshold': SETTINGS.threshold,
            'window': SETTINGS.window, 'cooldown': SETTINGS.cooldown,
            'cap': SETTINGS.cooldown_cap,
        }
        cr.execute(SQL(
            """
            INSERT INTO sync_breaker AS b
                   (connection_id, state, failures, first_failure_at, cooldown)
            SELECT id, 'closed', 1, %(clock)s, %(cooldown)s
              FROM sync_connection WHERE id = %(connection)s
            ON CONFLICT (connection_id) DO UPDATE
               SET failures = CASE WHEN b.state = 'closed' AND b.first_failure_at
                                        < %(clock)s - make_interval(secs => %(window)s)
                                   THEN 1 ELSE b.failures + 1 END,
                   first_failure_at = CASE WHEN b.first_failure_at
                                        >= %(clock)s - make_interval(secs => %(window)s)
                                   THEN b.first_failure_at ELSE %(clock)s END,
                   cooldown = CASE WHEN b.state = 'half_open'
                                   THEN least(b.cooldown * 2, %(cap)s) ELSE b.cooldown END
            """,
            **values,
        ))
        cr.execute(SQL(
            """
            UPDATE sync_breaker
               SET state = 'open', until = %(clock)s + make_interval(secs => cooldown)
             WHERE connection_id = %(connection)s
               AND (state = 'half_open' OR (state = 'closed' AND failures >= %(threshold)s))
            """,
            **values,
        ))

    @api.model
    def _refusal(self, connection, wait):
        return TransientError(
            f'the circuit breaker is open for {wait:.0f} s more',
            user_message=self.env._(
                '%s does not answer at the moment; calls pause for a little while.',
                connection._remote_label(),
            ),
            retry_after=wait, code='BREAKER_OPEN',
        )
