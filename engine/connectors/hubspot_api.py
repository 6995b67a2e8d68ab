"""One call to HubSpot: the path of the version, the right bucket, the error it means.

Promise: an answer comes back as the model asked for, or an error of :mod:`~..errors` is raised.
Nothing here keeps state.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import SyncError
from ..http import HttpClient, HttpResponse
from .hubspot_errors import error_of
from .hubspot_paths import DEFAULT_API_VERSION, Paths
from .hubspot_wire import Model, read_model

EXTERNAL_ID = 'odoo_external_id'


class HubSpotApi:
    """The account as its settings describe it, and the client that reaches it."""

    def __init__(self, http: HttpClient, settings: Mapping[str, Any]):
        self.http = http
        self.settings = settings
        self.paths = Paths(settings.get('api_version') or DEFAULT_API_VERSION)
        self.external_id = settings.get('external_id_field') or EXTERNAL_ID

    def request(
        self,
        method: str,
        path: str,
        *,
        accept: tuple[int, ...] = (),
        bucket: str = 'burst',
        **call: Any,
    ) -> HttpResponse:
        """The answer, where its status is below 300 or in ``accept``; else its error is raised.

        Every call we make states what is to be, so it may be repeated (``idempotent``): reads,
        updates by id, upserts by our unique key, archiving, associating.
        """
        call.setdefault('idempotent', True)
        response = self.http.request(method, path, bucket=bucket, **call)
        if response.status < 300 or response.status in accept:
            return response
        raise self.error(response, path=path)

    def error(self, response: HttpResponse, **about: Any) -> SyncError:
        """The error of ``response``; ``about`` as in :func:`~.hubspot_errors.error_of`."""
        return error_of(response, time_zone=self.settings.get('time_zone'), **about)

    def fetch(self, model: type[Model], path: str, params: Any = None) -> Model:
        """What a GET answers."""
        return read_model(model, self.request('GET', path, params=params))

    def ask(self, model: type[Model], path: str, body: Any, **call: Any) -> Model:
        """What a POST that changes nothing answers."""
        return read_model(model, self.request('POST', path, json=body, **call))
