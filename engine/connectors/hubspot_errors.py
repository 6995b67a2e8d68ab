"""What HubSpot's refusals mean to us.

====== ================================================= ============= ==============================
status body                                              class         what a person is told
====== ================================================= ============= ==============================
400    property detail, MISSING_REQUIRED_PROPERTY …      data          property, value, remedy
400    CONFLICTING_UNIQUE_VALUE, ``N already has …``     conflict      which record holds the value
401    any                                               auth          enter a new token
403    MISSING_SCOPES, "do not have permissions"         auth          which scopes to grant
403    anything else about one record                    data          HubSpot's own sentence
404    about a record                                    data          the record is not there
404    about a collection, mostly an HTML page           contract      check the API version
409    ``Existing ID: N``                                conflict      link or correct
414    HTML                                              contract      fewer fields
423    locked by another mass update                     transient     at least 2 s
429    policyName DAILY                                  rate_limit    until the account's midnight
429    anything else                                     rate_limit    Retry-After or 10 s
477    account moves to another data centre              transient     Retry-After
5xx    any                                               transient     -
====== ================================================= ============= ==============================

A missing scope is ``auth``, because nothing of the connection's work of that kind can succeed until a
person grants it, and waiting lanes lose nothing. Sources: HubSpot's error-handling page, recorded
traffic, and public reports where they say more.

Promise: every body is tolerated, HTML and half a JSON text included. Weakness: the words of HubSpot's
messages are not part of its API; where only the words tell the cause, a change of wording turns a
``conflict`` into ``data``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError

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
from ..ratelimit import parse_retry_after
from .hubspot_wire import Lenient, Wire

_EXISTING = re.compile(r'[Ee]xisting ID: ?(\d{1,20})|\b(\d{1,20}) already has that value')
_DETAIL = re.compile(r'Property values were not valid: ?(\[.*\])', re.DOTALL)
_NO_PERMISSION = re.compile(r'do(?:es)? not have permissions?|required scopes|\(requires ')
_MERGED_OR_GONE = re.compile(r'not found|does not exist|merged|No (?:record|object)', re.IGNORECASE)

#: Property names that a business user knows under another name.
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


class ErrorDetail(Wire):
    """One entry of ``errors``, or of the JSON text inside a validation message."""

    message: Lenient[str | None] = None
    code: Lenient[str | None] = None
    error: Lenient[str | None] = None
    name: Lenient[str | None] = None
    sub_category: Lenient[str | None] = Field(None, validation_alias='subCategory')
    context: Lenient[dict[str, Any] | None] = None

    @property
    def cause(self) -> str | None:
        return self.code or self.error or self.sub_category

    @property
    def property_name(self) -> str | None:
        return self.name or first(self.context, 'propertyName', 'name')


class ErrorBody(Wire):
    """HubSpot's error; every key may be missing."""

    status: Lenient[str | None] = None
    category: Lenient[str | None] = None
    sub_category: Lenient[str | None] = Field(None, validation_alias='subCategory')
    message: Lenient[str | None] = None
    correlation_id: Lenient[str | None] = Field(None, validation_alias='correlationId')
    policy: Lenient[str | None] = Field(None, validation_alias='policyName')
    context: Lenient[dict[str, Any] | None] = None
    errors: Lenient[list[ErrorDetail] | None] = None

    @property
    def details(self) -> list[ErrorDetail]:
        """The causes named, from ``errors`` or from the JSON text inside the message."""
        return self.errors or _embedded(self.message or '')

    @property
    def code(self) -> str | None:
        named = (detail.cause for detail in self.details)
        return next(filter(None, named), None) or self.sub_category or self.category

    @property
    def words(self) -> str:
        """HubSpot's own sentence, without the JSON that follows it."""
        inner = next((detail.message for detail in self.details if detail.message), None)
        return shortened(inner or self.message or 'no reason given', 300)


def first(context: Mapping[str, Any] | None, *names: str) -> str | None:
    """The first text under one of ``names``, which HubSpot mostly wraps in a list."""
    for name in names:
        value = (context or {}).get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str | int) and value != '':
            return str(value)
    return None


def shortened(text: str, most: int = 80) -> str:
    """``text`` on one line, cut to ``most`` characters."""
    line = ' '.join(str(text).split())
    return line if len(line) <= most else f'{line[: most - 1]}…'


def _embedded(message: str) -> list[ErrorDetail]:
    match = _DETAIL.search(message)
    try:
        rows = json.loads(match[1]) if match else []
    except (ValueError, RecursionError):
        return []
    return [body_of(row, ErrorDetail) for row in rows if isinstance(row, dict)]


