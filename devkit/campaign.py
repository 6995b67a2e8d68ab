"""Runs suites: at most two at once, each one's output printed in one piece when it ends.

A suite chosen alone runs in the foreground instead, so that `--pdb` and `-s` work. Odoo's databases
for a suite are copies, made before it and dropped after it; copies of a run that was killed are
dropped by the next. Weakness: two suites at once suit two cores; more cores stay idle.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TextIO

from .databases import Databases
from .lint import lint
from .postgres import Server
from .problems import Problem
from .process import child_environment
from .selection import Selection
from .suites import NOTHING_COLLECTED, Counts, Suite, counts_of, pytest_command, total
from .workshop import Workshop

AT_ONCE = 2
# A test that hangs must not hold up a continuous integration for ever.
SUITE_SECONDS = 40 * 60
GRACE_SECONDS = 30


class Campaign:
    """One `./dev test`. `server` is None when no chosen suite needs Odoo."""

    def __init__(self, workshop: Workshop, selection: Selection, server: Server | None):
        self._workshop = workshop
        self._layout = workshop.layout
        self._selection = selection
        self._server = server
        self._stopped = threading.Event()
        self._children: list[subprocess.Popen[bytes]] = []
        self._installed: Future[str] | None = None
        self._templates: dict[str, Future[str]] = {}

    def run(self) -> Counts:
        """Run everything that was selected and return the sum."""
        if not self._server:
            return self._run()
        drop_leftovers(self._workshop.databases(self._server))
        try:
            return self._run()
        finally:
            drop_leftovers(self._workshop.databases(self._server))

    def _run(self) -> Counts:
        suites = list(self._selection.words)
        beside = [suite for suite in suites if not suite.alone]
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            self._start_databases(pool, suites)
            jobs = [pool.submit(self._suite, suite, len(suites) == 1) for suite in beside]
            jobs += [pool.submit(self._lint)] if self._selection.everything else []
            try:
                counts = total(job.result() for job in jobs)
            except BaseException:
                self._interrupt()
                raise
        return counts + total(
            self._suite(suite, len(suites) == 1) for suite in suites if suite.alone
        )

    def _start_databases(self, pool: ThreadPoolExecutor, suites: list[Suite]) -> None:
        # Two workers, first come first served: what others wait for has to be submitted before
        # them.
        if any(suite.needs_odoo for suite in suites):
            self._installed = pool.submit(self._original)
        if any(suite.templates for suite in suites):
            demo = pool.submit(self._workshop.template, self._server, demo=True)
            plain = pool.submit(self._workshop.template, self._server)
            self._templates = {"SAAS_SYNC_TEMPLATE": plain, "SAAS_SYNC_TEMPLATE_DEMO": demo}

    def _original(self) -> str:
        return self._workshop.installed_copy(self._server, self._name("original"), durable=False)

    def _lint(self) -> Counts:
        log = self._layout.logs / "lint.log"
        with log.open("w+", encoding="utf-8") as output, self._workshop.ticker.showing("lint"):
            passed, failed = lint(self._layout, output)
        self._show("lint", log)
        return Counts(passed, failed)

    def _suite(self, suite: Suite, foreground: bool) -> Counts:
        if self._stopped.is_set():
            self._print(suite.name, "not run: stopped before its turn")
            return Counts()
        report = self._layout.reports / f"{suite.name}.xml"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.unlink(missing_ok=True)
        try:
            database = self._database_for(suite)
            # Making the database takes long enough to be told meanwhile not to begin.
            if self._stopped.is_set():
                return Counts()
            code = self._run_suite(suite, database, foreground)
        except Problem as problem:
            self._print(suite.name, f"{problem}\n")
            return Counts(failed=1)
        counts = counts_of(report, code)
        if counts.failed and self._selection.stop_at_failure:
            self._stopped.set()
        if code == NOTHING_COLLECTED and self._selection.everything:
            return counts + Counts(failed=1)
        return counts

    def _run_suite(self, suite: Suite, database: str | None, foreground: bool) -> int:
        try:
            if foreground:
                return self._pytest(suite, database, None)
            log = self._layout.logs / f"test-{suite.name}.log"
            ticker = self._workshop.ticker
            with log.open("w", encoding="utf-8") as output, ticker.showing(suite.name):
                code = self._pytest(suite, database, output)
            self._show(suite.name, log)
            return code
        finally:
            if database:
                self._workshop.databases(self._server).drop(database)

    def _database_for(self, suite: Suite) -> str | None:
        if not suite.database:
            return None
        name = self._name(suite.name)
        self._workshop.databases(self._server).copy(self._installed.result(), name, durable=False)
        return name

    def _name(self, use: str) -> str:
        return f"{self._workshop.databases(self._server).prefix}_test_{use}_{os.getpid()}"

    def _pytest(self, suite: Suite, database: str | None, output: TextIO | None) -> int:
        words = list(self._selection.words[suite])
        if output and sys.stdout.isatty():
            words.append("--color=yes")
        child = subprocess.Popen(
            pytest_command(self._layout, suite, database, words),
            stdin=subprocess.DEVNULL if output else None,
            stdout=output,
            stderr=subprocess.STDOUT if output else None,
            cwd=self._layout.checkout,
            env=child_environment(self._variables(suite)),
        )
        self._children.append(child)
        return _ended(child, suite.name, SUITE_SECONDS if output else None)

    def _interrupt(self) -> None:
        """Begin nothing more, and let pytest put away what the running tests have started."""
        self._stopped.set()
        for child in self._children:
            # A terminal has sent them the same Ctrl-C as us.
            if child.poll() is None and not sys.stdin.isatty():
                child.send_signal(signal.SIGINT)

    def _variables(self, suite: Suite) -> dict[str, str]:
        if not self._server:
            return {"PYTHONPYCACHEPREFIX": str(self._layout.pycache), "PYTHONDONTWRITEBYTECODE": ""}
        templates = (
            {name: made.result() for name, made in self._templates.items()}
            if suite.templates
            else {}
        )
        if suite.needs_odoo:
            templates["SAAS_SYNC_INSTALLED"] = self._installed.result()
        if not self._selection.everything:
            # Scenarios of minutes run where somebody asks for them.
            templates["SAAS_SYNC_LONG"] = "1"
        return {**self._workshop.environment(self._server), **templates}

    def _show(self, name: str, log: Path) -> None:
        self._print(name, log.read_text(encoding="utf-8", errors="replace"))

    def _print(self, name: str, text: str) -> None:
        self._workshop.ticker.say(f"\n――― {name} ―――\n{text.rstrip()}")


def _ended(child: subprocess.Popen[bytes], name: str, seconds: float | None) -> int:
    """The exit code of `child`, which is killed, with a `Problem`, when it takes longer."""
    try:
        return child.wait(seconds)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGINT)
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise Problem(
            f"The suite {name} did not end within {seconds / 60:.0f} minutes and was killed.",
            f"Its log shows where it was: .dev/logs/test-{name}.log",
        ) from None


def drop_leftovers(databases: Databases) -> None:
    """Drop our own copies and those of runs that were killed; a name ends in its process's id."""
    for name in databases.named(f"{databases.prefix}_test_"):
        owner = name.rpartition("_")[2]
        if owner == str(os.getpid()) or not _lives(int(owner)):
            databases.drop(name)


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def clock() -> str:
    """Minutes and seconds since this process started its work, for the last line."""
    minutes, seconds = divmod(int(time.monotonic() - _STARTED), 60)
    return f"{minutes} min {seconds:02d} s"


_STARTED = time.monotonic()
