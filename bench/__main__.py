"""Run by `./dev bench`, with the virtual environment's Python and the variables that it sets.

Exit codes: 0 when every contender has done its work, whatever the targets say; 1 when one has not,
or the set-up failed; 130 after Ctrl-C. Targets are not the exit code's business: they hold on a
quiet machine, and no machine of a continuous integration is one.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from datetime import datetime, timezone

from devkit.demo.children import end_with_parent
from devkit.layout import this_checkout
from devkit.postgres import from_parent
from devkit.problems import Problem
from devkit.workshop import Workshop

from . import measures, options, peers_setup, results, runner, stage, tables
from .contract import Measure


def main() -> int:
    given = options.parser("python -m bench").parse_args()
    end_with_parent()
    # A shell starts background jobs deaf to Ctrl-C; a termination has to clean up just the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        if given.document:
            print(f"Written to {results.document(this_checkout())}")
            return 0
        return run(given, chosen(given.only))
    except Problem as problem:
        print(f"\n./dev: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\n./dev: stopped. Nothing was written.", file=sys.stderr)
        return 130
    return 1


def chosen(only: list[str]) -> list[Measure]:
    known = measures.every()
    return [measure for key, measure in known.items() if not only or key in only]


def run(given: argparse.Namespace, wanted: list[Measure]) -> int:
    layout, server = this_checkout(), from_parent()
    workshop = Workshop(layout)
    workshop.installed(server)
    peers_setup.ensure(workshop, server)
    begun, clock = datetime.now(timezone.utc), time.monotonic()
    machine = results.machine(layout, server)
    with stage.opened(layout, server, quick=given.quick) as opened:
        outcomes, failures = runner.run_all(wanted, opened, given.repeats)
    found = tables.of(
        outcomes,
        machine,
        begun=begun.isoformat(timespec="seconds"),
        quick=given.quick,
        seconds=time.monotonic() - clock,
    )
    results.publish(layout, found, partial=bool(given.only or failures))
    if failures:
        print("\nWrong work has no figures:", *failures, sep="\n  ✗ ", file=sys.stderr)
        return 1
    stage.remove_logs(layout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
