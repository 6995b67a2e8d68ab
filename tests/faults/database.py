"""A database with the add-on on the server of the faults.

Promise: tests look at its rows directly, never through a proxy, so that a fault cannot hide what it
did. It is copied from the database that `SAAS_SYNC_INSTALLED` names (set by `./dev`), over to our
own cluster where there is one. Weakness: only the scheduled actions of the add-on are active; those
of other modules would call services on the Internet, or take the processor at moments of their own.
"""

from __future__ import annotations

import itertools
import os
import subprocess
from pathlib import Path

from tests.faults.cluster import GivenServer
from tests.odoo_database import OdooDatabase

NEEDED = ("SAAS_SYNC_ODOO_CMD", "SAAS_SYNC_PG_BIN", "SAAS_SYNC_DATA_DIR", "SAAS_SYNC_INSTALLED")
_QUIET = """
    UPDATE ir_cron SET active = false WHERE id NOT IN (
        SELECT res_id FROM ir_model_data WHERE model = 'ir.cron' AND module = 'saas_sync')
"""
_numbers = itertools.count(1)


def missing() -> list[str]:
    """The variables that `./dev` sets and that are not there."""
    return [name for name in NEEDED if not os.environ.get(name)]


class FaultDatabase(OdooDatabase):
    """A copy on `server`; Odoo reaches it by `port` of the loopback interface."""

    def __init__(self, server: GivenServer, port: int):
        source = os.environ["SAAS_SYNC_INSTALLED"]
        prefix = source.partition("_installed")[0].partition("_test_")[0]
        self.name = f"{prefix}_test_faults{next(_numbers)}_{os.getpid()}"
        self.server = server.words
        self._variables = {**os.environ, **server.variables}
        self._port, self._is_in_cluster = port, server.can_stop
        self._program("createdb", self.name, variables=self._variables)
        self._copy(source)
        self._copy_filestore(source)
        self.execute(_QUIET)

    def drop(self) -> None:
        """A cluster of our own takes its databases along, and may be down at this moment."""
        if not self._is_in_cluster:
            self._program("dropdb", "--force", "--if-exists", self.name, variables=self._variables)
        self._remove_filestore()

    def dump(self, path: Path) -> None:
        """All of it as SQL, for whoever looks into what went wrong."""
        self._program("pg_dump", "-f", str(path), self.name, variables=self._variables)

    def command(self, *words: str) -> list[str]:
        way = ["--db_host=127.0.0.1", f"--db_port={self._port}"]
        return super().command(*words, *way)

    def _copy(self, source: str) -> None:
        """By dump and restore: the two may be on different servers."""
        programs = Path(os.environ["SAAS_SYNC_PG_BIN"])
        dump = subprocess.Popen(
            [programs / "pg_dump", "--no-owner", source], stdout=subprocess.PIPE
        )
        with dump:
            restore = subprocess.run(
                [programs / "psql", "-Xq1", "-v", "ON_ERROR_STOP=1", "-d", self.name],
                stdin=dump.stdout, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                env={**self._variables, "PGOPTIONS": "-c synchronous_commit=off"},
            )  # fmt: skip
        assert not dump.returncode and not restore.returncode, restore.stderr
