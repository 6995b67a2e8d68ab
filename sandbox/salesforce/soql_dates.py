"""Date literals of SOQL: ``TODAY``, ``LAST_N_DAYS:30``, ``THIS_MONTH``.

Promise: each stands for a span of whole days, first and last included. Weakness: days are UTC,
weeks begin on Sunday; no fiscal periods.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

UNITS = ("DAY", "WEEK", "MONTH", "QUARTER", "YEAR")


def span(text: str, today: date) -> tuple[date, date] | None:
    """First and last day of a literal; None for what is none."""
    named = {"TODAY": 0, "YESTERDAY": -1, "TOMORROW": 1}
    if text in named:
        day = today + timedelta(days=named[text])
        return day, day
    word, _, count = text.partition(":")
    if word in ("LAST_90_DAYS", "NEXT_90_DAYS"):
        return _counted(word.replace("90", "N"), 90, today)
    if count:
        return _counted(word, int(count), today)
    which, _, unit = word.partition("_")
    if which in ("LAST", "THIS", "NEXT") and unit in UNITS[1:]:
        return _period(unit, today, {"LAST": -1, "THIS": 0, "NEXT": 1}[which])
    return None


def _counted(word: str, count: int, today: date) -> tuple[date, date] | None:
    """``LAST_N_DAYS:n`` ends today; ``LAST_N_MONTHS:n`` are the whole months before this one."""
    which, _, unit = word.partition("_N_")
    unit = unit.removesuffix("S")
    if which not in ("LAST", "NEXT") or unit not in UNITS or count < 1:
        return None
    if unit == "DAY":
        other = today + timedelta(days=-count if which == "LAST" else count)
        return (other, today) if which == "LAST" else (today + timedelta(days=1), other)
    near = _period(unit, today, -1 if which == "LAST" else 1)
    far = _period(unit, today, -count if which == "LAST" else count)
    return (far[0], near[1]) if which == "LAST" else (near[0], far[1])


def _period(unit: str, today: date, offset: int) -> tuple[date, date]:
    if unit == "WEEK":
        start = today - timedelta(days=today.isoweekday() % 7) + timedelta(weeks=offset)
        return start, start + timedelta(days=6)
    months = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}[unit]
    first = (today.year * 12 + today.month - 1) // months * months + offset * months
    last = first + months - 1
    end = calendar.monthrange(last // 12, last % 12 + 1)[1]
    return date(first // 12, first % 12 + 1, 1), date(last // 12, last % 12 + 1, end)
