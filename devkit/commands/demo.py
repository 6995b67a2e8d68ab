"""`./dev demo`: set up, then run `devkit/demo` with the virtual environment's Python."""

from __future__ import annotations

import argparse
import signal
import subprocess

from ..demo.children import end_leftovers
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
    for name in end_leftovers(layout):
        print(f"  {name} of an earlier demo was still running; it is stopped", flush=True)
    require_port(options.port)
    workshop = Workshop(layout)
    workshop.prepare()
    with workshop.server() as server:
        words = ["--port", str(options.port), *(["--once"] if options.once else [])]
        command = [str(layout.python), "-m", "devkit.demo", *words]
        return _run(layout, command, child_environment(workshop.environment(server)))


def _run(layout: Layout, command: list[str], environment: dict[str, str]) -> int:
    """Run the demo to its end. Ctrl-C, and a termination, reach it once, so that it can clean up;
    a second Ctrl-C does not wait for that.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    process = subprocess.Popen(
        command, cwd=layout.checkout, env=environment, start_new_session=True
    )
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            return process.wait()
        except KeyboardInterrupt:
            process.send_signal(number)
    return process.wait()
