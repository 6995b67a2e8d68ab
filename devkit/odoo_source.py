"""Odoo 19's source: `ODOO_HOME` where given, else the Debian package, else the official repository.

Whichever it is, afterwards `import odoo` works in the virtual environment (a `.pth` file names the
source), `.dev/bin/odoo` starts it and `.dev/addons/saas_sync` is this checkout under its technical
name. Weakness: the Debian package leaves out a few files whose licences Debian refuses (mail's
selfie_segmentation), so the web client logs one error for it.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import apt, python_env
from .layout import Layout
from .problems import Problem
from .process import output_of, run
from .steps import Step, digest, write_atomically

PACKAGE = "odoo-19"
LIBRARIES = (
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-montserrat",
    "fonts-roboto-unhinted",
    "fonts-ocr-b",
)
# Odoo's web client draws its icons with Font Awesome 4.7. The package of this name in unstable is
# version 7, which lacks the files Odoo's tree links to; the one in bookworm has them. Inconsolata
# likewise.
OLD_LIBRARIES = ("fonts-font-awesome", "fonts-inconsolata")
OLD_SUITE = "bookworm"
REPOSITORY = "https://github.com/odoo/odoo.git"
BRANCH = "19.0"
SCRIPT = """import odoo.cli

if __name__ == "__main__":
    odoo.cli.main()
"""


@dataclass(frozen=True)
class OdooSource:
    """Where Odoo is: `root` holds the package `odoo`; `addons` is a further folder of add-ons, if
    any.
    """

    root: Path
    addons: Path | None


def locate(layout: Layout) -> OdooSource:
    """The source that set-up has chosen. Raises `Problem` when there is none yet, or it is not Odoo
    19.
    """
    home = os.environ.get("ODOO_HOME")
    if home:
        return _checked(Path(home).expanduser().resolve(), "ODOO_HOME")
    debian = layout.odoo_tree / "usr" / "lib" / "python3" / "dist-packages"
    return _checked(debian if debian.is_dir() else layout.odoo_tree, str(layout.odoo_tree))


def _checked(root: Path, name: str) -> OdooSource:
    release = root / "odoo" / "release.py"
    if not release.is_file():
        raise Problem(f"{name} ({root}) holds no Odoo: {release} is missing.", _HOME_REMEDY)
    if "version_info = (19, 0," not in release.read_text(encoding="utf-8"):
        raise Problem(f"{name} ({root}) is not Odoo 19.0.", _HOME_REMEDY)
    # In git most add-ons lie beside the package; in Debian all lie inside it, and the folder beside
    # it holds copies without their data.
    inside = (root / "odoo" / "addons" / "mail").is_dir()
    return OdooSource(root, None if inside else root / "addons")


_HOME_REMEDY = (
    "Let ODOO_HOME name a checkout of Odoo's branch 19.0 (the folder with odoo-bin), or unset it."
)


def steps(layout: Layout) -> list[Step]:
    """The steps that bring the source; none where `ODOO_HOME` names one (it is checked at once)."""
    if os.environ.get("ODOO_HOME"):
        locate(layout)
        return []
    site = apt.mirror()
    fetch = (lambda: _from_debian(layout, site)) if site else (lambda: _from_git(layout))
    title = f"Odoo {BRANCH} ({'Debian package' if site else 'git'})"
    return [
        Step(
            "odoo",
            title,
            fetch,
            key=digest(bool(site), LIBRARIES),
            present=lambda: _is_there(layout),
        )
    ]


def _is_there(layout: Layout) -> bool:
    try:
        locate(layout)
    except Problem:
        return False
    return True


def _from_debian(layout: Layout, site: str) -> str | None:
    fetcher = apt.PrivateApt(layout.apt, layout.logs / "odoo.log")
    fetcher.forget_packages()
    remark = None
    try:
        fetcher.update(site, ("unstable", OLD_SUITE))
        old = tuple(f"{name}/{OLD_SUITE}" for name in OLD_LIBRARIES)
    except Problem:
        fetcher.update(site, ("unstable",))
        old = OLD_LIBRARIES
        remark = f"the mirror has no {OLD_SUITE}: icons will be missing in the browser"
    fetcher.download(PACKAGE, *LIBRARIES, *old)
    fetcher.unpack(layout.odoo_tree)
    fetcher.forget_packages()
    return remark


def _from_git(layout: Layout) -> None:
    if not shutil.which("git"):
        raise Problem(
            "Odoo 19 is missing, and there is neither Debian's apt nor git to fetch it.",
            "Install git, or let ODOO_HOME name a checkout of Odoo's branch 19.0.",
        )
    draft = layout.odoo_tree.with_name("odoo.partial")
    shutil.rmtree(draft, ignore_errors=True)
    run(
        ["git", "clone", "--depth", "1", "--branch", BRANCH, REPOSITORY, draft],
        log=layout.logs / "odoo.log",
        remedy=f"If the network broke, run again. {_HOME_REMEDY}",
    )
    shutil.rmtree(layout.odoo_tree, ignore_errors=True)
    draft.rename(layout.odoo_tree)


def wire(layout: Layout) -> None:
    """Make the chosen source importable and startable, and show it this checkout as an add-on."""
    source = locate(layout)
    path_file = python_env.site_packages(layout) / "saas_sync_odoo.pth"
    write_atomically(path_file, f"{source.root}\n")
    write_atomically(layout.odoo_script, SCRIPT)
    layout.addons.mkdir(parents=True, exist_ok=True)
    if not (layout.addon.is_symlink() and layout.addon.resolve() == layout.checkout.resolve()):
        layout.addon.unlink(missing_ok=True)
        layout.addon.symlink_to(os.path.relpath(layout.checkout, layout.addons))


def identity(layout: Layout) -> str:
    """What tells one build of Odoo from another: its place and, in a git checkout, its commit."""
    root = locate(layout).root
    commit = output_of(["git", "-C", root, "rev-parse", "HEAD"]) if (root / ".git").exists() else ""
    stamp = int((root / "odoo" / "release.py").stat().st_mtime)
    return digest(root, commit.strip(), stamp)
