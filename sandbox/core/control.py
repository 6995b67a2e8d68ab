"""The control surface, the same for every sandbox, on its own port under ``/_sandbox``.

Promise: what a person or the weather would do to the account; bad input is answered 400 with a
sentence. Routes and examples: ``sandbox/README.md``. Weakness: no authentication, hence loopback.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from typing import Any

from . import faults as fault_plans
from .call import Answer, BodyTooLarge, Call, UnreadableBody
from .errors import ControlError, no_unknown_keys, require
from .faults import FaultPlan
from .ledger import Ledger
from .provider import Provider

logger = logging.getLogger(__name__)

#: Breaks to Unicode that are none to JSON, so that any way to split lines will do.
LINE_BREAKS = {ord(mark): f"\\u{ord(mark):04x}" for mark in "\x85\u2028\u2029"}
PREFIX = "/_sandbox/"


class Control:
    """WSGI application over a provider, its ledger and its faults."""

    def __init__(self, provider: Provider, ledger: Ledger, faults: FaultPlan) -> None:
        self.provider = provider
        self.ledger = ledger
        self.faults = faults
        self.routes: dict[tuple[str, str], Callable[[Call, str], Answer]] = {
            ("GET", "ledger"): self.get_ledger,
            ("GET", "in-flight"): self.get_in_flight,
            ("GET", "deliveries"): self.get_deliveries,
            ("GET", "objects"): self.get_objects,
            ("POST", "objects"): self.post_objects,
            ("POST", "import"): self.post_import,
            ("GET", "faults"): self.get_faults,
            ("POST", "faults"): self.post_faults,
            ("DELETE", "faults"): self.delete_faults,
            ("POST", "reset"): self.post_reset,
            ("POST", "config"): self.post_config,
            ("GET", "state"): self.get_state,
            ("POST", "webhooks"): self.post_webhooks,
            ("POST", "auth"): self.post_auth,
        }

    def __call__(self, environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        answer = self._answer(environ)
        headers = answer.headers | {"Content-Length": str(len(answer.body))}
        start_response(answer.status_line, list(headers.items()))
        return [answer.body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        try:
            call = Call.from_environ(environ)
        except BodyTooLarge as error:
            environ["sandbox.connection"].close_after_answer()
            return _refusal(413, str(error))
        name, _, rest = call.path.removeprefix(PREFIX).partition("/")
        route = self.routes.get((call.method, name)) if call.path.startswith(PREFIX) else None
        if route is None:
            known = ", ".join(f"{method} {PREFIX}{path}" for method, path in self.routes)
            return _refusal(404, f"There is no {call.method} {call.path} here. There are: {known}.")
        try:
            return route(call, rest)
        except (ControlError, UnreadableBody) as error:
            return _refusal(400, str(error))
        except Exception as error:
            logger.exception("%s %s", call.method, call.target)
            return _refusal(500, f"The sandbox itself failed: {error!r}; see its log.")

    # -- what happened

    def get_ledger(self, call: Call, _rest: str) -> Answer:
        """JSON lines of the calls numbered above ``after``."""
        entries = self.ledger.after(_number(call, "after", 0))
        limit = _number(call, "limit", len(entries))
        return _lines(entry.as_dict() for entry in entries[:limit])

    def get_in_flight(self, _call: Call, _rest: str) -> Answer:
        """The calls that have no answer yet, and the ports of who waits for it."""
        return Answer.of_json(200, {"results": self.ledger.in_flight()})

    def get_deliveries(self, call: Call, _rest: str) -> Answer:
        """JSON lines of the webhook deliveries numbered above ``after``."""
        after = _number(call, "after", 0)
        return _lines(entry for entry in list(self.provider.postman.log) if entry["n"] > after)

    def get_state(self, _call: Call, _rest: str) -> Answer:
        """Counts, limits, what waits."""
        with self.provider.lock:
            state = self.provider.state()
        postman = self.provider.postman
        state["deliveries"] = {"pending": postman.pending, **postman.counts}
        state["calls"] = self.ledger.count
        state["faults"] = self.faults.as_dict()["faults"]
        return Answer.of_json(200, state)

    # -- records

    def get_objects(self, _call: Call, rest: str) -> Answer:
        """All records of a kind, archived ones included."""
        require(rest, f"Say which kind: GET {PREFIX}objects/<type>.")
        with self.provider.lock:
            return Answer.of_json(200, self.provider.objects(rest))

    def post_objects(self, call: Call, rest: str) -> Answer:
        """A change, or a list of changes, made by a person."""
        require(rest, f"Say which kind: POST {PREFIX}objects/<type>.")
        body = call.json()
        with self.provider.lock:
            return Answer.of_json(200, self.provider.change(rest, body))

    def post_import(self, call: Call, _rest: str) -> Answer:
        """Whole records, verbatim; no webhooks."""
        with self.provider.lock:
            return Answer.of_json(200, self.provider.load(_object(call)))

    # -- weather

    def get_faults(self, _call: Call, _rest: str) -> Answer:
        """The faults in force with their counters."""
        return Answer.of_json(200, self.faults.as_dict())

    def post_faults(self, call: Call, _rest: str) -> Answer:
        """Replace the faults in force."""
        self.faults.set(*fault_plans.parse(call.json(), self.provider.fault_kinds))
        return self.get_faults(call, "")

    def delete_faults(self, call: Call, _rest: str) -> Answer:
        """Switch all faults off."""
        self.faults.clear()
        return self.get_faults(call, "")

    # -- the account

    def post_reset(self, call: Call, _rest: str) -> Answer:
        """Back to the start, then apply the body."""
        body = _object(call) if call.body.strip() else {}
        with self.provider.lock:
            answer = self.provider.reset(body)
            self.ledger.clear()
            self.faults.clear()
        return Answer.of_json(200, answer)

    def post_config(self, call: Call, _rest: str) -> Answer:
        """Change options, keep everything else."""
        with self.provider.lock:
            return Answer.of_json(200, self.provider.configure(_object(call)))

    def post_auth(self, call: Call, _rest: str) -> Answer:
        """Add, expire or revoke credentials."""
        with self.provider.lock:
            return Answer.of_json(200, self.provider.auth(_object(call)))

    def post_webhooks(self, call: Call, _rest: str) -> Answer:
        """Target and subscriptions; ``flush`` waits until everything is delivered."""
        body = _object(call)
        flush, timeout = body.pop("flush", False), body.pop("flush_timeout_s", 30)
        raw = body.pop("raw", [])
        require(isinstance(timeout, int | float), "flush_timeout_s must be a number of seconds.")
        with self.provider.lock:
            answer = self.provider.webhooks(body)
            self._post_raw(raw)
        if flush:
            answer["flushed"] = self.provider.postman.flush(timeout)
        answer["pending"] = self.provider.postman.pending
        return Answer.of_json(200, answer)

    def _post_raw(self, rows: Any) -> None:
        require(isinstance(rows, list), "raw must be a list of deliveries.")
        for row in rows:
            require(isinstance(row, dict), "A raw delivery must be an object.")
            no_unknown_keys(row, {"body", "signature", "headers"}, "A raw delivery")
            require(isinstance(row.get("body"), str), "A raw delivery needs a body (text).")
            self.provider.send_raw(row)


def _refusal(status: int, sentence: str) -> Answer:
    return Answer.of_json(status, {"error": sentence})


def _lines(rows: Iterable[dict]) -> Answer:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    text = text.translate(LINE_BREAKS)
    return Answer.of_text(200, text, "application/x-ndjson;charset=utf-8")


def _object(call: Call) -> dict[str, Any]:
    body = call.json()
    require(isinstance(body, dict), "The body must be a JSON object.")
    return body


def _number(call: Call, name: str, default: int) -> int:
    text = call.query.get(name, str(default))
    require(text.isdecimal(), f"{name} must be a whole number, not {text!r}.")
    return int(text)
