"""HubSpot as a provider of the sandbox's core.

Promise: a reset makes a new account from the options of the start. Options: ``config.Options``.
Weakness: one account.
"""

from __future__ import annotations

from typing import Any

from ..core.call import Answer, Call
from ..core.clock import Clock
from ..core.delivery import Postman, Settings
from ..core.errors import require
from ..core.faults import Fault
from ..core.provider import Provider
from . import seed, webhooks
from .account import Account
from .api import Api
from .auth import Grant
from .config import Options, merged
from .kinds import KINDS
from .loader import Loader
from .people import People, known_kind

SUBSCRIPTION_KEYS = {"style", "subscriptions", "client_secret", "signature"}


class HubSpot(Provider):
    """The HubSpot stand-in."""

    name = "hubspot"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__()
        self.start = options or Options()
        self.clock = Clock()
        self.format = webhooks.Format(self.start.client_secret)
        self.postman = Postman(self.format, self.clock)
        self._open(self.start)

    def _open(self, options: Options) -> None:
        self.account = Account(options, self.clock, self.postman)
        self.api = Api(self.account)
        self.people = People(self.account)
        self.format.secret, self.format.older = options.client_secret, "v1"
        self.postman.configure(Settings(seed=options.seed))

    # -- the API

    def handle(self, call: Call) -> Answer:
        """See :meth:`Provider.handle`."""
        return self.api.handle(call)

    def fault_answer(self, fault: Fault, call: Call) -> Answer | None:
        """See :meth:`Provider.fault_answer`."""
        return self.api.fault_answer(fault, call)

    # -- the control surface

    def reset(self, body: dict[str, Any]) -> dict[str, Any]:
        """A new account; ``objects``, ``seed_data`` and ``webhooks`` beside the options."""
        rest = dict(body)
        extra = {name: rest.pop(name, None) for name in ("objects", "seed_data", "webhooks")}
        options = merged(self.start, rest)
        self.postman.reset()
        self._open(options)
        if extra["webhooks"]:
            self.webhooks(dict(extra["webhooks"]))
        if extra["seed_data"] is not None:
            self._load(seed.generate(seed.parse(extra["seed_data"])))
        if extra["objects"]:
            self.load(extra["objects"])
        return self.state()

    def configure(self, body: dict[str, Any]) -> dict[str, Any]:
        """Other options, same records."""
        rest = dict(body)
        hooks, data = rest.pop("webhooks", None), rest.pop("seed_data", None)
        options = merged(self.account.options, rest)
        self.account.use(options)
        self.format.secret = options.client_secret
        if hooks:
            self.webhooks(dict(hooks))
        if data is not None:
            self._load(seed.generate(seed.parse(data)))
        return self.state()

    def _load(self, body: dict[str, Any]) -> dict[str, int]:
        return Loader(self.account).load(body)

    def objects(self, kind: str) -> dict[str, Any]:
        """Every record of a kind, by id; ``owners`` too."""
        if kind == "owners":
            return {"results": list(self.account.store.owners.rows.values())}
        rows = self.account.store.table(known_kind(kind)).after(0)
        return {"results": [self.people.show(record) for record in rows]}

    def change(self, kind: str, body: Any) -> dict[str, Any]:
        """One change answers its record, a list answers ``results``."""
        if isinstance(body, list):
            return {"results": [self.people.change(kind, row) for row in body]}
        return self.people.change(kind, body)

    def load(self, body: dict[str, Any]) -> dict[str, Any]:
        """Whole records, by kind."""
        require(isinstance(body, dict), 'Records go by kind: {"contacts": [...]}.')
        return {"loaded": self._load(body)}

    def state(self) -> dict[str, Any]:
        """Counts of live and archived records, limits, subscriptions."""
        counts = {}
        for name in KINDS:
            records = list(self.account.store.tables[name])
            archived = sum(record.archived for record in records)
            counts[name] = {"live": len(records) - archived, "archived": archived}
        options = self.account.options
        return {
            "provider": self.name,
            "portal_id": options.portal_id,
            "app_id": options.app_id,
            "objects": counts,
            "rate": self.account.limits.usage(),
            "webhooks": {
                "target": self.postman.settings.url,
                "paused": self.postman.settings.paused,
                "subscriptions": len(self.account.journal.subscriptions.rows),
            },
        }

    def webhooks(self, body: dict[str, Any]) -> dict[str, Any]:
        """Target, delivery settings, ``style`` or ``subscriptions``, ``client_secret``."""
        require(isinstance(body, dict), "The webhook settings must be an object.")
        settings = {name: row for name, row in body.items() if name not in SUBSCRIPTION_KEYS}
        parsed = webhooks.parse(self.postman.settings, settings)
        older = body.get("signature", self.format.older)
        require(older in ("v1", "v2"), "signature must be v1 or v2 (v3 is always sent).")
        subscriptions = self.account.journal.subscriptions
        if "style" in body:
            subscriptions.use_style(body["style"])
        if "subscriptions" in body:
            subscriptions.replace(body["subscriptions"])
        if "client_secret" in body:
            self.account.use(merged(self.account.options, {"client_secret": body["client_secret"]}))
        self.format.secret, self.format.older = self.account.options.client_secret, older
        self.postman.configure(parsed)
        return {"target": parsed.url, "subscriptions": subscriptions.rows}

    def send_raw(self, row: dict[str, Any]) -> None:
        """Exactly these bytes, with the signature that was asked for."""
        settings, body = self.postman.settings, row["body"].encode()
        kind, url = row.get("signature", "valid"), settings.signed_url or settings.url
        require(url, "Set a target first.")
        require(kind in ("valid", "wrong", "stale", "none"), f"There is no signature {kind}.")
        signer = webhooks.Format("wrong-secret") if kind == "wrong" else self.format
        headers = signer.headers(body, url or "", age_s=3600 if kind == "stale" else 0)
        if kind == "none":
            headers = {"Content-Type": "application/json"}
        self.postman.post_raw(body, headers | (row.get("headers") or {}))

    def auth(self, body: dict[str, Any]) -> dict[str, Any]:
        """``{"tokens": {...}, "expire_access": true, "revoke_refresh": true, "revoke": [...]}``."""
        known = {"tokens", "expire_access", "revoke_refresh", "revoke"}
        require(set(body) <= known, f"auth knows {', '.join(sorted(known))}.")
        tokens, answer = self.account.tokens, {}
        for token, row in (body.get("tokens") or {}).items():
            tokens.add(token, row)
        if body.get("expire_access"):
            answer["expired"] = tokens.expire_access()
        if body.get("revoke_refresh"):
            answer["revoked"] = tokens.revoke_refresh()
        for token in body.get("revoke") or []:
            found: Grant | None = tokens.grants.pop(token, None)
            require(found, "A token to revoke is unknown.")
        return answer
