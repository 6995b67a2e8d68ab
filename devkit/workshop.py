"""Everything a command needs, brought about in the right order: packages, Odoo, browser, server,
databases.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import browser, contract_tool, node_clients, odoo_server, odoo_source, postgres, python_env
from .databases import Databases, installed_parts_key
from .layout import Layout
from .lock import exclusive
from .problems import Problem, disk_full
from .steps import Step, Steps, digest
from .ticker import Ticker, last_of

NEEDED_BYTES = 3_000_000_000


class Workshop:
    """One checkout and its tools."""

    def __init__(self, layout: Layout):
        self.layout = layout
        self.ticker = Ticker()
        self.steps = Steps(layout.state, self.ticker)

    def prepare(
        self,
        *,
        odoo: bool = True,
        chromium: bool = False,
        clients: bool = False,
        schemathesis: bool = False,
    ) -> None:
        """Bring the virtual environment and, as asked, Odoo's source, a browser, JavaScript
        clients and Schemathesis.
        """
        if odoo:
            # An address that cannot be read is told before minutes of downloads, not after them.
            postgres.given(os.environ)
        with exclusive(self._lock("setup")):
            rows = [[python_env.step(self.layout)]]
            if schemathesis:  # installed with the environment's pip
                rows[0].append(contract_tool.step(self.layout))
            if odoo:
                rows.append(odoo_source.steps(self.layout))
            if chromium:
                rows.append([self._browser_step()])
            if clients:
                rows.append([node_clients.step(self.layout)])
            self._require_space(rows)
            self.steps.together(*rows)
            if odoo:
                odoo_source.wire(self.layout)

    def _browser_step(self) -> Step:
        work = lambda: browser.ensure(self.layout)  # noqa: E731
        return Step("browser", "Chromium", work, present=lambda: browser.find() is not None)

    def _require_space(self, rows: list[list[Step]]) -> None:
        waiting = [step for row in rows for step in row if not self.steps.is_done(step)]
        if (
            waiting
            and shutil.disk_usage(self.layout.checkout).free < NEEDED_BYTES * len(waiting) / 3
        ):
            raise disk_full(self.layout.checkout)

    @contextmanager
    def server(self) -> Iterator[postgres.Server]:
        """PostgreSQL for as long as the block lasts, with Odoo's configuration pointing at it."""
        with postgres.running(self.layout) as server:
            odoo_server.write_configuration(self.layout, server)
            yield server

    def databases(self, server: postgres.Server) -> Databases:
        return Databases(self.layout, server)

    def template(self, server: postgres.Server, *, demo: bool = False) -> str:
        """The name of the template with the dependencies installed, built now if need be."""
        databases = self.databases(server)
        title = f"Odoo database with{'' if demo else 'out'} demo data"
        name = databases.template(demo=demo)
        self._one_at_a_time(
            Step(
                f"template{'-demo' if demo else ''}-{digest(server.variables.get('PGHOST', ''))}",
                title,
                lambda: databases.ensure_template(demo=demo) and None,
                key=name,
                present=lambda: databases.exists(name),
                progress=last_of(databases.log(databases.draft(name))),
            )
        )
        return name

    def installed(self, server: postgres.Server) -> str:
        """The name of a database without demo data in which the add-on, as its files are now, is
        installed. It is kept until the add-on's files change; work on a copy.
        """
        with exclusive(self._lock("installed")):
            return self._ensure_installed(server)

    def installed_copy(self, server: postgres.Server, target: str, *, durable: bool) -> str:
        """Make `target` a copy of `installed`, before another ./dev can replace that; return
        `target`.
        """
        with exclusive(self._lock("installed")):
            self.databases(server).copy(self._ensure_installed(server), target, durable=durable)
        return target

    def _ensure_installed(self, server: postgres.Server) -> str:
        databases = self.databases(server)
        template = self.template(server)
        name = databases.installed(template)
        self.steps.run(
            Step(
                "installed",
                "saas_sync installed",
                lambda: databases.ensure_installed(template, name),
                key=name,
                present=lambda: databases.exists(name),
                progress=last_of(databases.log(databases.draft(name))),
            )
        )
        return name

    def _one_at_a_time(self, step: Step) -> None:
        with exclusive(self._lock(step.name)):
            self.steps.run(step)

    def _lock(self, name: str) -> Path:
        return self.layout.dev / f"lock-{name}"

    def development_database(self, server: postgres.Server, name: str) -> None:
        """Make sure the database `name` exists with the add-on, as its files are now, installed in
        it.
        """
        databases = self.databases(server)
        template = self.template(server)
        self._one_at_a_time(
            Step(
                f"development-{name}",
                f"saas_sync in {name}",
                lambda: databases.install_or_upgrade(template, name),
                key=installed_parts_key(self.layout),
                present=lambda: databases.has_addon(name),
                progress=last_of(databases.log(name)),
            )
        )

    def environment(self, server: postgres.Server) -> dict[str, str]:
        """The variables that tests and the demo read (documented in `commands/test.py`)."""
        variables = {
            **odoo_server.environment(self.layout, server),
            "SAAS_SYNC_ODOO_CMD": shlex.join(odoo_server.command(self.layout)),
            "SAAS_SYNC_ADDONS": str(self.layout.addons),
            "SAAS_SYNC_DATA_DIR": str(self.layout.data),
            "SAAS_SYNC_PG_BIN": str(server.programs),
        }
        chromium = browser.find()
        if chromium:
            variables["SAAS_SYNC_CHROMIUM"] = chromium
        if contract_tool.installed(self.layout):
            variables["SAAS_SYNC_SCHEMATHESIS"] = str(contract_tool.folder(self.layout))
        recorded = os.environ.get("SAAS_SYNC_RECORDED") or self.layout.recorded
        if os.path.isdir(recorded):
            variables["SAAS_SYNC_RECORDED"] = str(recorded)
        return variables


def require_manifest(layout: Layout) -> None:
    if not layout.manifest.is_file():
        raise Problem(
            f"{layout.manifest} is missing: this checkout is not complete.",
            "Clone the repository again.",
        )
