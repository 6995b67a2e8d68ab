"""`./dev serve`: Odoo on a development database with the add-on installed.

Without workers the server follows the files: a change of Python restarts it, a change of anything
the installation reads (views, data, models) upgrades the add-on on the way. Files are looked at
twice a second, because Odoo's own `--dev=reload` does not see through the symlink that gives the
add-on its name.
"""

from __future__ import annotations

import argparse

from .. import odoo_server, reload
from ..layout import TECHNICAL_NAME, Layout
from ..options import database_name, port, workers
from ..process import child_environment, require_port
from ..workshop import Workshop, require_manifest

HELP = "Odoo on a development database, the add-on installed; follows changed files"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = HELP
    parser.add_argument(
        "--port", type=port, default=8069, help="HTTP port on 127.0.0.1 (default 8069)"
    )
    parser.add_argument(
        "--workers",
        type=workers,
        default=0,
        metavar="N",
        help="worker processes (default 0: threads, auto-reload)",
    )
    parser.add_argument(
        "--database",
        type=database_name,
        default=f"{TECHNICAL_NAME}_dev",
        metavar="NAME",
        help="created when missing (default saas_sync_dev)",
    )


def run(layout: Layout, options: argparse.Namespace) -> int:
    require_manifest(layout)
    require_port(options.port)
    workshop = Workshop(layout)
    workshop.prepare()
    with workshop.server() as server:
        workshop.development_database(server, options.database)
        address = f"http://127.0.0.1:{options.port}/odoo"
        print(f"Odoo: {address}   login admin, password admin   (Ctrl-C stops it)", flush=True)
        serve = reload.serve_and_follow if not options.workers else reload.serve
        return serve(
            layout,
            _command(layout, options),
            child_environment(odoo_server.environment(layout, server)),
        )


def _command(layout: Layout, options: argparse.Namespace) -> list[str]:
    # The filter lets a webhook, which has no session, find its database.
    words = [
        "-d",
        options.database,
        "--db-filter",
        f"^{options.database}$",
        "--http-port",
        str(options.port),
    ]
    if options.workers:
        # The websocket process needs a port of its own, or two servers on one machine collide.
        words += ["--workers", str(options.workers), "--gevent-port", str(options.port + 3)]
    # Odoo's own pinned libraries make it log a screenful of deprecations at the first page.
    return odoo_server.command(layout, *words, "--log-handler", "py.warnings:ERROR")
