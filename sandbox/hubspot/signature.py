"""Request signatures, all three versions, from the sender's side.

Source: "Validating requests from HubSpot". Promise: the vectors of HubSpot's own client libraries
hold. Weakness: none known; the receiver's checks (age, comparison) are not here.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

#: The only percent-encodings that version 3 decodes before signing.
DECODED = {
    "%3A": ":",
    "%2F": "/",
    "%3F": "?",
    "%40": "@",
    "%21": "!",
    "%24": "$",
    "%27": "'",
    "%28": "(",
    "%29": ")",
    "%2A": "*",
    "%2C": ",",
    "%3B": ";",
}
_ENCODED = re.compile("|".join(DECODED), re.IGNORECASE)


def sign_v1(secret: str, body: bytes) -> str:
    """Hex SHA-256 of secret and body."""
    return hashlib.sha256(secret.encode() + body).hexdigest()


def sign_v2(secret: str, method: str, uri: str, body: bytes) -> str:
    """Hex SHA-256 of secret, method, URI and body."""
    return hashlib.sha256(f"{secret}{method}{uri}".encode() + body).hexdigest()


def sign_v3(secret: str, method: str, uri: str, body: bytes, timestamp: str) -> str:
    """Base64 HMAC-SHA-256 of method, decoded URI, body and timestamp (ms)."""
    decoded = _ENCODED.sub(lambda match: DECODED[match[0].upper()], uri)
    message = f"{method}{decoded}".encode() + body + timestamp.encode()
    return base64.b64encode(hmac.digest(secret.encode(), message, "sha256")).decode()
