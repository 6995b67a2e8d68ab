"""What HubSpot's refusals mean to us.

====== ============================================ ============ ===============================
status body                                         class        what a person is told
====== ============================================ ============ ===============================
400    a property, MISSING_REQUIRED_PROPERTY …      data         property, value, remedy
400    CONFLICTING_UNIQUE_VALUE, ``N already has …`` conflict    which record holds the value
400    "non-unique … property"                      auth         create our unique property
401    any                                          auth         enter a new token
403    MISSING_SCOPES, "do not have permissions"    auth         which scopes to grant
403    anything else about one record               data         HubSpot's own sentence
404    about a record                               data         the record is not there
404    of a collection, mostly an HTML page         contract     check the API version
409    ``Existing ID: N``                           conflict     link or correct
413, 414 HTML                                       contract     fewer fields
423    locked by a mass update                      transient    at least 2 s
429    policyName DAILY                             rate_limit   until the account's midnight
429    anything else                                rate_limit   Retry-After, or 10 s (search 1 s)
477    account moves to another data centre         transient    Retry-After
5xx    any                                          transient    -
====== ============================================ ============ ===============================

A missing scope is ``auth`` (:class:`~..errors.ConfigurationError`): nothing of that kind can
succeed until a person grants it, and lanes that wait lose nothing. The same holds for a missing
unique property. Sources: HubSpot's error-handling page, recorded traffic, public reports where
they say more.

Promise: every body is tolerated. Weakness: the words of HubSpot's messages are no part of its API.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ..errors import (
    AuthError,
    ConfigurationError,
    ContractError,
    RateLimitError,
    SyncError,
    TransientError,
)
from ..http import HttpResponse
from ..ratelimit import parse_retry_after
from .hubspot_error_body import ErrorBody, body_of_answer, shortened
from .hubspot_refusals import refusal

_NO_PERMISSION = re.compile(r'do(?:es)? not have permissions?|required scopes|\(requires ')
_REQUIRES = re.compile(r'\(requires one of \[([^\]]{1,300})\]\)')
_NOT_UNIQUE = re.compile(r'Unable to perform \w+ by non-unique')
_SIGN_IN = (
    'HubSpot no longer accepts the connection’s token. Open the connection and enter a new '
    'token, or press Connect again.'
)
_BUSY = 'HubSpot cannot answer at the moment. The synchronisation tries again by itself.'
_SLOWER = 'HubSpot asks us to slow down; the synchronisation goes on by itself.'
_TOMORROW = (
    'The HubSpot account has used up its calls for today; the synchronisation goes on after '
    'midnight in the account’s time zone.'
)
_WRONG_REQUEST = {
    404: 'HubSpot does not know the address we call. Check the API version of the connection and '
    'that the object exists in this account.',
    413: 'HubSpot finds the request too large. Map fewer fields or lower the batch size.',
    414: 'HubSpot finds the address of the request too long. Map fewer fields.',
}


def error_of(
    response: HttpResponse,
    *,
    record: str = '',
    values: Mapping[str, Any] | None = None,
    collection: bool = True,
    time_zone: str | None = None,
    path: str = '',
) -> SyncError:
    """The error that an answer >= 400 stands for. Never raises.

    :param record: what to call the record at fault, e.g. ``contact Ada Lovelace``.
    :param values: what we sent for it, so that the refused value can be shown.
    :param collection: the path named no single record: a 404 then speaks of the path itself.
    :param time_zone: of the account, to know when its day ends.
    :param path: that was called, to tell which of many scopes is the one to grant.
    """
    body = body_of_answer(response)
    facts = {
        'code': body.code,
        'status': response.status,
        'request_id': body.correlation_id or response.request_id,
        'retry_after': _retry_after(response.headers),
    }
    if response.status in (401, 423, 429, 477) or response.status >= 500:
        return _of_connection(response.status, body, facts, time_zone)
    if response.status == 403 and is_permission(body):
        return _permission(body, facts, path)
    if _NOT_UNIQUE.search(body.message or ''):
        return _no_unique_property(body, facts)
    if response.status in (404, 405, 413, 414, 415) and collection:
        return _wrong_request(response.status, body, facts)
    return refusal(body, facts, record=record, values=values)


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


def _rate_limit(
    message: str, body: ErrorBody, facts: dict[str, Any], time_zone: str | None
) -> RateLimitError:
    policy = (body.policy or '').upper()
    daily = policy == 'DAILY' or 'daily limit' in (body.message or '')
    facts['code'] = policy or ('DAILY' if daily else 'RATE_LIMIT')
    if facts['retry_after'] is None:
        short = 1.0 if policy == 'SECONDLY' else 10.0
        facts['retry_after'] = seconds_to_midnight(time_zone) if daily else short
    return RateLimitError(message, user_message=_TOMORROW if daily else _SLOWER, **facts)


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


def _permission(body: ErrorBody, facts: dict[str, Any], path: str) -> ConfigurationError:
    scopes = _scopes(body, path)
    which = f'one of these scopes: {", ".join(scopes[:5])}' if scopes else 'the scopes it lacks'
    return ConfigurationError(
        f'HubSpot answered 403: {shortened(body.message or body.words, 300)}',
        user_message='HubSpot does not let the connection’s token do this. Grant the app '
        f'{which}; then connect again.',
        **(facts | {'code': 'MISSING_SCOPES'}),
    )


def _scopes(body: ErrorBody, path: str) -> list[str]:
    """The scopes any of which would do; those of the object that was called, where there are."""
    context = next((detail.context for detail in body.details if detail.context), None) or {}
    listed = context.get('requiredGranularScopes') or context.get('requiredScopes')
    if not isinstance(listed, list):
        inside = _REQUIRES.search(body.message or '')
        return inside[1].split(', ') if inside else []
    scopes = sorted(map(str, listed))
    return [one for one in scopes if one.rpartition('.')[0].rpartition('.')[2] in path] or scopes


def _no_unique_property(body: ErrorBody, facts: dict[str, Any]) -> ConfigurationError:
    return ConfigurationError(
        f'HubSpot answered {facts["status"]}: {body.words}',
        user_message='HubSpot lacks the unique property by which records are told apart, or it is '
        'not unique. Open the connection and create it again.',
        **(facts | {'code': 'EXTERNAL_ID_MISSING'}),
    )


def _wrong_request(status: int, body: ErrorBody, facts: dict[str, Any]) -> ContractError:
    told = _WRONG_REQUEST.get(status, 'HubSpot does not take this kind of request any more.')
    return ContractError(
        f'HubSpot answered {status}: {body.words}',
        user_message=told,
        **(facts | {'code': facts['code'] or f'HTTP_{status}'}),
    )
