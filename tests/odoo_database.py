"""A database of its own for a test, and Odoo as a command that works on it.

Everything is real: the database is a copy of a template, Odoo is the command line an administrator
types. Weakness: a run that is killed leaves its databases behind; they are named so that the next
`./dev test` drops them.
"""

from __future__ import annotations

import itertools
import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import psycopg2

NEEDED = ("SAAS_SYNC_ODOO_CMD", "SAAS_SYNC_PG_BIN", "SAAS_SYNC_DATA_DIR", "SAAS_SYNC_TEMPLATE")
#: Odoo's log line: time, process, level, database, logger, message.
LOG_LINE = re.compile(
    r"^\S+ \S+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>[\w.?]+): (?P<message>.*)$", re.M
)
#: Printed by what runs in `odoo shell`, in front of its result.
RESULT = "result of the test's code: "

_numbers = itertools.count(1)


def missing() -> list[str]:
    """The variables that `./dev test` sets and that are not there."""
    return [name for name in NEEDED if not os.environ.get(name)]


class OdooDatabase:
    """A copy of `template` under a name of our own; dropped by `drop`.

    Odoo, and our own look at the rows, find the server by libpq's variables.
    """

    #: libpq's words for a server that is not that of the environment.
    server: Mapping[str, str] = {}

    def __init__(self, template: str):
        prefix = re.split("_template|_installed|_test_", template)[0] or "saas_sync_f"
        self.name = f"{prefix}_test_lifecycle{next(_numbers)}_{os.getpid()}"
        self._program("createdb", "-T", template, self.name)
        self._copy_filestore(template)
        self.execute(f'ALTER DATABASE "{self.name}" SET synchronous_commit TO off')

    def drop(self) -> None:
        self._program("dropdb", "--force", "--if-exists", self.name)
        self._remove_filestore()

    def clone(self) -> OdooDatabase:
        return OdooDatabase(self.name)

    @property
    def filestore(self) -> Path:
        return self._filestore(self.name)

    def _copy_filestore(self, source: str) -> None:
        if self._filestore(source).exists():
            shutil.copytree(self._filestore(source), self.filestore)

    def _remove_filestore(self) -> None:
        shutil.rmtree(self.filestore, ignore_errors=True)

    # --- Odoo ---------------------------------------------------------------------------------

    def odoo(self, *words: str, stdin: str | None = None, environment=None) -> str:
        """Run Odoo on this database to its end; return its log.

        :raises AssertionError: it ended with an error
        """
        run = subprocess.run(
            self.command(*words),
            input=stdin,
            stdin=None if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            env={**os.environ, **(environment or {})},
        )
        assert run.returncode == 0, f"odoo {' '.join(words)} failed:\n{run.stdout[-6000:]}"
        return run.stdout

    def command(self, *words: str) -> list[str]:
        """The command line; a sub-command (`shell`) is the first of `words`."""
        python, script, *options = shlex.split(os.environ["SAAS_SYNC_ODOO_CMD"])
        sub = [words[0]] if words and not words[0].startswith("-") else []
        rest = words[len(sub) :]
        if sub == ["module"]:  # options come after the sub-command of the sub-command
            return [python, script, "module", rest[0], *options, "-d", self.name, *rest[1:]]
        return [python, script, *sub, *options, "-d", self.name, *rest]

    def install(self) -> str:
        return self.odoo("-i", "saas_sync", "--stop-after-init", "--no-http")

    def upgrade(self) -> str:
        return self.odoo("-u", "saas_sync", "--stop-after-init", "--no-http")

    def uninstall(self) -> str:
        return self.odoo("module", "uninstall", "saas_sync")

    def run(self, code: str, **values):
        """Run Python in `odoo shell`, with `values` as names; return its `result`, if it set one.

        The transaction is committed at the end.
        """
        given = "".join(
            f"{name} = {value!r}\n" for name, value in {"result": None, **values}.items()
        )
        tail = f"\nenv.cr.commit()\nimport json\nprint({RESULT!r} + json.dumps(result))\n"
        # One exec: the shell would take a blank line inside a function for its end.
        source = f"exec(compile({given + code + tail!r}, '<test>', 'exec'))\n"
        output = self.odoo("shell", "--no-http", stdin=source)
        found = re.search(re.escape(RESULT) + "(.*)", output)
        assert found, f"the code in odoo shell did not end:\n{output[-6000:]}"
        return json.loads(found[1])

    # --- SQL ----------------------------------------------------------------------------------

    def rows(self, query: str, *values) -> list[tuple]:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall()

    def value(self, query: str, *values):
        return self.rows(query, *values)[0][0]

    def execute(self, statement: str, *values) -> None:
        with closing(self.connect()) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)

    def connect(self):
        """A connection of our own that commits each statement; the caller closes it."""
        connection = psycopg2.connect(dbname=self.name, **self.server)
        connection.autocommit = True
        return connection

    @staticmethod
    def _program(name: str, *words: str, variables: Mapping[str, str] | None = None) -> None:
        path = Path(os.environ["SAAS_SYNC_PG_BIN"]) / name
        run = subprocess.run([path, *words], capture_output=True, text=True, env=variables)
        assert run.returncode == 0, run.stderr

    @staticmethod
    def _filestore(name: str) -> Path:
        return Path(os.environ["SAAS_SYNC_DATA_DIR"]) / "filestore" / name


def complaints(log: str) -> list[str]:
    """What Odoo's log warns of, or worse. Deprecations within Odoo and its libraries are theirs."""
    return [
        f"{line['level']} {line['logger']}: {line['message']}"
        for line in LOG_LINE.finditer(log)
        if line["level"] in ("WARNING", "ERROR", "CRITICAL")
        and not (line["logger"] == "py.warnings" and "/saas_sync/" not in line["message"])
    ]
