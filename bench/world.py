"""A database to measure on, and the ways to reach it: SQL, Python inside Odoo, a prefork server.

A world is a fresh copy that waits for the disk at every commit, as in production, and is dropped
when its block ends. `Ours` holds saas_sync, connected to the stand-in of HubSpot; `Peers` holds the
other add-ons. Weakness: all of `ours` share one stand-in, so there is one such world at a time.
"""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg2
import requests

from devkit import odoo_server
from devkit.demo.account import Account
from devkit.demo.measure import Database

from . import peers_setup
from . import server as prefork
from . import shell as inside
from .contract import require
from .signing import signed

if TYPE_CHECKING:
    from .stage import Stage

#: Where HubSpot believes to find us: signatures cover the address, whatever port we run on.
PUBLIC_URL = "https://odoo.example.com"
POLL_SECONDS = 0.01
EVENT = {
    "subscriptionId": 3,
    "occurredAt": 1_790_000_000_000,
    "subscriptionType": "contact.propertyChange",
    "attemptNumber": 0,
    "propertyName": "city",
    "propertyValue": "Gent",
    "changeSource": "CRM_UI",
}
_numbers = itertools.count(1)
_event_ids = itertools.count(1)


class World:
    """One database. `partners` are `(partner id, remote id)`, by remote id."""

    ready = "/web/health"

    def __init__(self, stage: Stage, name: str, partners: list[tuple[int, str]]):
        self.stage, self.name, self.partners = stage, name, partners
        self.database = Database(name)

    @property
    def account(self) -> Account:
        """The stand-in of HubSpot."""
        return self.stage.account

    def close(self) -> None:
        self.database.close()

    # --- SQL ---

    def execute(self, sql: str, *params: Any) -> int:
        """Run one statement in a transaction of its own; return the number of rows."""
        connection = psycopg2.connect(dbname=self.name)
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, params or None)
                return cursor.rowcount
        finally:
            connection.close()

    def wait(
        self,
        condition: Callable[[], object],
        what: str,
        seconds: float = 60,
        every: float = POLL_SECONDS,
    ) -> Any:
        """Look again and again until `condition()` is true; return what it answered.

        :raises WrongWork: it was not in time
        """
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            found = condition()
            if found:
                return found
            time.sleep(every)
        require(False, f"after {seconds:.0f} s still not: {what}")
        return None

    # --- Odoo ---

    @property
    def words(self) -> list[str]:
        """Odoo's further options."""
        return []

    @property
    def environment(self) -> dict[str, str]:
        stage = self.stage
        return {**odoo_server.environment(stage.layout, stage.postgres)}

    @contextmanager
    def shell(self, module: str) -> Iterator[inside.Shell]:
        """Python inside Odoo, with the functions of `bench/inside/<module>.py`."""
        stage = self.stage
        words = ["shell", "-d", self.name, "--no-http", "--log-level", "warn", *self.words]
        command = odoo_server.command(stage.layout, *words)
        name = f"shell-{module}-{next(_numbers)}-{self.name}"
        with inside.running(
            stage.children, name, command, self.environment, module, stage.postgres_pids
        ) as shell:
            yield shell

    @contextmanager
    def server(
        self, *words: str, environment: Mapping[str, str] | None = None, **workers: int
    ) -> Iterator[prefork.Server]:
        """A prefork server; `workers=2, cron_threads=2` unless given."""
        with prefork.running(
            self.stage.layout,
            self.stage.children,
            self.name,
            *self.words,
            *words,
            environment={**self.environment, **(environment or {})},
            ready=self.ready,
            **workers,
        ) as server:
            yield server

    @contextmanager
    def copy(self) -> Iterator[World]:
        """A further copy of the database as it is now. Nobody else may be connected to it."""
        self.database.close()
        try:
            with self.stage.copied(self.name) as name:
                self.database = Database(self.name)
                twin = type(self)(self.stage, name, self.partners)
                try:
                    yield twin
                finally:
                    twin.close()
        finally:
            self.database.close()
            self.database = Database(self.name)


class Ours(World):
    """saas_sync with one connected account whose contacts are linked to `partners`."""

    ready = "/saas_sync/health"

    def __init__(self, stage: Stage, name: str, partners: list[tuple[int, str]]):
        super().__init__(stage, name, partners)
        query = "SELECT id, webhook_token FROM sync_connection"
        self.connection, token = self.database.rows(query)[0]
        self.path = f"/saas_sync/webhook/{token}"

    def event(self, remote_id: str, **changes: Any) -> dict:
        """An element of a delivery: a property of a contact has changed."""
        facts = self.account.facts
        identity = {
            "eventId": next(_event_ids),
            "portalId": int(facts["portal_id"]),
            "appId": int(facts["app_id"]),
            "objectId": int(remote_id),
        }
        return {**EVENT, **identity, **changes}

    def sign(self, events: list[dict]) -> tuple[dict[str, str], bytes]:
        """The headers and the body of a delivery, signed as HubSpot signs now."""
        body = json.dumps(events, separators=(",", ":")).encode()
        return signed(body, PUBLIC_URL + self.path, self.account.secret), body

    def deliver(self, server: prefork.Server, events: list[dict]) -> None:
        """Have HubSpot deliver `events` to `server`.

        :raises WrongWork: they were not taken
        """
        headers, body = self.sign(events)
        with requests.Session() as session:
            session.trust_env = False
            answer = session.post(server.url + self.path, data=body, headers=headers, timeout=60)
        require(answer.status_code == 202, f"a delivery was answered {answer.status_code}")

    def is_idle(self) -> bool:
        """Whether nothing waits; what has failed counts as waiting."""
        return not self.database.one(
            """SELECT EXISTS (SELECT 1 FROM sync_event WHERE state = 'pending')
                   OR EXISTS (SELECT 1 FROM sync_outbox WHERE state = 'pending')
                   OR EXISTS (SELECT 1 FROM sync_lane)"""
        )

    def settle(self, seconds: float = 120) -> None:
        """Wait until nothing waits.

        :raises WrongWork: it still does, or something has failed
        """
        self.wait(self.is_idle, f"nothing waits: {self.database.stuck()}", seconds)


class Peers(World):
    """queue_job, base_automation and the peers of our own; no saas_sync."""

    ready = "/bench/ok"

    @property
    def words(self) -> list[str]:
        return peers_setup.odoo_words(self.stage.layout)

    @property
    def environment(self) -> dict[str, str]:
        return peers_setup.environment(self.stage.layout, self.stage.postgres)

    @contextmanager
    def server(
        self,
        *words: str,
        environment: Mapping[str, str] | None = None,
        queue_job: bool = False,
        **workers: int,
    ) -> Iterator[prefork.Server]:
        """A prefork server; with `queue_job` its job runner has a place for every web worker."""
        places = f"root:{workers.get('workers', prefork.WORKERS)}" if queue_job else "root:0"
        variables = {"ODOO_QUEUE_JOB_CHANNELS": places, **(environment or {})}
        with super().server(*words, environment=variables, **workers) as server:
            if queue_job:
                self.wait(self._runner_listens, "queue_job's runner is ready", 30)
            yield server

    def _runner_listens(self) -> bool:
        """It holds an advisory lock from the moment it takes part."""
        return self.database.one(
            """SELECT EXISTS (SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                               WHERE l.locktype = 'advisory' AND d.datname = current_database())"""
        )
