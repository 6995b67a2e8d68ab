"""The ways to an access token that a provider offers, without a database and without a network.

======================  ====================================================================
``token``               a person enters it; there is nothing to renew
``oauth``               a person grants access in the browser: code flow with PKCE, and a
                        refresh token
``client_credentials``  the app signs in by itself, as the user it was told to run as
``jwt``                 likewise, with an assertion that we sign instead of a secret that travels
======================  ====================================================================

Promise: a provider says which of them it has, and with what; nobody else asks who it is. No secret
appears in a ``repr``.

Weakness: a provider whose token endpoint speaks otherwise than RFC 6749 brings a subclass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from . import oauth
from .errors import ConfigurationError
from .oauth import OAuthEndpoints, TokenSet

TOKEN, OAUTH, CLIENT_CREDENTIALS, JWT = 'token', 'oauth', 'client_credentials', 'jwt'

#: Way → the stored secret that gets new tokens; whoever renews locks it.
GRANTS: Mapping[str, str] = MappingProxyType(
    {OAUTH: 'refresh_token', CLIENT_CREDENTIALS: 'client_secret', JWT: 'private_key'}
)
#: Ways that need nobody at a browser.
UNATTENDED = frozenset({CLIENT_CREDENTIALS, JWT})


@dataclass(frozen=True)
class Client:
    """Who asks for tokens: the app, and what proves it."""

    client_id: str
    client_secret: str = field(default='', repr=False)
    username: str = ''
    private_key: str = field(default='', repr=False)
    refresh_token: str = field(default='', repr=False)


@dataclass(frozen=True)
class SignIn:
    """What one provider offers.

    :param methods: the ways it has, the recommended one first.
    :param endpoints: where its flows live; ``None`` where tokens are only entered.
    :param rotates: a refresh token is good for one use, and a second use ends the whole grant.
    :param own_address: ways that only work at the account's own address.
    """

    methods: tuple[str, ...] = (TOKEN,)
    endpoints: OAuthEndpoints | None = None
    rotates: bool = False
    own_address: frozenset[str] = frozenset()

    def form(self, method: str, client: Client, address: str, now: datetime) -> dict[str, str]:
        """What to post to the token endpoint for an access token, without a person.

        :param address: the account's address as the connection has it.
        :raises ConfigurationError: the provider does not have this way.
        """
        pair = {'client_id': client.client_id, 'client_secret': client.client_secret}
        if method == OAUTH and method in self.methods:
            return oauth.refresh_form(pair, client.refresh_token)
        if method == CLIENT_CREDENTIALS and method in self.methods:
            return {'grant_type': 'client_credentials', **pair}
        raise ConfigurationError(f'there is no sign-in by {method!r} here', code='SIGN_IN')

    def read(self, status: int, body: bytes, own_host: str | None = None) -> TokenSet:
        """Read the token endpoint's answer.

        :param own_host: a host of the operator's that may be named as the account's address.
        :raises AuthError: the grant, the client or the user is refused (any 4xx).
        :raises ContractError: a success without what we need.
        """
        return oauth.parse_token_answer(status, body)
