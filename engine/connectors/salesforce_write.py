"""Writing records in collections: updates by id, upserts by our external id, deletions.

Promise: every change ends with exactly one outcome. A collection answers one result a row, in the
order of the rows ("sObject Collections"), so results belong to rows by their place; an answer with
another number of results leaves all of them ``unknown``. ``allOrNone`` is off: one bad row costs no
other. Rows are sorted by the record they belong to, because rows that share a parent lock it.

Every call may be repeated but one: an update states values, an upsert is keyed, a deletion is done
once; a creation where our field is missing is sent once, and without an answer it is ``unknown``. A
record that was merged meanwhile is written under its new id, and the outcome carries it.

Weakness: a result does not tell when the row was modified; the echo is told by its values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..batch import chunks
from ..contracts import Change, Outcome
from ..errors import ConflictError, SyncError, UnknownOutcome
from ..http import HttpResponse
from ..writing import (
    doubts,
    failed,
    guarded,
    in_rounds,
    is_plain_create,
    is_update,
    is_upsert,
    ok,
    rounds,
)
from .salesforce_api import SalesforceApi
from .salesforce_errors import GONE, refusal_of, refused
from .salesforce_objects import ObjectType, long_id, object_type
from .salesforce_read import Reader
from .salesforce_wire import LABEL, SaveResult, read_list

BATCH = 200
COLLECTION = '/composite/sobjects'


class Writer:
    """Writes changes of one object."""

    def __init__(self, api: SalesforceApi, remote_object: str):
        self.api = api
        self.kind: ObjectType = object_type(remote_object)

    def write(self, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome for each change, in the order of the changes; raises as
        :func:`..writing.in_rounds` does."""
        return in_rounds(changes, self._round)

    def _round(self, changes: Sequence[Change]) -> list[Outcome]:
        """Changes of which no two concern one record."""
        steps = (
            (self._update, [one for one in changes if is_update(one)]),
            (self._upsert, [one for one in changes if is_upsert(one)]),
            (self._create, [one for one in changes if is_plain_create(one)]),
            (self._delete, [one for one in changes if one.operation == 'delete']),
        )
        outcomes: dict[str, Outcome] = {}
        for send, some in steps:
            for batch in chunks(sorted(some, key=self._parents), BATCH):
                outcomes |= guarded(send, batch, started=bool(outcomes))
        outcomes |= self._follow_merges(changes, outcomes)
        return [outcomes[change.key] for change in changes]

    def _parents(self, change: Change) -> tuple[str, ...]:
        return tuple(ids[0] for _name, ids in sorted(change.associations.items()) if ids)

    # --- updates and upserts ------------------------------------------------------------------

    def _update(self, changes: Sequence[Change]) -> list[Outcome]:
        written = [one for one in changes if one.values or one.associations or one.dropped]
        outcomes = {one.key: ok(one, one.remote_id) for one in changes}
        if written:
            rows = [{'id': one.remote_id, **self._fields(one)} for one in written]
            outcomes |= self._send('PATCH', COLLECTION, written, rows)
        return [outcomes[one.key] for one in changes]

    def _upsert(self, changes: Sequence[Change]) -> list[Outcome]:
        rows = [{**self._fields(one), self.api.external_id: one.key} for one in changes]
        path = f'{COLLECTION}/{self.kind.name}/{self.api.external_id}'
        outcomes = self._send('PATCH', path, changes, rows)
        return [outcomes[one.key] for one in changes]

    def _create(self, changes: Sequence[Change]) -> list[Outcome]:
        """Create records of an object that lacks our field; never sent twice."""
        rows = [self._fields(one) for one in changes]
        outcomes = self._send('POST', COLLECTION, changes, rows)
        return [
            outcomes[one.key].model_copy(update={'created': outcomes[one.key].status == 'ok'})
            for one in changes
        ]

    def _fields(self, change: Change) -> dict[str, Any]:
        """The fields of a row, lookups among them."""
        return {**change.values, **lookups_of(self.kind, change)}

    def _send(
        self,
        method: str,
        path: str,
        changes: Sequence[Change],
        rows: Iterable[Mapping[str, Any]],
    ) -> dict[str, Outcome]:
        records = [{'attributes': {'type': self.kind.name}, **row} for row in rows]
        body = {'allOrNone': False, 'records': records}
        with doubts(LABEL):
            response = self.api.request(method, path, json=body, idempotent=method == 'PATCH')
            results = read_list(SaveResult, response)
        return {
            change.key: self._outcome(change, result, response)
            for change, result in self._paired(changes, results, response)
        }

    def _paired(self, changes, results, response):
        if len(results) != len(changes) or None in results:
            raise UnknownOutcome(
                f'{LABEL} answered {len(results)} results for {len(changes)} rows',
                user_message='Salesforce did not say what became of the record. The '
                'synchronisation reads it back and goes on by itself.',
                code='NOT_ACCOUNTED_FOR',
                status=response.status,
                request_id=response.request_id,
            )
        return zip(changes, results, strict=True)

    def _outcome(self, change: Change, result: SaveResult, response: HttpResponse) -> Outcome:
        facts = {'status': response.status, 'request_id': response.request_id}
        if not result.success:
            record = self.kind.called(change.values, change.key)
            return failed(change, refused(refusal_of(result.errors), record=record, facts=facts))
        return Outcome(
            key=change.key,
            status='ok',
            remote_id=long_id(result.id) if result.id else change.remote_id,
            created=bool(result.created),
            http_status=response.status,
            request_id=response.request_id,
        )

    # --- merged records -----------------------------------------------------------------------

    def _follow_merges(
        self, changes: Sequence[Change], outcomes: Mapping[str, Outcome]
    ) -> dict[str, Outcome]:
        """The outcomes of updates whose record was merged, written to the one that lives on.

        What stops this becomes the outcome of the changes it concerns: the others are written.
        """
        lost = [one for one in changes if is_update(one) and _is_gone(outcomes[one.key].error)]
        if not lost:
            return {}
        try:
            survivors = self._survivors([one.remote_id for one in lost if one.remote_id])
        except SyncError as error:
            return {one.key: failed(one, error) for one in lost}
        moved = [
            one.model_copy(update={'remote_id': survivors[one.remote_id]})
            for one in lost
            if one.remote_id in survivors
        ]
        found: dict[str, Outcome] = {}
        for positions in rounds(moved):
            for batch in chunks([moved[position] for position in positions], BATCH):
                found |= guarded(self._update, batch, started=True)
        return found

    def _survivors(self, ids: Sequence[str]) -> dict[str, str]:
        """Merged id → the id of the live record it became."""
        return {
            asked: record.remote_id
            for asked, record in Reader(self.api, self.kind.name).read(ids).items()
            if record and not record.archived and record.remote_id != long_id(asked)
        }

    # --- deletions ----------------------------------------------------------------------------

    def _delete(self, changes: Sequence[Change]) -> list[Outcome]:
        """What is deleted already is a success; what was merged is not deleted: its id leads to
        the record that others are linked with."""
        ids = self._ids_to_delete(changes)
        outcomes = {one.key: ok(one, None) for one in changes if one.key not in ids}
        doomed = [one for one in changes if one.key in ids]
        if doomed:
            outcomes |= self._deleted(doomed, ids)
        gone = [one for one in doomed if _is_gone(outcomes[one.key].error)]
        if gone:
            survivors = self._survivors([ids[one.key] for one in gone])
            outcomes |= {one.key: _gone(one, ids[one.key], survivors) for one in gone}
        return [outcomes[one.key] for one in changes]

    def _deleted(self, changes: Sequence[Change], ids: Mapping[str, str]) -> dict[str, Outcome]:
        params = {'ids': ','.join(ids[one.key] for one in changes), 'allOrNone': 'false'}
        with doubts(LABEL):
            response = self.api.request('DELETE', COLLECTION, params=params)
            results = read_list(SaveResult, response)
        return {
            change.key: self._outcome(
                change.model_copy(update={'remote_id': ids[change.key]}), result, response
            )
            for change, result in self._paired(changes, results, response)
        }

    def _ids_to_delete(self, changes: Sequence[Change]) -> dict[str, str]:
        """Key → id; a record that was never linked is looked up by its key."""
        ids = {one.key: long_id(one.remote_id) for one in changes if one.remote_id}
        unlinked = [one.key for one in changes if not one.remote_id]
        if unlinked:
            found = Reader(self.api, self.kind.name).find(self.api.external_id, unlinked)
            ids |= {key: records[0].remote_id for key, records in found.items() if records}
        return ids


def lookups_of(kind: ObjectType, change: Change) -> dict[str, str | None]:
    """Lookup field → the id it is to hold. A dropped one is emptied where no other takes its
    place."""
    wanted = {**dict.fromkeys(change.dropped, ()), **change.associations}
    return {
        field: next(iter(wanted[name]), None)
        for name, field in kind.lookups.items()
        if name in wanted
    }


def _is_gone(error: SyncError | None) -> bool:
    return error is not None and error.code == GONE


def _gone(change: Change, remote_id: str, survivors: Mapping[str, str]) -> Outcome:
    survivor = survivors.get(remote_id)
    if survivor is None:
        return ok(change, remote_id)
    error = ConflictError(
        f'record {remote_id} was merged into {survivor} and is not deleted',
        user_message=f'The record was merged in Salesforce into record {survivor}, which was '
        'kept. Delete that one in Salesforce if it has to go as well.',
        code='MERGED_MEANWHILE',
        remote_id=survivor,
    )
    return failed(change, error)


