"""`./dev sandbox hubspot`: a provider's stand-in alone, as a real HTTP server on the loopback
interface.
"""

from __future__ import annotations

import argparse

from ..layout import Layout
from ..options import port
from ..process import foreground, require_port
from ..workshop import Workshop

HELP = "the local stand-in of a provider, alone"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = HELP
    parser.add_argument("provider", help="whose API to stand in for: hubspot or salesforce")
    parser.add_argument(
        "--port", type=port, required=True, help="port of the provider's API on 127.0.0.1"
    )
    parser.add_argument(
        "--control-port", type=port, metavar="PORT", help="port of the control surface"
    )


def run(layout: Layout, options: argparse.Namespace) -> int:
    require_port(options.port)
    words = [options.provider, "--port", str(options.port)]
    if options.control_port:
        require_port(options.control_port, "--control-port")
        words += ["--control-port", str(options.control_port)]
    Workshop(layout).prepare(odoo=False)
    command = [str(layout.python), "-m", "sandbox", *words]
    return foreground(command, cwd=layout.checkout)
