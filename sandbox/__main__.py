"""``python -m sandbox hubspot --port 8090``: runs a stand-in until interrupted.

Promise: one line of JSON on standard output when both ports answer, nothing else. Options:
``--help``. Weakness: the credentials in that line are made up, but they are printed.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading

from .core.sandbox import Sandbox
from .hubspot.config import DEFAULT_SECRET, DEFAULT_TOKEN, Options
from .hubspot.provider import HubSpot


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    providers = top.add_subparsers(dest="provider", required=True, metavar="PROVIDER")
    hubspot = providers.add_parser("hubspot", help="the HubSpot API")
    hubspot.add_argument("--port", type=int, default=8090, help="of the API (0: any free one)")
    hubspot.add_argument("--control-port", type=int, help="of /_sandbox (default: port + 1)")
    hubspot.add_argument("--seed", type=int, default=0, help="of ids and orders")
    hubspot.add_argument("--portal-id", type=int, default=Options.portal_id)
    hubspot.add_argument("--app-id", type=int, default=Options.app_id)
    hubspot.add_argument("--client-id", default=Options.client_id)
    hubspot.add_argument("--client-secret", default=DEFAULT_SECRET)
    hubspot.add_argument("--token", default=DEFAULT_TOKEN, help="the private app's access token")
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM."""
    given = parser().parse_args(arguments)
    names = ("seed", "portal_id", "app_id", "client_id", "client_secret", "token")
    provider = HubSpot(Options(**{name: getattr(given, name) for name in names}))
    control = given.control_port
    if control is None:
        control = given.port + 1 if given.port else 0
    try:
        box = Sandbox(provider, port=given.port, control_port=control).start()
    except (OSError, SystemExit) as error:
        print(f"Cannot listen on port {given.port} or {control}: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"api": box.url, "control": box.control_url, **_facts(provider)}), flush=True)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    done.wait()
    box.stop()
    return 0


def _facts(provider: HubSpot) -> dict[str, object]:
    names = ("portal_id", "app_id", "client_id", "client_secret", "token")
    return {"provider": provider.name} | {n: getattr(provider.start, n) for n in names}


if __name__ == "__main__":
    sys.exit(main())
