"""What Salesforce's refusals mean to us.

=========== ============================================== =================================
class       codes                                          what becomes of it
=========== ============================================== =================================
transient   UNABLE_TO_LOCK_ROW, SERVER_UNAVAILABLE …       back off; only the rows concerned
rate_limit  REQUEST_LIMIT_EXCEEDED, TOO_MANY_JOBS …        the connection waits, no record does
auth        INVALID_SESSION_ID, API_DISABLED_FOR_ORG …     the connection needs a person
auth        INVALID_FIELD, INSUFFICIENT_ACCESS … (config)  the connection, or a mapping of it
data        REQUIRED_FIELD_MISSING, STRING_TOO_LONG …      the record, with its field
conflict    DUPLICATES_DETECTED, DUPLICATE_VALUE …         a person links, merges or corrects
data        ENTITY_IS_DELETED, NOT_FOUND (gone)            ``RECORD_GONE``: a deletion there
transient   ALL_OR_NONE_OPERATION_ROLLED_BACK … (others')  again at once, at no fault of its own
=========== ============================================== =================================

The codes are those of the enterprise WSDL's ``StatusCode`` and ``ExceptionCode``; their classes are
our reading of Salesforce's documentation ("Status Codes and Error Responses"). A code that is
not in the table is ``data`` where it is about a row, ``contract`` where it is about the call.

Promise: every body is tolerated, and every sentence names what to do. Weakness: a validation rule's
own sentence is shown as its author wrote it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import (
    AuthError,
    ConfigurationError,
    ConflictError,
    ContractError,
    DataError,
    RateLimitError,
    SyncError,
    TransientError,
)
from ..http import HttpResponse
from ..writing import CONVERTED
from .salesforce_wire import LABEL, Refusal, read_list

#: What a record is reported as that Salesforce does not know (any more).
GONE = 'RECORD_GONE'
#: Seconds. The day's calls are counted over the last 24 hours, so some come back all the time; long
#: running calls end within minutes.
WAIT_FOR_CALLS, WAIT_FOR_CONCURRENCY, WAIT_FOR_JOBS = 900.0, 30.0, 300.0


@dataclass(frozen=True)
class Verdict:
    """The class of error a code stands for, and its sentence.

    ``{record}``, ``{field}`` and ``{words}`` (Salesforce's own) are filled in.
    """

    kind: type[SyncError]
    told: str
    code: str | None = None
    wait: float | None = None


_BUSY = 'Salesforce cannot take {record} at the moment. The synchronisation tries again by itself.'
_LOCKED = (
    'Salesforce is busy with {record} or the record it belongs to. The synchronisation tries '
    'again by itself.'
)
_SLOWER = (
    'The Salesforce organisation has used up its API calls. The synchronisation goes on by itself '
    'as soon as calls are free again.'
)
_FULL = (
    'The Salesforce organisation has no storage left ({words}). Free some in Salesforce, or buy '
    'more; nothing is lost meanwhile.'
)
_SIGN_IN = (
    'Salesforce no longer accepts the sign-in of the connection ({words}). Open the connection '
    'and sign in again.'
)
_NOT_ALLOWED = (
    'The Salesforce user of the connection may not do this: {words}. Give its profile or a '
    'permission set access to the object and the field{field_named}, then connect again.'
)
_NO_FIELD = (
    'Salesforce does not know or does not take the field{field_named}: {words}. Refresh the fields '
    'of the connection, and change or remove the line of the mapping.'
)
_AUTOMATION = (
    'An automation of the Salesforce organisation refuses {record}: {words}. Correct the record, '
    'or ask the Salesforce administrator to change the automation.'
)
_MISSING = (
    'Salesforce demands a value for{field_named}, which {record} lacks. Fill it in in Odoo or map '
    'it.'
)
_WRONG = 'Salesforce refuses{field_named} of {record}: {words}. Correct it in Odoo or the mapping.'
_REFERENCE = (
    'Salesforce does not know the record that{field_named} of {record} points to: {words}. '
    'Synchronise that one first.'
)
_OWNER = (
    'The Salesforce user who should own {record} is not active: {words}. Choose another '
    'salesperson in Odoo, or activate the user in Salesforce.'
)
_FROZEN = (
    'Salesforce does not let {record} be changed any more: {words}. It was converted or waits for '
    'an approval; finish that in Salesforce.'
)
_DUPLICATE = (
    'Salesforce already has {other} like {record}, so it was not written: {words}. Link the two '
    'records, merge them in Salesforce, or correct the value in Odoo.'
)
_TWICE = (
    'Several records in Salesforce carry the external ID of {record}. Merge them in Salesforce, or '
    'clear the field on all but one.'
)
_NOT_THERE = (
    '{record} is no longer in Salesforce. Restore it there from the recycle bin, or remove the '
    'link so that it is created anew.'
)
_OTHERS = 'Salesforce put {record} back because of others in the same call; it is sent again.'


#: One line for each meaning: the codes that have it, and what it is.
_ROWS: tuple[tuple[str, Verdict], ...] = (
    (
        'SERVER_UNAVAILABLE REQUEST_RUNNING_TOO_LONG QUERY_TIMEOUT TOO_MANY_APEX_REQUESTS '
        'INTERNAL_ERROR UNKNOWN_EXCEPTION FUNCTIONALITY_TEMPORARILY_UNAVAILABLE '
        'INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE ORG_IN_MAINTENANCE '
        'PLATFORM_EVENT_PUBLISHING_UNAVAILABLE TXN_SECURITY_METERING_ERROR '
        'INVALID_QUERY_LOCATOR',
        Verdict(TransientError, _BUSY),
    ),
    ('UNABLE_TO_LOCK_ROW', Verdict(TransientError, _LOCKED)),
    (
        'ALL_OR_NONE_OPERATION_ROLLED_BACK PROCESSING_HALTED BATCH_PROCESSING_HALTED',
        Verdict(TransientError, _OTHERS),
    ),
    ('REQUEST_LIMIT_EXCEEDED', Verdict(RateLimitError, _SLOWER, wait=WAIT_FOR_CALLS)),
    (
        'EXCEEDED_QUOTA LIMIT_EXCEEDED TOO_MANY_JOBS TXN_SECURITY_NO_ACCESS_LIMIT',
        Verdict(RateLimitError, _SLOWER, wait=WAIT_FOR_JOBS),
    ),
    ('STORAGE_LIMIT_EXCEEDED', Verdict(ConfigurationError, _FULL)),
    (
        'INVALID_SESSION_ID INVALID_AUTH_HEADER INVALID_LOGIN API_DISABLED_FOR_ORG '
        'API_CURRENTLY_DISABLED CLIENT_NOT_ACCESSIBLE_FOR_USER '
        'INVALID_OPERATION_WITH_EXPIRED_PASSWORD MUTUAL_AUTHENTICATION_FAILED ORG_LOCKED '
        'TRIAL_EXPIRED UNSUPPORTED_CLIENT',
        Verdict(AuthError, _SIGN_IN),
    ),
    (
        'INSUFFICIENT_ACCESS INSUFFICIENT_ACCESS_OR_READONLY '
        'INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY METHOD_NOT_ALLOWED '
        'INVALID_TYPE UNSUPPORTED_API_VERSION',
        Verdict(ConfigurationError, _NOT_ALLOWED),
    ),
    (
        'INVALID_FIELD INVALID_FIELD_FOR_INSERT_UPDATE FIELD_NOT_UPDATABLE MALFORMED_QUERY',
        Verdict(DataError, _NO_FIELD),
    ),
    (
        'CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY CANNOT_EXECUTE_FLOW_TRIGGER FLOW_EXCEPTION '
        'FIELD_CUSTOM_VALIDATION_EXCEPTION APEX_ERROR',
        Verdict(DataError, _AUTOMATION),
    ),
    ('REQUIRED_FIELD_MISSING', Verdict(DataError, _MISSING)),
    (
        'FIELD_INTEGRITY_EXCEPTION STRING_TOO_LONG NUMBER_OUTSIDE_VALID_RANGE '
        'INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST INVALID_EMAIL_ADDRESS JSON_PARSER_ERROR '
        'INVALID_CURRENCY_ISO DELETE_FAILED MALFORMED_ID',
        Verdict(DataError, _WRONG),
    ),
    ('INVALID_CROSS_REFERENCE_KEY', Verdict(DataError, _REFERENCE)),
    ('INACTIVE_OWNER_OR_USER', Verdict(DataError, _OWNER)),
    ('CANNOT_UPDATE_CONVERTED_LEAD', Verdict(DataError, _FROZEN, code=CONVERTED)),
    ('ENTITY_IS_LOCKED', Verdict(DataError, _FROZEN)),
    ('DUPLICATES_DETECTED DUPLICATE_VALUE', Verdict(ConflictError, _DUPLICATE)),
    ('DUPLICATE_EXTERNAL_ID MULTIPLE_RECORDS_FOUND', Verdict(ConflictError, _TWICE)),
    (
        'ENTITY_IS_DELETED NOT_FOUND RECORD_NOT_FOUND',
        Verdict(DataError, _NOT_THERE, code=GONE),
    ),
)
VERDICTS = {code: verdict for codes, verdict in _ROWS for code in codes.split()}


def error_of(response: HttpResponse) -> SyncError:
    """The error that an answer >= 400 to a whole call stands for. Never raises."""
    refusal = _first(response)
    facts = {'status': response.status, 'request_id': response.request_id}
    code = refusal.code or f'HTTP_{response.status}'
    if code == 'NOT_FOUND' or code not in VERDICTS:
        # Of a call, not of a row: the address itself is unknown.
        return ContractError(
            f'{LABEL} answered {response.status}: {_words(refusal)}',
            user_message='Salesforce does not know or does not take this kind of request '
            f'({_words(refusal)}). Check the API version of the connection, and that the object '
            'exists in the organisation.',
            code=code,
            **facts,
        )
    return refused(refusal, record='the request', facts=facts)


def refused(
    refusal: Refusal, *, record: str, facts: Mapping[str, Any] | None = None
) -> SyncError:
    """The error of one row of a collection, or of a call.

    :param record: what to call the record, e.g. ``contact Ada Lovelace``.
    """
    code = refusal.code or 'UNKNOWN'
    verdict = VERDICTS.get(code) or Verdict(DataError, _WRONG)
    fields = refusal.fields or []
    other = _duplicate_of(refusal)
    told = verdict.told.format(
        record=record,
        field_named=f' {", ".join(fields)}' if fields else '',
        words=_words(refusal).rstrip('.'),
        other=f'record {other}' if other else 'a record',
    )
    more = dict(facts or {})
    if verdict.wait is not None:
        concurrent = 'oncurrent' in (refusal.message or '')
        more['retry_after'] = WAIT_FOR_CONCURRENCY if concurrent else verdict.wait
    return verdict.kind(
        f'{LABEL} refuses {record}: {code}: {_words(refusal)}',
        user_message=told[:1].upper() + told[1:],
        code=verdict.code or code,
        field=fields[0] if fields else None,
        remote_id=other,
        **more,
    )


def refusal_of(rows: Iterable[Refusal]) -> Refusal:
    """The entry that tells most: a row may be refused for several reasons at once."""
    listed = list(rows)
    return next((one for one in listed if one.code in VERDICTS), None) or (
        listed[0] if listed else Refusal(message='no reason given')
    )


def _first(response: HttpResponse) -> Refusal:
    try:
        rows = [one for one in read_list(Refusal, response) if one]
    except SyncError:
        return Refusal(message=f'an answer that is no JSON, status {response.status}')
    return refusal_of(rows)


def _words(refusal: Refusal) -> str:
    """Salesforce's own sentence on one line."""
    line = ' '.join((refusal.message or refusal.code or 'no reason given').split())
    return line if len(line) <= 300 else f'{line[:299]}…'


def _duplicate_of(refusal: Refusal) -> str | None:
    """The id of a record that a duplicate rule found, where the answer shows it."""
    found: Any = refusal.duplicate or {}
    for name in ('matchResults', 'matchRecords'):
        listed = found.get(name) if isinstance(found, dict) else None
        found = listed[0] if isinstance(listed, list) and listed else {}
    record = found.get('record') if isinstance(found, dict) else None
    remote_id = record.get('Id') if isinstance(record, dict) else None
    return remote_id if isinstance(remote_id, str) else None
