"""Schemathesis in a folder of its own below `.dev`, for the tests of `docs/openapi.json`.

What is installed is pinned, with all it brings, in `tests/security/contract/requirements.txt`. Its
versions contradict Odoo's, so Python is started without the packages of the environment (`-S`) and
finds these alone. Weakness: Schemathesis needs Python 3.11; with 3.10 its test is skipped and says
so.
"""

from __future__ import annotations

import sys
from pathlib import Path

from . import python_env
from .layout import Layout
from .steps import Step, digest

OLDEST = (3, 11)


def folder(layout: Layout) -> Path:
    return layout.dev / "schemathesis"


def wanted(layout: Layout) -> Path:
    return layout.checkout / "tests" / "security" / "contract" / "requirements.txt"


def step(layout: Layout) -> Step:
    version = "%d.%d" % sys.version_info[:2]
    return Step(
        name="schemathesis",
        title="Schemathesis",
        work=lambda: _ensure(layout),
        key=digest(version, wanted(layout).read_text(encoding="utf-8")),
        present=lambda: installed(layout) or lacking() is not None,
    )


def installed(layout: Layout) -> bool:
    return (folder(layout) / "schemathesis" / "__init__.py").is_file()


def lacking() -> str | None:
    """Why nothing can be installed, or None."""
    return None if sys.version_info >= OLDEST else "it needs Python 3.11: its test is skipped"


def _ensure(layout: Layout) -> str | None:
    reason = lacking()
    if reason is None:
        python_env.install_into(layout, folder(layout), wanted(layout))
    return reason
