"""The OAuth code flow with PKCE, as far as it needs neither a database nor a network.

Promises: the verifier never leaves us but for the token endpoint; only the S256 challenge is used
(RFC 7636, section 4.2); a refusal of the provider becomes an :class:`AuthError` in plain words, an
answer of another shape a :class:`ContractError`; no token appears in a ``repr`` or a message.

Weakness: the answer's ``scopes`` are not compared with those that were asked for; a missing one is
found by the first call that needs it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from .errors import AuthError, ContractError


@dataclass(frozen=True)
class OAuthEndpoints:
    """Where a provider's flow lives: paths below ``authorize_base`` (its website) and its API."""

    authorize_base: str
    authorize_path: str
    token_path: str
    scopes: tuple[str, ...]


@dataclass(frozen=True)
class TokenSet:
    """What the token endpoint gave; no refresh token: keep the old.

    :param expires_in: seconds; ``None`` where it is not told: good until it is refused.
    :param instance_url: the account's own address, where calls go; empty: where they always go.
    :param account_id: whose token it is, where the answer tells.
    """

    access_token: str = field(repr=False)
    refresh_token: str | None = field(repr=False)
    expires_in: int | None = None
    instance_url: str = ''
    account_id: str = ''


def new_verifier() -> str:
    """A fresh code verifier of 43 characters (RFC 7636, section 4.1)."""
    return secrets.token_urlsafe(32)


def challenge(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2)."""
    digest = hashlib.sha256(verifier.encode('ascii')).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b'=').decode('ascii')


def authorize_url(
    base: str,
    path: str,
    *,
    client_id: str,
    redirect_uri: str,
    scopes: Iterable[str],
    state: str,
    verifier: str,
) -> str:
    """The page where the user grants access; ``state`` comes back to us unchanged."""
    query = {
        'response_type': 'code',
        'client_id': client_id,
        'redirect_uri': redirect_uri,
        'scope': ' '.join(scopes),
        'state': state,
        'code_challenge': challenge(verifier),
        'code_challenge_method': 'S256',
    }
    return f'{base.rstrip("/")}{path}?{urlencode(query)}'


def code_form(client: Mapping[str, str], code: str, redirect_uri: str, verifier: str) -> dict:
    """The form that trades a code for tokens. ``client`` holds ``client_id, client_secret``."""
    return {
        'grant_type': 'authorization_code',
        **client,
        'redirect_uri': redirect_uri,
        'code': code,
        'code_verifier': verifier,
    }


def refresh_form(client: Mapping[str, str], refresh_token: str) -> dict:
    """The form that trades a refresh token for an access token."""
    return {'grant_type': 'refresh_token', **client, 'refresh_token': refresh_token}


def parse_token_answer(status: int, body: bytes) -> TokenSet:
    """Read the token endpoint's answer.

    :raises AuthError: the grant or the client is refused (any 4xx).
    :raises ContractError: a success without the fields of RFC 6749, section 5.1.
    """
    answer = _json_object(body)
    if status >= 400:
        raise _refusal(status, answer)
    token, lifetime = answer.get('access_token'), answer.get('expires_in')
    refresh = answer.get('refresh_token')
    if not (_fits_a_header(token) and isinstance(lifetime, int) and lifetime > 0):
        raise ContractError(
            'The token endpoint answered without access_token and expires_in.', status=status
        )
    return TokenSet(token, refresh if isinstance(refresh, str) and refresh else None, lifetime)


def _fits_a_header(token: Any) -> bool:
    """Whether it can be sent as ``Bearer``: visible ASCII (RFC 6750, section 2.1)."""
    return isinstance(token, str) and re.fullmatch('[!-~]+', token) is not None


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _refusal(status: int, answer: Mapping[str, Any]) -> AuthError:
    """``error`` is the code of RFC 6749, section 5.2; HubSpot repeats it in ``status``."""
    code = str(answer.get('error') or answer.get('status') or status)[:64]
    if code in ('invalid_grant', 'BAD_REFRESH_TOKEN'):
        sentence = 'The access that was granted has expired or was revoked. Connect again.'
    elif code in ('invalid_client', 'BAD_CLIENT_SECRET', 'BAD_CLIENT_ID'):
        sentence = 'The client ID or the client secret is refused. Correct them and connect again.'
    else:
        sentence = f'The sign-in was refused ({code}). Check the app and connect again.'
    return AuthError(
        f'token endpoint: HTTP {status}, {code}', user_message=sentence, code=code, status=status
    )
