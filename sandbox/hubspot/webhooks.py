"""How HubSpot words and signs a webhook delivery, and how the control surface sets it up.

Promise: a JSON array of events, signed in v3 and, as HubSpot does, in an older version beside it.
Options: :class:`Plan`. Weakness: one target for all subscriptions, as an app has.
"""

from __future__ import annotations

import dataclasses
import json
import time
from dataclasses import dataclass
from typing import Any

from ..core.delivery import Settings
from ..core.errors import no_unknown_keys, require
from .account import Account
from .config import merged
from .signature import sign_v1, sign_v2, sign_v3

AGENT = "HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)"
ACCOUNT_KEYS = {"style", "subscriptions", "client_secret", "signature"}
NAMES = {
    "target": "url",
    "signed_url": "signed_url",
    "concurrency": "concurrency",
    "timeout_s": "timeout_s",
    "max_batch": "max_batch",
    "window_ms": "window_s",
    "retry_s": "retry_s",
    "shuffle": "shuffle",
    "duplicate_rate": "duplicate_rate",
    "paused": "paused",
    "seed": "seed",
}


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


def parse(current: Settings, body: dict[str, Any]) -> Settings:
    """Delivery settings of a control request. Raises ``ControlError``."""
    no_unknown_keys(body, set(NAMES), "The webhook settings")
    changes: dict[str, Any] = {}
    for name, value in body.items():
        changes[NAMES[name]] = _checked(name, value)
    return dataclasses.replace(current, **changes)


def _checked(name: str, value: Any) -> Any:
    if name in ("target", "signed_url"):
        http = isinstance(value, str) and value.startswith(("http://", "https://"))
        require(value is None or http, f"{name} must be an http address or null.")
        return value
    if name in ("shuffle", "paused"):
        require(isinstance(value, bool), f"{name} must be true or false.")
        return value
    if name == "retry_s":
        rows = value if isinstance(value, list) else [None]
        require(all(_number(row) for row in rows), "retry_s must be a list of seconds.")
        return tuple(rows)
    require(_number(value), f"{name} must be a number.")
    if name == "duplicate_rate":
        require(value <= 1, "duplicate_rate must be between 0 and 1.")
    if name in ("max_batch", "concurrency"):
        require(value >= 1 and value == int(value), f"{name} must be a whole number from 1.")
    if name == "max_batch":
        require(value <= 100, "max_batch must be at most 100.")
    return value / 1000 if name == "window_ms" else value


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
