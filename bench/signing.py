"""The headers of a delivery that HubSpot has signed (v3), by the stand-in's own signature."""

from __future__ import annotations

import time

from sandbox.hubspot.signature import sign_v3


def signed(body: bytes, uri: str, secret: str) -> dict[str, str]:
    """The headers of a POST of `body` to `uri`, signed now."""
    timestamp = str(int(time.time() * 1000))
    return {
        "X-HubSpot-Signature-v3": sign_v3(secret, "POST", uri, body, timestamp),
        "X-HubSpot-Request-Timestamp": timestamp,
        "Content-Type": "application/json",
    }
