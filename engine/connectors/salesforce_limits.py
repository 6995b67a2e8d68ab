"""What Salesforce's answers tell of its limits.

Promise: ``Sforce-Limit-Info: api-usage=10018/100000`` becomes a reading of the bucket ``daily``.
The header has grown before (``per-app-api-usage=…``, ``api-bursts=…``); what we do not know in it
is passed over. The calls are counted over the last 24 hours, so the allowance comes back by and by.
Source: REST API Developer Guide, "Limit Info Header".

The resource ``/limits`` says the same when nobody has called for a while, and how much came back.

Weakness: the limit on calls that take longer than 20 seconds is only seen when it is hit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..http import RateReading
from .salesforce_api import SalesforceApi
from .salesforce_wire import DailyRequests, Limits, read_model

DAY = 86_400.0
_USAGE = re.compile(r'(?:^|[;,\s])api-usage=(\d{1,12})/(\d{1,12})(?![\d(])')


def rate_headers(headers: Mapping[str, str]) -> list[RateReading]:
    """The reading of an answer's header; none where it is missing or unreadable."""
    match = _USAGE.search(headers.get('sforce-limit-info', ''))
    if not match:
        return []
    used, limit = int(match[1]), int(match[2])
    if not limit:
        return []
    return [RateReading('daily', limit=limit, remaining=max(limit - used, 0), period=DAY)]


def limits(api: SalesforceApi) -> list[RateReading]:
    """What is left of the day, asked for; nothing where the answer does not tell."""
    answer = read_model(Limits, api.request('GET', '/limits'))
    day = answer.requests or DailyRequests()
    if not day.most or day.left is None:
        return []
    return [RateReading('daily', limit=day.most, remaining=max(day.left, 0), period=DAY)]
