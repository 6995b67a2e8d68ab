"""The stage of a run: PostgreSQL, a stand-in of HubSpot, worlds copied from prepared databases.

`ours` and `peers` hand out worlds. The database behind each is prepared once a run for each number
of partners, by the add-on's own import, and copied after that; the stand-in is set back to the same
state every time. Promise: fsync and synchronous_commit are on, or the run does not begin. What a
killed run has left is put away by the next one. Weakness: databases carry our process id, so a
number that the kernel has given to somebody else keeps them until that one has ended.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg2

from devkit.databases import Databases
from devkit.demo.accounts import HubSpot
from devkit.demo.children import Children, end_leftovers
from devkit.layout import Layout
from devkit.postgres import Server
from devkit.problems import Problem
from devkit.workshop import Workshop

from . import contacts, peers_setup, server
from .contract import Sample, require
from .cpu import Meter, table
from .world import PUBLIC_URL, Ours, Peers, World

FAMILY = "bench"
PAIR_PARTNERS = 200
#: Of a core: below it, a process has only been waiting.
IDLE_SHARE = 0.02


class StageMeter(Meter):
    """A meter that knows who is who."""

    @property
    def cpu_odoo(self) -> float | None:
        return self.cpu("odoo")

    @property
    def cpu_postgres(self) -> float | None:
        return self.cpu("postgres")

    @property
    def cpu_sandbox(self) -> float | None:
        return self.cpu("sandbox")

    def sample(self, value: float, **extra: float) -> Sample:
        """What was metered; the stand-in's CPU seconds are among the extras where it worked."""
        if self.cpu_sandbox and self.cpu_sandbox > IDLE_SHARE * self.wall:
            extra.setdefault("cpu_sandbox", self.cpu_sandbox)
        return Sample(value, self.wall, self.cpu_odoo, self.cpu_postgres, extra)


@dataclass(frozen=True)
class Pair:
    """Both worlds, a prefork server on each; queue_job's runner is at work on the peers'."""

    ours: Ours
    peers: Peers
    ours_server: server.Server
    peers_server: server.Server


class Stage:
    """Everything a measure may ask for."""

    def __init__(self, layout: Layout, postgres: Server, children: Children, *, quick: bool):
        self.layout, self.postgres, self.children, self.quick = layout, postgres, children, quick
        self.account = HubSpot.start(layout, children)
        self.databases = Databases(layout, postgres)
        self._prefix = f"{self.databases.prefix}_{FAMILY}_{os.getpid()}"
        self._numbers = itertools.count(1)
        self._prepared: dict[tuple, tuple[str, list, Any]] = {}
        self._postmaster = _postmaster()
        self._pair: Pair | None = None
        self._kept = ExitStack()
        # Once, so that files that change meanwhile make no difference within a run.
        self._installed = self._new_name()
        Workshop(layout).installed_copy(postgres, self._installed, durable=True)

    def size(self, full: int, *, quick: int) -> int:
        """How much work: `full`, or `quick` in a quick run."""
        return quick if self.quick else full

    def postgres_pids(self) -> list[int]:
        """PostgreSQL's postmaster; nobody where it runs on another machine."""
        return [self._postmaster] if self._postmaster else []

    def meter(self, *servers: server.Server) -> StageMeter:
        """Wall time, and the CPU seconds of `servers`, PostgreSQL and the stand-in."""
        return StageMeter(
            {
                "odoo": [one.pid for one in servers],
                "postgres": self.postgres_pids(),
                "sandbox": [self.account.pid],
            }
        )

    # --- worlds ---

    def pair(self) -> Pair:
        """Ours and the peers, with a server each. They are kept for the next measure that asks, for
        starting them takes longer than most measures; a measure that takes a world of its own ends
        them, since the stand-in is one.
        """
        if self._pair is None:
            self._pair = self._kept.enter_context(self._new_pair())
        return self._pair

    @contextmanager
    def _new_pair(self) -> Iterator[Pair]:
        with ExitStack() as worlds:
            ours = worlds.enter_context(self._ours(PAIR_PARTNERS))
            peers = worlds.enter_context(self.peers(PAIR_PARTNERS))
            ours_server = worlds.enter_context(ours.server())
            peers_server = worlds.enter_context(peers.server(queue_job=True))
            yield Pair(ours, peers, ours_server, peers_server)

    def end_pair(self) -> None:
        self._pair = None
        self._kept.close()

    @contextmanager
    def ours(self, partners: int, **values: Any) -> Iterator[Ours]:
        """saas_sync, connected, with so many contacts linked; `values` of the connection."""
        self.end_pair()
        with self._ours(partners, **values) as world:
            yield world

    @contextmanager
    def _ours(self, partners: int, **values: Any) -> Iterator[Ours]:
        template, linked, sandbox = self._once(self._prepare_ours, partners)
        contacts.put_back(self.account, sandbox)
        with self.copied(template) as name:
            world = Ours(self, name, linked)
            try:
                for column, value in values.items():
                    world.execute(f'UPDATE sync_connection SET "{column}" = %s', value)
                yield world
            finally:
                world.close()

    @contextmanager
    def peers(self, partners: int) -> Iterator[Peers]:
        """The peers' database with so many partners that know their contact at the stand-in."""
        template, known, _nothing = self._once(self._prepare_peers, partners)
        with self.copied(template) as name:
            world = Peers(self, name, known)
            try:
                yield world
            finally:
                world.close()

    @contextmanager
    def copied(self, source: str) -> Iterator[str]:
        """A durable copy of a database; its name."""
        name = self._new_name()
        self.databases.copy(source, name, durable=True)
        try:
            yield name
        finally:
            self.databases.drop(name)

    def _new_name(self) -> str:
        return f"{self._prefix}_{next(self._numbers)}"

    def _once(self, prepare, partners: int) -> tuple[str, list, Any]:
        key = (prepare.__name__, partners)
        if key not in self._prepared:
            self._prepared[key] = prepare(self._new_name(), partners)
        return self._prepared[key]

    def _prepare_ours(self, name: str, partners: int) -> tuple[str, list, Any]:
        """Connect the account and import its contacts, as a person does."""
        self.databases.copy(self._installed, name, durable=True)
        contacts.fill(self.account, partners)
        world = World(self, name, [])
        with world.shell("setup") as shell:
            account = {"url": self.account.url, "token": self.account.token}
            shell.call("connect", **account, secret=self.account.secret, public_url=PUBLIC_URL)
            shell.call("import_everything")
        rows = world.database.rows(
            "SELECT res_id, remote_id FROM sync_link WHERE state = 'in_sync' ORDER BY res_id"
        )
        world.close()
        require(len(rows) == partners, f"{len(rows)} of {partners} contacts were linked")
        linked = sorted(rows, key=lambda row: int(row[1]))
        return name, linked, contacts.taken(self.account)

    def _prepare_peers(self, name: str, partners: int) -> tuple[str, list, Any]:
        self.databases.copy(peers_setup.database(self.layout, self.postgres), name, durable=True)
        world = Peers(self, name, [])
        with world.shell("peers") as shell:
            account = {"url": self.account.url, "token": self.account.token}
            rows = contacts.rows(partners)
            shell.call("prepare", **account, contacts=rows)
        known = world.database.rows(
            """SELECT id, bench_remote_id FROM res_partner WHERE bench_remote_id IS NOT NULL
                ORDER BY bench_remote_id::bigint"""
        )
        world.close()
        require(len(known) == partners, f"{len(known)} of {partners} partners were made")
        return name, known, None

    def drop_everything(self) -> None:
        for name in self.databases.named(f"{self._prefix}_"):
            self.databases.drop(name)


