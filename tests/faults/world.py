"""Everything the fault campaign plays with: started together, broken apart, ended together.

::

    people ──► Odoo: 2 HTTP + 2 cron workers ──► proxy `remote` ──► HubSpot's stand-in
                 ▲          │                                            │
                 │          └──► proxy `postgres` ──► PostgreSQL         │
                 └───────────────── signed deliveries ───────────────────┘

Promises: real processes throughout, Odoo in prefork mode; our own looks (`database`, `box`) go past
the proxies, so no fault can hide what it did. `with World() as world` ends every process of it.

Options: `seed` of the proxies' jitter, further `values` of the connection. Weakness: one account,
and HubSpot's; the stand-in itself is never killed: its memory is the judge of what was done.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
import requests

from tests.faults.cluster import server
from tests.faults.database import FaultDatabase
from tests.faults.proxy import Proxy
from tests.odoo_server import OdooServer, Person
from tests.sandbox_process import SandboxClient

ALIVE = re.compile(rb"Worker (WorkerHTTP|WorkerCron) \((\d+)\) alive")
#: Seconds within which everything has to have arrived once the faults are over.
PATIENCE = 240
#: Backoff in seconds rather than minutes, and tries enough to outlast a slice of faults.
CONNECTION = {"backoff_base": 1, "backoff_cap": 10, "max_attempts": 20, "batch_size": 20,
              "poll_enabled": True, "poll_interval_minutes": 60}  # fmt: skip
_WAITING = """
    SELECT 'lane ' || state, direction || ' ' || object, count(*)::int, min(error_message)
      FROM sync_lane GROUP BY 1, 2
    UNION ALL
    SELECT 'event', state, count(*)::int, NULL FROM sync_event m
     WHERE state = 'pending' AND lane_id IS NULL GROUP BY 2
    UNION ALL
    SELECT 'message', state, count(*)::int, NULL FROM sync_outbox m
     WHERE state = 'pending' AND lane_id IS NULL GROUP BY 2
    UNION ALL
    SELECT 'import', remote_object, 1, NULL FROM sync_mapping WHERE import_state = 'running'
