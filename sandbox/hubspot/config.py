"""The account's options, as the command line and the control surface set them.

Promise: an unknown option or a wrong type is refused with a sentence. Weakness: nothing checks that
the options together make sense.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..core.errors import require

DEFAULT_TOKEN = "pat-na1-00000000-5a0d-4b0c-9000-000000000001"
DEFAULT_SECRET = "5a0db0c5-1234-4abc-8def-0123456789ab"


@dataclass
class Limits:
    """Rate limits of the account; ``oauth_burst`` is that of apps with OAuth."""

    enabled: bool = True
    burst: int = 190
    oauth_burst: int = 110
    interval_ms: int = 10_000
    daily: int = 625_000
    search_per_second: int = 5
    retry_after: float | None = None


@dataclass
class Rules:
    """What an admin demands (2026-09 and later).

    ``required``: ``{"contacts": ["lastname"]}``. ``conditional``:
    ``{"deals": [{"property": "dealstage", "value": "closedlost", "require": [...]}]}``.
    """

    required: dict[str, list[str]] = field(default_factory=dict)
    conditional: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for names in self.required.values():
            require(_texts(names), 'required names properties: {"contacts": ["lastname"]}.')
        for rows in self.conditional.values():
            for row in rows if isinstance(rows, list) else [None]:
                sound = isinstance(row, dict) and set(row) == {"property", "value", "require"}
                sentence = "A conditional rule needs property, value and require (a list of names)."
                require(sound and _texts(row["require"]), sentence)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


@dataclass
class Options:
    """One HubSpot account with one app. ``tokens`` maps a token to ``{"app_id", "scopes"}``."""

    seed: int = 0
    portal_id: int = 50_249_912
    app_id: int = 4_169_410
    client_id: str = "3f0c7e9a-5a0d-4b0c-9000-00000000c11d"
    client_secret: str = DEFAULT_SECRET
    token: str = DEFAULT_TOKEN
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    redirect_uris: list[str] = field(default_factory=list)
    access_token_s: int = 1800
    rotate_refresh_token: bool = False
    user_id: int = 75_514_748
    ui_domain: str = "app.hubspot.com"
    data_hosting: str = "na1"
    time_zone: str = "Europe/Brussels"
    currency: str = "EUR"
    currencies: list[str] = field(default_factory=lambda: ["USD", "GBP"])
    search_lag_ms: int = 0
    read_lag_ms: int = 0
    shuffle_batches: bool = True
    limits: Limits = field(default_factory=Limits)
    rules: Rules = field(default_factory=Rules)
