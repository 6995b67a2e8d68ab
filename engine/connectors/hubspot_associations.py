"""Associations between records: read for many at once, made and dropped in batches.

Promise: reading gives the ids at the far end, the primary one first. Writing accounts for every
pair: one that HubSpot neither confirms nor refuses counts as not done, and the error names its
record.

Associations are the unlabelled kind; the first company of a contact or deal is made its primary
one (which HubSpot also adds unlabelled, and takes away from another company). Labels that a
person gave are left alone, except that dropping an association drops all its labels: HubSpot has
no finer call for "no longer related". Sources: associations v4 and 2026-03 specifications, facts
on type ids from HubSpot's own SDK.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..batch import bisect, chunks
from ..errors import DataError, SyncError, TransientError
from .hubspot_answers import expect_no_content
from .hubspot_api import HubSpotApi
from .hubspot_error_body import body_of
from .hubspot_objects import OBJECT_TYPES, ObjectType
from .hubspot_refusals import refusal
from .hubspot_wire import Associated, AssociationAnswer, BatchPairs, read_model

READ_BATCH = 1000
WRITE_BATCH = 100
PRIMARY_IDS = frozenset(
    type_id for kind in OBJECT_TYPES.values() for type_id in kind.primary.values()
) | {2, 6}


@dataclass(frozen=True)
class Pair:
    """One association to make or drop, seen from the record that is being written."""

    from_id: str
    to_id: str
    primary: bool = False

    @property
    def ends(self) -> tuple[str, str]:
        return (self.from_id, self.to_id)

    @property
    def reverse(self) -> tuple[str, str]:
        return (self.to_id, self.from_id)


# --- reading ----------------------------------------------------------------------------------


def read_associations(
    api: HubSpotApi, kind: ObjectType, to_object: str, ids: Iterable[str]
) -> dict[str, tuple[str, ...]]:
    """Record id → far ids, the primary one first; records without any have an empty tuple."""
    asked = list(dict.fromkeys(ids))
    found: dict[str, list[Associated]] = {one: [] for one in asked}
    for some in chunks(asked, READ_BATCH):
        waiting: list[dict[str, str]] = [{'id': one} for one in some]
        while waiting:
            waiting = _read_once(api, kind, to_object, waiting, found)
    return {one: _primary_first(ends) for one, ends in found.items()}


def _read_once(
    api: HubSpotApi,
    kind: ObjectType,
    to_object: str,
    inputs: list[dict[str, str]],
    found: dict[str, list[Associated]],
) -> list[dict[str, str]]:
    """Add one call's answer to ``found``; the inputs that have a further page."""
    path = api.paths.associations(kind.name, to_object, 'read')
    answer = api.ask(AssociationAnswer, path, {'inputs': inputs})
    further = []
    for row in answer.results:
        found.setdefault(row.origin.id, []).extend(row.to)
        if row.paging and row.paging.next:
            further.append({'id': row.origin.id, 'after': row.paging.next.after})
    return further


def _primary_first(ends: Sequence[Associated]) -> tuple[str, ...]:
    ordered = sorted(ends, key=lambda end: not _is_primary(end))
    return tuple(dict.fromkeys(end.id for end in ordered))


def _is_primary(end: Associated) -> bool:
    return any(one.type_id in PRIMARY_IDS for one in end.types)


# --- writing ----------------------------------------------------------------------------------


def associate(
    api: HubSpotApi, kind: ObjectType, to_object: str, pairs: Iterable[Pair]
) -> dict[Pair, SyncError]:
    """Make the associations; pair → why not, for those that could not be made.

    :raises SyncError: where the refusal concerns the connection and not a pair.
    """
    wanted = list(dict.fromkeys(pairs))
    primary = [pair for pair in wanted if pair.primary and to_object in kind.primary]
    plain = [pair for pair in wanted if pair not in set(primary)]
    spec = {'types': [_primary_type(kind, to_object)]} if primary else {}
    failed = _write(api, kind, to_object, 'create', primary, spec)
    return failed | _write(api, kind, to_object, 'associate/default', plain, {})