"""
STOPPED = ("lane failed", "lane quarantined")


class World:
    """A server under load, its account and its database. Handles, all of them public:

    `server` (:mod:`.cluster`), `database` (rows, past the proxy), `box` (the account's control
    surface), `odoo` (the server), `remote` and `postgres` (:mod:`.proxy`), `pauses` (the folder of
    orders, see `engine/pause.py`), `connection` (its id), `path` (of its webhook).
    """

    def __init__(self, seed: int = 0, limits: dict | None = None, **values):
        self._seed, self._values = seed, {**CONNECTION, **values}
        self._limits = limits or {"enabled": False}
        self._open = contextlib.ExitStack()
        self._log_at = 0
        self._alive: dict[int, str] = {}

    def __enter__(self) -> World:
        with contextlib.ExitStack() as opening:
            self._open = opening
            self._start()
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_error) -> None:
        self._open.close()

    def _start(self) -> None:
        self.server = server()
        self._open.callback(self.server.close)
        self.postgres = self._proxy(self.server.address)
        self.database = FaultDatabase(self.server, self.postgres.port)
        self._open.callback(self.database.drop)
        self.box = SandboxClient("hubspot")
        self._open.callback(self.box.stop)
        self.box.reset(limits=self._limits, rules={})
        self.remote = self._proxy(("127.0.0.1", urlsplit(self.box.url).port))
        self.pauses = Path(
            self._open.enter_context(tempfile.TemporaryDirectory(prefix="saas_sync-pauses-"))
        )
        self.odoo = self._open.enter_context(
            OdooServer(self.database, environment={"SAAS_SYNC_PAUSE": str(self.pauses)})
        )
        self.supervisor = self._open.enter_context(Supervisor(self.odoo))
        self._connect()

    def _proxy(self, target) -> Proxy:
        proxy = Proxy(target, self._seed)
        self._open.callback(proxy.close)
        return proxy

    def _connect(self) -> None:
        url = f"http://127.0.0.1:{self.remote.port}"
        self.connection = self.person().connect(
            self.box, base_url=url, public_url=self.odoo.url, **self._values
        )
        token = self.database.value(
            "SELECT webhook_token FROM sync_connection WHERE id = %s", self.connection
        )
        self.path = f"/saas_sync/webhook/{token}"

    def subscribe(self, **settings) -> None:
        """Have the account tell Odoo of everything from now on; `settings`: sandbox/README.md."""
        known = {"target": self.odoo.url + self.path, "style": "classic", "window_ms": 50,
                 "client_secret": self.box.secret}  # fmt: skip
        self.box.call("POST", "webhooks", {**known, **settings})

    # --- people -------------------------------------------------------------------------------

    def person(self, patience: float = 120) -> Person:
        """The administrator at Odoo's screens, newly signed in; one each thread. An answer that
        takes longer than `patience` is none.
        """
        limit = time.monotonic() + PATIENCE
        while True:
            try:
                return Person(self.odoo, patience=patience)
            except (AssertionError, requests.RequestException, ValueError):
                if time.monotonic() > limit:
                    raise
                time.sleep(0.5)

    # --- processes ----------------------------------------------------------------------------

    def workers(self, kind: str = "WorkerCron") -> list[int]:
        """The living worker processes of a kind (`WorkerCron`, `WorkerHTTP`), oldest first."""
        with self.odoo.log_path.open("rb") as log:
            log.seek(self._log_at)
            text = log.read()
        whole = text.rfind(b"\n") + 1
        self._log_at += whole
        self._alive |= {int(pid): name.decode() for name, pid in ALIVE.findall(text[:whole])}
        children = _children(self.odoo.master)
        return [pid for pid, name in self._alive.items() if name == kind and pid in children]

    def kill(self, pid: int) -> bool:
        """kill -9; False where it was gone already."""
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def arm(self, point: str, action: str = "kill") -> Path:
        """Order the next process that passes `point` to die there; returns the order's file.

        Struck, it is `<file>.<process id>` (see `struck`); `disarm` withdraws what nobody passed.
        """
        order = self.pauses / f"{point}.{action}"
        order.touch()
        return order

    def struck(self, order: Path) -> int | None:
        """The process that took the order."""
        for path in self.pauses.glob(f"{order.name}.*"):
            return int(path.suffix[1:])
        return None

    def disarm(self, order: Path | None = None) -> None:
        """Withdraw an order, or all, and forget who took them."""
        for path in self.pauses.glob(f"{order.name}*" if order else "*"):
            path.unlink(missing_ok=True)

    @property
    def is_serving(self) -> bool:
        """Whether Odoo's first process is up, and has been all along since it was last started."""
        return self.odoo.is_up and not self.supervisor.is_busy

    # --- waiting ------------------------------------------------------------------------------

    def waiting(self) -> list[tuple]:
        """What is not done, as `(what, of what, how many, why)`; what stopped for good included."""
        return self.database.rows(_WAITING)

    def undelivered(self) -> int:
        return self.box.call("GET", "state").json()["deliveries"]["pending"]

    def drain(self, seconds: float = PATIENCE) -> float:
        """Wait until nothing moves any more; return how long that took. What stopped for a person
        (:meth:`stopped`) does not move.

        :raises AssertionError: something still moves after so many seconds
        """
        begun = time.monotonic()
        quiet = begun
        while time.monotonic() - quiet < 1:
            now = time.monotonic()
            moving = self._moving()
            if moving:
                quiet = now
            assert now - begun < seconds, f"after {seconds:.0f} s still: {moving}"
            time.sleep(0.1)
        return max(quiet - begun, 0.0)

    def _moving(self) -> list:
        try:
            moving = [row for row in self.waiting() if row[0] not in STOPPED]
        except psycopg2.OperationalError as error:
            return [str(error)]
        pending = self.undelivered()
        return moving + ([f"{pending} undelivered"] if pending else [])

    def stopped(self) -> list[tuple]:
        """Lanes that wait for a person: `(id, state, direction, object, key, class, sentence)`."""
        return self.database.rows(
            """SELECT id, state, direction, object, key, error_class, error_message
                 FROM sync_lane WHERE state IN ('failed', 'quarantined') ORDER BY id"""
        )

    def calm(self) -> None:
        """End every fault of the network, the account and the pause points."""
        self.postgres.clear()
        self.remote.clear()
        self.box.call("DELETE", "faults")
        self.disarm()


class Supervisor:
    """What systemd is in production: starts Odoo again when its first process has ended.

    It does end: Odoo's prefork server looks at the database whenever it starts a worker, and gives
    up where PostgreSQL refuses connections at that moment. `restarts` counts them.
    """

    def __init__(self, odoo: OdooServer):
        self._odoo, self.restarts = odoo, 0
        #: Called when it is found dead; by the thread.
        self.on_death = lambda: None
        self.is_busy = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Supervisor:
        self._thread.start()
        return self

    def __exit__(self, *_error) -> None:
        self._over.set()
        self._thread.join(PATIENCE)

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            if not self._odoo.is_up:
                self.restarts += 1
                self.is_busy = True
                self.on_death()
                self._odoo.kill()
                with contextlib.suppress(AssertionError):  # not yet; the next round tries again
                    self._odoo.start()
                self.is_busy = not self._odoo.is_up


def _children(pid: int) -> set[int]:
    """The living children of a process."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except FileNotFoundError:
        return set()
    return set(map(int, text.split()))
