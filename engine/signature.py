"""Is a delivery from who it says it is from?

Promises: only bytes are compared, in constant time, over every secret and every candidate without
an early exit; whatever a sender puts into the headers ends in :class:`~.errors.SignatureError`
with one and the same message, never in another exception; no value of the request is repeated.

HubSpot: "Validating requests" of its developer documentation, v3 (and v1 where switched on). Its
libraries accept timestamps from the future and skip the decoding of the URI; we do neither.
Standard Webhooks: specification 1.0.0, symmetric signatures (``v1``); its reference library raises
on malformed headers and accepts timestamps that are no integers; we do neither.

Weakness: HubSpot's v1 signs no time and no address, so a delivery signed so can be replayed by who
has seen it; the idempotency key then makes it a duplicate.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from .contracts import WebhookRequest
from .errors import ConfigurationError, SignatureError

#: Largest difference between the sender's clock and ours, both ways, in seconds.
TOLERANCE = 300
#: A longer signature header, or one with more entries, is not looked at.
MAX_HEADER = 4096
MAX_ENTRIES = 16

REFUSED = 'The signature of this delivery is missing, stale or wrong.'

#: What HubSpot decodes in the URI before it signs, and nothing else ("Validating requests", v3).
_DECODED = {
    '%3A': ':', '%2F': '/', '%3F': '?', '%40': '@', '%21': '!', '%24': '$',
    '%27': "'", '%28': '(', '%29': ')', '%2A': '*', '%2C': ',', '%3B': ';',
}  # fmt: skip
_ESCAPE = re.compile('|'.join(_DECODED), re.IGNORECASE)


def verify_hubspot(
    request: WebhookRequest,
    secrets: Sequence[bytes],
    now: datetime,
    public_url: str,
    accept_v1: bool = False,
) -> None:
    """Check a HubSpot delivery by ``X-HubSpot-Signature-v3``.

    :param secrets: client secrets of the app that may have signed; the current and the previous.
    :param public_url: scheme and host under which HubSpot calls us. The request's own idea of them
        comes from headers a sender can choose, so only its path and query are used; an empty
        ``public_url`` falls back to the request's address as it is.
    :param accept_v1: also accept ``X-HubSpot-Signature`` of version ``v1``, for a proxy that
        rewrites addresses.
    :raises SignatureError: unless one of the secrets signed exactly these bytes.
    """
    headers = _lower(request)
    good = _hubspot_v3(request, headers, _usable(secrets), now, public_url)
    if accept_v1:
        good |= _hubspot_v1(request, headers, _usable(secrets))
    if not good:
        raise SignatureError(REFUSED)


def verify_standard_webhooks(
    request: WebhookRequest, secrets: Sequence[bytes], now: datetime
) -> None:
    """Check a delivery by the Standard Webhooks headers.

    :param secrets: as the sender shows them: base64, with or without ``whsec_``. One that is empty
        or no base64 matches nothing; :func:`standard_webhooks_key` tells so when it is entered.
    :raises SignatureError: unless one of the secrets signed exactly these bytes.
    """
    headers = _lower(request)
    identifier = headers.get('webhook-id', '')
    timestamp = headers.get('webhook-timestamp', '')
    named = bool(identifier) and '.' not in identifier and len(identifier) <= MAX_HEADER
    fresh = _is_fresh(timestamp, r'[0-9]{1,12}', 1, now)
    entries = _standard_entries(headers.get('webhook-signature', ''))
    prefix = _bytes(f'{identifier}.{timestamp}.') if named else b''
    expected = [_hmac_base64(key, prefix + request.body) for key in _standard_keys(secrets)]
    if not (_any_equal(expected, entries) and named and fresh):
        raise SignatureError(REFUSED)


def standard_webhooks_key(secret: str | bytes) -> bytes:
    """The key that a Standard Webhooks secret stands for.

    :raises ConfigurationError: where it is empty or no base64; the message tells what to do.
    """
    text = _bytes(secret) if isinstance(secret, str) else secret
    text = text.strip().removeprefix(b'whsec_').rstrip(b'=')
    try:
        key = base64.b64decode(text + b'=' * (-len(text) % 4), validate=True)
    except binascii.Error:
        key = b''
    if not key:
        raise ConfigurationError(
            'The signing secret is empty or no base64.',
            user_message='The signing secret is not complete. Copy it from the sender again; '
            'it usually starts with "whsec_".',
        )
    return key


def _standard_keys(secrets: Iterable[bytes]) -> list[bytes]:
    keys = []
    for secret in secrets:
        try:
            keys.append(standard_webhooks_key(secret))
        except ConfigurationError:
            # Told when it was entered; here it may only fail to match.
            continue
    return keys


def _standard_entries(header: str) -> list[bytes]:
    if len(header) > MAX_HEADER:
        return []
    entries = header.split(' ')
    if len(entries) > MAX_ENTRIES:
        return []
    return [_bytes(entry[3:]) for entry in entries if entry.startswith('v1,')]


def _hubspot_v3(request, headers, secrets, now, public_url) -> bool:
    given = headers.get('x-hubspot-signature-v3', '')
    timestamp = headers.get('x-hubspot-request-timestamp', '')
    fresh = _is_fresh(timestamp, r'[0-9]{13}', 1000, now)
    expected = [
        _hmac_base64(secret, _bytes(request.method + uri) + request.body + _bytes(timestamp))
        for secret in secrets
        for uri in _signed_uris(request, public_url)
    ]
    return _any_equal(expected, _bounded(given)) and fresh


def _hubspot_v1(request, headers, secrets) -> bool:
    given = headers.get('x-hubspot-signature', '')
    declared = headers.get('x-hubspot-signature-version', 'v1') == 'v1'
    expected = [
        hashlib.sha256(secret + request.body).hexdigest().encode('ascii') for secret in secrets
    ]
    return _any_equal(expected, _bounded(given)) and declared


def _signed_uris(request: WebhookRequest, public_url: str) -> tuple[str, str]:
    """The address as HubSpot may have signed it: decoded by its table, and as it stands."""
    raw = request.url
    if public_url:
        raw = public_url.rstrip('/') + _target(raw)
    return _ESCAPE.sub(lambda match: _DECODED[match[0].upper()], raw), raw


def _target(url: str) -> str:
    """Path and query. Not by ``urlsplit``: it raises for hosts that a sender can make up."""
    rest = url if url.startswith('/') else url.partition('://')[2]
    slash = rest.find('/')
    return rest[slash:] if slash >= 0 else ''


def _is_fresh(timestamp: str, form: str, per_second: int, now: datetime) -> bool:
    if not re.fullmatch(form, timestamp):
        return False
    # HubSpot counts in milliseconds and accepts exactly 300,000; whole ones avoid float noise.
    age = round(now.timestamp() * per_second) - int(timestamp)
    return abs(age) <= TOLERANCE * per_second


def _any_equal(expected: Sequence[bytes], given: Sequence[bytes]) -> bool:
    found = False
    for mine in expected:
        for theirs in given:
            found |= hmac.compare_digest(mine, theirs)
    return found


def _hmac_base64(key: bytes, message: bytes) -> bytes:
    return base64.b64encode(hmac.new(key, message, hashlib.sha256).digest())


def _bounded(header: str) -> list[bytes]:
    return [_bytes(header)] if header and len(header) <= MAX_HEADER else []


def _usable(secrets: Iterable[bytes]) -> list[bytes]:
    return [secret for secret in secrets if secret]


def _lower(request: WebhookRequest) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


def _bytes(text: str) -> bytes:
    return text.encode('utf-8', 'surrogatepass')
