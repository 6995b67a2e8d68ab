"""Counting in Odoo's database, with a connection of its own that only reads.

Promise: numbers are those of committed rows; nothing here goes through the add-on, so that it
cannot flatter itself. Weakness: it knows the add-on's tables by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg2

WAITING = """
    SELECT (SELECT count(*) FROM sync_event m LEFT JOIN sync_lane l ON l.id = m.lane_id
             WHERE m.state = 'pending' AND coalesce(l.state, '') NOT IN ('failed', 'quarantined')),
           (SELECT count(*) FROM sync_outbox m LEFT JOIN sync_lane l ON l.id = m.lane_id
             WHERE m.state = 'pending' AND coalesce(l.state, '') NOT IN ('failed', 'quarantined')),
           (SELECT count(*) FROM sync_lane WHERE state IN ('ready', 'running', 'waiting')),
           (SELECT count(*) FROM sync_mapping WHERE import_state = 'running')
"""


@dataclass(frozen=True)
class Waiting:
    """What is not done yet. Failed lanes, and what waits behind them, are done for now."""

    events: int
    outbox: int
    lanes: int
    imports: int

    def __bool__(self) -> bool:
        return bool(self.events or self.outbox or self.lanes or self.imports)


@dataclass(frozen=True)
class Ended:
    """Messages of an account that are over: events in, messages out, and of the events those that
    found both sides agreed.
    """

    events: int
    messages: int
    idle: int

    @property
    def total(self) -> int:
        return self.events + self.messages


class Database:
    """A read-only connection by libpq's variables, each statement in a transaction of its own."""

    def __init__(self, name: str):
        self._connection = psycopg2.connect(dbname=name)
        self._connection.set_session(readonly=True, autocommit=True)

    def close(self) -> None:
        self._connection.close()

    def rows(self, sql: str, *params: Any, **named: Any) -> list[tuple]:
        with self._connection.cursor() as cursor:
            cursor.execute(sql, named or params)
            return cursor.fetchall()

    def one(self, sql: str, *params: Any, **named: Any) -> Any:
        return self.rows(sql, *params, **named)[0][0]

    def now(self) -> datetime:
        """The database's clock, naive UTC as Odoo stores it."""
        return self.one("SELECT clock_timestamp() AT TIME ZONE 'UTC'")

    def waiting(self) -> Waiting:
        return Waiting(*self.rows(WAITING)[0])

    def last_event(self) -> int:
        return self.one("SELECT coalesce(max(id), 0) FROM sync_event")

    def last_message(self) -> int:
        return self.one("SELECT coalesce(max(id), 0) FROM sync_outbox")

    def worked(self, event: int, message: int) -> int:
        """Messages that are over, of those after the given ids."""
        return self.one(
            """SELECT (SELECT count(*) FROM sync_event WHERE id > %s AND state <> 'pending')
                    + (SELECT count(*) FROM sync_outbox WHERE id > %s AND state <> 'pending')""",
            event, message,
        )  # fmt: skip

    def stored(self, event_ids: Iterable[int], after: int) -> tuple[int, int]:
        """`(rows, different ones)` in the log that bear one of HubSpot's event ids."""
        return self.rows(
            """SELECT count(*), count(DISTINCT payload::json->>'eventId') FROM sync_event
                WHERE id > %s AND payload IS NOT NULL AND json_typeof(payload::json) = 'object'
                  AND payload::json->>'eventId' = ANY(%s)""",
            after, [str(event_id) for event_id in event_ids],
        )[0]  # fmt: skip

    def misfits(self, after: int) -> int:
        """Events that were kept although they fit no schema."""
        return self.one(
            "SELECT count(*) FROM sync_event WHERE id > %s AND error_class = 'contract'", after
        )

    def states(self, table: str, after: int) -> dict[str, int]:
        """How messages after an id ended."""
        sql = f"SELECT state, count(*) FROM {table} WHERE id > %s GROUP BY 1 ORDER BY 2 DESC"
        return dict(self.rows(sql, after))

    def waiting_for(self, connection: int) -> int:
        """Messages of one account that are not over; what stopped waits for a person."""
        return self.one(
            """SELECT (SELECT count(*) FROM sync_event m LEFT JOIN sync_lane l ON l.id = m.lane_id
                        WHERE m.state = 'pending' AND m.connection_id = %(connection)s
                          AND coalesce(l.state, '') NOT IN ('failed', 'quarantined'))
                    + (SELECT count(*) FROM sync_outbox m LEFT JOIN sync_lane l ON l.id = m.lane_id
                        WHERE m.state = 'pending' AND m.connection_id = %(connection)s
                          AND coalesce(l.state, '') NOT IN ('failed', 'quarantined'))""",
            connection=connection,
        )

    def last_attempt(self) -> int:
        return self.one("SELECT coalesce(max(id), 0) FROM sync_attempt")

    def ended(self, event: int, message: int, attempt: int, connection: int) -> Ended:
        """What became of an account's messages, after the given ids of the three logs."""
        return Ended(*self.rows(
            """SELECT (SELECT count(*) FROM sync_event
                        WHERE id > %(event)s AND connection_id = %(connection)s
                          AND state <> 'pending'),
                      (SELECT count(*) FROM sync_outbox
                        WHERE id > %(message)s AND connection_id = %(connection)s
                          AND state <> 'pending'),
                      (SELECT coalesce(sum(messages), 0) FROM sync_attempt
                        WHERE id > %(attempt)s AND connection_id = %(connection)s
                          AND direction = 'in' AND outcome = 'nothing')""",
            event=event, message=message, attempt=attempt, connection=connection,
        )[0])  # fmt: skip

    def latencies(
        self, table: str, after: int, connection: int | None = None
    ) -> tuple[float, float]:
        """Median and 95th percentile, in seconds, from arrival to outcome."""
        return self.rows(
            f"""SELECT coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY latency), 0),
                       coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY latency), 0)
                  FROM {table} WHERE id > %(after)s AND state = 'done' AND latency IS NOT NULL
                   AND (%(connection)s IS NULL OR connection_id = %(connection)s)""",
            after=after, connection=connection,
        )[0]  # fmt: skip

    def touched(self, since: datetime) -> tuple[int, int]:
        """`(created, updated)` partners and opportunities since a moment of `now()`."""
        return self.rows(
            """SELECT count(*) FILTER (WHERE create_date >= %s),
                      count(*) FILTER (WHERE create_date < %s)
                 FROM (SELECT create_date, write_date FROM res_partner
                       UNION ALL SELECT create_date, write_date FROM crm_lead) r
                WHERE write_date >= %s""",
            since, since, since,
        )[0]  # fmt: skip

    def written(self, since: datetime) -> list[tuple[str, int]]:
        """`(model, id)` of the partners and opportunities written since a moment of `now()`."""
        return self.rows(
            """SELECT 'res.partner', id FROM res_partner WHERE write_date >= %s
               UNION ALL SELECT 'crm.lead', id FROM crm_lead WHERE write_date >= %s""",
            since, since,
        )  # fmt: skip

    def stuck(self) -> list[tuple]:
        """What is not done, for a message about a drain that does not end."""
        return self.rows(
            """SELECT direction, object, state, error_class, left(error_message, 120), count(*)
                 FROM sync_lane WHERE state NOT IN ('failed', 'quarantined')
                GROUP BY 1, 2, 3, 4, 5 ORDER BY 6 DESC LIMIT 5"""
        )
