"""Public JavaScript clients that judge the sandboxes, installed with npm below `.dev/node`.

What is installed is pinned in `tests/sandbox/clients/package.json`. Promises: no script of a
package runs, nothing is written outside `.dev`, and no lock file, for that would name a package
host. Where Node.js is absent or npm cannot reach the packages, set-up goes on and the test that
needs them is skipped. Weakness: without a lock file, only the named packages are pinned, not what
they bring.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from .layout import Layout
from .problems import Problem
from .process import output_of, run
from .steps import Step, digest

OLDEST = 18


def folder(layout: Layout) -> Path:
    """Where `node_modules` is; `NODE_PATH` of a script that uses it."""
    return layout.dev / "node"


def wanted(layout: Layout) -> Path:
    return layout.checkout / "tests" / "sandbox" / "clients" / "package.json"


def step(layout: Layout) -> Step:
    return Step(
        name="node-clients",
        title="JavaScript clients of the sandboxes",
        work=lambda: _ensure(layout),
        key=digest(wanted(layout).read_text(encoding="utf-8")),
        present=lambda: installed(layout),
    )


def installed(layout: Layout) -> bool:
    return (folder(layout) / "node_modules" / "jsforce" / "package.json").is_file()


def lacking() -> str | None:
    """Why nothing can be installed, or None."""
    version = output_of(["node", "--version"]).strip().removeprefix("v").partition(".")[0]
    if not version.isdecimal() or int(version) < OLDEST or not shutil.which("npm"):
        return f"no Node.js {OLDEST} or newer with npm"
    return None


def _ensure(layout: Layout) -> str | None:
    reason = lacking()
    if reason is None:
        try:
            _install(layout)
        except Problem as problem:
            reason = problem.message.splitlines()[0]
    return reason and f"{reason}: their test is skipped"


def _install(layout: Layout) -> None:
    target = folder(layout)
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(wanted(layout), target / "package.json")
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    cache = {"npm_config_cache": str(target / "cache")}
    log = layout.logs / "node-clients.log"
    run(["npm", "install", *quiet], log=log, cwd=target, env=cache)
