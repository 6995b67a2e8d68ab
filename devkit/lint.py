"""The three linters: ruff, pylint with pylint-odoo, and our gate for removed idioms."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from . import idioms
from .layout import TECHNICAL_NAME, Layout
from .process import child_environment

# What pylint-odoo does not see, by folder: what knows nothing of Odoo's models (a `read` of the
# engine is not the ORM's), tooling, sandboxes, and tests that run outside Odoo. Ruff sees it all.
NOT_ADDON = {
    ".": {"dev", "devkit", "engine", "sandbox", "bench", "docs"},
    "tests": {"engine", "sandbox", "devkit", "lifecycle", "faults"},
    # A program of the command line, which prints.
    "tests/security": {"fuzz.py"},
}

Linter = Callable[[Layout, TextIO], bool]


def ruff(layout: Layout, out: TextIO) -> bool:
    return _passes(layout, out, "-m", "ruff", "check", "--output-format=concise", "--quiet", ".")


def pylint(layout: Layout, out: TextIO) -> bool:
    """pylint-odoo over a copy of the add-on's own parts.

    It takes the add-on's name from the folder, follows symlinks while doing so, and would read the
    tooling and the sandboxes, to which its rules do not apply, as parts of the add-on.
    """
    rcfile = f"--rcfile={layout.checkout / 'pyproject.toml'}"
    with tempfile.TemporaryDirectory(prefix="lint-", dir=layout.dev) as home:
        copy = Path(home) / TECHNICAL_NAME
        shutil.copytree(layout.checkout, copy, ignore=_not_addon(layout), symlinks=True)
        return _passes(layout, out, "-m", "pylint", "--score=n", rcfile, str(copy), cwd=Path(home))


def _not_addon(layout: Layout) -> Callable[[str, list[str]], set[str]]:
    def ignored(folder: str, names: list[str]) -> set[str]:
        hidden = {name for name in names if name.startswith((".", "__pycache__"))}
        return NOT_ADDON.get(os.path.relpath(folder, layout.checkout), set()) | hidden

    return ignored


def removed_idioms(layout: Layout, out: TextIO) -> bool:
    found = idioms.findings(layout)
    for finding in found:
        print(finding, file=out)
    return not found


LINTERS: dict[str, Linter] = {"ruff": ruff, "pylint-odoo": pylint, "removed idioms": removed_idioms}


def lint(layout: Layout, out: TextIO = sys.stdout) -> tuple[int, int]:
    """Run every linter, complaints to `out`; return how many passed and how many failed."""
    verdicts = {}
    for name, linter in LINTERS.items():
        verdicts[name] = linter(layout, out)
        print(f"{name}: {'clean' if verdicts[name] else 'FAILED'}", file=out, flush=True)
    passed = sum(verdicts.values())
    return passed, len(verdicts) - passed


def _passes(layout: Layout, out: TextIO, *words: str, cwd: Path | None = None) -> bool:
    out.flush()
    done = subprocess.run(
        [str(layout.python), *words],
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=subprocess.STDOUT,
        cwd=cwd or layout.checkout,
        env=child_environment(
            {"PYTHONPYCACHEPREFIX": str(layout.pycache), "PYTHONDONTWRITEBYTECODE": ""}
        ),
    )
    return done.returncode == 0
