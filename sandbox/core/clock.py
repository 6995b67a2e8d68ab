"""The sandbox's time.

Promise: milliseconds of the epoch that never go back, and never repeat when ``tick`` is used.
Weakness: it follows the machine's clock; only the strictly rising ``tick`` is its own.
"""

from __future__ import annotations

import threading
import time
from datetime import datetime, timezone


def iso(milliseconds: int) -> str:
    """``1729453847612`` as ``2024-10-20T19:50:47.612Z``."""
    seconds, rest = divmod(milliseconds, 1000)
    moment = time.gmtime(seconds)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', moment)}.{rest:03d}Z"


def parse_iso(text: str) -> int:
    """Milliseconds of the epoch of an ISO 8601 text (UTC assumed). Raises ``ValueError``."""
    # datetime.fromisoformat learnt the Z suffix only in Python 3.11.
    moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return round(moment.timestamp() * 1000)


class Clock:
    """Wall time in milliseconds, guarded against steps backwards."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def now(self) -> int:
        """Milliseconds since the epoch, never less than an earlier answer."""
        with self._lock:
            self._last = max(self._last, time.time_ns() // 1_000_000)
            return self._last
