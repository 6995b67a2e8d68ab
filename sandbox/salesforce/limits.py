"""What the org has left: the ``Sforce-Limit-Info`` header and the ``/limits`` resource.

Promise: every authenticated call counts, a composite one once; over the daily limit a call is 403
REQUEST_LIMIT_EXCEEDED. Weakness: the day is the time since the last reset, not 24 rolling hours; no
limit to calls that run for long.
"""

from __future__ import annotations

from typing import Any

from .config import Options
from .errors import ApiError


class Usage:
    """Counts calls."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.calls = 0

    def take(self) -> None:
        """Count a call. Raises :class:`ApiError`."""
        limits = self.options.limits
        if limits.enabled and self.calls >= limits.daily:
            raise exceeded()
        self.calls += 1

    def header(self) -> dict[str, str]:
        """What every answer says."""
        limits = self.options.limits
        text = f"api-usage={self.calls}/{limits.daily}"
        if limits.bursts:
            text += f"; api-bursts={limits.bursts}"
        return {"Sforce-Limit-Info": text}

    def resource(self) -> dict[str, Any]:
        """``/limits``."""
        daily = self.options.limits.daily
        return {
            "DailyApiRequests": {"Max": daily, "Remaining": max(0, daily - self.calls)},
            "DailyAsyncApexExecutions": {"Max": 250_000, "Remaining": 250_000},
            "DailyBulkApiBatches": {"Max": 15_000, "Remaining": 15_000},
            "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
            "DataStorageMB": {"Max": 5120, "Remaining": 5119},
            "FileStorageMB": {"Max": 20_480, "Remaining": 20_480},
        }


def exceeded() -> ApiError:
    """403 for a call too many."""
    return ApiError("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
