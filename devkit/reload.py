"""Running Odoo in the foreground, and starting it again when the checkout's files change.

Promises: Ctrl-C and a terminated ./dev end Odoo too; the exit code is Odoo's. Weakness: it compares
times of modification, so a file that keeps its time goes unnoticed.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from .databases import installed_parts_key
from .layout import TECHNICAL_NAME, Layout

INTERVAL = 0.5
STOP_SECONDS = 20
WATCHED = ("*.py", "*.xml", "*.csv", "*.js", "*.scss")
FOLDERS = (
    "controllers",
    "data",
    "engine",
    "models",
    "report",
    "security",
    "static",
    "views",
    "wizards",
)


def serve(layout: Layout, command: list[str], environment: Mapping[str, str]) -> int:
    """Run Odoo until it ends or we are interrupted."""
    process = _start(layout, command, environment)
    try:
        return process.wait()
    finally:
        _stop(process)


def serve_and_follow(layout: Layout, command: list[str], environment: Mapping[str, str]) -> int:
    """Run Odoo; start it again on changes, with an upgrade where the installation's files
    changed.
    """
    extra: list[str] = []
    while True:
        seen, installed = snapshot(layout.checkout), installed_parts_key(layout)
        process = _start(layout, [*command, *extra], environment)
        try:
            code = _wait_for_change(process, layout.checkout, seen)
        finally:
            _stop(process)
        if code == 0:
            return code
        if code is not None:
            print(
                "./dev: Odoo has ended with an error; it starts again at the next change of a file",
                flush=True,
            )
            _wait_for_change(None, layout.checkout, seen)
        extra = ["-u", TECHNICAL_NAME] if code or installed_parts_key(layout) != installed else []
        print(
            f"./dev: files changed, starting again{' with an upgrade' if extra else ''}", flush=True
        )


def snapshot(checkout: Path) -> dict[Path, int]:
    """The times of modification of every file that a running Odoo has read or may read."""
    roots = [checkout / folder for folder in FOLDERS]
    files = [
        *checkout.glob("*.py"),
        *(path for root in roots for kind in WATCHED for path in root.rglob(kind)),
    ]
    return {path: path.stat().st_mtime_ns for path in files if path.exists()}


def _wait_for_change(
    process: subprocess.Popen | None, checkout: Path, seen: dict[Path, int]
) -> int | None:
    """Wait until a file changes (None) or `process` ends (its exit code)."""
    while snapshot(checkout) == seen:
        code = process.poll() if process else None
        if code is not None:
            return code
        time.sleep(INTERVAL)
    return None


def _start(layout: Layout, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen:
    # In a session of its own: Odoo takes the terminal's Ctrl-C and our SIGTERM for two requests to
    # stop, and at the second it drops everything.
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        cwd=layout.dev,
        env=dict(environment),
        start_new_session=True,
    )


def _stop(process: subprocess.Popen) -> None:
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
