"""Writing records: updates by id, upserts by our unique property, archiving; then associations.

Promise: every change ends with exactly one outcome. Answers are correlated by the trace id we
send with each input (our key), then by our property, then by the record's id; never by position,
because HubSpot's order is not ours. An input that HubSpot neither confirms nor refuses is
``unknown``. A batch that is refused as a whole is split down to the record at fault. A record
that was merged meanwhile is written under its new id, and the outcome carries it.

Every call may be repeated: an update states values, an upsert is keyed, archiving and associating
are idempotent. So a creation never happens twice, whatever is lost on the way.

Weakness: ``batch/archive`` answers nothing at all, so a deletion is believed on its status, 204.
Sources: batch guides (2026-03), facts on trace ids and silent no-ops from public production
reports.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..batch import chunks
from ..contracts import Change, Outcome
from ..errors import ConflictError, SyncError
from ..http import HttpResponse
from ..writing import doubts, failed, guarded, in_rounds, is_update, is_upsert, ok, rounds
from .hubspot_answers import account_for, expect_no_content
from .hubspot_api import HubSpotApi
from .hubspot_links import LinkWriter
from .hubspot_objects import ObjectType, object_type
from .hubspot_read import Reader
from .hubspot_wire import BatchAnswer, WireRecord, read_model, text_values

BATCH = 100


class Writer:
    """Writes changes of one object."""

    def __init__(self, api: HubSpotApi, remote_object: str):
        self.api = api
        self.kind: ObjectType = object_type(remote_object)

    def write(self, changes: Sequence[Change]) -> list[Outcome]:
        """One outcome for each change, in the order of the changes.

        :raises AuthError, RateLimitError, TransientError: where nothing has been written yet. After
            that, such an error becomes the outcome of the changes that were left.
        """
        return in_rounds(changes, self._round)

    def _round(self, changes: Sequence[Change]) -> list[Outcome]:
        """Changes of which no two concern one record."""
        steps = (
            (self._update, [one for one in changes if is_update(one)]),
            (self._upsert, [one for one in changes if is_upsert(one)]),
            (self._archive, [one for one in changes if one.operation == 'delete']),
        )
        outcomes: dict[str, Outcome] = {}
        for send, some in steps:
            for batch in chunks(some, BATCH):
                outcomes |= guarded(send, batch, started=bool(outcomes))
        outcomes |= self._follow_merges(changes, outcomes)
        linked = LinkWriter(self.api, self.kind).write(changes, outcomes)
        return [linked[change.key] for change in changes]

    # --- updates ------------------------------------------------------------------------------

    def _update(self, changes: Sequence[Change]) -> list[Outcome]:
        written = [one for one in changes if one.values]
        outcomes = {one.key: ok(one, one.remote_id) for one in changes if not one.values}
        if written:
            outcomes |= self._send('update', written, [_input_of(one) for one in written])
        return [outcomes[one.key] for one in changes]

    def _follow_merges(
        self, changes: Sequence[Change], outcomes: Mapping[str, Outcome]
    ) -> dict[str, Outcome]:
        """The outcomes of updates whose record was merged, written to the one that lives on.

        Batch update does not know the ids of merged records. What stops this becomes the outcome
        of the changes it concerns: the others are written.
        """
        lost = [one for one in changes if is_update(one) and _is_gone(outcomes[one.key].error)]
        if not lost:
            return {}
        try:
            moved = self._moved(lost)
        except SyncError as error:
            return {one.key: failed(one, error) for one in lost}
        found: dict[str, Outcome] = {}
        for positions in rounds(moved):
            for batch in chunks([moved[position] for position in positions], BATCH):
                found |= guarded(self._update, batch, started=True)
        return found

    def _moved(self, changes: Sequence[Change]) -> list[Change]:
        """Those of the changes whose record lives on under another id, with that id."""
        asked = [one.remote_id for one in changes if one.remote_id]
        records = Reader(self.api, self.kind.name, ()).read(asked)
        survivors = {
            asked_id: record.remote_id
            for asked_id, record in records.items()
            if record and not record.archived and record.remote_id != asked_id
        }
        return [
            one.model_copy(update={'remote_id': survivors[one.remote_id]})
            for one in changes
            if one.remote_id in survivors
        ]

    # --- upserts ------------------------------------------------------------------------------

    def _upsert(self, changes: Sequence[Change]) -> list[Outcome]:
        key_field = self.api.external_id
        inputs = [
            {
                'id': change.key,
                'idProperty': key_field,
                'properties': text_values({**change.values, key_field: change.key}),
                'objectWriteTraceId': change.key,
            }
            for change in changes
        ]
        outcomes = self._send('upsert', changes, inputs)
        return [outcomes[change.key] for change in changes]

    def _send(
        self, action: str, changes: Sequence[Change], inputs: list[dict[str, Any]]
    ) -> dict[str, Outcome]:
        response = self._post(action, inputs)
        if response.status >= 400:
            raise self._refused(response, changes)
        with doubts('HubSpot'):
            answer = read_model(BatchAnswer, response)
        return account_for(self.api, self.kind, changes, answer, response)

    def _post(self, action: str, inputs: list[dict[str, Any]]) -> HttpResponse:
        path = self.api.paths.batch(self.kind.name, action)
        with doubts('HubSpot'):
            return self.api.request(
                'POST', path, json={'inputs': inputs}, accept=tuple(range(400, 500))
            )

    def _refused(self, response: HttpResponse, changes: Sequence[Change]) -> SyncError:
        alone = changes[0] if len(changes) == 1 else None
        return self.api.error(
            response,
            record=self.kind.called(alone.values, alone.key) if alone else '',
            values=alone.values if alone else None,
            path=self.api.paths.records(self.kind.name),
            collection=response.status != 404 or not _speaks_of_record(response),
        )

    # --- deletions ----------------------------------------------------------------------------

    def _archive(self, changes: Sequence[Change]) -> list[Outcome]:
        """A merged record is not archived: its id leads to the one that others are linked with."""
        asked = self._ids_to_archive(changes)
        live = Reader(self.api, self.kind.name, ()).live(list(asked.values())) if asked else {}
        doomed = {live[one].id for one in asked.values() if one in live and live[one].id == one}
        if doomed:
            response = self._post('archive', [{'id': one} for one in sorted(doomed)])
            if response.status >= 400:
                raise self._refused(response, changes)
            expect_no_content(response)
        return [_archived(one, asked.get(one.key), live) for one in changes]

    def _ids_to_archive(self, changes: Sequence[Change]) -> dict[str, str]:
        """Key → id; a record that was never linked is looked up by its key."""
        ids = {one.key: one.remote_id for one in changes if one.remote_id}
        unlinked = [one.key for one in changes if not one.remote_id]
        if unlinked:
            found = Reader(self.api, self.kind.name, ()).find(self.api.external_id, unlinked)
            ids |= {key: records[0].remote_id for key, records in found.items() if records}
        return ids


def _archived(change: Change, remote_id: str | None, live: Mapping[str, WireRecord]) -> Outcome:
    survivor = live[remote_id].id if remote_id in live else remote_id
    if survivor == remote_id:
        return ok(change, remote_id)
    error = ConflictError(
        f'record {remote_id} was merged into {survivor} and is not archived',
        user_message=f'The record was merged in HubSpot into record {survivor}, which was kept. '
        'Delete that one in HubSpot if it has to go as well.',
        code='MERGED_MEANWHILE',
        remote_id=survivor,
    )
    return failed(change, error)


def _input_of(change: Change) -> dict[str, Any]:
    return {
        'id': change.remote_id,
        'properties': text_values(change.values),
        'objectWriteTraceId': change.key,
    }


def _is_gone(error: SyncError | None) -> bool:
    return error is not None and error.code == 'OBJECT_NOT_FOUND'


def _speaks_of_record(response: HttpResponse) -> bool:
    """Whether a 404 is JSON, hence about an input; the page for an unknown address is HTML."""
    return 'json' in response.headers.get('content-type', '')