def dissociate(
    api: HubSpotApi, kind: ObjectType, to_object: str, pairs: Iterable[Pair]
) -> dict[Pair, SyncError]:
    """Drop the associations; one that is not there counts as dropped."""

    def send(some: Sequence[Pair]) -> list[None]:
        inputs = [{'from': {'id': p.from_id}, 'to': [{'id': p.to_id}]} for p in some]
        response = api.request(
            'POST', api.paths.associations(kind.name, to_object, 'archive'),
            json={'inputs': inputs},
        )
        expect_no_content(response)
        return [None] * len(some)

    return _failures(list(dict.fromkeys(pairs)), send)


def _primary_type(kind: ObjectType, to_object: str) -> dict[str, Any]:
    return {
        'associationCategory': 'HUBSPOT_DEFINED',
        'associationTypeId': kind.primary[to_object],
    }


def _write(
    api: HubSpotApi,
    kind: ObjectType,
    to_object: str,
    action: str,
    pairs: Sequence[Pair],
    spec: Mapping[str, Any],
) -> dict[Pair, SyncError]:
    path = api.paths.associations(kind.name, to_object, action)

    def send(some: Sequence[Pair]) -> list[SyncError | None]:
        inputs = [{'from': {'id': p.from_id}, 'to': {'id': p.to_id}, **spec} for p in some]
        response = api.request('POST', path, json={'inputs': inputs})
        return _account(some, read_model(BatchPairs, response), response.request_id)

    forth, back = _one_way(pairs)
    return _failures(forth, send) | _failures(back, send)


def _one_way(pairs: Iterable[Pair]) -> tuple[list[Pair], list[Pair]]:
    """The pairs in two lists, of which none holds a pair and its reverse.

    Contact 5 of company 7 and contact 7 of company 5 are two associations. HubSpot confirms one
    in its own direction, in the other, or in both, and not always says the types of the records:
    in one request with its reverse, a pair could be taken for confirmed by the other's answer.
    """
    forth: list[Pair] = []
    back: list[Pair] = []
    taken: set[tuple[str, str]] = set()
    for pair in pairs:
        if pair.reverse in taken:
            back.append(pair)
        else:
            forth.append(pair)
            taken.add(pair.ends)
    return forth, back


def _failures(pairs: Sequence[Pair], send: Any) -> dict[Pair, SyncError]:
    failed: dict[Pair, SyncError] = {}
    for some in chunks(pairs, WRITE_BATCH):
        for pair, outcome in bisect(some, send):
            if isinstance(outcome, SyncError):
                failed[pair] = outcome
    return failed


def _account(
    pairs: Sequence[Pair], answer: BatchPairs, request_id: str | None
) -> list[SyncError | None]:
    """For every pair: ``None`` where it was confirmed, in either direction, else why not."""
    confirmed = {row.ends for row in answer.results}
    return [
        None if {pair.ends, pair.reverse} & confirmed else _why_not(pair, answer, request_id)
        for pair in pairs
    ]


def _why_not(pair: Pair, answer: BatchPairs, request_id: str | None) -> SyncError:
    for row in answer.errors:
        if _ids_of(row).intersection(pair.ends):
            return _refused(pair, row, request_id)
    return TransientError(
        f'HubSpot did not confirm the association of {pair.from_id} with {pair.to_id}',
        user_message='HubSpot did not confirm that two records are associated. The synchronisation '
        'tries again by itself.',
        request_id=request_id,
    )


def _ids_of(row: Mapping[str, Any]) -> set[str]:
    """Every id an error's context names, under whatever key."""
    context = row.get('context')
    values = context.values() if isinstance(context, dict) else ()
    lists = (value if isinstance(value, list) else [value] for value in values)
    return {str(one) for some in lists for one in some}


def _refused(pair: Pair, row: Mapping[str, Any], request_id: str | None) -> SyncError:
    body = body_of(row)
    facts = {'code': body.code, 'status': 207, 'request_id': request_id}
    error = refusal(body, facts, record=f'the association with record {pair.to_id}')
    if error.code == 'OBJECT_NOT_FOUND':
        return DataError(
            str(error),
            user_message=f'The record could not be associated with record {pair.to_id}: HubSpot '
            'says that one of the two is no longer there. Synchronise the other record first.',
            code='ASSOCIATION_TARGET_NOT_FOUND',
            status=207,
            request_id=request_id,
        )
    return error
