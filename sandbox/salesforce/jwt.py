"""Verifies the assertion of the JWT bearer flow (RFC 7523, RS256).

Promise: signature, issuer, audience and lifetime are checked as Salesforce does, with the
certificate that was uploaded. Weakness: the sentence of a refusal is Salesforce's
only where it was seen.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

AUDIENCES = ("https://login.salesforce.com", "https://test.salesforce.com")
#: Three minutes, and as much again for clocks that differ.
MAX_LIFE_S = 360


class BadAssertion(ValueError):
    """The text is what ``error_description`` says."""


def public_key(pem: str) -> RSAPublicKey:
    """The key of a certificate, or of a bare public key. Raises ``ValueError``."""
    data = pem.encode()
    found = (
        load_pem_x509_certificate(data).public_key()
        if "CERTIFICATE" in pem
        else load_pem_public_key(data)
    )
    if not isinstance(found, RSAPublicKey):
        raise ValueError("The certificate has no RSA key.")
    return found


def claims(assertion: str, pem: str, now_s: float, own: str, client_id: str) -> dict[str, Any]:
    """The claims of a sound assertion. Raises :class:`BadAssertion`."""
    head, _, rest = assertion.partition(".")
    body, _, signature = rest.partition(".")
    try:
        header, found = json.loads(_decoded(head)), json.loads(_decoded(body))
        signed = _decoded(signature)
    except ValueError as error:
        raise BadAssertion("invalid assertion") from error
    if not isinstance(header, dict) or not isinstance(found, dict):
        raise BadAssertion("invalid assertion")
    if header.get("alg") != "RS256":
        raise BadAssertion("algorithm is not supported: use RS256")
    if not pem:
        raise BadAssertion("invalid client credentials: no certificate")
    try:
        public_key(pem).verify(signed, f"{head}.{body}".encode(), PKCS1v15(), SHA256())
    except InvalidSignature as error:
        raise BadAssertion("invalid signature") from error
    _check(found, now_s, own, client_id)
    return found


def _check(found: dict[str, Any], now_s: float, own: str, client_id: str) -> None:
    if found.get("iss") != client_id:
        raise BadAssertion("client identifier invalid")
    if str(found.get("aud", "")).rstrip("/") not in (*AUDIENCES, own):
        raise BadAssertion("audience is invalid")
    try:
        # Public clients send a text here, and Salesforce takes it.
        expiry = float(found.get("exp", ""))
    except (TypeError, ValueError) as error:
        raise BadAssertion("invalid assertion") from error
    if not now_s < expiry <= now_s + MAX_LIFE_S:
        raise BadAssertion("assertion is expired or lives too long")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