def body_of(data: Any, model: type[Wire] = ErrorBody) -> Any:
    """Whatever came, as an error body; an empty one where it is no object."""
    try:
        return model.model_validate(data if isinstance(data, dict) else {})
    except ValidationError:
        return model()


def error_of(
    response: HttpResponse,
    *,
    record: str = '',
    values: Mapping[str, Any] | None = None,
    collection: bool = True,
    time_zone: str | None = None,
) -> SyncError:
    """The error that an answer >= 400 stands for. Never raises.

    :param record: what to call the record at fault, e.g. ``contact Ada Lovelace``.
    :param values: what we sent for it, so that the refused value can be shown.
    :param collection: the path named no single record: a 404 then speaks of the path itself.
    :param time_zone: of the account, to know when its day ends.
    """
    body = _body(response)
    facts = {
        'code': body.code,
        'status': response.status,
        'request_id': body.correlation_id or response.request_id,
        'retry_after': _retry_after(response.headers),
    }
    if response.status in (401, 423, 429, 477) or response.status >= 500:
        return _of_connection(response.status, body, facts, time_zone)
    if response.status == 403 and is_permission(body):
        return _permission(body, facts)
    if response.status in (404, 405, 413, 414, 415) and collection:
        return _wrong_request(response.status, body, facts)
    return refusal(body, facts, record=record, values=values)


def _body(response: HttpResponse) -> ErrorBody:
    try:
        return body_of(response.json())
    except ContractError:
        return ErrorBody(message=f'an answer that is no JSON, status {response.status}')


def _retry_after(headers: Mapping[str, str]) -> float | None:
    now = datetime.now(timezone.utc)
    return parse_retry_after(headers.get('retry-after'), now, milliseconds_above=600)


def _of_connection(
    status: int, body: ErrorBody, facts: dict[str, Any], time_zone: str | None
) -> SyncError:
    message = f'HubSpot answered {status}: {body.words}'
    if status == 401:
        return AuthError(message, user_message=_SIGN_IN, **facts)
    if status == 429:
        return _rate_limit(message, body, facts, time_zone)
    if status == 423:
        facts['retry_after'] = max(2.0, facts['retry_after'] or 0)
    return TransientError(message, user_message=_BUSY, **facts)


_SIGN_IN = (
    'HubSpot no longer accepts the connection’s token. Open the connection and enter a new token, '
    'or press Connect again.'
)
_BUSY = 'HubSpot cannot answer at the moment. The synchronisation tries again by itself.'


def _rate_limit(
    message: str, body: ErrorBody, facts: dict[str, Any], time_zone: str | None
) -> RateLimitError:
    daily = 'DAILY' in (body.policy or '').upper() or 'daily limit' in (body.message or '')
    facts['code'] = body.policy or ('DAILY' if daily else 'RATE_LIMIT')
    if facts['retry_after'] is None:
        facts['retry_after'] = seconds_to_midnight(time_zone) if daily else 10.0
    told = (
        'The HubSpot account has used up its calls for today; the synchronisation goes on after '
        'midnight (in the account’s time zone).'
        if daily
        else 'HubSpot asks us to slow down; the synchronisation goes on by itself.'
    )
    return RateLimitError(message, user_message=told, **facts)


def seconds_to_midnight(time_zone: str | None, now: datetime | None = None) -> float:
    """Seconds until the account's day ends; an hour where its time zone is not known."""
    try:
        zone = ZoneInfo(time_zone or '')
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return 3600.0
    here = (now or datetime.now(timezone.utc)).astimezone(zone)
    midnight = datetime.combine(here.date() + timedelta(days=1), time(), zone)
    return (midnight.astimezone(timezone.utc) - here.astimezone(timezone.utc)).total_seconds() + 1


def is_permission(body: ErrorBody) -> bool:
    """Whether the refusal is about the token's scopes and not about one record."""
    return body.category == 'MISSING_SCOPES' or bool(_NO_PERMISSION.search(body.message or ''))


def _permission(body: ErrorBody, facts: dict[str, Any]) -> ConfigurationError:
    context = next((detail.context for detail in body.details if detail.context), None) or {}
    scopes = context.get('requiredGranularScopes') or context.get('requiredScopes')
    named = ', '.join(map(str, scopes[:5])) if isinstance(scopes, list) else ''
    facts['code'] = 'MISSING_SCOPES'
    return ConfigurationError(
        f'HubSpot answered 403: {shortened(body.message or body.words, 300)}',
        user_message='HubSpot does not let the connection’s token do this. Grant the app the scopes '
        f'it lacks{f" (one of: {named})" if named else ""}, then connect again.',
        **facts,
    )


