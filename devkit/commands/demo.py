"""`./dev demo`: set up, then run `devkit/demo` with the virtual environment's Python."""

from __future__ import annotations

import argparse

from ..demo.children import end_leftovers
from ..layout import Layout
from ..options import port
from ..process import foreground, require_port
from ..workshop import Workshop, require_manifest

HELP = "watch Odoo and stand-ins of HubSpot and Salesforce stay in step; stays up afterwards"


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
    for name in end_leftovers(layout):
        print(f"  {name} of an earlier demo was still running; it is stopped", flush=True)
    require_port(options.port)
    workshop = Workshop(layout)
    workshop.prepare()
    with workshop.server() as server:
        words = ["--port", str(options.port), *(["--once"] if options.once else [])]
        command = [str(layout.python), "-m", "devkit.demo", *words]
        return foreground(command, cwd=layout.checkout, env=workshop.environment(server))
