"""Odoo loaded once, and forked for every job: a worker process in milliseconds, to be killed.

Promises: a fork is a process of its own with connections of its own, as a prefork worker of Odoo
is; it has the registry's latest state, and the environment variables the test gave it
(`SAAS_SYNC_PAUSE` among them). What it was told to run ends with a commit, unless somebody ended
it first. No server and no schedule is involved, so a test decides alone who works and when.

Options: `environment` of the program, for all forks (the way to Odoo's libraries, a faked clock).
Weakness: a fork runs what it is given, not a cron job; what Odoo's own scheduler does when a
worker dies is the business of the campaign, which drives real servers.

`python -m tests.faults.forks ODOO-OPTIONS` is the program; it reads orders, a line of JSON each.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60


@dataclass(frozen=True)
class Ended:
    """How a fork ended: `status` is the exit code, or minus the signal that killed it."""

    status: int
    result: object
    output: str


class Fork:
    """A process at work."""

    def __init__(self, pool: Forks, pid: int, folder: Path):
        self.pool, self.pid, self._folder = pool, pid, folder
        self.ended: Ended | None = None

    def signal(self, number: int) -> None:
        os.kill(self.pid, number)

    @property
    def is_stopped(self) -> bool:
        """Whether a signal has stopped it, to be continued."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8", errors="replace")
        return stat.rpartition(")")[2].split()[0] == "T"

    def poll(self) -> Ended | None:
        if self.ended is None:
            status = self.pool.order({"wait": self.pid})
            if status is not None:
                result = self._folder / "result"
                value = json.loads(result.read_text()) if result.exists() else None
                self.ended = Ended(status, value, self.output())
        return self.ended

    def wait(self, seconds: float = PATIENCE) -> Ended:
        limit = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > limit:
                self.signal(signal.SIGKILL)
                raise AssertionError(f"the fork did not end in {seconds} s:\n{self.output()}")
            time.sleep(0.02)
        return self.ended

    def output(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")


class Forks:
    """The program on `database` (of tests/odoo_database.py), and the client's side of it."""

    def __init__(self, database, environment: dict[str, str] | None = None):
        _python, _script, *options = database.command("--no-http")
        self._home = tempfile.TemporaryDirectory(prefix="saas_sync-forks-")
        self._made = 0
        self.forks: list[Fork] = []
        self._log = open(Path(self._home.name) / "program.log", "wb")  # noqa: SIM115 (until stop)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forks", *options],
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests, which end it
        )
        self.order({})  # answered once it is ready

    def order(self, order: dict):
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return json.loads(self._process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError) as error:
            log = (Path(self._home.name) / "program.log").read_text(errors="replace")
            raise AssertionError(f"the program that forks has ended:\n{log[-4000:]}") from error

    def start(self, code: str, environment: dict[str, str] | None = None, **values) -> Fork:
        """Have a fork run `code` with `env` and `values` as names."""
        self._made += 1
        folder = Path(self._home.name) / str(self._made)
        folder.mkdir()
        pid = self.order(
            {
                "code": code,
                "values": values,
                "environment": environment or {},
                "folder": str(folder),
            }
        )
        self.forks.append(Fork(self, pid, folder))
        return self.forks[-1]

    def run(self, code: str, environment: dict[str, str] | None = None, **values):
        """Run `code` to its end and return its `result`, if it set one.

        :raises AssertionError: it failed
        """
        ended = self.start(code, environment, **values).wait()
        assert ended.status == 0, f"ended with {ended.status}:\n{ended.output[-6000:]}"
        return ended.result

    def log(self) -> str:
        """What all forks have logged."""
        return "\n".join(fork.output() for fork in self.forks)

    def kill(self) -> None:
        """End the forks that still are at work."""
        for fork in self.forks:
            if fork.poll() is None:
                fork.signal(signal.SIGKILL)
                fork.wait()

    def stop(self) -> None:
        self.kill()
        self._process.stdin.close()
        assert self._process.wait(30) == -signal.SIGKILL  # by itself, with all its forks
        self._process.stdout.close()
        self._log.close()
        self._home.cleanup()


# --- the program
# ----------------------------------------------------------------------------------


def main() -> None:
    """Load Odoo and its registry, then fork as ordered until the input ends."""
    import odoo
    from odoo.modules.registry import Registry

    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Odoo prints is no answer of ours
    odoo.tools.config.parse_config(sys.argv[1:], setup_logging=True)
    [database] = odoo.tools.config["db_name"]
    registry = Registry(database)
    odoo.sql_db.close_all()
    for line in sys.stdin:
        order = json.loads(line)
        answer = None
        if "code" in order:
            answer = _fork(registry, order)
        elif "wait" in order:
            pid, status = os.waitpid(order["wait"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
    os.killpg(0, signal.SIGKILL)  # whoever ordered is gone: so are the forks, stopped ones too


def _fork(registry, order: dict) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        log = os.open(Path(order["folder"]) / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.environ.update(order["environment"])
        _run(registry, order)
        status = 0
    except BaseException:  # noqa: BLE001 (a fork must not go on as the program)
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _run(registry, order: dict) -> None:
    from odoo import api

    registry = registry.check_signaling()
    with registry.cursor() as cr:
        names = {"env": api.Environment(cr, api.SUPERUSER_ID, {}), **order["values"]}
        exec(compile(order["code"], "<test>", "exec"), names)
    registry.signal_changes()
    if "result" in names:
        (Path(order["folder"]) / "result").write_text(json.dumps(names["result"]))


if __name__ == "__main__":
    main()
