"""What a sandboxed provider offers to the core.

Promise: the core (HTTP, ledger, faults, control) knows a provider through this class alone, so a
second provider needs no change there. Weakness: one lock for all state; fine for one core.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import Any

from .call import MAX_BODY, Answer, Call
from .delivery import Postman
from .faults import KINDS, Fault


class Provider(ABC):
    """A SaaS account held in memory. Methods are called with :attr:`lock` held.

    Those of the control surface raise :class:`~sandbox.core.errors.ControlError` for bad input.
    """

    name: str
    postman: Postman
    #: Bytes of a body that are read.
    max_body = MAX_BODY
    #: The faults that can befall a call, with their parameters and defaults.
    fault_kinds: dict[str, dict[str, Any]] = KINDS
    #: Those that spoil a part of a call only: the provider does the rest of its work.
    partial_faults: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.lock = threading.RLock()

    @abstractmethod
    def handle(self, call: Call) -> Answer:
        """Do what the API does with ``call``."""

    @abstractmethod
    def fault_answer(self, fault: Fault, call: Call) -> Answer | None:
        """The provider's own wording of ``fault``; None when it does not apply to ``call``."""

    @abstractmethod
    def reset(self, body: dict[str, Any]) -> dict[str, Any]:
        """Forget all state, go back to the options of the start, apply ``body``."""

    @abstractmethod
    def configure(self, body: dict[str, Any]) -> dict[str, Any]:
        """Change options without forgetting anything."""

    @abstractmethod
    def objects(self, kind: str) -> dict[str, Any]:
        """Every record of a kind, archived ones too."""

    @abstractmethod
    def change(self, kind: str, body: Any) -> dict[str, Any]:
        """Changes made by a person at the SaaS; they send webhooks."""

    @abstractmethod
    def load(self, body: dict[str, Any]) -> dict[str, Any]:
        """Take whole records over as given, ids and dates too; sends nothing."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Counts and limits at this moment."""

    @abstractmethod
    def webhooks(self, body: dict[str, Any]) -> dict[str, Any]:
        """Set the target and the subscriptions."""

    @abstractmethod
    def auth(self, body: dict[str, Any]) -> dict[str, Any]:
        """Add, expire or revoke credentials."""

    @abstractmethod
    def send_raw(self, row: dict[str, Any]) -> None:
        """Deliver exactly ``body`` with a ``valid``, ``wrong``, ``stale`` or no signature."""
