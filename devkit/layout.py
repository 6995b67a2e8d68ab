"""Where everything is. One object, so that no other module spells a path.

All paths are absolute and lie below `.dev/` in the checkout. `TECHNICAL_NAME` is the add-on's name
in Odoo, which takes it from the folder's name: hence the symlink `addons/saas_sync`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

TECHNICAL_NAME = "saas_sync"


@dataclass(frozen=True)
class Layout:
    checkout: Path

    @property
    def dev(self) -> Path:
        return self.checkout / ".dev"

    @property
    def state(self) -> Path:
        """Stamps of finished steps."""
        return self.dev / "state"

    @property
    def logs(self) -> Path:
        return self.dev / "logs"

    @property
    def reports(self) -> Path:
        """JUnit reports of the last test run, one a suite."""
        return self.dev / "reports"

    @property
    def apt(self) -> Path:
        return self.dev / "apt"

    @property
    def odoo_tree(self) -> Path:
        """Odoo as unpacked from Debian or cloned."""
        return self.dev / "odoo"

    @property
    def venv(self) -> Path:
        return self.dev / "venv"

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    @property
    def addons(self) -> Path:
        return self.dev / "addons"

    @property
    def addon(self) -> Path:
        """The checkout under its technical name."""
        return self.addons / TECHNICAL_NAME

    @property
    def data(self) -> Path:
        """Odoo's data_dir: filestores, sessions."""
        return self.dev / "data"

    @property
    def odoo_conf(self) -> Path:
        return self.dev / "odoo.conf"

    @property
    def odoo_script(self) -> Path:
        return self.dev / "bin" / "odoo"

    @property
    def postgres(self) -> Path:
        return self.dev / "postgres"

    @property
    def pycache(self) -> Path:
        return self.dev / "pycache"

    @property
    def requirements(self) -> Path:
        return self.checkout / "requirements.txt"

    @property
    def manifest(self) -> Path:
        return self.checkout / "__manifest__.py"

    @property
    def recorded(self) -> Path:
        """Recorded real traffic, where somebody keeps it beside the checkout."""
        return self.checkout.parent / "shared" / "recorded"


def this_checkout() -> Layout:
    return Layout(Path(__file__).resolve().parent.parent)
