"""How long the records of a dead worker wait until somebody has them again.

Promise: a thread looks at the claims ten times a second, past the proxies. When nobody holds the
lock of a claim's worker any more (PostgreSQL frees it with the process's connection), the clock
starts; it stops when none of its lanes is held by that claim any more: freed by a rescue, or taken
by somebody else. Weakness: 0.1 s is the resolution, a claim that was made and lost between two
looks is not seen, and what PostgreSQL takes to notice the death is not in the figure.
"""

from __future__ import annotations

import threading
import time

import psycopg2

LOOK_SECONDS = 0.1
#: The claims of this moment: token, its lanes, and whether anybody holds the worker's lock.
_CLAIMS = """
    SELECT l.token, array_agg(l.id), bool_or(k.pid IS NOT NULL)
      FROM sync_lane l
      LEFT JOIN pg_locks k ON k.locktype = 'advisory' AND k.classid = 721642 AND k.granted
                          AND k.objid = l.worker AND k.database = (
                              SELECT oid FROM pg_database WHERE datname = current_database())
     WHERE l.state = 'running' AND l.token IS NOT NULL GROUP BY 1
"""


class RescueWatch:
    """`seconds` are the waits measured so far; `samples` lanes and tokens as they were seen."""

    def __init__(self, database):
        self._database = database
        #: Tokens held at the last look.
        self.held: set[str] = set()
        self._died: dict[str, float] = {}
        self._forgotten: set[str] = set()
        self._seen: dict[int, str] = {}
        self.seconds: list[float] = []
        self.samples: list[tuple[int, str]] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> RescueWatch:
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._over.set()
        self._thread.join()

    def forget(self) -> None:
        """The dead of this moment are not counted: with the database, or with Odoo's first process,
        those have gone who could come to the rescue.
        """
        self._forgotten |= self._died.keys() | self.held
        self._died.clear()

    def _watch(self) -> None:
        connection = None
        while not self._over.wait(LOOK_SECONDS):
            try:
                connection = connection or self._database.connect()
                with connection.cursor() as cursor:
                    cursor.execute(_CLAIMS)
                    self._look(cursor.fetchall())
            except psycopg2.Error:
                self.forget()
                connection = _closed(connection)
        _closed(connection)

    def _look(self, claims: list[tuple]) -> None:
        now = time.monotonic()
        self.held = {token for token, _lanes, _lives in claims}
        for token, lanes, lives in claims:
            for lane in lanes:
                if self._seen.get(lane) != token:
                    self._seen[lane] = token
                    self.samples.append((lane, token))
            if not lives and token not in self._forgotten:
                self._died.setdefault(token, now)
        for token in self._died.keys() - self.held:
            self.seconds.append(now - self._died.pop(token))


def _closed(connection) -> None:
    if connection is not None:
        connection.close()
