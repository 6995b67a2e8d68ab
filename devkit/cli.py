"""The command line of `./dev`: sub-commands, their help, and how a command ends.

A `Problem` ends with its sentences and code 1, Ctrl-C with code 130; anything else is a fault of
ours and shows its traceback.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from types import ModuleType

from .commands import bench, clean, demo, faults, fuzz, lint, sandbox, serve, setup, shell, test
from .layout import this_checkout
from .problems import Problem, disk_full, is_disk_full

COMMANDS: dict[str, ModuleType] = {
    "setup": setup,
    "demo": demo,
    "test": test,
    "bench": bench,
    "faults": faults,
    "fuzz": fuzz,
    "serve": serve,
    "sandbox": sandbox,
    "shell": shell,
    "lint": lint,
    "clean": clean,
}
DESCRIPTION = """saas_sync's one command for people. Start with one of these:

  ./dev demo      set up everything, then watch HubSpot and Odoo stay in step
  ./dev test      set up everything, then run every test

Every command sets up what it needs and is safe to kill and run again. Everything lives in .dev/,
nothing needs root but the browser that some tests drive (apt installs it; without root those tests
are skipped)."""
ENVIRONMENT = """environment:
  ODOO_HOME            a checkout of Odoo's branch 19.0; else the Debian package, else git
  DATABASE_URL         a PostgreSQL server, postgresql://role:password@host:port/postgres (the usual
                       PG variables do too); else ./dev starts one of its own, on a socket in .dev/
  SAAS_SYNC_CHROMIUM   a Chromium for the browser tests
  SAAS_SYNC_RECORDED   recorded traffic; tests that compare with it are skipped without"""


def parser() -> argparse.ArgumentParser:
    main_parser = argparse.ArgumentParser(
        prog="./dev",
        description=DESCRIPTION,
        epilog=ENVIRONMENT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = main_parser.add_subparsers(
        title="commands", metavar="COMMAND", dest="command", required=True
    )
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.HELP, add_help=name != "test")
        if name != "test":
            command.add(sub)
    return main_parser


def main(words: Sequence[str]) -> int:
    """Run the command that `words` name and return the exit code."""
    # What a child prints and what we print share one stream: keep their order.
    sys.stdout.reconfigure(line_buffering=True)
    # Being terminated is like Ctrl-C: servers and databases are put away first.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return _dispatch(words)
    except Problem as problem:
        print(f"\n./dev: {problem}", file=sys.stderr)
    except OSError as error:
        if not is_disk_full(error):
            raise
        print(f"\n./dev: {disk_full(this_checkout().checkout)}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\n./dev: stopped. The same command goes on from here.", file=sys.stderr)
        return 130
    return 1


def _dispatch(words: Sequence[str]) -> int:
    if not words:
        parser().print_help()
        return 2
    # Nearly every word after `test` is for pytest, so argparse must not try to understand them.
    if words[0] == "test":
        return test.run_words(this_checkout(), list(words[1:]))
    options = parser().parse_args(words)
    return COMMANDS[options.command].run(this_checkout(), options)
