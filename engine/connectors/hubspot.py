"""The HubSpot connector: contacts, companies and deals of one account.

The parts: :mod:`.hubspot_paths` (API versions), :mod:`.hubspot_wire` (shapes of answers),
:mod:`.hubspot_errors` (what refusals mean), :mod:`.hubspot_schema`, :mod:`.hubspot_read`,
:mod:`.hubspot_search`, :mod:`.hubspot_associations`, :mod:`.hubspot_write`, :mod:`.hubspot_events`.

Settings: ``api_version`` ('2026-09', '2026-03' or 'v3'), ``account_id`` (portal id), ``app_id``,
``public_url``, ``external_id_field``, ``accept_v1``, ``ui_url``, ``time_zone`` (of the account,
to know when a used-up day ends).

Weakness: only unlabelled associations and the primary company are written; custom objects are not
offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ..contracts import (
    Account,
    Change,
    InboundEvent,
    Outcome,
    Page,
    RemoteField,
    RemoteRecord,
    WebhookRequest,
)
from ..errors import ConfigurationError, RateLimitError
from ..http import HttpClient, HttpResponse, RateReading
from ..sign_in import TOKEN
from ..signature import verify_hubspot
from . import hubspot_schema
from .base import Connector, register
from .hubspot_api import HubSpotApi
from .hubspot_events import parse
from .hubspot_limits import rate_headers, rate_limited
from .hubspot_objects import OBJECT_ID, OBJECT_TYPES, object_type
from .hubspot_read import Reader
from .hubspot_search import poll_page, search
from .hubspot_sign_in import SIGN_IN
from .hubspot_wire import AccountDetails
from .hubspot_write import Writer

DEFAULT_UI = 'https://app.hubspot.com'


@register
class HubSpotConnector(Connector):
    """One HubSpot account. Everything that sends needs ``http``; verify and parse do not."""

    provider = 'hubspot'
    label = 'HubSpot'
    default_base_url = 'https://api.hubapi.com'
    allowed_hosts = ('api.hubapi.com',)
    sign_in = SIGN_IN
    api_versions = {
        '2026-09': '2026-09', '2026-03': '2026-03', 'v3': 'v3 (until September 2027)',
    }  # fmt: skip
    own_fields = frozenset({'app_id', 'accept_v1'})
    external_id_field = 'odoo_external_id'
    objects = {kind.name: kind.name.capitalize() for kind in OBJECT_TYPES.values()}
    #: What the smallest plan allows (usage guidelines); the headers raise it. Searches are five a
    #: second, shared by all apps of the account. The margin below a limit is the budget's own.
    default_limits = {'burst': (100, 10), 'search': (4, 1), 'daily': (250_000, 86_400)}
    #: HubSpot sets no daily limit to OAuth apps.
    counts_the_day = frozenset({TOKEN})

    def __init__(self, http: HttpClient | None, settings: Mapping[str, Any]):
        super().__init__(http, settings)
        if http is not None:
            http.rate_headers = rate_headers
            http.rate_limited = self.rate_limited

    @property
    def api(self) -> HubSpotApi:
        """:raises ConfigurationError: where the connector was made without a client."""
        if self.http is None:
            raise ConfigurationError('this connector has no HTTP client')
        return HubSpotApi(self.http, self.settings)

    # --- account and schema -------------------------------------------------------------------

    def account(self) -> Account:
        details = self.api.fetch(AccountDetails, self.api.paths.account())
        return Account(
            account_id=details.portal_id,
            name=f'HubSpot {details.portal_id}',
            ui_url=f'https://{details.ui_domain}',
            time_zone=details.time_zone,
            currency=details.currency or '',
            details={'account_type': details.account_type, 'hosting': details.hosting},
        )

    def notice(self) -> str:
        if self.settings.get('api_version') != 'v3':
            return ''
        return (
            'HubSpot ends API version v3 in September 2027. Choose a dated version on the '
            'connection (page "Account").'
        )

    def describe(self, remote_object: str) -> list[RemoteField]:
        return hubspot_schema.describe(self.api, remote_object)

    def has_external_id(self, remote_object: str) -> bool:
        return hubspot_schema.has_external_id(self.api, remote_object)

    def create_external_id(self, remote_object: str) -> None:
        hubspot_schema.create_external_id(self.api, remote_object)

    def record_url(self, remote_object: str, remote_id: str) -> str:
        base = (self.settings.get('ui_url') or DEFAULT_UI).rstrip('/')
        account = self.settings.get('account_id') or '0'
        type_id = object_type(remote_object).type_id
        return f'{base}/contacts/{account}/record/{type_id}/{remote_id}'

    # --- reading ------------------------------------------------------------------------------

    def read(
        self,
        remote_object: str,
        ids: Sequence[str],
        fields: Iterable[str],
        associations: Iterable[str] = (),
    ) -> dict[str, RemoteRecord | None]:
        return Reader(self.api, remote_object, fields, associations).read(ids)

    def find(
        self, remote_object: str, field: str, values: Sequence[str], fields: Iterable[str]
    ) -> dict[str, list[RemoteRecord]]:
        return Reader(self.api, remote_object, fields).find(field, values)

    def list_page(
        self,
        remote_object: str,
        fields: Iterable[str],
        cursor: str | None = None,
        *,
        archived: bool = False,
    ) -> Page:
        return Reader(self.api, remote_object, fields).page(cursor, archived=archived)

    def count(self, remote_object: str) -> int | None:
        return search(self.api, object_type(remote_object), [], sort=OBJECT_ID).total

    def poll_page(
        self, remote_object: str, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page:
        return poll_page(self.api, object_type(remote_object), since, until, cursor)

    # --- writing ------------------------------------------------------------------------------

    def write(self, remote_object: str, changes: Sequence[Change]) -> list[Outcome]:
        return Writer(self.api, remote_object).write(changes)

    # --- receiving ----------------------------------------------------------------------------

    def verify(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> None:
        verify_hubspot(
            request,
            secrets,
            now,
            str(self.settings.get('public_url') or ''),
            accept_v1=bool(self.settings.get('accept_v1')),
        )

    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        return parse(request.body, self.settings)

    # --- limits -------------------------------------------------------------------------------

    rate_headers = staticmethod(rate_headers)

    def rate_limited(
        self, response: HttpResponse, bucket: str
    ) -> tuple[RateReading, RateLimitError]:
        """What a 429 means: which bucket is blocked, for how long."""
        return rate_limited(response, bucket, self.settings.get('time_zone'))
