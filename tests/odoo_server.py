"""A real Odoo server with worker processes, and a person at its screens.

Promise: `with OdooServer(database) as server` answers at `server.url` until the block ends, and its
log is in `server.log()`. Every process of it ends with the block. Weakness: the ports are free when
they are chosen, not yet taken.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import requests

from .odoo_database import OdooDatabase

START_SECONDS = 120
JOB_LINE = re.compile(
    r"^\S+ \S+ (\d+) INFO \S+ \S+ir_cron: Job 'SaaS Sync: worker \d' \(\d+\) (\w+)", re.M
)


class OdooServer:
    """A prefork server on one database. `environment` is added to its processes', `options` to its
    command line.
    """

    def __init__(
        self,
        database: OdooDatabase,
        *options: str,
        workers=2,
        cron_threads=2,
        environment=None,
    ):
        self.database = database
        self._port, gevent = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self._log = Path(tempfile.mkstemp(prefix="saas_sync-odoo-", suffix=".log")[1])
        self._command = database.command(
            f"--http-port={self._port}",
            f"--gevent-port={gevent}",
            f"--workers={workers}",
            f"--max-cron-threads={cron_threads}",
            "--log-handler=odoo.addons.saas_sync:DEBUG",
            *options,
        )
        self._environment = {**os.environ, **(environment or {})}
        self._process = None

    def __enter__(self) -> OdooServer:
        self.start()
        return self

    def start(self) -> None:
        """Start, at the same address and into the same log as before, and wait for an answer."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,
            )
        self._wait()

    def __exit__(self, *_error) -> None:
        self.kill()
        self._log.unlink()

    def kill(self) -> None:
        """As when the machine loses its power: every process at once, none is asked."""
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()

    @property
    def is_up(self) -> bool:
        return self._process.poll() is None

    @property
    def master(self) -> int:
        """The process that starts the others."""
        return self._process.pid

    def workers(self) -> set[int]:
        """The cron processes that run a worker of ours at this moment, by Odoo's log; one that was
        killed has nothing to say any more.
        """
        states = dict(JOB_LINE.findall(self.log()))
        running = {int(pid) for pid, state in states.items() if state == "starting"}
        return {pid for pid in running if Path(f"/proc/{pid}").exists()}

    @property
    def log_path(self) -> Path:
        return self._log

    def log(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _wait(self) -> None:
        limit = time.monotonic() + START_SECONDS
        while time.monotonic() < limit:
            assert self._process.poll() is None, f"Odoo has ended:\n{self.log()[-4000:]}"
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/saas_sync/health", timeout=60).ok:
                    return
            time.sleep(0.1)
        raise AssertionError(f"Odoo did not answer in time:\n{self.log()[-4000:]}")


class Person:
    """The administrator, signed in: calls what the screens call."""

    def __init__(self, server: OdooServer, login="admin", password="admin", patience=120):
        self._url, self._patience = server.url, patience
        self._session = requests.Session()
        self._call(
            "/web/session/authenticate",
            {"db": server.database.name, "login": login, "password": password},
        )

    @property
    def session_id(self) -> str:
        """The cookie that Odoo knows this person by."""
        return self._session.cookies["session_id"]

    def call(self, model: str, method: str, *args, **kwargs):
        """:raises AssertionError: with Odoo's message"""
        return self._call(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": args, "kwargs": kwargs},
        )

    def connect(self, box, **values) -> int:
        """Set up a connection to the sandbox `box`, screen by screen; return its id."""
        [connection] = self.call(
            "sync.connection",
            "create",
            [
                {
                    "name": "Sandbox",
                    "base_url": box.url,
                    "allow_private": True,
                    "access_token_input": box.token,
                    "client_secret_input": box.secret,
                    "poll_enabled": False,
                    **values,
                }
            ],
        )
        for step in (
            "action_test",
            "action_create_external_id",
            "action_discover",
            "action_create_mappings",
        ):
            self.call("sync.connection", step, [connection])
        return connection

    def _call(self, path, params):
        answer = self._session.post(
            self._url + path, json={"jsonrpc": "2.0", "params": params}, timeout=self._patience
        ).json()
        assert "error" not in answer, answer["error"]["data"]["message"]
        return answer.get("result")


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def until(found, what: str, seconds: float = 60):
    """Wait for `found()` to be true and return it.

    :raises AssertionError: it was not in time
    """
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        result = found()
        if result:
            return result
        time.sleep(0.02)
    raise AssertionError(f"after {seconds} s still not: {what}")
