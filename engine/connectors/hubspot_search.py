"""Search: record ids by the value of a property, and what was modified in a window of time.

HubSpot's search bounds everything (200 a page, 10,000 a query, 3,000 characters a body, five
calls a second) and its index lags. Promise of the poll: a window is walked to its end, however
many records it holds and however many of them share a millisecond, because pages are found by the
last time seen and, inside one millisecond, by the last id: never by offset, under which records
slide away while they are being modified. A record may come twice, none is left out that the index
held when its place was passed.

Weakness: what the index does not yet show is not found; the caller's next window overlaps. Sources:
search guide (2026-03), public reports of production connectors.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from ..contracts import Page, RemoteRecord
from ..errors import ContractError, TransientError
from .hubspot_api import HubSpotApi
from .hubspot_objects import OBJECT_ID, ObjectType
from .hubspot_wire import RecordPage, WireRecord, milliseconds, moment

PAGE = 200
MOST = 10_000
#: Leaves room for the rest of the body below HubSpot's 3,000 characters.
MOST_CHARACTERS = 2_000
#: Search fails on the epoch itself.
EARLIEST_MS = 1_000


# --- by value ---------------------------------------------------------------------------------


def ids_holding(
    api: HubSpotApi, kind: ObjectType, field: str, values: Sequence[str]
) -> list[str]:
    """Ids of the records whose ``field`` is one of ``values``; at most 10,000 for one value."""
    found: dict[str, None] = {}
    for some in _portions([value.lower() for value in values]):
        found |= dict.fromkeys(_search_values(api, kind, field, some))
    return list(found)


def _portions(values: Sequence[str]) -> list[list[str]]:
    """``values`` in lists of at most 100 that fit into a body."""
    portions: list[list[str]] = []
    room = 0
    for value in dict.fromkeys(values):
        need = len(json.dumps(value)) + 1
        if room < need or len(portions[-1]) == 100:
            portions.append([])
            room = MOST_CHARACTERS
        portions[-1].append(value)
        room -= need
    return portions


def _search_values(
    api: HubSpotApi, kind: ObjectType, field: str, values: Sequence[str]
) -> list[str]:
    filters = [{'propertyName': field, 'operator': 'IN', 'values': list(values)}]
    ids: list[str] = []
    after: str | None = '0'
    while after is not None and _offset(after) + PAGE <= MOST:
        answer = search(api, kind, filters, sort=OBJECT_ID, after=after)
        ids += [record.id for record in answer.results]
        after = _further(after, answer.after)
    if after is not None and len(values) > 1:
        middle = len(values) // 2
        halves = values[:middle], values[middle:]
        return [one for half in halves for one in _search_values(api, kind, field, half)]
    return ids


def _further(after: str, following: str | None) -> str | None:
    """The next page's place. One that does not lead on would have us read for ever."""
    if following is not None and _offset(following) <= _offset(after):
        raise ContractError(
            f'a search goes on from {after} to {following}',
            user_message='HubSpot answered a search with the same page again and again. Nothing '
            'was lost; tell the maintainer of the connector.',
            code='UNKNOWN_ANSWER',
        )
    return following


def _offset(after: str) -> int:
    """How many records a page of a search leaves out; its paging is by number."""
    if not re.fullmatch(r'[0-9]{1,9}', after):
        raise ContractError(
            f'a search pages by number, not by {after[:60]!r}',
            user_message='HubSpot answered a search in a form this version does not know. Nothing '
            'was lost; tell the maintainer of the connector.',
            code='UNKNOWN_ANSWER',
        )
    return int(after)


def search(
    api: HubSpotApi,
    kind: ObjectType,
    filters: list[dict[str, Any]],
    *,
    sort: str,
    after: str | None = None,
) -> RecordPage:
    """One page of a search, oldest or lowest first."""
    body: dict[str, Any] = {
        'filterGroups': [{'filters': filters}] if filters else [],
        'sorts': [{'propertyName': sort, 'direction': 'ASCENDING'}],
        'properties': [kind.modified],
        'limit': PAGE,
    }
    if after and after != '0':
        body['after'] = after
    return api.ask(RecordPage, api.paths.search(kind.name), body, bucket='search')


