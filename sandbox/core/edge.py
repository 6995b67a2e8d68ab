"""The WSGI application on the provider's port: faults outside, the provider inside, ledger around.

Promise: every call ends in the ledger exactly once, whatever fault hit it. Weakness: the work of
providers is serialised by their lock.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from .call import Answer, BodyTooLarge, Call
from .clock import Clock
from .faults import Fault, FaultPlan
from .ledger import Ledger
from .provider import Provider
from .server import Connection

logger = logging.getLogger(__name__)

GARBAGE = random.Random(7).randbytes(512)
HTML = "<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"


class Edge:
    """Answers provider calls; ``stopping`` ends calls that hang."""

    def __init__(self, provider: Provider, ledger: Ledger, faults: FaultPlan, clock: Clock) -> None:
        self.provider = provider
        self.ledger = ledger
        self.faults = faults
        self.clock = clock
        self.stopping = threading.Event()

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        connection: Connection = environ["sandbox.connection"]
        at, begun = self.clock.now(), time.perf_counter()
        try:
            call = Call.from_environ(environ, self.provider.max_body)
        except BodyTooLarge as error:
            connection.close_after_answer()
            return _send(start_response, Answer.of_text(413, str(error), "text/plain"))
        hits = self.faults.draw(call)
        outcome = _Outcome(self, call)
        try:
            with self.ledger.under_way(connection.client_port, call):
                answer = outcome.under(hits)
        except Exception:
            # A bug of the sandbox must show, here and to its caller, and not look like the SaaS.
            logger.exception("%s %s", call.method, call.target)
            answer = Answer.of_text(500, "The sandbox itself failed; see its log.", "text/plain")
        fault = "+".join(hit.kind for hit in hits) or None
        took = (time.perf_counter() - begun) * 1000
        self.ledger.add(at, took, call, answer, fault=fault, committed=outcome.committed)
        if answer is None:
            connection.cut()
            raise ConnectionAbortedError("cut by a fault")
        if outcome.truncate:
            connection.close_after_answer()
        return _send(start_response, answer, half=outcome.truncate)


class _Outcome:
    """What becomes of one call under its faults."""

    def __init__(self, edge: Edge, call: Call) -> None:
        self.edge = edge
        self.call = call
        self.committed = False
        self.truncate = False

    def under(self, hits: list[Fault]) -> Answer | None:
        """The answer, or None when the connection is to be cut."""
        for fault in hits:
            if fault.kind != "latency":
                return self._spoilt(fault)
            extra = random.uniform(0, fault.parameters["jitter_ms"])
            self.edge.stopping.wait((fault.parameters["ms"] + extra) / 1000)
        return self._work()

    def _work(self) -> Answer:
        provider = self.edge.provider
        with provider.lock:
            answer = provider.handle(self.call)
        self.committed = True
        return answer

    def _spoilt(self, fault: Fault) -> Answer | None:
        commits = fault.kind == "commit_then_drop" or fault.parameters.get("commit")
        real = self._work() if commits else None
        match fault.kind:
            case "commit_then_drop" | "reset":
                return None
            case "hang":
                self.edge.stopping.wait(fault.parameters["ms"] / 1000)
                return None
            case "truncated":
                self.truncate = True
                return real or Answer.of_json(200, {"results": [{"id": "1"}] * 20})
            case "garbage":
                return Answer(200, GARBAGE, {"Content-Type": "application/json;charset=utf-8"})
            case "html":
                return Answer.of_text(fault.parameters["status"], HTML, "text/html;charset=utf-8")
            case "empty":
                return Answer(fault.parameters["status"], b"", {"Content-Type": "application/json"})
        provider = self.edge.provider
        with provider.lock:
            answer = provider.fault_answer(fault, self.call)
        if answer is not None and fault.kind in provider.partial_faults:
            self.committed = True
        return answer or self._work()


def _send(start_response: Callable, answer: Answer, *, half: bool = False) -> Iterable[bytes]:
    headers = dict(answer.headers)
    if answer.status != 204:
        headers["Content-Length"] = str(len(answer.body))
    start_response(answer.status_line, list(headers.items()))
    return [answer.body[: len(answer.body) // 2] if half else answer.body]
