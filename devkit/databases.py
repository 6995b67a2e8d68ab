"""Databases: two templates that hold the add-on's dependencies, and quick copies of them.

Installing the dependencies takes a minute, copying a database a second. A template's name carries a
key of what it was made from (Odoo's build, the dependencies); it is built under another name and
renamed when it is complete, so a template that exists is whole. A copy takes the filestore along.
Weakness: a template cannot be copied while somebody is connected to it; nobody should be.
"""

from __future__ import annotations

import ast
import hashlib
import shutil
from pathlib import Path

from . import odoo_server
from .layout import TECHNICAL_NAME, Layout
from .odoo_source import identity
from .postgres import Server
from .process import run
from .steps import digest

# What a change of requires the add-on to be installed anew; Python without models never does.
INSTALLED_PARTS = (
    "__manifest__.py",
    "__init__.py",
    "hooks.py",
    "models",
    "wizards",
    "report",
    "views",
    "data",
    "demo",
    "security",
    "i18n",
)


class Databases:
    """The databases of one checkout on one server."""

    def __init__(self, layout: Layout, server: Server):
        self._layout = layout
        self._server = server
        # Several checkouts may share a server.
        self.prefix = f"{TECHNICAL_NAME}_{digest(layout.checkout)[:6]}"

    def template(self, *, demo: bool = False) -> str:
        """The name of the template for the present Odoo and dependencies; it need not exist yet."""
        key = digest(identity(self._layout), *self._dependencies())
        return f"{self.prefix}_template_{'demo_' if demo else ''}{key}"

    def draft(self, name: str) -> str:
        """What the database `name` is called while it is made."""
        return f"{name}_draft"

    def ensure_template(self, *, demo: bool = False) -> str:
        """Build the template if it is missing, and return its name."""
        name = self.template(demo=demo)
        if not self.exists(name):
            draft = self.draft(name)
            self.drop(draft)
            self._odoo(
                draft, "-i", ",".join(self._dependencies()), *(["--with-demo"] if demo else [])
            )
            self.rename(draft, name)
        return name

    def installed(self, template: str) -> str:
        """The name of a copy of `template` with the add-on, as its files are now, installed."""
        return f"{self.prefix}_installed_{digest(template, installed_parts_key(self._layout))}"

    def ensure_installed(self, template: str, name: str) -> None:
        """Make the database that `installed` names, and drop its forerunners."""
        draft = self.draft(name)
        self.copy(template, draft, durable=False)
        self._odoo(draft, "-i", TECHNICAL_NAME)
        self.drop(name)
        self.rename(draft, name)
        for old in self.named(f"{self.prefix}_installed_"):
            if old != name:
                self.drop(old)

    def install_or_upgrade(self, template: str, name: str) -> str:
        """Bring the add-on in `name` up to date; return what was done, for the step's line.

        A database that does not exist becomes a durable copy of `template` first.
        """
        if not self.exists(name):
            self.copy(template, self.draft(name), durable=True)
            self.rename(self.draft(name), name)
        known = self.has_addon(name)
        self._odoo(name, "-u" if known else "-i", TECHNICAL_NAME)
        return "upgraded" if known else "installed"

    def log(self, database: str) -> Path:
        """Where Odoo writes while it installs or upgrades `database`."""
        return self._layout.logs / f"odoo-{database}.log"

    def has_addon(self, database: str) -> bool:
        """Whether `database` exists and the add-on is installed in it."""
        query = f"SELECT state FROM ir_module_module WHERE name = '{TECHNICAL_NAME}'"
        return self.exists(database) and self._server.psql(query, database) == "installed"

    def copy(self, source: str, target: str, *, durable: bool) -> None:
        """Replace `target` by a copy of `source`. With `durable` off, commits do not wait for the
        disk.
        """
        self.drop(target)
        if self._filestore(source).exists():
            shutil.copytree(self._filestore(source), self._filestore(target))
        self._server.psql(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        if not durable:
            self._server.psql(f'ALTER DATABASE "{target}" SET synchronous_commit TO off')

    def rename(self, source: str, target: str) -> None:
        """Give `source` the name `target`; the filestore moves first, so `target` exists only when
        it is whole.
        """
        shutil.rmtree(self._filestore(target), ignore_errors=True)
        if self._filestore(source).exists():
            self._filestore(source).rename(self._filestore(target))
        self._server.psql(f'ALTER DATABASE "{source}" RENAME TO "{target}"')

    def named(self, prefix: str) -> list[str]:
        rows = self._server.psql(
            f"SELECT datname FROM pg_database WHERE starts_with(datname, '{prefix}')"
        )
        return rows.splitlines()

    def exists(self, database: str) -> bool:
        return bool(self._server.psql(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"))

    def drop(self, database: str) -> None:
        """Drop `database` and its filestore, disconnecting whoever uses it."""
        self._server.psql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        shutil.rmtree(self._filestore(database), ignore_errors=True)

    def _dependencies(self) -> list[str]:
        manifest = ast.literal_eval(self._layout.manifest.read_text(encoding="utf-8"))
        return sorted(manifest["depends"])

    def _odoo(self, database: str, *words: str) -> None:
        run(
            odoo_server.command(
                self._layout,
                "-d",
                database,
                *words,
                "--stop-after-init",
                "--no-http",
                "--log-level=warn",
                # The lines that tell how far it is: Loading module crm (40/65).
                "--log-handler=odoo.modules.loading:INFO",
            ),
            log=self.log(database),
            cwd=self._layout.dev,
            # What is lost when the power fails in the middle of this is built anew.
            env={
                **odoo_server.environment(self._layout, self._server),
                "PGOPTIONS": "-c synchronous_commit=off",
            },
            remedy="The traceback above is Odoo's; mend what it names and run again.",
        )

    def _filestore(self, database: str) -> Path:
        return self._layout.data / "filestore" / database


def installed_parts_key(layout: Layout) -> str:
    """A key of every file of the add-on that its installation reads."""
    roots = [layout.checkout / part for part in INSTALLED_PARTS]
    files = [
        path for root in roots for path in ([root] if root.is_file() else sorted(root.rglob("*")))
    ]
    key = hashlib.sha256()
    for path in files:
        if path.is_file() and "__pycache__" not in path.parts:
            key.update(f"{path.relative_to(layout.checkout)}\0".encode())
            key.update(hashlib.sha256(path.read_bytes()).digest())
    return key.hexdigest()[:12]
