"""Thousands of records as one job of the Bulk API 2.0: upserts by our field, updates by id.

A job is created, given its CSV in one call, closed, and asked for until it has ended; then three
CSVs tell of every row what became of it. They are matched by our external id, or by the record's
id: rows carry no number, and come back in any order.

Promise: :meth:`Bulk.results` speaks of a row only where Salesforce does; a row that is in none of
the three was not written, as far as anybody knows, and is sent again. Every job may be sent again:
an update states values, an upsert is keyed. Rows are sorted by the record they belong to, because
rows that share a parent lock it.

Sources: Bulk API 2.0 Developer Guide, "Ingest". A cell without text leaves the field as it is,
``#N/A`` empties it.

Weakness: a field that is to hold the text ``#N/A`` is emptied.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..contracts import Change, Outcome
from ..errors import ContractError
from ..http import HttpResponse
from ..writing import failed
from .salesforce_api import SalesforceApi
from .salesforce_errors import refused
from .salesforce_objects import ObjectType, long_id, object_type
from .salesforce_wire import Job, Refusal, read_model
from .salesforce_write import lookups_of

#: Salesforce's own threshold for bulk work, in rows.
FROM_ROWS = 2000
#: Rows of a job. Salesforce takes 100 MB, and splits it into parts of 10,000 rows itself; its
#: answer repeats what was sent, and has to fit into one answer of the HTTP client.
MOST_ROWS = 10_000
MOST_BYTES = 8 * 1024 * 1024
JOBS = '/jobs/ingest'
EMPTY = '#N/A'
ENDED = frozenset(('JobComplete', 'Failed', 'Aborted'))
#: Result → how a row of it is remembered.
RESULTS = {
    'successfulResults': 'ok', 'failedResults': 'failed', 'unprocessedrecords': 'unprocessed',
}  # fmt: skip


class Bulk:
    """Jobs of one object."""

    def __init__(self, api: SalesforceApi, remote_object: str):
        self.api = api
        self.kind: ObjectType = object_type(remote_object)

    def create(self, *, by_id: bool) -> str:
        """An empty job; its id. Nothing happens until :meth:`send`."""
        body = {
            'object': self.kind.name,
            'operation': 'update' if by_id else 'upsert',
            'contentType': 'CSV',
            'lineEnding': 'LF',
        }
        body |= {} if by_id else {'externalIdFieldName': self.api.external_id}
        return read_model(Job, self.api.request('POST', JOBS, json=body, idempotent=False)).id

    def send(self, job_id: str, changes: Sequence[Change], *, by_id: bool) -> None:
        """Give a job its rows and have it begin."""
        self.api.request(
            'PUT', f'{JOBS}/{job_id}/batches', content=self.csv(changes, by_id=by_id),
            headers={'Content-Type': 'text/csv; charset=UTF-8'}, idempotent=False,
        )  # fmt: skip
        self._set(job_id, 'UploadComplete')

    def state(self, job_id: str) -> str:
        """``open`` (it never began), ``running`` or ``ended``."""
        job = self.api.fetch(Job, f'{JOBS}/{job_id}')
        if job.state in ENDED:
            return 'ended'
        return 'open' if job.state == 'Open' else 'running'

    def abort(self, job_id: str) -> None:
        """Give up a job that never began."""
        self._set(job_id, 'Aborted')

    def _set(self, job_id: str, state: str) -> None:
        self.api.request('PATCH', f'{JOBS}/{job_id}', json={'state': state}, idempotent=False)

    # --- rows there ---------------------------------------------------------------------------

    def csv(self, changes: Sequence[Change], *, by_id: bool) -> bytes:
        """The changes as Salesforce reads them; a field that a change does not name stays empty."""
        name = 'Id' if by_id else self.api.external_id
        rows = [{name: key_of(one, by_id=by_id), **self._fields(one)} for one in changes]
        names = list(dict.fromkeys(field for row in rows for field in row))
        parents = [field for field in self.kind.lookups.values() if field in names]
        rows.sort(key=lambda row: [str(row.get(field) or '') for field in parents])
        text = io.StringIO()
        writer = csv.writer(text, lineterminator='\n')
        writer.writerow(names)
        for row in rows:
            writer.writerow([_cell(row[field]) if field in row else '' for field in names])
        return text.getvalue().encode()

    def _fields(self, change: Change) -> dict[str, Any]:
        return {**change.values, **lookups_of(self.kind, change)}

    # --- and back -----------------------------------------------------------------------------

    def results(self, job_id: str, *, by_id: bool) -> dict[str, dict[str, Any]]:
        """Key → what became of the row: plain values, for :meth:`outcome`."""
        name = 'Id' if by_id else self.api.external_id
        found: dict[str, dict[str, Any]] = {}
        for result, status in RESULTS.items():
            response = self.api.request(
                'GET', f'{JOBS}/{job_id}/{result}', headers={'Accept': 'text/csv'}
            )
            for row in _rows(response):
                key = row.get(name) or row.get('sf__Id') or ''
                found[long_id(key) if by_id else key] = {
                    'status': status,
                    'remote_id': row.get('sf__Id') or '',
                    'created': row.get('sf__Created') == 'true',
                    'error': row.get('sf__Error') or '',
                }
        return found

    def outcome(self, change: Change, row: Mapping[str, Any]) -> Outcome:
        """The outcome of a change whose row was done or refused."""
        if row['status'] == 'failed':
            record = self.kind.called(change.values, change.key)
            return failed(change, refused(_refusal(row['error']), record=record))
        return Outcome(
            key=change.key, status='ok', created=row['created'],
            remote_id=long_id(row['remote_id']) if row['remote_id'] else change.remote_id,
        )  # fmt: skip


def key_of(change: Change, *, by_id: bool) -> str:
    """What tells the change's row in a job."""
    return long_id(change.remote_id or '') if by_id else change.key


def _cell(value: Any) -> str:
    if value is None or value == '':
        return EMPTY
    return str(value).lower() if isinstance(value, bool) else str(value)


def _rows(response: HttpResponse) -> Iterator[dict[str, str]]:
    try:
        text = response.body.decode('utf-8-sig')
        yield from csv.DictReader(io.StringIO(text, newline=''), strict=True)
    except (UnicodeDecodeError, csv.Error) as error:
        raise ContractError(
            f'the results of a job are no CSV: {error}',
            user_message='Salesforce gave results of a bulk job that cannot be read.',
            code='BULK_RESULTS',
            status=response.status,
            request_id=response.request_id,
        ) from error


def _refusal(text: str) -> Refusal:
    """``CODE:message:fields --``, as the results have it."""
    code, _, rest = text.partition(':')
    message, _, fields = rest.rpartition(':')
    names = [name.strip() for name in fields.removesuffix('--').split(',') if name.strip()]
    return Refusal(status_code=code or None, message=message or rest or text, fields=names)
