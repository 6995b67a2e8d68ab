"""Chromium for the browser tests: the one `SAAS_SYNC_CHROMIUM` names, one on the PATH, or Debian's
by apt.

Only root can install it; everybody else gets a sentence and the browser tests are skipped.
Weakness: on Ubuntu the apt package is a stub for snap, which does not work in containers.
"""

from __future__ import annotations

import os
import shutil

from .layout import Layout
from .problems import Problem
from .process import output_of, run

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium that starts, or None."""
    wanted = os.environ.get("SAAS_SYNC_CHROMIUM")
    candidates = [wanted] if wanted else [shutil.which(name) for name in NAMES]
    return next((path for path in candidates if path and output_of([path, "--version"])), None)


def ensure(layout: Layout) -> str | None:
    """Install Chromium where it is missing and we may; return a remark for the step's line."""
    if find():
        return None
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return f"no Chromium: browser tests are skipped ({_remedy()})"
    try:
        _install(layout)
    except Problem as problem:
        return f"no Chromium: browser tests are skipped ({problem.message.splitlines()[0]})"
    return (
        None
        if find()
        else "the package chromium brought no browser that starts: browser tests are skipped"
    )


def _install(layout: Layout) -> None:
    log = layout.logs / "browser.log"
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    install = [
        "apt-get",
        "install",
        "-y",
        "--no-install-recommends",
        "-o",
        "DPkg::Lock::Timeout=120",
        "chromium",
    ]
    try:
        run(install, log=log, env=env)
    except Problem:
        # The usual reason is an index that is missing or older than the mirror's packages.
        run(["apt-get", "update"], log=log, env=env)
        run(install, log=log, env=env)


def _remedy() -> str:
    return "as root: apt install chromium; or let SAAS_SYNC_CHROMIUM name one"
