"""PostgreSQL for the faults: a cluster of our own that may be killed, or the server we were given.

Promises: our own cluster has its own data, socket and process; stopping it, at any speed, hurts
nobody else, and it is as durable as PostgreSQL makes it (fsync on, commits wait for the disk). It
ends with the process that started it, even a killed one. A server that `DATABASE_URL` or the PG
variables name is never stopped: `can_stop` says which of the two it is.

Weakness: `stop("immediate")` kills PostgreSQL, not the machine: what the kernel has is not lost.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg2

from devkit import postgres
from devkit.layout import this_checkout

PR_SET_PDEATHSIG = 1
PATIENCE = 90
#: What a stop is called, and the signal that asks PostgreSQL for it.
STOPS = {"fast": signal.SIGINT, "immediate": signal.SIGQUIT}
SETTINGS = {
    **postgres.SETTINGS,
    "shared_buffers": "128MB",
    # Recovery begins with making the whole folder durable: one call instead of one for each file.
    "recovery_init_sync_method": "syncfs",
    "log_line_prefix": "'%m [%p] '",
}


class GivenServer:
    """The server of the environment: everything may be done to it that its other users survive."""

    can_stop = False

    def __init__(self, variables: Mapping[str, str]):
        self.variables = dict(variables)

    @property
    def address(self) -> str | tuple[str, int]:
        """Where it listens: the path of a socket, or host and port."""
        host, port = self.variables.get("PGHOST", "/tmp"), self.variables.get("PGPORT", "5432")
        return f"{host}/.s.PGSQL.{port}" if host.startswith("/") else (host, int(port))

    @property
    def words(self) -> dict[str, str]:
        """psycopg2's words for a connection to it."""
        names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password",
                 "PGSSLMODE": "sslmode"}  # fmt: skip
        return {names[name]: value for name, value in self.variables.items() if name in names}

    def log(self) -> str:
        """What the server has logged, as far as we may read it."""
        return ""

    def close(self) -> None:
        """Nothing of ours is left behind: the database is dropped by who made it."""


class Cluster(GivenServer):
    """A PostgreSQL of our own, made anew in a second and removed by `close`."""

    can_stop = True

    def __init__(self):
        brought = postgres.Cluster(this_checkout())
        self._user = postgres.SERVER_USER if os.geteuid() == 0 else None
        self._programs = Path(os.environ["SAAS_SYNC_PG_BIN"])
        parent = brought.home if brought.home.is_dir() else Path(tempfile.gettempdir())
        self._home = _own_folder(parent, "faults")
        # A path that fits into a socket's address.
        self._sockets = _own_folder(Path("/tmp"), "saas_sync-pg")
        for folder in (self._home, self._sockets):
            if self._user:
                shutil.chown(folder, self._user)
        super().__init__({"PGHOST": str(self._sockets), "PGPORT": "5432", "PGUSER": postgres.ROLE})
        self._process: subprocess.Popen | None = None
        self._initialise()
        self.start()

    def start(self) -> None:
        """Start, and wait until it answers; recovery from a crash included."""
        with (self._home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self._home / "data"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_end_with_parent,
                **self._identity,
            )
        limit = time.monotonic() + PATIENCE
        while not self._answers():
            assert self._process.poll() is None, f"PostgreSQL did not start:\n{self.log()[-3000:]}"
            assert time.monotonic() < limit, f"PostgreSQL does not answer:\n{self.log()[-3000:]}"
            time.sleep(0.05)

    def stop(self, how: str = "fast") -> None:
        """Stop and wait for the end. `fast` disconnects and writes everything; `immediate` is a
        crash, after which PostgreSQL recovers from its log.
        """
        self._process.send_signal(STOPS[how])
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            raise

    @property
    def is_up(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        return (self._home / "log").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        if self.is_up:
            self.stop("immediate")
        shutil.rmtree(self._home, ignore_errors=True)
        shutil.rmtree(self._sockets, ignore_errors=True)

    @property
    def _identity(self) -> dict:
        identity = {"user": self._user, "extra_groups": []} if self._user else {}
        return {**identity, "cwd": "/", "env": {**os.environ, "LC_ALL": "C.UTF-8"}}

    def _initialise(self) -> None:
        command = [self._programs / "initdb", "-D", self._home / "data", "-U", postgres.ROLE,
                   "--auth=trust", "--encoding=UTF8", "--locale-provider=builtin",
                   "--locale=C.UTF-8"]  # fmt: skip
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **self._identity
        )
        assert done.returncode == 0, f"initdb failed:\n{done.stdout[-3000:]}"
        settings = {**SETTINGS, "unix_socket_directories": f"'{self._sockets}'"}
        with (self._home / "data" / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def _answers(self) -> bool:
        try:
            with closing(psycopg2.connect(dbname="postgres", **self.words)):
                return True
        except psycopg2.OperationalError:
            return False


def server() -> GivenServer:
    """The server that the environment names, if it is not the one `./dev` brings along, else a
    cluster of our own.
    """
    own = postgres.Cluster(this_checkout()).server.variables["PGHOST"]
    if os.environ.get("DATABASE_URL") or os.environ.get("PGHOST") not in (None, own):
        return GivenServer(postgres.given(os.environ))
    return Cluster()


def _own_folder(parent: Path, name: str) -> Path:
    """A new folder that bears our process's id; those of processes that were killed are removed."""
    for left in parent.glob(f"{name}-[0-9]*-*"):
        if not Path(f"/proc/{left.name.split('-')[-2]}").exists():
            shutil.rmtree(left, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{name}-{os.getpid()}-", dir=parent))


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)
