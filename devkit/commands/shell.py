"""`./dev shell`: a Python prompt inside Odoo, `env` at hand, on the development database."""

from __future__ import annotations

import argparse

from .. import odoo_server
from ..layout import TECHNICAL_NAME, Layout
from ..options import database_name
from ..process import foreground
from ..workshop import Workshop, require_manifest

HELP = "a Python prompt inside Odoo, with `env`, on the development database"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = HELP
    parser.add_argument(
        "--database", type=database_name, default=f"{TECHNICAL_NAME}_dev", metavar="NAME"
    )


def run(layout: Layout, options: argparse.Namespace) -> int:
    require_manifest(layout)
    workshop = Workshop(layout)
    workshop.prepare()
    with workshop.server() as server:
        workshop.development_database(server, options.database)
        command = odoo_server.command(
            layout, "shell", "-d", options.database, "--no-http", "--log-level", "warn"
        )
        environment = odoo_server.environment(layout, server)
        return foreground(command, cwd=layout.dev, env=environment)
