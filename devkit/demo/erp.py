"""Odoo's external JSON-2 API, as any program outside would use it.

Errors are Odoo's own sentence in :class:`Refused`. One session, so that connections are kept.
Weakness: no retry; what the demo asks for once has to work at once.
"""

from __future__ import annotations

import time
from typing import Any

import requests

from ..problems import Problem

TIMEOUT = 120


class Refused(Problem):
    """Odoo answered with an error."""


class Erp:
    """One user of one database, by API key."""

    def __init__(self, url: str, database: str, key: str):
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"bearer {key}"
        self._session.headers["X-Odoo-Database"] = database

    def call(self, model: str, method: str, ids: list[int] | None = None, **arguments: Any) -> Any:
        """Call a public method; record sets come back as lists of ids.

        :raises Refused: with Odoo's sentence
        """
        body = {**({"ids": ids} if ids is not None else {}), **arguments}
        url = f"{self.url}/json/2/{model}/{method}"
        answer = self._session.post(url, json=body, timeout=TIMEOUT)
        if answer.ok:
            return answer.json()
        raise Refused(f"{model}.{method}: {_sentence(answer)}")

    def rows(self, model: str, domain: list, fields: list[str], **arguments: Any) -> list[dict]:
        """Records as dictionaries, archived ones included; a relation is its id."""
        return self.call(
            model,
            "search_read",
            domain=domain,
            fields=fields,
            load=None,
            context={"active_test": False, "lang": "en_US"},
            **arguments,
        )

    def wait_until_up(self, children, seconds: float = 90) -> None:
        """Wait until Odoo answers.

        :raises Problem: it ended, or it did not answer in time
        """
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            if children.dead():
                raise Problem(f"The process {children.dead()} has ended; see its log in .dev/logs.")
            try:
                if self._session.get(f"{self.url}/saas_sync/health", timeout=30).ok:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.1)
        raise Problem("Odoo did not answer in time; see .dev/logs/demo-odoo.log.")


def _sentence(answer: requests.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        return f"HTTP {answer.status_code}"
    return str(body.get("message") or body) if isinstance(body, dict) else str(body)
