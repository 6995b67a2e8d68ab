"""`./dev lint`: ruff, pylint-odoo and the gate for removed Odoo idioms."""

from __future__ import annotations

import argparse

from ..layout import Layout
from ..lint import lint
from ..workshop import Workshop

HELP = "ruff, pylint-odoo and the gate for idioms that Odoo 19 removed"


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = HELP


def run(layout: Layout, options: argparse.Namespace) -> int:
    Workshop(layout).prepare()
    _, failed = lint(layout)
    return 1 if failed else 0
