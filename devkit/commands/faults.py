"""`./dev faults`: the random fault campaign against real processes, from a seed."""

from __future__ import annotations

import argparse
import os

from ..layout import Layout
from ..options import minutes, positive
from ..process import foreground
from ..workshop import Workshop, require_manifest

HELP = "break everything at random under load; after every slice every invariant is checked"
EPILOG = """About fifty faults a minute: workers killed, PostgreSQL stopped and cut off, an account
that loses answers, lies and limits. The same seed plans the same work and the same faults. Ends
with 0 when every invariant held. The table is kept in .dev/faults/<seed>.md, the evidence of a
violation in .dev/faults/<seed>/. The short form is part of ./dev test tests/faults. Where
DATABASE_URL names a server, that server is used, and never stopped."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.epilog = HELP, EPILOG
    parser.add_argument(
        "--minutes", type=minutes, default=20, metavar="N", help="of load and faults (default 20)"
    )
    parser.add_argument("--seed", type=positive, default=1, metavar="S", help="(default 1)")
    parser.add_argument(
        "--document", action="store_true", help="put the table into docs/reliability.md as well"
    )


def run(layout: Layout, options: argparse.Namespace) -> int:
    require_manifest(layout)
    workshop = Workshop(layout)
    workshop.prepare()
    with workshop.server() as server:
        databases = workshop.databases(server)
        installed = f"{databases.prefix}_test_faults_{os.getpid()}"
        workshop.installed_copy(server, installed, durable=True)
        words = ["--minutes", options.minutes, "--seed", options.seed]
        words += ["--document"] if options.document else []
        try:
            return foreground(
                [layout.python, "-m", "tests.faults.campaign", *map(str, words)],
                cwd=layout.checkout,
                env={**workshop.environment(server), "SAAS_SYNC_INSTALLED": installed},
            )
        finally:
            databases.drop(installed)
