"""The list of every call that reached the provider's port.

Promise: an entry is readable before its caller has the answer; numbers rise by one in the order
of completion, so ``after(n)`` never skips one. Secrets are masked when read. Option: ``size`` calls
are kept (the oldest go first). Weakness: bodies are kept whole, in memory.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from .call import Answer, Call
from .clock import iso
from .masking import mask, mask_headers

# A property called "code" or "token" is business data: only calls about credentials are searched.
CREDENTIAL_PATHS = ("oauth", "token", "/_sandbox")


@dataclass(slots=True)
class Entry:
    """One call; ``answer`` is None when the connection was cut instead."""

    n: int
    at: int
    took_ms: float
    call: Call
    answer: Answer | None
    fault: str | None
    committed: bool

    def as_dict(self) -> dict[str, Any]:
        """The public form, with secrets masked."""
        secrets = any(word in self.call.path for word in CREDENTIAL_PATHS)
        return {
            "n": self.n,
            "time": iso(self.at),
            "method": self.call.method,
            "path": self.call.path,
            "query": mask(_pairs(self.call.query.items(multi=True)), secrets=True),
            "request_headers": mask_headers(self.call.headers),
            "request_body": mask(_body(self.call.body, self.call.is_form()), secrets=secrets),
            "status": self.answer.status if self.answer else None,
            "response_body": mask(_body(self.answer.body if self.answer else b""), secrets=secrets),
            "ms": round(self.took_ms, 2),
            "fault": self.fault,
            "committed": self.committed,
        }


def _pairs(pairs: Iterator[tuple[str, str]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            before = found[name]
            found[name] = [*(before if isinstance(before, list) else [before]), value]
        else:
            found[name] = value
    return found


def _body(body: bytes, form: bool = False) -> Any:
    if not body:
        return None
    text = body.decode("utf-8", "replace")
    if form:
        return _pairs(iter(parse_qsl(text, keep_blank_values=True)))
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


class Ledger:
    """Append-only, thread-safe."""

    def __init__(self, size: int = 100_000) -> None:
        self._lock = threading.Lock()
        self._entries: deque[Entry] = deque(maxlen=size)
        self._n = 0
        self._open: dict[int, Call] = {}

    @contextmanager
    def under_way(self, client_port: int, call: Call) -> Iterator[None]:
        """Have ``call`` listed by :meth:`in_flight` meanwhile."""
        self._open[client_port] = call
        try:
            yield
        finally:
            self._open.pop(client_port, None)

    def in_flight(self) -> list[dict[str, Any]]:
        """The calls that have no answer yet: method, path, and the TCP port of who waits."""
        return [
            {"client_port": port, "method": call.method, "path": call.path}
            for port, call in list(self._open.items())
        ]

    def add(self, at: int, took_ms: float, call: Call, answer: Answer | None, **facts: Any) -> None:
        """Write a finished call down; ``facts`` are ``fault`` and ``committed``."""
        with self._lock:
            self._n += 1
            self._entries.append(Entry(self._n, at, took_ms, call, answer, **facts))

    def after(self, n: int) -> list[Entry]:
        """Entries numbered above ``n``, oldest first."""
        with self._lock:
            first = self._entries[0].n if self._entries else 0
            skip = max(0, n - first + 1)
            return list(self._entries)[skip:]

    def clear(self) -> None:
        """Forget everything and count from one again."""
        with self._lock:
            self._entries.clear()
            self._n = 0

    @property
    def count(self) -> int:
        """How many calls were written down since the last clear."""
        return self._n
