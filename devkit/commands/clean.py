"""`./dev clean`: remove everything ./dev has made; the browser, which apt installed, stays."""

from __future__ import annotations

import argparse
import os
import shutil

from .. import postgres
from ..databases import Databases
from ..layout import TECHNICAL_NAME, Layout
from ..workshop import Workshop

HELP = (
    "remove all that ./dev has made: .dev/, its PostgreSQL, and its databases on a server you named"
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = HELP


def run(layout: Layout, options: argparse.Namespace) -> int:
    if postgres.given(os.environ) is not None and layout.python.exists():
        _drop_databases(layout)
    postgres.Cluster(layout).remove()
    if layout.dev.exists():
        shutil.rmtree(layout.dev)
    print(f"{layout.dev} is gone.")
    return 0


def _drop_databases(layout: Layout) -> None:
    with Workshop(layout).server() as server:
        databases = Databases(layout, server)
        for name in [*databases.named(databases.prefix), f"{TECHNICAL_NAME}_dev"]:
            databases.drop(name)
