"""An account: a stand-in as a process of its own, and its control surface.

What people do there, and what really happened there (objects, ledger, deliveries), is asked here.
The routes are described in sandbox/README.md. What differs between providers is said by the
subclasses in `accounts.py`. Weakness: everything is read whole.
"""

from __future__ import annotations

import json
import subprocess
from typing import Any, ClassVar, Self

import requests

from ..layout import Layout
from ..problems import Problem
from .children import Children

TIMEOUT = 120


class Account:
    """A running stand-in."""

    #: As the stand-in and the add-on call it, and as people do.
    provider: ClassVar[str]
    label: ClassVar[str]
    #: Objects that take part → the Odoo model of their records, parents first.
    models: ClassVar[dict[str, str]]
    #: The property that holds our own id, and how many records of what the demo begins with.
    own_id: ClassVar[str]
    seed: ClassVar[dict[str, int]]
    #: How it delivers, beside the address.
    delivery: ClassVar[dict[str, Any]] = {}

    def __init__(self, facts: dict[str, Any], pid: int | None = None):
        self.facts, self.pid = facts, pid
        self.url, self.control = facts["api"], facts["control"]
        self.token, self.secret = facts["token"], facts["client_secret"]
        self._session = requests.Session()
        self._session.trust_env = False

    @classmethod
    def start(cls, layout: Layout, children: Children) -> Self:
        """Start the stand-in on free ports.

        :raises Problem: it did not start
        """
        command = [str(layout.python), "-m", "sandbox", cls.provider, "--port", "0"]
        process = children.start(
            cls.provider, [*command, "--control-port", "0"], stdout=subprocess.PIPE
        )
        line = process.stdout.readline()
        if not line:
            log = children.log(cls.provider)
            raise Problem(f"{cls.label}'s stand-in did not start; see {log}.")
        return cls(json.loads(line), process.pid)

    # --- what differs -------------------------------------------------------------------------

    def credentials(self) -> dict[str, Any]:
        """The fields of a connection to this account."""
        raise NotImplementedError

    def owners(self) -> list[dict]:
        """`{"id", "email", "firstName", "lastName"}` of the people who own records there."""
        raise NotImplementedError

    def shown(self, row: dict) -> dict:
        """A record with its associations as `{kind: [{"id", "types"}]}`."""
        return row

    # --- the control surface ------------------------------------------------------------------

    def _call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        url = f"{self.control}/_sandbox/{path}"
        answer = self._session.request(method, url, json=body, params=query, timeout=TIMEOUT)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.text[:500]}")
        return answer

    def reset(self, **options: Any) -> None:
        self._call("POST", "reset", options)

    def add(self, **objects: list[dict]) -> None:
        """Put whole records in, verbatim; nobody is told."""
        self._call("POST", "import", objects)

    def change(self, kind: str, rows: list[dict]) -> list[dict]:
        """Changes by people, in order; answers each record as it is afterwards."""
        return self._call("POST", f"objects/{kind}", rows).json()["results"]

    def objects(self, kind: str) -> list[dict]:
        """Every record, those deleted or merged away included."""
        return self._call("GET", f"objects/{kind}").json()["results"]

    def everything(self) -> dict[str, list[dict]]:
        return {kind: [self.shown(row) for row in self.objects(kind)] for kind in self.models}

    def webhooks(self, **settings: Any) -> dict:
        return self._call("POST", "webhooks", settings).json()

    def deliveries(self, after: int = 0) -> list[dict]:
        return _lines(self._call("GET", "deliveries", after=after))

    def ledger(self, after: int = 0) -> list[dict]:
        """The calls that reached the API."""
        return _lines(self._call("GET", "ledger", after=after))

    def state(self) -> dict:
        return self._call("GET", "state").json()

    @property
    def calls(self) -> int:
        """How many calls reached the API so far: the number of the last one."""
        return self.state()["calls"]


def live(rows: list[dict]) -> list[dict]:
    """The records that are neither deleted nor merged away."""
    return [row for row in rows if not row.get("archived")]


def _lines(answer: requests.Response) -> list[dict]:
    # Not splitlines(): a body may hold U+2028, which that takes for the end of a line.
    return [json.loads(line) for line in answer.text.split("\n") if line]
