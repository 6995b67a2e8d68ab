"""An Odoo server in prefork mode on one database, up when the block begins, ended with it.

Two web workers and two cron workers unless told otherwise, as a small production server has. Before
the block begins both web workers have answered and the cron workers listen to be woken, so that no
measure pays for the start. Weakness: which worker answers is the kernel's choice; the warming-up
asks often, and does not know.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg2
import requests

from devkit import odoo_server
from devkit.demo.children import Children
from devkit.layout import Layout
from devkit.problems import Problem
from devkit.process import free_port

from .cpu import resident_mb, table, tree

WORKERS = 2
CRON_WORKERS = 2
START_SECONDS = 120
WARMING = 24
LISTENING = """
    SELECT count(*) FROM pg_stat_activity
     WHERE datname = 'postgres' AND state = 'idle' AND application_name = ANY(%s)
"""


@dataclass(frozen=True)
class Server:
    """A running server."""

    url: str
    process: subprocess.Popen

    @property
    def pid(self) -> int:
        """Of the master, from which all others descend."""
        return self.process.pid

    def pids(self) -> list[int]:
        """The master and every worker alive."""
        return sorted(tree(table(), self.pid))

    def rss(self, pid: int) -> float:
        """MB of one of them that are resident."""
        return resident_mb(pid)


@contextmanager
def running(
    layout: Layout,
    children: Children,
    database: str,
    *words: str,
    environment: Mapping[str, str],
    ready: str,
    workers: int = WORKERS,
    cron_threads: int = CRON_WORKERS,
) -> Iterator[Server]:
    """Start Odoo with further `words` on its command line; `ready` is a route that answers 200.

    :raises Problem: it did not start, or has ended before the block did
    """
    port = free_port()
    # No --db-filter: with one, Odoo asks PostgreSQL for its databases at every request, over a new
    # connection, which costs more than what is measured here.
    options = {
        "-d": database,
        "--http-port": port,
        # The websocket process has a port of its own.
        "--gevent-port": free_port(),
        "--workers": workers,
        "--max-cron-threads": cron_threads,
        "--log-level": "warn",
    }
    command = odoo_server.command(
        layout, *(str(word) for pair in options.items() for word in pair), *words
    )
    process = children.start(f"odoo-{database}", command, environment=environment)
    server = Server(f"http://127.0.0.1:{port}", process)
    log = children.log(f"odoo-{database}")
    try:
        if not _is_up(server, ready, cron_threads):
            raise Problem(f"Odoo did not start on {database}.", f"See {log}.")
        yield server
        if process.poll() is not None:
            raise Problem(f"Odoo has ended before its measure did on {database}.", f"See {log}.")
    finally:
        children.stop(process)


def _is_up(server: Server, ready: str, cron_threads: int) -> bool:
    limit = time.monotonic() + START_SECONDS
    while time.monotonic() < limit and server.process.poll() is None:
        if _answers(server.url + ready) and _listening(server) >= cron_threads:
            with ThreadPoolExecutor(8) as callers:
                return all(callers.map(_answers, [server.url + ready] * WARMING))
        time.sleep(0.1)
    return False


def _listening(server: Server) -> int:
    """How many cron workers have a session in the database `postgres`, where Odoo listens."""
    names = [f"odoo-{pid}" for pid in server.pids()]
    connection = psycopg2.connect(dbname="postgres")
    try:
        with connection.cursor() as cursor:
            cursor.execute(LISTENING, [names])
            return cursor.fetchone()[0]
    finally:
        connection.close()


def _answers(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(url, timeout=60).ok
        except (requests.ConnectionError, requests.Timeout):
            return False
