"""How HubSpot words and signs a webhook delivery, and how the control surface sets it up.

Promise: a JSON array of events, signed in v3 and, as HubSpot does, in an older version beside it.
Options: :class:`Plan`. Weakness: one target for all subscriptions, as an app has.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from ..core.delivery import Settings
from ..core.delivery_settings import parse
from ..core.errors import require
from ..core.options import merged
from .account import Account
from .signature import sign_v1, sign_v2, sign_v3

AGENT = "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)"
ACCOUNT_KEYS = {"style", "subscriptions", "client_secret", "signature"}


class Format:
    """Renders deliveries with the app's secret; ``older`` is v1 or v2."""

    def __init__(self, secret: str, older: str = "v1") -> None:
        self.secret = secret
        self.older = older

    def render(self, messages: list[dict], attempt: int, url: str) -> tuple[bytes, dict[str, str]]:
        """The signed array of events."""
        events = [message | {"attemptNumber": attempt} for message in messages]
        body = json.dumps(events, ensure_ascii=False, separators=(",", ":")).encode()
        return body, self.headers(body, url)

    def headers(self, body: bytes, url: str, *, age_s: float = 0) -> dict[str, str]:
        """Headers of a delivery that was signed ``age_s`` ago."""
        stamp = str(round((time.time() - age_s) * 1000))
        older = sign_v1(self.secret, body)
        if self.older == "v2":
            older = sign_v2(self.secret, "POST", url, body)
        return {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "X-HubSpot-Signature": older,
            "X-HubSpot-Signature-Version": self.older,
            "X-HubSpot-Signature-v3": sign_v3(self.secret, "POST", url, body, stamp),
            "X-HubSpot-Request-Timestamp": stamp,
        }

    def accepted(self, status: int, body: bytes) -> bool:
        """Any 4xx or 5xx is tried again; so are redirects, which are not followed."""
        return 200 <= status < 300


@dataclass(frozen=True)
class Plan:
    """Delivery settings and the version of the older signature."""

    settings: Settings
    older: str = "v1"

    def changed(self, account: Account, body: Any) -> Plan:
        """As a control request wants it; subscriptions and secret go into ``account``.

        Raises ``ControlError``; then nothing has changed.
        """
        require(isinstance(body, dict), "The webhook settings must be an object.")
        rest = {name: value for name, value in body.items() if name not in ACCOUNT_KEYS}
        settings = parse(self.settings, rest)
        older = body.get("signature", self.older)
        require(older in ("v1", "v2"), "signature must be v1 or v2 (v3 is always sent).")
        secret = {name: body[name] for name in ("client_secret",) if name in body}
        options = merged(account.options, secret)
        if "style" in body:
            account.journal.subscriptions.use_style(body["style"])
        if "subscriptions" in body:
            account.journal.subscriptions.replace(body["subscriptions"])
        account.use(options)
        return Plan(settings, older)
