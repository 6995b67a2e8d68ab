"""Salesforce as a provider of the sandbox's core.

Promise: a reset makes a new org from the options of the start. Options: ``config.Options``.
Weakness: one org.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer, Call
from ..core.clock import Clock
from ..core.delivery import Postman, Settings
from ..core.delivery_settings import parse
from ..core.errors import no_unknown_keys, require
from ..core.faults import KINDS, Fault
from ..core.options import merged
from ..core.provider import Provider
from . import seed
from .api import Api
from .config import Options
from .loader import Loader
from .org import Org
from .outbound import HEADERS, Format, sign
from .people import People, known_object

AUTH_KEYS = {
    "expire_access",
    "revoke_refresh",
    "revoke",
    "refuse_tokens",
    "refuse_calls",
}
#: What HubSpot says and Salesforce does not.
NOT_HERE = {"http_423", "http_477", "http_429", "silent_noop"}


class Salesforce(Provider):
    """The Salesforce stand-in."""

    name = "salesforce"
    #: Bulk API 2.0 takes 150 MB.
    max_body = 150 * 1024 * 1024
    fault_kinds = {
        **{kind: parameters for kind, parameters in KINDS.items() if kind not in NOT_HERE},
        "request_limit": {},
        "row_lock": {"share": 1.0},
        "row_error": {"share": 1.0, "code": "UNKNOWN_EXCEPTION", "message": "refused by a fault"},
        "call_error": {"code": "UNKNOWN_EXCEPTION", "message": "refused by a fault"},
    }
    partial_faults = frozenset({"row_lock", "row_error"})

    def __init__(self, options: Options | None = None) -> None:
        super().__init__()
        self.start = options or Options()
        self.clock = Clock()
        self.format = Format(self.lock)
        self.postman = Postman(self.format, self.clock, group=lambda message: message["kind"])
        self._open(self._new(self.start), Settings())

    def _new(self, options: Options) -> Org:
        return Org(options, self.clock, self.postman, self.lock)

    def _open(self, org: Org, settings: Settings) -> None:
        self.org = org
        self.api = Api(org)
        self.people = People(org)
        self.format.outbox = org.outbox
        self.postman.configure(settings)

    # -- the API

    def handle(self, call: Call) -> Answer:
        """See :meth:`Provider.handle`."""
        return self.api.handle(call)

    def fault_answer(self, fault: Fault, call: Call) -> Answer | None:
        """See :meth:`Provider.fault_answer`."""
        return self.api.fault_answer(fault, call)

    # -- the control surface

    def reset(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new org; ``objects``, ``seed_data`` and ``webhooks`` beside the options."""
        rest = dict(body)
        extra = {name: rest.pop(name, None) for name in ("objects", "seed_data", "webhooks")}
        org = self._new(merged(self.start, rest))
        if extra["seed_data"] is not None:
            Loader(org).load(seed.generate(org, seed.parse_spec(extra["seed_data"])))
        if extra["objects"] is not None:
            Loader(org).load(_by_object(extra["objects"]))
        settings = Settings(seed=org.options.seed)
        if extra["webhooks"] is not None:
            settings = _settings(org, settings, extra["webhooks"])
        # Everything was checked: from here on nothing can be refused.
        self.org.jobs.closed = True
        self.postman.reset()
        self._open(org, settings)
        return self.state()

    def configure(self, body: dict[str, Any]) -> dict[str, Any]:
        """Other options, same records."""
        rest = dict(body)
        hooks, data = rest.pop("webhooks", None), rest.pop("seed_data", None)
        options = merged(self.org.options, rest)  # may refuse, before anything is done
        rows = None if data is None else seed.generate(self.org, seed.parse_spec(data))
        if hooks is not None:
            self.webhooks(hooks)
        self.org.use(options)
        if rows is not None:
            Loader(self.org).load(rows)
        return self.state()

    def objects(self, kind: str) -> dict[str, Any]:
        """Every record of an object, deleted and purged ones too."""
        sobject = known_object(self.org.store.schema.find(kind), kind)
        rows = self.org.store.table(sobject).rows.values()
        return {"results": [self.people.show(record) for record in rows]}

    def change(self, kind: str, body: Any) -> dict[str, Any]:
        """One change answers its record, a list answers ``results``."""
        if isinstance(body, list):
            return {"results": [self.people.change(kind, row) for row in body]}
        return self.people.change(kind, body)

    def load(self, body: dict[str, Any]) -> dict[str, Any]:
        """Whole records, by object."""
        return {"loaded": Loader(self.org).load(_by_object(body))}

    def state(self) -> dict[str, Any]:
        """Counts of live and deleted records, calls of the day, definitions, jobs."""
        store, counts = self.org.store, {}
        for sobject in store.schema.objects.values():
            rows = store.table(sobject).rows.values()
            archived = sum(record.deleted for record in rows)
            counts[sobject.name] = {"live": len(rows) - archived, "archived": archived}
        options = self.org.options
        return {
            "provider": self.name,
            "org_id": options.org_id,
            "user_id": self.org.users.integration,
            "objects": counts,
            "rate": {"calls": self.org.usage.calls, "daily": options.limits.daily},
            "jobs": {job.id: job.state for job in self.org.jobs.jobs.values()},
            "webhooks": {
                "target": self.postman.settings.url,
                "paused": self.postman.settings.paused,
                "messages": len(self.org.outbox.definitions),
            },
        }

    def webhooks(self, body: dict[str, Any]) -> dict[str, Any]:
        """Target, delivery settings and ``messages``."""
        settings = _settings(self.org, self.postman.settings, body)
        self.postman.configure(settings)
        return {"target": settings.url, "messages": self.org.outbox.definitions}

    def send_raw(self, row: dict[str, Any]) -> None:
        """Exactly these bytes; JSON is signed as our Apex class does."""
        body, kind = row["body"].encode(), row.get("signature", "valid")
        require(self.postman.settings.url, "Set a target first.")
        require(kind in ("valid", "wrong", "stale", "none"), f"There is no signature {kind}.")
        headers = dict(HEADERS)
        if not row["body"].lstrip().startswith("<"):
            secret = self.org.options.webhook_secret if kind != "wrong" else "wrong-secret"
            headers = sign(secret, body, age_s=3600 if kind == "stale" else 0)
        if kind == "none":
            headers = {"Content-Type": headers["Content-Type"]}
        self.postman.post_raw(body, headers | (row.get("headers") or {}))

    def auth(self, body: dict[str, Any]) -> dict[str, Any]:
        """Expire, revoke, or refuse tokens and calls: the keys of ``AUTH_KEYS``."""
        no_unknown_keys(body, AUTH_KEYS, "auth")
        tokens, answer = self.org.tokens, {}
        if "refuse_tokens" in body:
            self.org.token_refusal = _pair(body["refuse_tokens"], "error", "error_description")
        if "refuse_calls" in body:
            self.org.call_refusal = _pair(body["refuse_calls"], "errorCode", "message")
        if body.get("expire_access"):
            answer["expired"] = tokens.expire_access()
        if body.get("revoke_refresh"):
            answer["revoked"] = tokens.revoke_refresh()
        for token in body.get("revoke") or []:
            require(tokens.revoke(token), "A token to revoke is unknown.")
        return answer


def _settings(org: Org, current: Settings, body: Any) -> Settings:
    require(isinstance(body, dict), "The webhook settings must be an object.")
    rest = {name: value for name, value in body.items() if name != "messages"}
    settings = parse(current, rest)
    if "messages" in body:
        org.outbox.define(body["messages"])
    return settings


def _by_object(body: Any) -> dict[str, Any]:
    require(isinstance(body, dict), 'Records go by object: {"Account": [...]}.')
    return body


def _pair(value: Any, first: str, second: str) -> tuple[str, str] | None:
    if value is None:
        return None
    sound = isinstance(value, dict) and set(value) == {first, second}
    require(sound, f"A refusal needs {first} and {second}.")
    return str(value[first]), str(value[second])
