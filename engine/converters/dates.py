"""Dates and times.

Canonical: ``YYYY-MM-DD`` and ``YYYY-MM-DDTHH:MM:SSZ`` (UTC, to the second, as Odoo keeps them). The
remote may send ISO 8601 or milliseconds since 1970; a time without a zone is UTC.

Options: ``time_zone`` of ``date_datetime`` (an IANA name, UTC unless given): the day a moment
falls on depends on it. A date goes out as noon of that zone, so that people up to eleven hours
away still read the same day.

Weakness: of a remote time ``date_datetime`` only keeps the day; two times on one day are equal.
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from .base import FieldSpec, OneField
from .text import one_line

_ISO = re.compile(
    r'(?P<day>\d{4}-\d\d-\d\d)'
    r'(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?)?'
    r' ?(?P<zone>Z|UTC|[+-]\d\d(?::?\d\d)?)?',
    re.ASCII,
)
_MILLISECONDS = re.compile(r'-?[0-9]{1,15}')
_DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_REMEDY = 'Correct the value, or use another converter.'


def moment(value: Any) -> datetime | None:
    """The aware UTC time, to the second, of an ISO text, of milliseconds or of a Python value;
    ``None`` where it is empty.

    :raises ValueError: it is none of these, or no time of the calendar.
    """
    if isinstance(value, datetime):
        return _utc(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), timezone.utc)
    text = one_line(value)
    if text is None:
        return None
    if _MILLISECONDS.fullmatch(text) and (len(text) > 9 or int(text) % _DAY == 0):
        # A short number that is no whole day is no time but something like 20260510.
        return _EPOCH + timedelta(seconds=int(text) // 1000)
    match = _ISO.fullmatch(text)
    if not match:
        raise ValueError('neither ISO 8601 nor milliseconds')
    return _of_iso(match)


def _of_iso(match: re.Match) -> datetime:
    clock = time(*(int(match[part] or 0) for part in ('hour', 'minute', 'second')))
    zone = match['zone'] or 'Z'
    if zone in ('Z', 'UTC'):
        offset = timedelta()
    else:
        hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(':') or 0)
        offset = timedelta(hours=hours, minutes=minutes) * (-1 if zone[0] == '-' else 1)
    return _utc(datetime.combine(date.fromisoformat(match['day']), clock, timezone(offset)))


def _utc(value: datetime) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=timezone.utc)
    return aware.astimezone(timezone.utc).replace(microsecond=0)


class _Temporal(OneField):
    def _moment(self, value: Any) -> datetime | None:
        try:
            found = moment(value)
        except (ValueError, OverflowError):
            self.refuse(value, 'it is no date or time', _REMEDY)
        if found is not None and not 1000 <= found.year <= 9998:
            # Years that every time zone and every text form of the calendar can hold.
            self.refuse(value, 'it is outside the years 1000 to 9998', _REMEDY)
        return found


class Date(_Temporal):
    """A day; of a remote time the day in UTC."""

    name = 'date'
    label = 'Date'
    odoo_types = frozenset(('date',))
    remote_types = frozenset(('date', 'string', 'other'))

    def canonical(self, value: Any) -> str | None:
        found = self._moment(value)
        return found and found.date().isoformat()

    def odoo(self, canonical: str) -> date:
        return date.fromisoformat(canonical)


class DateTime(_Temporal):
    """A moment, in UTC and to the second."""

    name = 'datetime'
    label = 'Date and time'
    odoo_types = frozenset(('datetime',))
    remote_types = frozenset(('datetime', 'string', 'other'))

    def canonical(self, value: Any) -> str | None:
        found = self._moment(value)
        return found and f'{found.replace(tzinfo=None).isoformat()}Z'

    def odoo(self, canonical: str) -> datetime:
        return datetime.fromisoformat(canonical.removesuffix('Z'))


class DateOfDateTime(_Temporal):
    """An Odoo date against a remote time: the day in the account's time zone."""

    name = 'date_datetime'
    label = 'Date, from a date and time'
    odoo_types = frozenset(('date',))
    remote_types = frozenset(('datetime', 'string', 'other'))

    def canonical(self, value: Any) -> str | None:
        found = self._moment(value)
        return found and found.date().isoformat()

    def from_remote(self, values: tuple[Any, ...]) -> str | None:
        found = self._moment(values[0])
        return found and self._day(found).isoformat()

    def to_remote(
        self, canonical: Any, current: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        if current and canonical is not None and self._means(current, canonical):
            return current
        return super().to_remote(canonical, current)

    def wire(self, canonical: str) -> str:
        noon = datetime.combine(date.fromisoformat(canonical), time(12), self._zone)
        return f'{_utc(noon).replace(tzinfo=None).isoformat()}Z'

    def odoo(self, canonical: str) -> date:
        return date.fromisoformat(canonical)

    @property
    def _zone(self) -> ZoneInfo:
        return ZoneInfo(self.spec.params.get('time_zone') or 'UTC')

    def _day(self, found: datetime) -> date:
        return found.astimezone(self._zone).date()

    def _means(self, current: tuple[Any, ...], canonical: str) -> bool:
        try:
            found = moment(current[0])
        except (ValueError, OverflowError):
            return False
        return found is not None and self._day(found).isoformat() == canonical

    @classmethod
    def problem(cls, spec: FieldSpec) -> str | None:
        name = spec.params.get('time_zone') or 'UTC'
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            return f'"time_zone" has to be a name like "Europe/Brussels", not {name!r}.'
        return None
