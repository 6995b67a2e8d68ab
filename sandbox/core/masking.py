"""Removes secrets from what the ledger shows.

Promise: values under the names below, in headers, queries, forms and JSON at any depth, come out
as ``***``; an authorization keeps its scheme. Weakness: a secret under another name is shown.
"""

from __future__ import annotations

from typing import Any

MASK = "***"
SECRET_HEADERS = {"cookie", "set-cookie", "proxy-authorization", "x-api-key"}
SECRET_NAMES = {
    "access_token",
    "assertion",
    "client_assertion",
    "client_secret",
    "code",
    "code_verifier",
    "hapikey",
    "id_token",
    "password",
    "refresh_token",
    "session_id",
    "sessionid",
    "token",
}


def mask_headers(headers: dict[str, str]) -> dict[str, str]:
    """``Authorization: Bearer abc`` becomes ``Authorization: Bearer ***``."""
    return {name: _header(name.lower(), value) for name, value in headers.items()}


def _header(name: str, value: str) -> str:
    if name == "authorization":
        scheme, separator, _credentials = value.partition(" ")
        return f"{scheme} {MASK}" if separator else MASK
    return MASK if name in SECRET_HEADERS else value


def mask(value: Any, *, secrets: bool) -> Any:
    """Mask secret names in a decoded body when ``secrets``; plain records have no such names."""
    if not secrets:
        return value
    if isinstance(value, dict):
        return {
            name: MASK if name in SECRET_NAMES and item is not None else mask(item, secrets=True)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [mask(item, secrets=True) for item in value]
    return value
