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
from ..core.options import merged
from ..core.provider import Provider
from . import seed, webhooks
from .account import Account
from .api import Api
from .auth import Grant
from .config import Options
from .kinds import KINDS
from .loader import Loader
from .people import People, known_kind


class HubSpot(Provider):
    """The HubSpot stand-in."""

    name = "hubspot"

    def __init__(self, options: Options | None = None) -> None:
        super().__init__()
        self.start = options or Options()
        self.clock = Clock()
        self.format = webhooks.Format(self.start.client_secret)
        self.postman = Postman(self.format, self.clock)
        self._open(Account(self.start, self.clock, self.postman), Settings())

    def _open(self, account: Account, settings: Settings, older: str = "v1") -> None:
        self.account = account
        self.api = Api(account)
        self.people = People(account)
        self.format.secret, self.format.older = account.options.client_secret, older
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
        """A new account; ``objects``, ``seed_data`` and ``webhooks`` beside the options."""
        rest = dict(body)
        extra = {name: rest.pop(name, None) for name in ("objects", "seed_data", "webhooks")}
        account = Account(merged(self.start, rest), self.clock, self.postman)
        if extra["seed_data"] is not None:
            Loader(account).load(seed.generate(seed.parse(extra["seed_data"])))
        if extra["objects"] is not None:
            Loader(account).load(_by_kind(extra["objects"]))
        plan = webhooks.Plan(Settings(seed=account.options.seed))
        if extra["webhooks"] is not None:
            plan = plan.changed(account, extra["webhooks"])
        # Everything was checked: from here on nothing can be refused.
        self.postman.reset()
        self._open(account, plan.settings, plan.older)
        return self.state()

    def configure(self, body: dict[str, Any]) -> dict[str, Any]:
        """Other options, same records."""
        rest = dict(body)
        hooks, data = rest.pop("webhooks", None), rest.pop("seed_data", None)
        merged(self.account.options, rest)  # may refuse, before anything is done
        rows = None if data is None else seed.generate(seed.parse(data))
        if hooks is not None:
            self.webhooks(hooks)
        self.account.use(merged(self.account.options, rest))
        self.format.secret = self.account.options.client_secret
        if rows is not None:
            Loader(self.account).load(rows)
        return self.state()

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
        return {"loaded": Loader(self.account).load(_by_kind(body))}

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
        plan = webhooks.Plan(self.postman.settings, self.format.older).changed(self.account, body)
        self.format.secret, self.format.older = self.account.options.client_secret, plan.older
        self.postman.configure(plan.settings)
        rows = self.account.journal.subscriptions.rows
        return {"target": plan.settings.url, "subscriptions": rows}

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


def _by_kind(body: Any) -> dict[str, Any]:
    require(isinstance(body, dict), 'Records go by kind: {"contacts": [...]}.')
    return body
