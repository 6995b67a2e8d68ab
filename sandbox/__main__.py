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
from dataclasses import dataclass
from typing import Any

from .core.errors import ControlError
from .core.provider import Provider
from .core.sandbox import Sandbox
from .hubspot import config as hubspot
from .hubspot.provider import HubSpot
from .salesforce import config as salesforce
from .salesforce.provider import Salesforce


@dataclass(frozen=True)
class Kind:
    """A stand-in: ``words`` are the options that are arguments and part of the line."""

    title: str
    provider: type[Provider]
    options: type[Any]
    words: dict[str, tuple[type, Any]]


KINDS = {
    "hubspot": Kind(
        "the HubSpot API",
        HubSpot,
        hubspot.Options,
        {
            "portal_id": (int, hubspot.Options.portal_id),
            "app_id": (int, hubspot.Options.app_id),
            "client_id": (str, hubspot.Options.client_id),
            "client_secret": (str, hubspot.DEFAULT_SECRET),
            "token": (str, hubspot.DEFAULT_TOKEN),
        },
    ),
    "salesforce": Kind(
        "the Salesforce API",
        Salesforce,
        salesforce.Options,
        {
            "org_id": (str, salesforce.Options.org_id),
            "username": (str, salesforce.Options.username),
            "client_id": (str, salesforce.Options.client_id),
            "client_secret": (str, salesforce.DEFAULT_SECRET),
            "token": (str, salesforce.DEFAULT_TOKEN),
        },
    ),
}
HELP = {"token": "an access token that never ends", "org_id": "15 or 18 characters"}


def parser() -> argparse.ArgumentParser:
    """The command line."""
    top = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    providers = top.add_subparsers(dest="provider", required=True, metavar="PROVIDER")
    for name, kind in KINDS.items():
        one = providers.add_parser(name, help=kind.title)
        one.add_argument("--port", type=int, default=8090, help="of the API (0: any free one)")
        one.add_argument("--control-port", type=int, help="of /_sandbox (default: port + 1)")
        one.add_argument("--seed", type=int, default=0, help="of ids and orders")
        for word, (type_, default) in kind.words.items():
            flag = f"--{word.replace('_', '-')}"
            one.add_argument(flag, type=type_, default=default, help=HELP.get(word))
    return top


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM."""
    given = parser().parse_args(arguments)
    kind = KINDS[given.provider]
    try:
        options = kind.options(**{name: getattr(given, name) for name in ("seed", *kind.words)})
    except ControlError as error:
        print(error, file=sys.stderr)
        return 2
    provider = kind.provider(options)
    control = given.control_port
    if control is None:
        control = given.port + 1 if given.port else 0
    try:
        box = Sandbox(provider, port=given.port, control_port=control).start()
    except (OSError, SystemExit) as error:
        print(f"Cannot listen on port {given.port} or {control}: {error}", file=sys.stderr)
        return 1
    facts = {"provider": provider.name} | {name: getattr(options, name) for name in kind.words}
    print(json.dumps({"api": box.url, "control": box.control_url, **facts}), flush=True)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    done.wait()
    box.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
