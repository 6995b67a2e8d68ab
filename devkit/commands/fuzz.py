"""`./dev fuzz`: any number of generated hostile requests against a real server, from a seed."""

from __future__ import annotations

import argparse
import os

from ..layout import Layout
from ..options import positive, workers
from ..process import foreground
from ..workshop import Workshop, require_manifest

HELP = "send a million hostile requests to a real Odoo; every answer and every event is checked"
EPILOG = """The same seed sends the same requests in the same order. The short form, three thousand
of them, is part of ./dev test tests/security. Ends with 0 when nothing was found; the figures are
in .dev/reports/fuzz.json, the server's log is .dev/reports/fuzz-odoo.log."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.description, parser.epilog = HELP, EPILOG
    parser.add_argument(
        "--requests", type=positive, default=1_000_000, metavar="N", help="(default 1,000,000)"
    )
    parser.add_argument("--seed", type=positive, default=1, metavar="S", help="(default 1)")
    parser.add_argument(
        "--workers", type=workers, default=2, metavar="N", help="Odoo's processes (default 2)"
    )
    parser.add_argument(
        "--senders", type=positive, default=4, metavar="N", help="connections at once (default 4)"
    )


def run(layout: Layout, options: argparse.Namespace) -> int:
    require_manifest(layout)
    workshop = Workshop(layout)
    workshop.prepare()
    layout.reports.mkdir(parents=True, exist_ok=True)
    with workshop.server() as server:
        databases = workshop.databases(server)
        template = f"{databases.prefix}_test_fuzz_{os.getpid()}"
        workshop.installed_copy(server, template, durable=False)
        try:
            return foreground(
                [layout.python, "-m", "tests.security.fuzz", *_words(layout, options, template)],
                cwd=layout.checkout,
                env=workshop.environment(server),
            )
        finally:
            databases.drop(template)


def _words(layout: Layout, options: argparse.Namespace, template: str) -> list[str]:
    pairs = {
        "--template": template,
        "--results": layout.reports,
        "--requests": options.requests,
        "--seed": options.seed,
        "--workers": max(options.workers, 1),
        "--senders": options.senders,
    }
    return [str(word) for pair in pairs.items() for word in pair]
