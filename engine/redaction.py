"""Taking secrets out of what is kept for people to read.

Promises: a value under a telling name (``access_token``, ``client_secret``, ``Authorization`` …), a
``Bearer`` credential anywhere, and every secret told to the :class:`Redactor` are replaced, the
longest first, so that a secret that contains another leaves no fragment. The text that comes out is
bounded and free of control characters.

Weakness: a secret that nobody told us of, under a name that tells nothing, stays. Names, addresses
and other business values are no secrets here; who may read them is decided where they are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = '***'
#: Longest text kept of one request or answer, in characters.
MAX_SUMMARY = 2000
#: Larger bodies are summed up by their size, not parsed again.
MAX_PARSED = 256 * 1024
_DEPTH = 20

_TELLING = re.compile(
    r'token|secret|passw|authori[sz]ation|api[-_]?key|hapikey|credential|signature|cookie'
    r'|private[-_]?key|code[-_]?verifier|assertion|session',
    re.IGNORECASE,
)
_CREDENTIALS = re.compile(r'\b(Bearer|Basic)\s+[^\s"\'<>,;]+', re.IGNORECASE)
_PAIRS = re.compile(
    r'((?:access_token|refresh_token|client_secret|code_verifier|password)["\']?\s*[:=]\s*["\']?)'
    r'[^"\'&\s<>]+',
    re.IGNORECASE,
)
_CONTROL = re.compile(r'[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]')


class Redactor:
    """Knows the secrets of one client and keeps them out of every text it makes."""

    def __init__(self):
        self._secrets: set[str] = set()

    def __repr__(self) -> str:
        return f'<Redactor of {len(self._secrets)} secrets>'

    def learn(self, *secrets: str | None) -> None:
        """Remember values that must never be shown; shorter than six characters are not told
        apart from ordinary text and are left to the rules by name."""
        for secret in secrets:
            if secret and len(secret) >= 6:
                self._secrets |= {secret, quote(secret, safe=''), quote_plus(secret)}

    def text(self, text: str) -> str:
        """``text`` without secrets or control characters, whatever its form; not shortened."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        text = _CREDENTIALS.sub(rf'\1 {MASK}', text)
        return _CONTROL.sub('�', _PAIRS.sub(rf'\1{MASK}', text))

    def summary(self, value: Any, hidden: Iterable[str] = ()) -> str:
        """A short text of a body: mapping, list, text or bytes.

        :param hidden: further names whose values are secret here (``code`` in an OAuth form).
        """
        if isinstance(value, bytes):
            value = _parsed(value)
        if value is None or value == '':
            return ''
        if not isinstance(value, str):
            names = frozenset(hidden)
            value = json.dumps(_masked(value, names), ensure_ascii=False, default=str)
        if len(value) > MAX_PARSED:
            return f'{len(value)} characters'
        # Masked before it is cut: half a secret would not be recognised.
        return _shortened(self.text(value))


def _parsed(body: bytes) -> Any:
    if len(body) > MAX_PARSED:
        return f'{len(body)} bytes'
    text = body.decode('utf-8', 'replace')
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _masked(value: Any, hidden: frozenset[str], depth: int = _DEPTH) -> Any:
    if depth == 0:
        return '…'
    if isinstance(value, Mapping):
        return {
            str(key): MASK
            if item and (str(key) in hidden or _TELLING.search(str(key)))
            else _masked(item, hidden, depth - 1)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [_masked(item, hidden, depth - 1) for item in value]
    return value


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_SUMMARY else text[: MAX_SUMMARY - 1] + '…'
