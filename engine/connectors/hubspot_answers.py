"""Which answer belongs to which change of a batch.

Promise: every change gets the one result or error that names it, by trace id, by our external id,
or by the record's id; one that nothing names is ``unknown``. Nothing is inferred from positions.

Weakness: an error that names no input at all can only be attributed where exactly one change is
left; else those that are left stay ``unknown`` and are read back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..contracts import Change, Outcome
from ..errors import SyncError, UnknownOutcome
from ..http import HttpResponse
from .hubspot_api import HubSpotApi
from .hubspot_error_body import body_of
from .hubspot_objects import ObjectType
from .hubspot_refusals import refusal
from .hubspot_wire import BatchAnswer, WireRecord, moment


def expect_no_content(response: HttpResponse) -> None:
    """A deletion is confirmed by 204 and nothing else: any other success is somebody else's answer
    (the page of a proxy, say).

    :raises UnknownOutcome: it may have been done
    """
    if response.status == 204:
        return
    raise UnknownOutcome(
        f'HTTP {response.status} where 204 was due',
        user_message='HubSpot did not say whether it deleted the record. The synchronisation '
        'looks again and goes on by itself.',
        code='NOT_CONFIRMED',
        status=response.status,
        request_id=response.request_id,
    )


def account_for(
    api: HubSpotApi,
    kind: ObjectType,
    changes: Sequence[Change],
    answer: BatchAnswer,
    response: HttpResponse,
) -> dict[str, Outcome]:
    """Key → outcome, for every change of the batch."""
    facts = {'http_status': response.status, 'request_id': response.request_id}
    results = _results_by_key(api.external_id, changes, answer.results)
    errors = _errors_by_key(changes, answer.errors, results)
    outcomes = {}
    for change in changes:
        if change.key in results:
            outcomes[change.key] = _written(kind, change, results[change.key], facts)
        elif change.key in errors:
            error = _error(kind, change, errors[change.key], response)
            outcomes[change.key] = _not_written(change, error, 'failed', facts)
        else:
            outcomes[change.key] = _not_written(change, _silence(facts), 'unknown', facts)
    return outcomes


def _results_by_key(
    external_id: str, changes: Sequence[Change], records: Iterable[WireRecord]
) -> dict[str, WireRecord]:
    keys = {change.key for change in changes}
    by_id = {change.remote_id: change.key for change in changes if change.remote_id}
    found: dict[str, WireRecord] = {}
    for record in records:
        names = (record.trace_id, record.properties.get(external_id), by_id.get(record.id))
        key = next((name for name in names if name in keys), None)
        if key:
            found[key] = record
    return found


def _errors_by_key(
    changes: Sequence[Change], rows: Sequence[Mapping[str, Any]], results: Mapping[str, Any]
) -> dict[str, Mapping[str, Any]]:
    found: dict[str, Mapping[str, Any]] = {}
    nameless = []
    for row in rows:
        named = named_by(row)
        keys = [one.key for one in changes if named & {one.key, one.remote_id}]
        found |= dict.fromkeys(keys, row)
        if not keys:
            nameless.append(row)
    left = [one.key for one in changes if one.key not in results and one.key not in found]
    if len(left) == 1 and len(nameless) == 1:
        found[left[0]] = nameless[0]
    return found


def named_by(row: Mapping[str, Any]) -> set[str]:
    """The inputs an error names, by trace id where it has one, else by record id."""
    context = row.get('context')
    context = context if isinstance(context, dict) else {}
    for name in ('objectWriteTraceId', 'ids', 'id'):
        value = context.get(name)
        listed = value if isinstance(value, list) else [value]
        texts = {str(one) for one in listed if isinstance(one, str | int) and one != ''}
        if texts:
            return texts
    return set()


def _written(
    kind: ObjectType, change: Change, record: WireRecord, facts: Mapping[str, Any]
) -> Outcome:
    return Outcome(
        key=change.key,
        status='ok',
        remote_id=record.id,
        created=bool(record.new),
        updated_at=moment(record.properties.get(kind.modified)) or record.updated_at,
        **facts,
    )


def _not_written(
    change: Change, error: SyncError, status: str, facts: Mapping[str, Any]
) -> Outcome:
    return Outcome(
        key=change.key, status=status, remote_id=change.remote_id, error=error, **facts
    )


def _error(
    kind: ObjectType, change: Change, row: Mapping[str, Any], response: HttpResponse
) -> SyncError:
    body = body_of(row)
    facts = {'code': body.code, 'status': response.status, 'request_id': response.request_id}
    record = kind.called(change.values, change.key)
    return refusal(body, facts, record=record, values=change.values)


def _silence(facts: Mapping[str, Any]) -> UnknownOutcome:
    return UnknownOutcome(
        'HubSpot answered the batch but neither confirmed nor refused this record',
        user_message='HubSpot did not say whether it took the record. The synchronisation reads it '
        'back and goes on by itself.',
        code='NOT_ACCOUNTED_FOR',
        status=facts['http_status'],
        request_id=facts['request_id'],
    )
