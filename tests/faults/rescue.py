"""How long the records of a dead worker wait until somebody has them again.

Promise: a thread looks at the claims ten times a second, past the proxies. When the process that
held a claim dies, or a claim is seen whose worker is gone already, the clock starts; it stops when
none of its lanes is held by that claim any more: freed by a rescue, or taken by somebody else.
Weakness: 0.1 s is the resolution, and a claim that was made and lost between two looks is not seen.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from pathlib import Path

import psycopg2

LOOK_SECONDS = 0.1
#: The claims of this moment: token, its lanes, and the session that holds the worker's lock.
_CLAIMS = """
    SELECT l.token, array_agg(l.id), min(a.application_name)
      FROM sync_lane l
      LEFT JOIN pg_locks k ON k.locktype = 'advisory' AND k.classid = 721642 AND k.granted
                          AND k.objid = l.worker AND k.database = (
                              SELECT oid FROM pg_database WHERE datname = current_database())
      LEFT JOIN pg_stat_activity a ON a.pid = k.pid
     WHERE l.state = 'running' AND l.token IS NOT NULL GROUP BY 1
"""


class RescueWatch:
    """`seconds` are the waits measured so far; `samples` lanes and tokens as they were seen."""

    def __init__(self, database):
        self._database = database
        self._owners: dict[str, int] = {}
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
        self._forgotten |= self._died.keys() | self._owners.keys()
        self._died.clear()
        self._owners.clear()

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
        for token, lanes, application in claims:
            if application and application.startswith("odoo-"):
                self._owners[token] = int(application.removeprefix("odoo-"))
            for lane in lanes:
                if self._seen.get(lane) != token:
                    self._seen[lane] = token
                    self.samples.append((lane, token))
        held = {token for token, _lanes, _application in claims}
        for token, _lanes, application in claims:
            owner = self._owners.get(token)
            dead = application is None or (owner and not _lives(owner))
            if dead and token not in self._forgotten:
                self._died.setdefault(token, now)
        for token in self._died.keys() - held:
            self.seconds.append(now - self._died.pop(token))
        for token in self._owners.keys() - held:
            del self._owners[token]

    def at_work(self) -> list[int]:
        """The processes that hold a claim at this moment, as far as they were seen."""
        return list(set(self._owners.values()))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with contextlib.suppress(FileNotFoundError):
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[0] != "Z"
    return False


def _closed(connection) -> None:
    if connection is not None:
        connection.close()
