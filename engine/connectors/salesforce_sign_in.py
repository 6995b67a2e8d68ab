"""Getting an access token of Salesforce: three flows, and what their answers may say.

========================= ==============================================================
client credentials        an External Client App of the customer's own org, with a user to
                          run as; no refresh token that could be lost
JWT bearer                the same, without a secret that travels: we sign with a key whose
                          certificate the app holds
web server, PKCE          a person signs in; the refresh token changes with every use
========================= ==============================================================

Promise: an ``instance_url`` is believed only where it is Salesforce's, or the loopback address of a
connection that allows private addresses; nothing here keeps or repeats a secret. There is no flow
with a user's password (Salesforce ends it, and it defeats multi-factor sign-in).

Sources: Salesforce help "OAuth Authorization Flows", "OAuth 2.0 Refresh Token Rotation"; RFC 7523.

Weakness: the answer does not say how long a token lives; it is used until it is refused.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ..errors import AuthError, ConfigurationError, ContractError
from ..oauth import OAuthEndpoints, TokenSet
from ..sign_in import CLIENT_CREDENTIALS, JWT, OAUTH, Client, SignIn
from .salesforce_objects import long_id

#: Salesforce refuses an assertion that is valid for more than a few minutes.
ASSERTION_LIFE = timedelta(minutes=3)
#: Salesforce's own hosts: sign-in pages and every organisation's address.
HOSTS = ('.salesforce.com',)
_GRANT_JWT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'


class SalesforceSignIn(SignIn):
    """Salesforce's flows, see :data:`SIGN_IN`."""

    def form(self, method: str, client: Client, address: str, now: datetime) -> dict[str, str]:
        if method == JWT:
            key = client.private_key.encode()
            return jwt_form(client.client_id, client.username, audience(address), key, now)
        return super().form(method, client, address, now)

    def read(self, status: int, body: bytes, own_host: str | None = None) -> TokenSet:
        return read_answer(status, body, own_host=own_host)


#: Its refresh tokens rotate where the app is set so: each answer brings the *new* one, the old one
#: is dead, and using it once more ends the whole grant. login.salesforce.com refuses client
#: credentials, because it cannot tell whose they are.
SIGN_IN = SalesforceSignIn(
    methods=(CLIENT_CREDENTIALS, JWT, OAUTH),
    endpoints=OAuthEndpoints(
        authorize_base='https://login.salesforce.com',
        authorize_path='/services/oauth2/authorize',
        token_path='/services/oauth2/token',
        scopes=('api', 'refresh_token'),
    ),
    rotates=True,
    own_address=frozenset({CLIENT_CREDENTIALS}),
)


def audience(address: str) -> str:
    """Whom an assertion is for: the sign-in page of production, or that of sandboxes."""
    host = urlsplit(address).hostname or ''
    sandbox = host == 'test.salesforce.com' or host.endswith('.sandbox.my.salesforce.com')
    return f'https://{"test" if sandbox else "login"}.salesforce.com'


def jwt_form(
    client_id: str, username: str, audience: str, key_pem: bytes, now: datetime
) -> dict[str, str]:
    """The form of the JWT bearer flow.

    :param audience: ``https://login.salesforce.com``, or ``https://test.salesforce.com``.
    :param key_pem: our RSA private key; its certificate is uploaded to the app.
    :raises ConfigurationError: the key is none.
    """
    claims = {
        'iss': client_id,
        'sub': username,
        'aud': audience,
        'exp': int((now + ASSERTION_LIFE).timestamp()),
    }
    signed = f'{_part({"alg": "RS256", "typ": "JWT"})}.{_part(claims)}'
    signature = _key(key_pem).sign(signed.encode('ascii'), padding.PKCS1v15(), hashes.SHA256())
    return {'grant_type': _GRANT_JWT, 'assertion': f'{signed}.{_base64(signature)}'}


def _key(pem: bytes) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < 2048:
        raise ConfigurationError(
            'the private key of the connection is no RSA key of 2048 bits or more',
            user_message='The private key of the connection cannot be used. Enter an RSA key of '
            '2048 bits or more in PEM form, without a password.',
            code='PRIVATE_KEY',
        )
    return key


def _part(value: Mapping[str, Any]) -> str:
    return _base64(json.dumps(value, separators=(',', ':')).encode())


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b'=').decode('ascii')


def read_answer(status: int, body: bytes, *, own_host: str | None = None) -> TokenSet:
    """Read the token endpoint's answer.

    :param own_host: of a connection that allows private addresses: its own host is believed, too.
    :raises AuthError: the grant, the client or the user is refused (any 4xx).
    :raises ContractError: a success without what we need.
    :raises ConfigurationError: an ``instance_url`` that is not Salesforce's.
    """
    answer = _object(body)
    if status >= 400:
        raise _refusal(status, answer)
    token, instance = answer.get('access_token'), answer.get('instance_url')
    if not (isinstance(token, str) and token.isascii() and token.isprintable() and token
            and isinstance(instance, str)):  # fmt: skip
        raise ContractError(
            'The token endpoint answered without access_token and instance_url.', status=status
        )
    refresh = answer.get('refresh_token')
    return TokenSet(
        access_token=token,
        refresh_token=refresh if isinstance(refresh, str) and refresh else None,
        instance_url=checked_instance(instance, own_host=own_host),
        account_id=_organisation(answer.get('id')),
    )


def checked_instance(url: str, *, own_host: str | None = None) -> str:
    """``url`` without a slash at its end, where tokens may be sent to it.

    :raises ConfigurationError: it is not Salesforce's.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or '').lower(), parts.port
    except ValueError:
        host, port, parts = '', None, urlsplit('')
    plain = not (parts.path.strip('/') or parts.query or parts.fragment or '@' in parts.netloc)
    theirs = parts.scheme == 'https' and port in (None, 443) and host.endswith(HOSTS)
    ours = bool(own_host) and parts.scheme in ('http', 'https') and host == own_host.lower()
    if not (host and plain and (theirs or ours)):
        raise ConfigurationError(
            f'instance_url {host!r} is not an address of Salesforce',
            user_message='Salesforce’s sign-in named an address that is not Salesforce’s; nothing '
            'was sent there. Check the address of the connection.',
            code='ADDRESS_NOT_ALLOWED',
        )
    return url.rstrip('/')


def _organisation(url: Any) -> str:
    """The organisation of ``https://login.salesforce.com/id/<organisation>/<user>``."""
    parts = str(url or '').rstrip('/').split('/')
    return long_id(parts[-2]) if len(parts) >= 2 else ''


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


_SENTENCES = {
    'invalid_grant': 'The access that was granted has expired or was revoked, or the user has not '
    'approved the app: {words}. Approve the user in the app’s policies, then sign in again.',
    'invalid_client_id': 'Salesforce does not know the consumer key. Correct it and sign in again.',
    'invalid_client': 'Salesforce refuses the consumer key or secret: {words}. Correct them, and '
    'make sure that the app is installed in the organisation.',
    'inactive_user': 'The Salesforce user of the connection is not active. Activate the user, or '
    'choose another.',
    'inactive_org': 'The Salesforce organisation is locked or closed.',
}


def _refusal(status: int, answer: Mapping[str, Any]) -> AuthError:
    code = str(answer.get('error') or status)[:64]
    words = ' '.join(str(answer.get('error_description') or code).split())[:200]
    told = _SENTENCES.get(code, 'The sign-in was refused ({words}). Check the app and try again.')
    return AuthError(
        f'token endpoint: HTTP {status}, {code}: {words}',
        user_message=told.format(words=words),
        code=code,
        status=status,
    )
