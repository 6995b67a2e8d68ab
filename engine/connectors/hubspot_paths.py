"""Where each thing lives at HubSpot, for every API version we speak.

Promise: the only place in which a path is written. ``2026-03`` and ``2026-09`` are dated versions
(``/crm/objects/2026-09/contacts``); ``v3`` is the classic layout, whose associations are ``v4``.
HubSpot ends the classic layout in September 2027 (migration guide). Source of the table: HubSpot's
public OpenAPI collection, 2026-08-21.

Weakness: the OAuth paths stay at ``2026-03`` whatever the version, because that is the one release
HubSpot names in its notice that ``/oauth/v1`` ends on 2027-02-16.
"""

from __future__ import annotations

from urllib.parse import quote

from ..errors import ConfigurationError

DEFAULT_API_VERSION = '2026-09'
SUPPORTED_VERSIONS = ('2026-09', '2026-03', 'v3')

OAUTH_TOKEN = '/oauth/2026-03/token'
OAUTH_INTROSPECT = '/oauth/2026-03/token/introspect'
OAUTH_REVOKE = '/oauth/2026-03/token/revoke'

_DATED = {
    'records': '/crm/objects/{version}/{type}',
    'associations': '/crm/associations/{version}/{type}/{to_type}/batch',
    'properties': '/crm/properties/{version}/{type}',
    'pipelines': '/crm/pipelines/{version}/{type}',
    'owners': '/crm/owners/{version}',
    'account': '/account-info/{version}/details',
}
_CLASSIC = {
    'records': '/crm/v3/objects/{type}',
    'associations': '/crm/v4/associations/{type}/{to_type}/batch',
    'properties': '/crm/v3/properties/{type}',
    'pipelines': '/crm/v3/pipelines/{type}',
    'owners': '/crm/v3/owners',
    'account': '/account-info/v3/details',
}


class Paths:
    """The paths of one API version. Ids and names are percent-encoded here and nowhere else.

    :raises ConfigurationError: for a version that is not in :data:`SUPPORTED_VERSIONS`.
    """

    def __init__(self, version: str = DEFAULT_API_VERSION):
        if version not in SUPPORTED_VERSIONS:
            known = ', '.join(SUPPORTED_VERSIONS)
            raise ConfigurationError(
                f'unsupported HubSpot API version {version!r}',
                user_message=f'The connection asks for HubSpot API version {version}; '
                f'choose one of {known}.',
            )
        self.version = version
        self._table = _CLASSIC if version == 'v3' else _DATED

    def _path(self, name: str, **parts: str) -> str:
        encoded = {key: quote(value, safe='') for key, value in parts.items()}
        return self._table[name].format(version=self.version, **encoded)

    def records(self, remote_object: str) -> str:
        """The collection: list with GET."""
        return self._path('records', type=remote_object)

    def record(self, remote_object: str, remote_id: str) -> str:
        """One record; also resolves the old ids of merged records."""
        return f'{self.records(remote_object)}/{quote(remote_id, safe="")}'

    def batch(self, remote_object: str, action: str) -> str:
        """``action``: read, create, update, upsert or archive; 100 inputs a call."""
        return f'{self.records(remote_object)}/batch/{action}'

    def search(self, remote_object: str) -> str:
        return f'{self.records(remote_object)}/search'

    def associations(self, from_object: str, to_object: str, action: str) -> str:
        """``action``: read, create, archive or associate/default, for many records at once."""
        base = self._path('associations', type=from_object, to_type=to_object)
        return f'{base}/{action}'

    def properties(self, remote_object: str) -> str:
        return self._path('properties', type=remote_object)

    def property(self, remote_object: str, name: str) -> str:
        return f'{self.properties(remote_object)}/{quote(name, safe="")}'

    def pipelines(self, remote_object: str) -> str:
        return self._path('pipelines', type=remote_object)

    def owners(self) -> str:
        return self._path('owners')

    def account(self) -> str:
        return self._path('account')