def _wrong_request(status: int, body: ErrorBody, facts: dict[str, Any]) -> ContractError:
    told = {
        404: 'HubSpot does not know the address we call. Check the API version of the connection '
        'and that the object exists in this account.',
        413: 'HubSpot finds the request too large. Map fewer fields or lower the batch size.',
        414: 'HubSpot finds the address of the request too long. Map fewer fields.',
    }
    return ContractError(
        f'HubSpot answered {status}: {body.words}',
        user_message=told.get(status, 'HubSpot does not take this kind of request any more.'),
        **(facts | {'code': facts['code'] or f'HTTP_{status}'}),
    )


def refusal(
    body: ErrorBody,
    facts: dict[str, Any],
    *,
    record: str = '',
    values: Mapping[str, Any] | None = None,
) -> SyncError:
    """The error of one record: a whole answer's, or one entry of a 207's ``errors``."""
    text = f'{body.message or ""} {body.words}'
    existing = _EXISTING.search(text)
    if body.category in ('CONFLICT', 'OBJECT_ALREADY_EXISTS') or existing:
        return _conflict(body, facts, existing, record)
    if gone(body, facts.get('status')):
        return _gone(body, facts, record)
    return _invalid(body, facts, record, values or {})


def gone(body: ErrorBody, status: int | None) -> bool:
    """Whether the refusal says that the record is not there (deleted, or merged into another)."""
    if body.category == 'OBJECT_NOT_FOUND' or status == 404:
        return True
    return not body.details and bool(_MERGED_OR_GONE.search(body.message or ''))


def _conflict(
    body: ErrorBody, facts: dict[str, Any], existing: re.Match | None, record: str
) -> ConflictError:
    other = (existing[1] or existing[2]) if existing else None
    which = f'record {other}' if other else 'another record'
    return ConflictError(
        f'HubSpot refuses {record or "the record"}: {body.words}',
        user_message=f'HubSpot already has {which} with a value that must be unique, so '
        f'{record or "the record"} was not written. Link the two records, merge them in HubSpot, or '
        'correct the value in Odoo.',
        remote_id=other,
        field=_field(body),
        **(facts | {'code': body.category or facts['code']}),
    )


def _gone(body: ErrorBody, facts: dict[str, Any], record: str) -> DataError:
    return DataError(
        f'HubSpot does not know {record or "the record"}: {body.words}',
        user_message=f'{sentence_start(record or "the record")} is no longer in HubSpot. Restore it '
        'there within 90 days, or remove the link so that it is created anew.',
        **(facts | {'code': 'OBJECT_NOT_FOUND'}),
    )


def _field(body: ErrorBody) -> str | None:
    named = (detail.property_name for detail in body.details)
    return next(filter(None, named), None) or first(body.context, 'propertyName')


def _invalid(
    body: ErrorBody, facts: dict[str, Any], record: str, values: Mapping[str, Any]
) -> DataError:
    name = _field(body)
    code = facts['code']
    if name and code in _MISSING:
        told = _told_missing(body, record)
    elif name:
        told = _told_refused(code, body, name, record, values.get(name))
    else:
        told = f'HubSpot refuses {record or "the record"}: {body.words}'
    return DataError(
        f'HubSpot refuses {record or "the record"}: {body.words}',
        user_message=told,
        field=name,
        **facts,
    )


def _told_missing(body: ErrorBody, record: str) -> str:
    names = [detail.property_name for detail in body.details if detail.property_name]
    lacking = ', '.join(known_as(name) for name in dict.fromkeys(names)) or known_as(_field(body))
    return (
        f'HubSpot demands a value for {lacking}, which {record or "the record"} lacks. Fill it in in '
        'Odoo, map it, or ask the HubSpot administrator to drop the rule.'
    )


def _told_refused(code: str | None, body: ErrorBody, name: str, record: str, value: Any) -> str:
    of_record = f' of {record}' if record else ''
    shown = f' ‘{shortened(value)}’' if value not in (None, '') else ''
    reason = _WRONG.get(code or '') or body.words.rstrip('.')
    remedy = (
        'Change or remove the line of the mapping.'
        if code in _MAPPING_AT_FAULT
        else 'Correct it in Odoo or change the mapping.'
    )
    return f'HubSpot refuses the {known_as(name)}{shown}{of_record}: {reason}. {remedy}'


def known_as(name: str | None) -> str:
    """What a person calls the property."""
    return _KNOWN_AS.get(name or '') or f'property {name}'


def sentence_start(text: str) -> str:
    return text[:1].upper() + text[1:]
