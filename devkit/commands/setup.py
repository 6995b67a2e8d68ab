"""`./dev setup`: everything the other commands need, without doing anything with it."""

from __future__ import annotations

import argparse

from ..layout import Layout
from ..workshop import Workshop

HELP = "bring Odoo, PostgreSQL, packages, browser; every other command does so by itself"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = HELP


def run(layout: Layout, options: argparse.Namespace) -> int:
    workshop = Workshop(layout)
    print(f"Setting up in {layout.dev}", flush=True)
    workshop.prepare(chromium=True, schemathesis=True)
    with workshop.server() as server:
        workshop.template(server)
    print("Ready. ./dev demo shows it, ./dev test tries it, ./dev serve starts Odoo.")
    return 0
