"""What a connector promises, and the registry in which it is found.

A connector speaks one provider's language and keeps no state of its own: every call goes through
the :class:`~..http.HttpClient` it is given, which owns time-outs, tokens, budgets and redaction.
A further provider is one subclass, registered, plus its data records; it passes the conformance
suite of ``tests/``.
"""

from __future__ import annotations

import abc
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, Protocol

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
from ..http import HttpClient, RateReading
from ..sign_in import SignIn


class BulkJobs(Protocol):
    """Jobs that write many records of one object. ``by_id``: updates of known records; else
    upserts by our external id."""

    def create(self, *, by_id: bool) -> str:
        """An empty job; its id. Nothing happens until it is sent."""
        ...

    def send(self, job_id: str, changes: Sequence[Change], *, by_id: bool) -> None:
        """Give it its rows and have it begin."""
        ...

    def state(self, job_id: str) -> str:
        """``open`` (it never began), ``running`` or ``ended``."""
        ...

    def abort(self, job_id: str) -> None:
        """Give up a job that never began."""
        ...

    def results(self, job_id: str, *, by_id: bool) -> dict[str, dict[str, Any]]:
        """Our key, or the record's id → plain values with a ``status`` (ok, failed,
        unprocessed); a row that is missing was not processed either."""
        ...

    def outcome(self, change: Change, row: Mapping[str, Any]) -> Outcome:
        """The outcome of a change whose row was done or refused."""
        ...


CONNECTORS: dict[str, type[Connector]] = {}
JSON = 'application/json'


@dataclass(frozen=True)
class Acknowledgement:
    """What a sender is answered once his delivery is committed."""

    body: bytes
    content_type: str = JSON
    status: int = 202


def register(cls: type[Connector]) -> type[Connector]:
    """Class decorator: make the connector known under its ``provider`` name."""
    CONNECTORS[cls.provider] = cls
    return cls