# --- by time ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """How far a poll has come: the cursor.

    ``at`` is the millisecond from which to go on; with ``above``, only that millisecond is read,
    from the ids above it. ``skip`` is an offset, used only after a page that showed nothing inside
    the window.
    """

    at: int
    above: str = ''
    skip: int = 0

    def text(self) -> str:
        return f'{self.at}:{self.above}:{self.skip}'

    @classmethod
    def of(cls, cursor: str) -> Place:
        if not re.fullmatch(r'[0-9]{1,15}:[0-9]{0,20}:[0-9]{1,5}', cursor):
            raise ContractError(f'not a cursor of ours: {cursor[:60]!r}')
        at, above, skip = cursor.split(':')
        return cls(int(at), above, int(skip))


def poll_page(
    api: HubSpotApi, kind: ObjectType, since: datetime, until: datetime, cursor: str | None
) -> Page:
    """One page of what was modified in [since, until], oldest first."""
    place = Place.of(cursor) if cursor else Place(max(milliseconds(since), EARLIEST_MS))
    last = milliseconds(until)
    if place.at > last:
        return Page(records=())
    answer = _poll_search(api, kind, place, last)
    if place.above:
        return _page_of_millisecond(kind, place, answer)
    return _page_of_window(kind, place, last, answer)


def _poll_search(api: HubSpotApi, kind: ObjectType, place: Place, last: int) -> RecordPage:
    if place.above:
        filters = [
            _filter(kind.modified, 'EQ', place.at), _filter(OBJECT_ID, 'GT', place.above)
        ]
        return search(api, kind, filters, sort=OBJECT_ID)
    filters = [_filter(kind.modified, 'GTE', place.at), _filter(kind.modified, 'LTE', last)]
    return search(api, kind, filters, sort=kind.modified, after=str(place.skip))


def _filter(name: str, operator: str, value: int | str) -> dict[str, str]:
    return {'propertyName': name, 'operator': operator, 'value': str(value)}


def _page_of_millisecond(kind: ObjectType, place: Place, answer: RecordPage) -> Page:
    records = tuple(_record(kind, one) for one in answer.results)
    if len(answer.results) < PAGE:
        return Page(records=records, cursor=Place(place.at + 1).text())
    highest = max(answer.results, key=lambda one: int(one.id)).id
    return Page(records=records, cursor=replace(place, above=highest).text())


def _page_of_window(kind: ObjectType, place: Place, last: int, answer: RecordPage) -> Page:
    times = [_time(kind, one) for one in answer.results]
    inside = [
        one for one, at in zip(answer.results, times, strict=True) if at is None or at <= last
    ]
    records = tuple(_record(kind, one) for one in inside)
    if answer.after is None:
        return Page(records=records)
    seen = [at for at in times if at is not None and place.at <= at <= last]
    return Page(records=records, cursor=_next(place, seen).text())


def _next(place: Place, seen: list[int]) -> Place:
    """Where to go on after a full page whose records show the times ``seen``."""
    if not seen:
        return _skip(place)
    if seen[-1] > place.at:
        return Place(seen[-1])
    return Place(place.at, above='0')


def _skip(place: Place) -> Place:
    """A whole page was modified after the window: the index is behind."""
    if place.skip + 2 * PAGE > MOST:
        raise TransientError('HubSpot’s search index is too far behind to be polled')
    return replace(place, skip=place.skip + PAGE)


def _time(kind: ObjectType, record: WireRecord) -> int | None:
    at = moment(record.properties.get(kind.modified)) or record.updated_at
    return milliseconds(at) if at else None


def _record(kind: ObjectType, record: WireRecord) -> RemoteRecord:
    return RemoteRecord(
        remote_id=record.id,
        updated_at=moment(record.properties.get(kind.modified)) or record.updated_at,
        created_at=record.created_at,
        url=record.url,
    )
