"""Run by `./dev demo`, with the virtual environment's Python and the variables that it sets.

Exit codes: 0, or 1 when a number is not what it must be, or the set-up failed; 130 after Ctrl-C
while the story is still being told.
"""

from __future__ import annotations

import argparse
import signal
import sys
import threading
import time

from ..layout import this_checkout
from ..problems import Problem
from . import children, failures
from .report import Table
from .stage import Stage, prepared
from .story import Story

REMARKS = 10


def parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m devkit.demo", description=__doc__)
    found.add_argument("--port", type=int, default=8069)
    found.add_argument("--once", action="store_true")
    return found


def main() -> int:
    options = parser().parse_args()
    children.end_with_parent()
    # A shell starts background jobs deaf to Ctrl-C; a termination has to clean up just the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return run(options)
    except Problem as problem:
        print(f"\n./dev: {problem}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\n./dev: stopped. The next run starts afresh.", file=sys.stderr)
        return 130
    return 1


def run(options: argparse.Namespace) -> int:
    begun = time.monotonic()
    layout = this_checkout()
    children.end_leftovers(layout)
    wrong: list[str] = []
    with prepared(layout, options.port) as stage:
        story = Story(stage)
        story.tell(lambda table: _show(table, wrong))
        _sum_up(wrong, story.remarks, time.monotonic() - begun)
        if not options.once:
            _stay(stage)
    return 1 if wrong else 0


def _show(table: Table, wrong: list[str]) -> None:
    print(*table.lines(), "", sep="\n", flush=True)
    wrong += table.wrong


def _sum_up(wrong: list[str], remarks: list[str], seconds: float) -> None:
    for sentence in (*wrong, *remarks[:REMARKS]):
        print(f"  ✗ {sentence}")
    if len(remarks) > REMARKS:
        path = children.log_of(this_checkout(), "remarks")
        path.write_text("\n".join(remarks), encoding="utf-8")
        print(f"    … and {len(remarks) - REMARKS} more in {path}")
    verdict = f"{len(wrong)} numbers are wrong" if wrong else "Every number is what it must be"
    print(f"{verdict}. The whole took {seconds:.0f} s.", flush=True)


def _stay(stage: Stage) -> None:
    print(
        f"\n{'Odoo':<12}{stage.url}/odoo   login admin, password admin"
        f"\n{'Failures':<12}{failures.screen(stage)}",
        *(f"{one.label:<12}{one.url} (API)  {one.control}/_sandbox/ledger (control)"
          for one in stage.accounts),
        "Ctrl-C ends all of them.",
        sep="\n", flush=True,
    )  # fmt: skip
    try:
        while stage.children.dead() is None:
            threading.Event().wait(1)
    except KeyboardInterrupt:
        print("\nStopping.", flush=True)
    else:
        raise Problem(f"The process {stage.children.dead()} has ended; see its log in .dev/logs.")


if __name__ == "__main__":
    sys.exit(main())
