"""Why HubSpot does not take a record, in words for the person who has to correct it.

Promise: the sentence names the record, the property as its user knows it, the value and the remedy.

Weakness: where only HubSpot's words tell the cause (``Existing ID: N``, ``N already has that
value``), a change of wording turns a ``conflict`` into ``data``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ..errors import ConflictError, DataError, SyncError
from .hubspot_error_body import ErrorBody, shortened

_EXISTING = re.compile(r'[Ee]xisting ID: ?(\d{1,20})|\b(\d{1,20}) already has that value')
_GONE = re.compile(
    r'^(?!.*propert).*(?:not found|does not exist|may be deleted|merged into|no (?:record|object))',
    re.IGNORECASE | re.DOTALL,
)

#: Properties that their users know under another name.
_KNOWN_AS = {
    'email': 'e-mail address',
    'phone': 'phone number',
    'mobilephone': 'mobile phone number',
    'domain': 'website domain',
    'dealname': 'deal name',
    'dealstage': 'deal stage',
    'closedate': 'close date',
    'firstname': 'first name',
    'lastname': 'last name',
    'hubspot_owner_id': 'owner',
}
_WRONG = {
    'INVALID_EMAIL': 'it is not a valid e-mail address',
    'INVALID_NUMBER': 'it is not a number',
    'INVALID_INTEGER': 'it is not a whole number',
    'INVALID_LONG': 'it is not a whole number or date',
    'INVALID_DATE': 'it is not a date at midnight UTC',
    'INVALID_OPTION': 'it is not one of the options of that property',
    'INVALID_OWNER_ID': 'no active HubSpot user has that id',
    'INVALID_STRING_LENGTH': 'it is longer than HubSpot keeps',
    'READ_ONLY_VALUE': 'HubSpot calculates it itself',
    'PROPERTY_DOESNT_EXIST': 'HubSpot has no such property',
}
_MAPPING_AT_FAULT = ('READ_ONLY_VALUE', 'PROPERTY_DOESNT_EXIST')
_MISSING = (
    'MISSING_REQUIRED_PROPERTY',
    'MISSING_CONDITIONAL_REQUIRED_PROPERTY',
    'MISSING_REQUIRED_PROPERTY_CONDITIONAL',
)
_RECORD = 'the record'


def refusal(
    body: ErrorBody,
    facts: dict[str, Any],
    *,
    record: str = '',
    values: Mapping[str, Any] | None = None,
) -> SyncError:
    """The error of one record: a whole answer's, or one entry of a batch's ``errors``.

    :param facts: ``code, status, request_id`` of the answer, for the error.
    :param record: what to call the record, e.g. ``contact Ada Lovelace``.
    :param values: what we sent for it, so that the refused value can be shown.
    """
    record = record or _RECORD
    existing = _EXISTING.search(f'{body.message or ""} {body.words}')
    if body.category in ('CONFLICT', 'OBJECT_ALREADY_EXISTS') or existing:
        return _conflict(body, facts, existing, record)
    if is_gone(body, facts.get('status')):
        return _gone(body, facts, record)
    return _invalid(body, facts, record, values or {})


def is_gone(body: ErrorBody, status: int | None) -> bool:
    """Whether the refusal says that the record is not there: deleted, or merged into another."""
    if body.category == 'OBJECT_NOT_FOUND' or status == 404:
        return True
    return not body.details and bool(_GONE.match(body.message or ''))


def _conflict(
    body: ErrorBody, facts: dict[str, Any], existing: re.Match | None, record: str
) -> ConflictError:
    other = (existing[1] or existing[2]) if existing else None
    which = f'record {other}' if other else 'another record'
    return ConflictError(
        f'HubSpot refuses {record}: {body.words}',
        user_message=f'HubSpot already has {which} with a value that must be unique, so {record} '
        'was not written. Link the two records, merge them in HubSpot, or correct the value in '
        'Odoo.',
        remote_id=other,
        field=body.field,
        **facts,
    )


def _gone(body: ErrorBody, facts: dict[str, Any], record: str) -> DataError:
    return DataError(
        f'HubSpot does not know {record}: {body.words}',
        user_message=f'{record[:1].upper()}{record[1:]} is no longer in HubSpot. Restore it there '
        'within 90 days, or remove the link so that it is created anew.',
        **(facts | {'code': 'OBJECT_NOT_FOUND'}),
    )


def _invalid(
    body: ErrorBody, facts: dict[str, Any], record: str, values: Mapping[str, Any]
) -> DataError:
    name = body.field
    if name and facts['code'] in _MISSING:
        told = _told_missing(body, record)
    elif name:
        told = _told_refused(body, name, record, values.get(name))
    else:
        reason = body.words.rstrip('.')
        told = f'HubSpot refuses {record}: {reason}. Correct it in Odoo or in HubSpot.'
    return DataError(
        f'HubSpot refuses {record}: {body.words}', user_message=told, field=name, **facts
    )


def _told_missing(body: ErrorBody, record: str) -> str:
    lacking = ', '.join(known_as(name) for name in body.fields or [body.field or ''])
    return (
        f'HubSpot demands a value for {lacking}, which {record} lacks. Fill it in in Odoo, map '
        'it, or ask the HubSpot administrator to drop the rule.'
    )


def _told_refused(body: ErrorBody, name: str, record: str, value: Any) -> str:
    shown = f' ‘{shortened(value)}’' if value not in (None, '') else ''
    reason = _WRONG.get(body.code or '') or body.words.rstrip('.')
    remedy = (
        'Change or remove the line of the mapping.'
        if body.code in _MAPPING_AT_FAULT
        else 'Correct it in Odoo or change the mapping.'
    )
    return f'HubSpot refuses the {known_as(name)}{shown} of {record}: {reason}. {remedy}'


def known_as(name: str) -> str:
    """What a person calls the property."""
    return _KNOWN_AS.get(name) or f'property {name}'
