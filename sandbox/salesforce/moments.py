"""Dates and times as Salesforce writes and reads them.

Promise: a moment is kept in milliseconds of the epoch, whole seconds, and written with ``+0000``;
what is not ISO 8601 raises ``ValueError``. Weakness: years before 1700 and after 4000 are refused,
as there.
"""

from __future__ import annotations

import re
import time
from datetime import date, datetime, timedelta, timezone
from email.utils import formatdate, parsedate_to_datetime

DAY_MS = 86_400_000
MOMENT = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|[+-]\d\d:?\d\d)"
)
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def text_of(milliseconds: int) -> str:
    """``2013-05-07T22:07:19.000+0000``."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}+0000"


def soap_text(milliseconds: int) -> str:
    """The same in XML: ``2019-10-24T14:25:43.000Z``."""
    return text_of(milliseconds).replace("+0000", "Z")


def parse(text: str) -> int:
    """Milliseconds of a date with time and zone. Raises ``ValueError``."""
    match = MOMENT.fullmatch(text.strip().replace(" ", "+"))
    if match is None:
        raise ValueError(f"{text} is not a date with time and zone")
    day, hours, minutes, seconds, fraction, zone = match.groups()
    base = datetime.combine(parse_date(day), datetime.min.time(), timezone.utc)
    moment = base + timedelta(hours=_upto(hours, 23), minutes=_upto(minutes, 59))
    moment += timedelta(seconds=_upto(seconds or "0", 59)) - _offset(zone)
    return (moment - EPOCH) // timedelta(milliseconds=1) + int(((fraction or "") + "000")[:3])


def _upto(text: str, most: int) -> int:
    if int(text) > most:
        raise ValueError(f"{text} is over {most}")
    return int(text)


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta()
    digits = zone[1:].replace(":", "")
    size = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -size if zone[0] == "-" else size


def parse_date(text: str) -> date:
    """A day between 1700 and 4000. Raises ``ValueError``."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        raise ValueError(f"{text} is not a date")
    found = date.fromisoformat(text)
    if not 1700 <= found.year <= 4000:
        raise ValueError(f"{text} is out of range")
    return found


def day_start(day: date) -> int:
    """Midnight UTC of a day, in milliseconds."""
    return (day - date(1970, 1, 1)).days * DAY_MS


def day_of(milliseconds: int) -> date:
    """The UTC day of a moment."""
    return date(1970, 1, 1) + timedelta(days=milliseconds // DAY_MS)


def http_text(milliseconds: int) -> str:
    """``Wed, 21 Oct 2026 07:28:00 GMT``."""
    return formatdate(milliseconds // 1000, usegmt=True)


def parse_http(text: str) -> int | None:
    """Milliseconds of an HTTP date; None for anything else."""
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return round(found.timestamp() * 1000)
