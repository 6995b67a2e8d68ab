"""Debian packages without installing them: a private apt state below `.dev/apt`, then `dpkg -x`.

Nothing outside the folder is touched and no root is needed: apt gets its own sources list (made
from the mirror that the machine already uses), its own lists and cache. apt continues interrupted
downloads by itself. Weakness: works on Debian only, since other distributions' keys do not vouch
for Debian's archive.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from .problems import Problem
from .process import output_of, run

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
ROLLING = {"stable", "oldstable", "testing", "unstable", "sid"}
NETWORK = "If the network broke, run the same command again: apt continues where it stopped."


def mirror() -> str | None:
    """The address of the Debian archive that this machine's apt uses, or None."""
    if not (shutil.which("apt-get") and shutil.which("dpkg") and KEYRING.exists()):
        return None
    listing = output_of(
        [
            "apt-get",
            "indextargets",
            "--format",
            "$(SITE)|$(RELEASE)|$(COMPONENT)",
            "Created-By: Packages",
        ]
    )
    return pick_mirror(listing, _codename())


def pick_mirror(listing: str, codename: str) -> str | None:
    """The site of the first `main` index of a release called `codename` or by a rolling name.

    `listing` has a line `site|release|component` an index. Security and update suites have other
    release names, foreign sources (a vendor's) other ones again.
    """
    for line in listing.splitlines():
        site, release, component = [*line.split("|"), "", ""][:3]
        if component == "main" and (release == codename or release in ROLLING):
            return site
    return None


def _codename() -> str:
    try:
        lines = Path("/etc/os-release").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    fields = dict(line.split("=", 1) for line in lines if "=" in line)
    return (
        fields.get("VERSION_CODENAME", "").strip('"')
        if fields.get("ID", "").strip('"') == "debian"
        else ""
    )


class PrivateApt:
    """apt with all of its state in `folder`."""

    def __init__(self, folder: Path, log: Path):
        self.folder = folder
        self.log = log
        self.packages = folder / "debs"

    def update(self, site: str, suites: tuple[str, ...]) -> None:
        """Read the indexes of `suites` at the mirror `site`; raise `Problem` if that fails."""
        for folder in (
            self.folder / "lists" / "partial",
            self.folder / "archives" / "partial",
            self.packages,
        ):
            folder.mkdir(parents=True, exist_ok=True)
        sources = "".join(f"deb [signed-by={KEYRING}] {site} {suite} main\n" for suite in suites)
        (self.folder / "sources.list").write_text(sources, encoding="utf-8")
        run(["apt-get", *self._options(), "update"], log=self.log, remedy=NETWORK)

    def download(self, *packages: str) -> None:
        """Fetch `packages` (`name` or `name/suite`), and only them, into `self.packages`."""
        command = ["apt-get", *self._options(), "download", *packages]
        run(command, log=self.log, cwd=self.packages, remedy=NETWORK)

    def unpack(self, target: Path) -> None:
        """Lay the contents of every fetched package into `target`, which appears only when
        complete.
        """
        draft = target.with_name(target.name + ".partial")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(parents=True)
        for package in sorted(self.packages.glob("*.deb")):
            run(["dpkg", "-x", package, draft], log=self.log)
        shutil.rmtree(target, ignore_errors=True)
        draft.rename(target)

    def forget_packages(self) -> None:
        shutil.rmtree(self.packages, ignore_errors=True)

    def _options(self) -> list[str]:
        settings = {
            "Dir::Etc::SourceList": self.folder / "sources.list",
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::State::Lists": self.folder / "lists",
            "Dir::Cache": self.folder,
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            # As root apt would drop to the user _apt, who may be unable to reach this folder.
            "APT::Sandbox::User": "root",
        }
        return [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]


def require_apt(what: str, otherwise: str) -> str:
    site = mirror()
    if site is None:
        raise Problem(
            f"{what} comes as a Debian package, and this machine has no Debian apt.", otherwise
        )
    return site
