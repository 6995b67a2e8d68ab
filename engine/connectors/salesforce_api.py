"""One call to Salesforce: the path of the version, the headers that go along, the error it means.

Promise: an answer comes back as the model asked for, or an error of :mod:`~..errors` is raised.
Nothing here keeps state. Calls go to the organisation's own address (``instance_url``), which every
token answer names; the HTTP client refuses one that is not Salesforce's.

Weakness: the header of the calling client is documented for rows, queries and bulk jobs, not for
collections; where it is not honoured, echoes are told by their values.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from ..errors import ConfigurationError
from ..http import HttpClient, HttpResponse
from .salesforce_errors import error_of
from .salesforce_wire import Model, QueryAnswer, read_model

#: Spring '26. Salesforce supports a version for three years at least.
DEFAULT_API_VERSION = 'v66.0'
#: What a person may choose; the first is where a connection starts.
API_VERSIONS = {
    DEFAULT_API_VERSION: 'v66.0 (Spring ’26)',
    'v67.0': 'v67.0 (Summer ’26)',
    'v68.0': 'v68.0 (Winter ’27)',
}
#: Versions below end in the summer of 2028 (Salesforce help 005321531).
LEAST_API_VERSION = 41
EXTERNAL_ID = 'Odoo_Id__c'
CLIENT_NAME = 'saas_sync'
_VERSION = re.compile(r'v(\d{2,3})\.0')


class SalesforceApi:
    """The organisation as its settings describe it, and the client that reaches it.

    :raises ConfigurationError: the API version is none, or one that ends.
    """

    def __init__(self, http: HttpClient, settings: Mapping[str, Any]):
        self.http = http
        self.settings = settings
        version = checked_version(settings.get('api_version'))
        self.version = int(version[1:].partition('.')[0])
        self.base = f'/services/data/{version}'
        self.external_id = settings.get('external_id_field') or EXTERNAL_ID

    def request(
        self, method: str, path: str, *, accept: tuple[int, ...] = (), **call: Any
    ) -> HttpResponse:
        """The answer, where its status is below 300 or in ``accept``; else its error is raised.

        Every call we make states what is to be, so it may be repeated (``idempotent``): reads,
        updates by id, upserts by our external id, deletions.

        :param path: below the version, e.g. ``/query``; a path that begins with ``/services`` as
            it is.
        """
        call.setdefault('idempotent', True)
        headers = {**self._headers(), **call.pop('headers', {})}
        full = path if path.startswith('/services/') else self.base + path
        base_url = self.settings.get('instance_url') or None
        response = self.http.request(method, full, headers=headers, base_url=base_url, **call)
        if response.status < 300 or response.status in accept:
            return response
        raise error_of(response)

    def fetch(self, model: type[Model], path: str, params: Any = None) -> Model:
        """What a GET answers."""
        return read_model(model, self.request('GET', path, params=params))

    def query(self, soql: str, *, deleted: bool = False) -> list[dict[str, Any]]:
        """All rows of a query, page after page.

        :param deleted: also those in the recycle bin.
        """
        answer = self.fetch(QueryAnswer, '/queryAll' if deleted else '/query', {'q': soql})
        rows = list(answer.records)
        seen = set()
        while not answer.done and answer.next_url and answer.next_url not in seen:
            seen.add(answer.next_url)
            answer = self.fetch(QueryAnswer, _local(answer.next_url))
            rows += answer.records
        return rows

    def sobject(self, remote_object: str, *more: str) -> str:
        """The path of an object or of something below it; each part is percent-encoded."""
        parts = '/'.join(quote(part, safe='') for part in (remote_object, *more))
        return f'/sobjects/{parts}'

    def _headers(self) -> dict[str, str]:
        saved = 'true' if self.settings.get('save_duplicates') else 'false'
        return {
            'Sforce-Call-Options': f'client={CLIENT_NAME}',
            'Sforce-Auto-Assign': 'FALSE',
            'Sforce-Duplicate-Rule-Header': f'allowSave={saved}; includeRecordDetails=true',
        }


def checked_version(text: Any) -> str:
    """An API version as the paths have it.

    :raises ConfigurationError: it is none, or one that Salesforce ends.
    """
    version = str(text or DEFAULT_API_VERSION)
    match = _VERSION.fullmatch(version)
    if not match or int(match[1]) < LEAST_API_VERSION:
        raise ConfigurationError(
            f'{version!r} is no API version we speak',
            user_message=f'"{version}" is no API version of Salesforce that this add-on speaks. '
            f'Enter {DEFAULT_API_VERSION} on the connection.',
            code='API_VERSION',
        )
    return version


def _local(url: str) -> str:
    """The path of the next page; an address with a host would take the token elsewhere.

    :raises ConfigurationError: it does not begin with the API's own path.
    """
    if not url.startswith('/services/data/') or '//' in url:
        raise ConfigurationError(
            'The next page of a query is at another address.',
            user_message='Salesforce names a strange address for the next page of a query; '
            'nothing was sent there.',
            code='ADDRESS_NOT_ALLOWED',
        )
    return url
