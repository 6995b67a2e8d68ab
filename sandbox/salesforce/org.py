"""One org: its parts wired together.

Promise: everything that belongs to an org hangs here and is made anew by a reset. Weakness: one org
a process.
"""

from __future__ import annotations

import threading
from typing import Any

from ..core.clock import Clock
from ..core.delivery import Postman
from . import founding
from .auth import Tokens
from .bulk import Jobs
from .config import Options
from .cursors import Cursors
from .custom_fields import CustomFields
from .dml import Caller, Dml
from .limits import Usage
from .locks import Locks
from .outbound import Outbox
from .store import Store


class Org:
    """State of one Salesforce org; ``lock`` is the provider's, for what happens by itself."""

    def __init__(
        self, options: Options, clock: Clock, postman: Postman, lock: threading.RLock
    ) -> None:
        self.options = options
        self.clock = clock
        self.store = Store(options, clock)
        self.locks = Locks(options, clock)
        self.dml = Dml(self.store, self.locks)
        self.users = founding.found(self.store)
        self.custom_fields = CustomFields(self.store, self.users.integration)
        self.custom_fields.of_options()
        self.tokens = Tokens(options, clock, self.users.integration)
        self.usage = Usage(options)
        self.cursors = Cursors(options)
        self.outbox = Outbox(self.store, postman, self.users.integration)
        self.jobs = Jobs(options, clock, self.dml, lock)
        self.store.commit()
        self.store.on_events = self.outbox.tell
        #: What every token request is refused with (error, description), and every call (code,
        #: message).
        self.token_refusal: tuple[str, str] | None = None
        self.call_refusal: tuple[str, str] | None = None

    def use(self, options: Options) -> None:
        """Take other options without losing anything."""
        self.options = options
        parts: list[Any] = [self.store, self.locks, self.tokens, self.usage]
        for part in (*parts, self.cursors, self.jobs):
            part.options = options
        self.tokens.static()
        self.custom_fields.of_options()

    def person(self, user: str | None = None) -> Caller:
        """Somebody at Salesforce's screens."""
        return Caller(user or self.users.person, api=False)
