"""`./dev test`: set everything up, then run every suite, or those that the arguments choose.

Variables that tests find (a test that misses one skips and says so):

- SAAS_SYNC_ODOO_CMD: how to start Odoo, shell-quoted, configuration included
- SAAS_SYNC_ADDONS: the folder that holds the add-on under its technical name
- SAAS_SYNC_DATA_DIR: Odoo's data folder (`filestore/<database>` below it)
- SAAS_SYNC_PG_BIN: the folder of psql, createdb, pg_ctl; PGHOST, PGPORT, PGUSER, … reach the server
- SAAS_SYNC_CHROMIUM: a Chromium that starts
- SAAS_SYNC_SCHEMATHESIS: the folder in which Schemathesis is installed
- SAAS_SYNC_INSTALLED: (what needs Odoo) database with the add-on installed, to copy
- SAAS_SYNC_TEMPLATE: (lifecycle) database with the dependencies installed, to copy; no demo data
- SAAS_SYNC_TEMPLATE_DEMO: (lifecycle) the same with demo data
- SAAS_SYNC_RECORDED: recorded real traffic, where it lies beside the checkout
- SAAS_SYNC_LONG: (faults) set when something was chosen: scenarios of minutes run, too
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..campaign import Campaign, clock
from ..layout import Layout
from ..selection import Selection, select
from ..suites import SUITES, Counts
from ..workshop import Workshop, require_manifest

HELP = "set up, then run all the tests and linters; takes pytest's options and paths"
USAGE = f"""usage: ./dev test [PATH …] [any option of pytest]

Sets everything up, runs every suite and the linters, and ends with one line:
N passed, M failed, K skipped. (Each linter counts as one check.)

  ./dev test                          everything
  ./dev test tests/engine             one suite (engine, sandbox and devkit need no Odoo)
  ./dev test tests/faults             every scenario of the fault campaign, also the long ones
  ./dev test tests/odoo/test_lane.py::TestLane -x --pdb
  ./dev test -k claim                 in every suite, the tests that match; nothing is linted

The add-on is installed anew only when a file changed that its installation reads; each suite that
needs Odoo works on a copy of that database. A single suite runs in the foreground; several run two
at a time and print when they end. Output stays in .dev/logs/test-<suite>.log, JUnit reports in
.dev/reports/. Suites: {", ".join(suite.name for suite in SUITES)}.
"""


def run_words(layout: Layout, words: Sequence[str]) -> int:
    """Run with the command line's `words` as they are: nearly all of them belong to pytest."""
    if "-h" in words or "--help" in words:
        print(USAGE)
        return 0
    selection = select(layout, words, Path.cwd())
    workshop = Workshop(layout)
    needs_odoo = any(suite.needs_odoo for suite in selection.words) or selection.everything
    if needs_odoo:
        require_manifest(layout)
    suites = {suite.name for suite in selection.words}
    workshop.prepare(
        odoo=needs_odoo,
        chromium="browser" in suites,
        clients="sandbox" in suites,
        schemathesis="security" in suites,
    )
    layout.logs.mkdir(parents=True, exist_ok=True)
    return _report(_run(workshop, selection, needs_odoo), selection)


def _run(workshop: Workshop, selection: Selection, needs_odoo: bool) -> Counts:
    if not needs_odoo:
        return Campaign(workshop, selection, None).run()
    with workshop.server() as server:
        return Campaign(workshop, selection, server).run()


def _report(counts: Counts, selection: Selection) -> int:
    print(f"\n{counts}  ({clock()})", flush=True)
    if counts == Counts():
        print("Nothing matched: no test ran.")
        return 5
    return 1 if counts.failed else 0