@contextmanager
def opened(layout: Layout, postgres: Server, *, quick: bool) -> Iterator[Stage]:
    """A stage; all it has made is gone when the block ends.

    :raises Problem: PostgreSQL does not wait for the disk
    """
    _require_durable(postgres)
    _clean_up_after_others(layout, postgres)
    family = f"{FAMILY}-{os.getpid()}"
    with ExitStack() as ends:
        # By then all have ended, and only the record of them is left.
        ends.callback(end_leftovers, layout, family)
        children = ends.enter_context(Children(layout, family))
        stage = Stage(layout, postgres, children, quick=quick)
        # Before the children end, so that the stand-in and the servers are still ours to ask;
        # databases are dropped by force.
        ends.callback(stage.drop_everything)
        ends.callback(stage.end_pair)
        yield stage


def remove_logs(layout: Layout) -> None:
    """Of a run that went well, whose logs nobody would read."""
    for path in layout.logs.glob(f"{FAMILY}-{os.getpid()}-*.log"):
        path.unlink()


def _require_durable(postgres: Server) -> None:
    for setting in ("fsync", "synchronous_commit"):
        value = postgres.psql(f"SHOW {setting}")
        if value not in ("on", "remote_apply"):
            raise Problem(
                f"PostgreSQL runs with {setting} = {value}: figures of it would be worthless.",
                f"Set {setting} = on, or unset DATABASE_URL to use the server ./dev brings along.",
            )


def _clean_up_after_others(layout: Layout, postgres: Server) -> None:
    """Put away what runs that were killed have left."""
    for path in layout.state.glob(f"{FAMILY}-*-processes.json"):
        pid = path.name.split("-")[1]
        if not Path(f"/proc/{pid}").exists():
            end_leftovers(layout, f"{FAMILY}-{pid}")
    databases = Databases(layout, postgres)
    for name in databases.named(f"{databases.prefix}_{FAMILY}_"):
        owner = re.fullmatch(rf"{databases.prefix}_{FAMILY}_(\d+)_\d+", name)
        if owner and not Path(f"/proc/{owner[1]}").exists():
            databases.drop(name)


def _postmaster() -> int | None:
    """PostgreSQL's first process, if it runs on this machine and we may see it."""
    connection = psycopg2.connect(dbname="postgres")
    try:
        processes = table()
        backend = connection.info.backend_pid
        command = Path(f"/proc/{backend}/cmdline")
        known = backend in processes and b"postgres" in command.read_bytes()
        return processes[backend].parent if known else None
    finally:
        connection.close()
