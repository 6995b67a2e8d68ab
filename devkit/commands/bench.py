"""`./dev bench`: set up, then run `bench/` with the virtual environment's Python."""

from __future__ import annotations

import argparse

from bench import options as bench_options

from ..layout import Layout
from ..process import foreground
from ..workshop import Workshop, require_manifest

HELP = "measure saas_sync and its peers, side by side"


def add(parser: argparse.ArgumentParser) -> None:
    bench_options.add(parser)
    parser.add_argument("--list", action="store_true", help="name the measures, run nothing")


def _document(layout: Layout) -> int:
    Workshop(layout).prepare(odoo=False)
    return foreground([str(layout.python), "-m", "bench", "--document"], cwd=layout.checkout)


def run(layout: Layout, options: argparse.Namespace) -> int:
    if options.list:
        for key, sentence in bench_options.known().items():
            print(f"{key:<16} {sentence}")
        return 0
    if options.document:
        return _document(layout)
    require_manifest(layout)
    workshop = Workshop(layout)
    workshop.prepare()
    with workshop.server() as server:
        command = [str(layout.python), "-m", "bench", *bench_options.words(options)]
        return foreground(command, cwd=layout.checkout, env=workshop.environment(server))
