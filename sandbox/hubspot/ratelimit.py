"""Rate limits: a burst per app, searches per account, a day per account.

Source: usage guidelines (190 per 10 s and 625,000 a day for Professional, 110 for OAuth apps, 5
searches a second outside the burst). Promise: measured by a real clock, sliding windows; headers as
recorded; refused calls cost nothing. Weakness: the day ends at midnight UTC, not the account's.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from typing import Any

from .auth import Grant
from .config import Options
from .errors import ApiError

MESSAGES = {
    "TEN_SECONDLY_ROLLING": "You have reached your ten_secondly_rolling limit.",
    "SECONDLY": "You have reached your secondly limit.",
    "DAILY": "You have reached your daily limit.",
}


class Window:
    """Moments of calls."""

    def __init__(self) -> None:
        self._times: deque[float] = deque()

    def used(self, now: float, seconds: float) -> int:
        """How many calls there were in the ``seconds`` before ``now``."""
        while self._times and self._times[0] <= now - seconds:
            self._times.popleft()
        return len(self._times)

    def add(self, now: float) -> None:
        """Count a call."""
        self._times.append(now)


def rate_error(policy: str, request_id: str) -> ApiError:
    """429 with the policy that was hit."""
    return ApiError(
        429, None, MESSAGES[policy], errorType="RATE_LIMIT", policyName=policy, requestId=request_id
    )


class RateLimits:
    """The account's counters."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self._bursts: dict[int, Window] = defaultdict(Window)
        self._searches = Window()
        self._day = ""
        self._today = 0
        self.refused: dict[str, int] = defaultdict(int)

    def take(self, grant: Grant, *, search: bool) -> str | None:
        """Count a call; the policy that refuses it, if any."""
        limits, now = self.options.limits, time.monotonic()
        self._roll()
        policy = None
        if not grant.oauth and self._today >= limits.daily:
            policy = "DAILY"
        elif search and self._searches.used(now, 1.0) >= limits.search_per_second:
            policy = "SECONDLY"
        elif not search and self._used(grant, now) >= self._burst(grant):
            policy = "TEN_SECONDLY_ROLLING"
        if policy and limits.enabled:
            self.refused[policy] += 1
            return policy
        self._today += not grant.oauth
        (self._searches if search else self._bursts[grant.app_id]).add(now)
        return None

    def headers(self, grant: Grant, *, search: bool) -> dict[str, str]:
        """As recorded: searches tell the day only, OAuth apps tell no day."""
        limits, found = self.options.limits, {}
        if not grant.oauth:
            found["X-HubSpot-RateLimit-Daily"] = str(limits.daily)
            found["X-HubSpot-RateLimit-Daily-Remaining"] = str(max(0, limits.daily - self._today))
        if not search:
            most = self._burst(grant)
            left = max(0, most - self._used(grant, time.monotonic()))
            found["X-HubSpot-RateLimit-Interval-Milliseconds"] = str(limits.interval_ms)
            found["X-HubSpot-RateLimit-Max"] = str(most)
            found["X-HubSpot-RateLimit-Remaining"] = str(left)
            found["X-HubSpot-RateLimit-Secondly"] = str(most // 10)
            found["X-HubSpot-RateLimit-Secondly-Remaining"] = str(min(left, most // 10))
        return found

    def usage(self) -> dict[str, Any]:
        """Counters for the usage endpoint and the control surface."""
        self._roll()
        now = time.monotonic()
        return {
            "daily": self._today,
            "daily_limit": self.options.limits.daily,
            "burst": {
                str(app): window.used(now, self._interval) for app, window in self._bursts.items()
            },
            "search": self._searches.used(now, 1.0),
            "refused": dict(self.refused),
        }

    def _used(self, grant: Grant, now: float) -> int:
        return self._bursts[grant.app_id].used(now, self._interval)

    @property
    def _interval(self) -> float:
        return self.options.limits.interval_ms / 1000

    def _burst(self, grant: Grant) -> int:
        limits = self.options.limits
        return limits.oauth_burst if grant.oauth else limits.burst

    def _roll(self) -> None:
        day = time.strftime("%Y-%m-%d", time.gmtime())
        if day != self._day:
            self._day, self._today = day, 0
