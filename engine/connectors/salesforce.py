"""The Salesforce connector: accounts, contacts, leads, opportunities, products and their prices.

The parts: :mod:`.salesforce_objects` (ids, lookups), :mod:`.salesforce_soql`,
:mod:`.salesforce_wire` (shapes of answers), :mod:`.salesforce_errors` (what refusals mean),
:mod:`.salesforce_schema`, :mod:`.salesforce_read`, :mod:`.salesforce_write`,
:mod:`.salesforce_events` and :mod:`.salesforce_soap` (deliveries), :mod:`.salesforce_sign_in`.

Settings: ``api_version`` ('v66.0'), ``account_id`` (organisation id), ``instance_url``,
``external_id_field``, ``ui_url``, ``save_duplicates`` (write what only an alerting duplicate rule
objects to), ``poll_lag`` (seconds a poll stays behind the present).

Weakness: person accounts, opportunity contact roles and multi-currency price books are not written.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from ..contracts import (
    Account,
    Change,
    FieldOption,
    InboundEvent,
    Outcome,
    Page,
    RemoteField,
    RemoteRecord,
    WebhookRequest,
)
from ..errors import ConfigurationError, ContractError
from ..http import HttpClient, RateReading
from . import salesforce_events, salesforce_schema, salesforce_soap
from .base import JSON, Acknowledgement, Connector, register
from .salesforce_api import API_VERSIONS, EXTERNAL_ID, SalesforceApi
from .salesforce_bulk import FROM_ROWS, MOST_BYTES, MOST_ROWS, Bulk
from .salesforce_limits import limits, rate_headers
from .salesforce_objects import CONVERTED, OBJECT_TYPES, long_id
from .salesforce_read import DELETED_DAYS, Reader
from .salesforce_sign_in import HOSTS, SIGN_IN
from .salesforce_versions import version_notice
from .salesforce_write import Writer

DEFAULT_UI = 'https://login.salesforce.com'
#: SOAP 1.1, which Outbound Messages are, and 1.2.
SOAP_TYPES = ('text/xml', 'application/soap+xml')


@register
class SalesforceConnector(Connector):
    """One Salesforce organisation. Everything that sends needs ``http``; verify and parse do not.
    """

    provider = 'salesforce'
    label = 'Salesforce'
    default_base_url = 'https://login.salesforce.com'
    allowed_hosts = HOSTS
    sign_in = SIGN_IN
    api_versions = API_VERSIONS
    own_fields = frozenset({'base_url'})
    external_id_field = EXTERNAL_ID
    content_types = frozenset({JSON, *SOAP_TYPES})
    signing_secret = 'webhook_secret'
    unsigned_deliveries = True
    batch_size = 200
    objects = {kind.name: kind.plural for kind in OBJECT_TYPES.values()}
    keyless = searches_first = True
    bulk_from, bulk_most, bulk_bytes = FROM_ROWS, MOST_ROWS, MOST_BYTES
    schema_codes = frozenset(
        ('INVALID_FIELD', 'INVALID_FIELD_FOR_INSERT_UPDATE', 'FIELD_NOT_UPDATABLE')
    )
    conversions = {'Lead': tuple(CONVERTED)}
    deleted_horizon = DELETED_DAYS
    #: Stamps are whole seconds, and so is what we note.
    stamp_grain = timedelta(seconds=2)
    #: A developer's organisation; the header of the first answer tells the real number. There is no
    #: limit for short bursts: the first bucket only keeps one connection from filling the line.
    default_limits = {'burst': (100, 10), 'daily': (15_000, 86_400)}
    counts_the_day = frozenset(SIGN_IN.methods)

    def __init__(self, http: HttpClient | None, settings: Mapping[str, Any]):
        super().__init__(http, settings)
        if http is not None:
            http.rate_headers = rate_headers

    @property
    def api(self) -> SalesforceApi:
        """:raises ConfigurationError: where the connector was made without a client."""
        if self.http is None:
            raise ConfigurationError('this connector has no HTTP client')
        return SalesforceApi(self.http, self.settings)

    # --- account and schema -------------------------------------------------------------------

    def account(self) -> Account:
        rows = self.api.query(
            'SELECT Id,Name,OrganizationType,IsSandbox,InstanceName,TimeZoneSidKey '
            'FROM Organization'
        )
        if len(rows) != 1:
            raise ContractError(f'{len(rows)} organisations instead of one')
        (row,) = rows
        return Account(
            account_id=long_id(row['Id']),
            name=row.get('Name') or 'Salesforce',
            ui_url=self._ui(),
            time_zone=row.get('TimeZoneSidKey') or 'UTC',
            details={
                'edition': row.get('OrganizationType'),
                'sandbox': bool(row.get('IsSandbox')),
                'instance': row.get('InstanceName'),
            },
        )

    def notice(self) -> str:
        return version_notice(self.api)

    def limits(self) -> list[RateReading]:
        return limits(self.api)

    def describe(self, remote_object: str) -> list[RemoteField]:
        return salesforce_schema.describe(self.api, remote_object)

    def describe_since(
        self, remote_object: str, since: datetime | None
    ) -> list[RemoteField] | None:
        return salesforce_schema.describe(self.api, remote_object, since)

    def options(
        self, remote_object: str, names: Sequence[str]
    ) -> dict[str, list[FieldOption]]:
        return salesforce_schema.options(self.api, names)

    def has_external_id(self, remote_object: str) -> bool:
        return salesforce_schema.has_external_id(self.api, remote_object)

    def create_external_id(self, remote_object: str) -> None:
        salesforce_schema.create_external_id(self.api, remote_object)

    def record_url(self, remote_object: str, remote_id: str) -> str:
        return f'{self._ui()}/lightning/r/{remote_object}/{remote_id}/view'

    def _ui(self) -> str:
        """Lightning's address: that of the API with another ending ("My Domain URL Formats")."""
        if self.settings.get('ui_url'):
            return str(self.settings['ui_url']).rstrip('/')
        host = urlsplit(str(self.settings.get('instance_url') or '')).hostname or ''
        name, ending, _rest = host.partition('.my.salesforce.com')
        return f'https://{name}.lightning.force.com' if ending else DEFAULT_UI

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
        return Reader(self.api, remote_object).count()

    def poll_page(
        self, remote_object: str, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page:
        return Reader(self.api, remote_object).changed(since, until, cursor)

    def origins(
        self, remote_object: str, made: str, ids: Sequence[str]
    ) -> dict[str, str]:
        return Reader(self.api, remote_object).origins(made, ids)

    # --- writing ------------------------------------------------------------------------------

    def write(self, remote_object: str, changes: Sequence[Change]) -> list[Outcome]:
        return Writer(self.api, remote_object).write(changes)

    def bulk(self, remote_object: str) -> Bulk:
        return Bulk(self.api, remote_object)

    # --- receiving ----------------------------------------------------------------------------

    def verify(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> None:
        """An Outbound Message by the organisation it names, anything else by its signature."""
        if is_soap(request):
            salesforce_soap.check_organisation(
                request.body, str(self.settings.get('account_id') or '')
            )
        else:
            salesforce_events.verify(request, secrets, now)

    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        if is_soap(request):
            return salesforce_soap.parse(request.body)
        return salesforce_events.parse(request.body, self.settings.get('account_id'))

    def acknowledge(
        self, request: WebhookRequest, accepted: int, duplicates: int
    ) -> Acknowledgement:
        """Salesforce takes an Outbound Message off its queue for this answer and no other."""
        if not is_soap(request):
            return super().acknowledge(request, accepted, duplicates)
        return Acknowledgement(
            salesforce_soap.ACKNOWLEDGEMENT, 'text/xml; charset=utf-8', status=200
        )


def is_soap(request: WebhookRequest) -> bool:
    """Whether it is an Outbound Message, by its content type."""
    media = request.headers.get('content-type', '').partition(';')[0].strip().lower()
    return media in SOAP_TYPES