class Connector(abc.ABC):
    """One provider, spoken through one account.

    :param http: the client that sends; ``None`` for verify and parse, which send nothing.
    :param settings: plain values of the connection: ``api_version``, ``account_id``, ``app_id``,
        ``public_url``, ``external_id_field``, ``accept_v1`` … ; never a secret.
    """

    provider: ClassVar[str]
    label: ClassVar[str]
    #: Hosts this provider answers at; the HTTP client refuses every other one.
    default_base_url: ClassVar[str]
    allowed_hosts: ClassVar[tuple[str, ...]]
    #: The ways to a token that it has.
    sign_in: ClassVar[SignIn] = SignIn()
    #: API version → label, for a person to choose from; a connection starts with the first.
    api_versions: ClassVar[Mapping[str, str]] = {}
    #: Fields of a connection that mean something to it alone, and are shown for it.
    own_fields: ClassVar[frozenset[str]] = frozenset()
    #: Our unique field at the remote.
    external_id_field: ClassVar[str] = 'odoo_external_id'
    #: Media types its deliveries come in.
    content_types: ClassVar[frozenset[str]] = frozenset({JSON})
    #: Whether some of its deliveries carry no signature: they are believed for the secret in the
    #: address and for the account they name.
    unsigned_deliveries: ClassVar[bool] = False
    #: Which stored secret signs deliveries. The one it replaced is ``<name>_previous``.
    signing_secret: ClassVar[str] = 'client_secret'
    #: Most records one read or one write call may carry.
    batch_size: ClassVar[int] = 100
    #: remote object → label, in the order in which records depend on each other.
    objects: ClassVar[Mapping[str, str]]
    #: Codes of refusals which say that a field is not (any more) what it was when it was described.
    schema_codes: ClassVar[frozenset[str]] = frozenset()
    #: More waiting records of one object than this are written as jobs; ``None``: it has no jobs.
    bulk_from: ClassVar[int | None] = None
    #: Most rows and most bytes of one job.
    bulk_most: ClassVar[int] = 0
    bulk_bytes: ClassVar[int] = 0
    #: Whether it takes two records with one match key, so that one is looked for before it is
    #: created; a remote that refuses the second names the first, which costs no call.
    searches_first: ClassVar[bool] = False
    #: Whether it writes records of objects that lack our external-id field (``Change.keyless``).
    keyless: ClassVar[bool] = False
    #: Object → the objects that a conversion makes of its records.
    conversions: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    #: For how long the remote tells what was deleted; ``None``: for as long as anybody may ask.
    deleted_horizon: ClassVar[timedelta | None] = None
    #: A record that is read within this of its stamp may change once more under the same stamp.
    stamp_grain: ClassVar[timedelta] = timedelta(0)
    #: bucket → (requests, period in seconds): where the shared budget starts before it has learnt.
    default_limits: ClassVar[Mapping[str, tuple[int, int]]]
    #: The ways of signing in whose calls a day are limited.
    counts_the_day: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, http: HttpClient | None, settings: Mapping[str, Any]):
        self.http = http
        self.settings = settings

    # --- account and schema -------------------------------------------------------------------

    @abc.abstractmethod
    def account(self) -> Account:
        """Who we are talking to. The cheapest call that proves the credentials."""

    def notice(self) -> str:
        """What an administrator should know before it hurts, e.g. that the API version ends soon.

        Asked at connect; empty: nothing.

        :raises ConfigurationError: the connection's API version is not offered.
        """
        return ''

    def limits(self) -> list[RateReading]:
        """What is left of the budgets, where it can be asked for; asked once an hour."""
        return []

    @abc.abstractmethod
    def describe(self, remote_object: str) -> list[RemoteField]:
        """The fields of an object, associations and owner/stage options included."""

    def describe_since(
        self, remote_object: str, since: datetime | None
    ) -> list[RemoteField] | None:
        """The same, or ``None`` where nothing but options changed after ``since``."""
        return self.describe(remote_object)

    def options(
        self, remote_object: str, names: Sequence[str]
    ) -> dict[str, list[FieldOption]]:
        """The present options of those fields of which :meth:`describe_since` tells no change."""
        return {}

    @abc.abstractmethod
    def has_external_id(self, remote_object: str) -> bool:
        """Whether our unique external-id field exists there."""

    @abc.abstractmethod
    def create_external_id(self, remote_object: str) -> None:
        """Create our unique external-id field; existing already is success."""

    @abc.abstractmethod
    def record_url(self, remote_object: str, remote_id: str) -> str:
        """The page of the record in the provider's own user interface."""

    # --- reading ------------------------------------------------------------------------------

    @abc.abstractmethod
    def read(
        self,
        remote_object: str,
        ids: Sequence[str],
        fields: Iterable[str],
        associations: Iterable[str] = (),
    ) -> dict[str, RemoteRecord | None]:
        """Asked id → record as it is now, ``None`` where the remote knows no such (live) record.

        An archived record comes back with ``archived=True`` where the remote still shows it.
        """

    @abc.abstractmethod
    def find(
        self, remote_object: str, field: str, values: Sequence[str], fields: Iterable[str]
    ) -> dict[str, list[RemoteRecord]]:
        """Records by the value of a field, our external-id field among them; value → matches."""

    @abc.abstractmethod
    def list_page(
        self,
        remote_object: str,
        fields: Iterable[str],
        cursor: str | None = None,
        *,
        archived: bool = False,
    ) -> Page:
        """The whole object, a page at a time, in a stable order."""

    def count(self, remote_object: str) -> int | None:
        """How many records the account holds, for people to see; ``None``: it does not tell."""
        return None

    @abc.abstractmethod
    def poll_page(
        self, remote_object: str, since: datetime, until: datetime, cursor: str | None = None
    ) -> Page:
        """What was modified in [since, until], oldest first; needs no field but the id and time."""

    def origins(
        self, remote_object: str, made: str, ids: Sequence[str]
    ) -> dict[str, str]:
        """Id of a ``made`` record → that of the record of ``remote_object`` it was converted from.

        Asked only of what :attr:`conversions` names; whoever was not converted is left out.
        """
        return {}

    # --- writing ------------------------------------------------------------------------------

    @abc.abstractmethod
    def write(self, remote_object: str, changes: Sequence[Change]) -> list[Outcome]:
        """Write any number of changes; exactly one outcome for each, whatever the remote answers.

        Splits into batches, bisects a refused batch down to the record, and reports an input the
        remote did not account for as ``unknown``. Raises only what concerns the whole connection:
        :class:`~..errors.AuthError`, :class:`~..errors.RateLimitError`, and
        :class:`~..errors.TransientError` when nothing was sent at all.
        """

    def bulk(self, remote_object: str) -> BulkJobs:
        """Writing as jobs; only where :attr:`bulk_from` says so."""
        raise NotImplementedError(f'{self.label} has no jobs')

    # --- receiving ----------------------------------------------------------------------------

    @abc.abstractmethod
    def verify(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> None:
        """Raise :class:`~..errors.SignatureError` unless a secret signed these raw bytes."""

    @abc.abstractmethod
    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        """The events of a delivery; :class:`~..errors.ContractError` where the body is none.

        An element that does not fit becomes an event with ``error`` set: it is kept, not lost.
        """

    def acknowledge(
        self, request: WebhookRequest, accepted: int, duplicates: int
    ) -> Acknowledgement:
        """The answer to a delivery that is stored; asked for after the commit."""
        counts = {'accepted': accepted, 'duplicates': duplicates}
        return Acknowledgement(json.dumps(counts).encode())
