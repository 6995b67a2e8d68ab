"""The org's options, as the command line and the control surface set them.

Promise: an unknown option or a wrong type is refused with a sentence (``core.options``). Weakness:
nothing checks that the options together make sense.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..core.errors import require
from .ids import long_id

DEFAULT_SECRET = "5A0DB0C5F00DFACE1234ABCD8DEF0123456789ABCDEF0123456789ABCDEF0123"
DEFAULT_TOKEN = "00DQy0000000001!sandbox.access.token"
DUPLICATE_KEYS = {"object", "match", "block"}
VALIDATION_KEYS = {"object", "field", "pattern", "message"}


@dataclass
class Limits:
    """API calls of the org in 24 hours; ``bursts`` is what the header says of them, if anything."""

    enabled: bool = True
    daily: int = 100_000
    bursts: str = ""


@dataclass
class Bulk:
    """How Bulk jobs run: begun after ``delay_ms``, ``chunk_ms`` for each 200 rows.

    ``fail_after`` rows the job ends as Failed and leaves the rest unprocessed.
    """

    delay_ms: int = 100
    chunk_ms: int = 0
    fail_after: float | None = None


@dataclass
class Options:
    """One org with one app and one integration user."""

    seed: int = 0
    org_id: str = long_id("00DQy0000000001") or ""
    client_id: str = "3MVG9sandbox.consumer.key"
    client_secret: str = DEFAULT_SECRET
    token: str = DEFAULT_TOKEN
    username: str = "integration@odoo.example"
    redirect_uris: list[str] = field(default_factory=list)
    session_s: int = 7200
    rotate_refresh_token: bool = True
    preauthorized: bool = True
    certificate: str = ""
    instance_url: str = ""
    first_version: int = 31
    last_version: int = 68
    external_id: str = "Odoo_Id__c"
    custom_fields: dict[str, dict[str, Any]] = field(default_factory=dict)
    customize_application: bool = True
    tooling_grants_access: bool = False
    query_page: int = 2000
    stamp_lag_ms: int = 0
    lock_hold_ms: int = 0
    own_changes: bool = True
    webhook_secret: str = "whsec-sandbox-of-flow-and-apex"
    duplicate_rules: list[dict[str, Any]] = field(default_factory=list)
    validation_rules: list[dict[str, Any]] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)
    bulk: Bulk = field(default_factory=Bulk)

    def __post_init__(self) -> None:
        for row in self.duplicate_rules:
            sound = isinstance(row, dict) and {"object", "match"} <= set(row) <= DUPLICATE_KEYS
            sentence = "A duplicate rule needs object and match (a list of fields), and may block."
            require(sound and isinstance(row["match"], list) and row["match"], sentence)
        for row in self.validation_rules:
            sound = isinstance(row, dict) and set(row) == VALIDATION_KEYS
            require(sound, "A validation rule needs object, field, pattern and message.")
        require(long_id(self.org_id), f"{self.org_id} is no record id.")
        require(self.query_page >= 1, "query_page must be at least 1.")
