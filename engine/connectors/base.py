"""What a connector promises, and the registry in which it is found.

A connector speaks one provider's language and keeps no state of its own: every call goes through
the :class:`~..http.HttpClient` it is given, which owns time-outs, tokens, budgets and redaction.
A further provider is one subclass, registered, plus its data records; it passes the conformance
suite of ``tests/``.
"""

from __future__ import annotations

import abc
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

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
from ..http import HttpClient

CONNECTORS: dict[str, type[Connector]] = {}


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
    #: Most records one read or one write call may carry.
    batch_size: ClassVar[int] = 100
    #: remote object → label, in the order in which records depend on each other.
    objects: ClassVar[Mapping[str, str]]
    #: bucket → (requests, period in seconds): where the shared budget starts before it has learnt.
    default_limits: ClassVar[Mapping[str, tuple[int, int]]]

    def __init__(self, http: HttpClient | None, settings: Mapping[str, Any]):
        self.http = http
        self.settings = settings

    # --- account and schema -------------------------------------------------------------------

    @abc.abstractmethod
    def account(self) -> Account:
        """Who we are talking to. The cheapest call that proves the credentials."""

    @abc.abstractmethod
    def describe(self, remote_object: str) -> list[RemoteField]:
        """The fields of an object, associations and owner/stage options included."""

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

    # --- writing ------------------------------------------------------------------------------

    @abc.abstractmethod
    def write(self, remote_object: str, changes: Sequence[Change]) -> list[Outcome]:
        """Write any number of changes; exactly one outcome for each, whatever the remote answers.

        Splits into batches, bisects a refused batch down to the record, and reports an input the
        remote did not account for as ``unknown``. Raises only what concerns the whole connection:
        :class:`~..errors.AuthError`, :class:`~..errors.RateLimitError`, and
        :class:`~..errors.TransientError` when nothing was sent at all.
        """

    # --- receiving ----------------------------------------------------------------------------

    @abc.abstractmethod
    def verify(self, request: WebhookRequest, secrets: Sequence[bytes], now: datetime) -> None:
        """Raise :class:`~..errors.SignatureError` unless a secret signed these raw bytes."""

    @abc.abstractmethod
    def parse(self, request: WebhookRequest) -> list[InboundEvent]:
        """The events of a delivery; :class:`~..errors.ContractError` where the body is none.

        An element that does not fit becomes an event with ``error`` set: it is kept, not lost.
        """
