"""Changes that a person makes at HubSpot's screens, through the control surface.

Promise: the same checks and the same webhooks as any change, with changeSource ``CRM_UI``; a
refusal is a ``ControlError`` with HubSpot's sentence. Of a list, what comes before a refusal
stays done. Weakness: no undo.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..core.errors import ControlError, no_unknown_keys, require
from .account import Account
from .associations import Type
from .errors import ApiError
from .kinds import KINDS, Kind, find_kind
from .records import Actor, Record

KEYS = {"id", "action", "properties", "other", "to", "primary", "types", "user_id"}


class People:
    """Acts on an :class:`Account`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.store = account.store
        self._actions: dict[str, Callable[[Record, dict[str, Any], Actor], Record]] = {
            "update": self._update,
            "delete": self._delete,
            "restore": self._restore,
            "merge": self._merge,
            "gdpr_delete": self._erase,
            "associate": self._associate,
            "disassociate": self._disassociate,
        }

    def change(self, alias: str, row: Any) -> dict[str, Any]:
        """Do one change; answers the record as it is afterwards."""
        require(isinstance(row, dict), "A change must be an object.")
        if alias == "owners":
            return self.store.owners.add(row.get("properties") or {}, self.store.clock.now())
        kind = known_kind(alias)
        no_unknown_keys(row, KEYS, "A change")
        try:
            return self.show(self._change(kind, row))
        except ApiError as error:
            raise ControlError(error.message) from error

    def _change(self, kind: Kind, row: dict[str, Any]) -> Record:
        actor = self._actor(row)
        if row.get("id") is None:
            require(row.get("action", "create") == "create", "This action needs an id.")
            draft = self.store.plan(kind, None, row.get("properties"))
            return self.store.commit(draft, actor)
        action = self._actions.get(row.get("action", "update"))
        if action is None:
            names = ", ".join(["create", *self._actions])
            raise ControlError(f"There is no action {row['action']}; there are {names}.")
        record = self.store.table(kind).records.get(str(row["id"]))
        if record is None:
            raise ControlError(f"There is no {kind.singular} {row['id']}.")
        return action(record, row, actor)

    def _actor(self, row: dict[str, Any]) -> Actor:
        user = row.get("user_id")
        if user is None:
            return self.account.person()
        require(isinstance(user, int), "user_id must be a whole number.")
        return Actor("CRM_UI", f"userId:{user}", user)

    def show(self, record: Record) -> dict[str, Any]:
        """A record with everything there is about it."""
        answer = self.account.presenter.whole(record)
        answer["associations"] = self.account.associations.all_of(record)
        return answer

    # -- actions

    def _update(self, record: Record, row: dict[str, Any], actor: Actor) -> Record:
        _live(record)
        draft = self.store.plan(record.kind, record, row.get("properties"))
        return self.store.commit(draft, actor)

    def _delete(self, record: Record, row: dict[str, Any], actor: Actor) -> Record:
        _live(record)
        self.store.archive(record, actor)
        return record

    def _restore(self, record: Record, row: dict[str, Any], actor: Actor) -> Record:
        gone = record.archived and not record.merged_into and not record.erased
        require(gone, f"{record.kind.singular} {record.id} is not in the recycle bin.")
        self.store.restore(record, actor)
        return record

    def _merge(self, record: Record, row: dict[str, Any], actor: Actor) -> Record:
        other = self.store.table(record.kind).records.get(str(row.get("other")))
        if other is None:
            raise ControlError('merge needs the record to merge in: {"other": "<id>"}.')
        return self.account.merger.merge(_live(record), _live(other), actor)

    def _erase(self, record: Record, row: dict[str, Any], actor: Actor) -> Record:
        require(record.kind.name == "contacts", "Only contacts can be deleted for privacy.")
        self.store.erase(record, actor)
        return record

    def _associate(self, record: Record, row: dict[str, Any], actor: Actor) -> Record:
        target, types = self._other_end(record, row)
        default = self.account.associations.default_type(record.kind, target.kind)
        self.account.associations.add(_live(record), _live(target), types or [default], actor)
        return record

    def _disassociate(self, record: Record, row: dict[str, Any], actor: Actor) -> Record:
        target, types = self._other_end(record, row)
        self.account.associations.remove(_live(record), _live(target), types or None, actor)
        return record

    def _other_end(self, record: Record, row: dict[str, Any]) -> tuple[Record, list[Type]]:
        to = row.get("to")
        if not isinstance(to, dict) or "type" not in to or "id" not in to:
            raise ControlError('Say which record: {"to": {"type": "companies", "id": "1"}}.')
        kind = known_kind(to["type"])
        target = self.store.table(kind).records.get(str(to["id"]))
        if target is None:
            raise ControlError(f"There is no {kind.singular} {to['id']}.")
        associations = self.account.associations
        types = [associations.type(record.kind, kind, spec) for spec in row.get("types") or []]
        if row.get("primary"):
            rows = associations.types_of(record.kind, kind).values()
            types += [found for found in rows if found.primary]
        return target, types


def known_kind(alias: Any) -> Kind:
    """An object type by any of its names. Raises ``ControlError``."""
    kind = find_kind(alias) if isinstance(alias, str) else None
    if kind is None:
        raise ControlError(f"There is no object type {alias}; there are {', '.join(KINDS)}.")
    return kind


def _live(record: Record) -> Record:
    require(not record.archived, f"{record.kind.singular} {record.id} is deleted or merged.")
    return record
