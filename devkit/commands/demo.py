"""`./dev demo`: set up, then run `devkit/demo` with the virtual environment's Python."""

from __future__ import annotations

import argparse
import subprocess

from ..layout import Layout
from ..options import port
from ..process import child_environment, require_port
from ..workshop import Workshop, require_manifest

HELP = "watch a stand-in of HubSpot and Odoo stay in step, both ways; stays up afterwards"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = HELP
    parser.add_argument(
        "--once", action="store_true", help="end after the table; not 0 if a number is wrong"
    )
    parser.add_argument(
        "--port", type=port, default=8069, help="Odoo's HTTP port on 127.0.0.1 (default 8069)"
    )


def run(layout: Layout, options: argparse.Namespace) -> int:
    require_manifest(layout)
    require_port(options.port)
    workshop = Workshop(layout)
    workshop.prepare()
    with workshop.server() as server:
        variables = {
            **workshop.environment(server),
            "SAAS_SYNC_TEMPLATE": workshop.template(server),
        }
        words = ["--port", str(options.port), *(["--once"] if options.once else [])]
        command = [str(layout.python), "-m", "devkit.demo", *words]
        return subprocess.call(command, cwd=layout.checkout, env=child_environment(variables))
