"""One account: its parts wired together.

Promise: everything that belongs to an account hangs here and is made anew by a reset. Weakness: one
account a process.
"""

from __future__ import annotations

from typing import Any

from ..core.clock import Clock
from ..core.delivery import Postman
from .associations import Associations, Type
from .auth import Tokens
from .config import Options
from .errors import bad_request
from .journal import Journal
from .kinds import Kind
from .merge import Merger
from .present import Presenter
from .ratelimit import RateLimits
from .records import Actor, Record
from .search import Search
from .store import Store

#: A record to associate with and the types that were asked for.
Wanted = tuple[Record, list[Type]]


class Account:
    """State of one HubSpot portal."""

    def __init__(self, options: Options, clock: Clock, postman: Postman) -> None:
        self.options = options
        self.clock = clock
        self.store = Store(options, clock)
        self.journal = Journal(options, self.store.schema, postman)
        self.store.journal = self.journal
        self.associations = Associations(self.store, self.journal)
        self.presenter = Presenter(options, self.store.schema)
        self.merger = Merger(self.store, self.associations)
        self.search = Search(self.store, self.associations)
        self.tokens = Tokens(options, clock)
        self.limits = RateLimits(options)

    def use(self, options: Options) -> None:
        """Take other options without losing anything."""
        self.options = options
        for part in (self.store, self.journal, self.presenter, self.tokens, self.limits):
            part.options = options
        self.tokens.static()

    def person(self) -> Actor:
        """Somebody at HubSpot's screens."""
        user = self.options.user_id
        return Actor("CRM_UI", f"userId:{user}", user)

    def parse_links(self, kind: Kind, rows: Any) -> list[Wanted]:
        """``associations`` of a create call. Raises ``ApiError``."""
        if not rows:
            return []
        if not isinstance(rows, list):
            raise bad_request("Invalid input JSON: associations must be a list")
        return [self._parse_link(kind, row) for row in rows]

    def _parse_link(self, kind: Kind, row: Any) -> Wanted:
        try:
            target_id, specs = str(row["to"]["id"]), list(row["types"])
        except (TypeError, KeyError) as error:
            raise bad_request("An association needs to.id and types") from error
        for target in self._targets(kind, specs):
            record = self.store.table(target).get(target_id)
            if record is not None and not record.archived:
                return record, [self.associations.type(kind, target, spec) for spec in specs]
        message = f"Could not find the record {target_id} to associate with"
        raise bad_request(message, context={"id": [target_id]})

    def _targets(self, kind: Kind, specs: list[Any]) -> list[Kind]:
        wanted = specs[0].get("associationTypeId") if specs and isinstance(specs[0], dict) else None
        return [
            table.kind
            for table in self.store.tables.values()
            if wanted in self.associations.types.get((kind.name, table.kind.name), {})
        ]

    def link(self, record: Record, links: list[Wanted], actor: Actor) -> None:
        """Associate a record with what :meth:`parse_links` found."""
        for target, types in links:
            self.associations.add(record, target, types, actor)
