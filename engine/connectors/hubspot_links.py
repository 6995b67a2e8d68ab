"""The associations of the changes that were just written.

Promise: an association is only touched once its record has an id; one that cannot be made or
dropped fails its record's outcome with the reason, and the record's id stays in the outcome.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from ..contracts import Change, Outcome
from ..errors import SyncError
from .hubspot_api import HubSpotApi
from .hubspot_associations import Pair, associate, dissociate
from .hubspot_objects import ObjectType

Step = Callable[[HubSpotApi, ObjectType, str, list[Pair]], dict[Pair, SyncError]]


class LinkWriter:
    """Makes and drops the associations of one object's records."""

    def __init__(self, api: HubSpotApi, kind: ObjectType):
        self.api = api
        self.kind = kind

    def write(
        self, changes: Sequence[Change], outcomes: Mapping[str, Outcome]
    ) -> dict[str, Outcome]:
        """The outcomes, after the associations of those that are ``ok`` were written."""
        done = dict(outcomes)
        live = [one for one in changes if one.operation == 'upsert']
        for wanted, step in ((_dropped, dissociate), (_wanted, associate)):
            for name, pairs in self._by_object(live, done, wanted).items():
                self._step(step, name, pairs, done)
        return done

    def _by_object(
        self,
        changes: Sequence[Change],
        outcomes: Mapping[str, Outcome],
        wanted: Callable[[Change], Mapping[str, Sequence[str]]],
    ) -> dict[str, dict[Pair, str]]:
        """Object → pair → key of the change it belongs to."""
        found: dict[str, dict[Pair, str]] = {}
        for change in changes:
            outcome = outcomes[change.key]
            if outcome.status != 'ok' or not outcome.remote_id:
                continue
            for name, ids in wanted(change).items():
                for position, other in enumerate(ids):
                    pair = Pair(outcome.remote_id, other, primary=position == 0)
                    found.setdefault(name, {})[pair] = change.key
        return found

    def _step(
        self, step: Step, name: str, pairs: Mapping[Pair, str], outcomes: dict[str, Outcome]
    ) -> None:
        try:
            errors = step(self.api, self.kind, name, list(pairs))
        except SyncError as error:
            # The records are written; what stopped the call is the reason of every pair.
            errors = dict.fromkeys(pairs, error)
        for pair, error in errors.items():
            key = pairs[pair]
            outcomes[key] = outcomes[key].model_copy(update={'status': 'failed', 'error': error})


def _wanted(change: Change) -> Mapping[str, Sequence[str]]:
    return change.associations


def _dropped(change: Change) -> dict[str, list[str]]:
    """What has to go, but for what is wanted at the same time."""
    return {
        name: [one for one in ids if one not in change.associations.get(name, ())]
        for name, ids in change.dropped.items()
    }
