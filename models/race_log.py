"""Races between workers are expected and handled: Odoo's log need not call them bad queries.

Promise: within :func:`quiet_races`, and in its thread alone, the ERROR line that Odoo's cursor
writes for a statement is left out where PostgreSQL's answer is one of :data:`RACE_ERRORS`. Every
other line, and every other thread's, is written as ever. Who uses it handles these errors and says
so in the log in his own words.
"""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager

import psycopg2

from odoo.exceptions import LockError

#: What PostgreSQL answers to a transaction that lost a race; the work is simply done again.
RACE_ERRORS = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    LockError,
)
_CURSOR_LOG = logging.getLogger('odoo.sql_db')


class _WithoutRaces(logging.Filter):
    def __init__(self):
        super().__init__()
        self._thread = threading.get_ident()

    def filter(self, record):
        arguments = record.args if isinstance(record.args, tuple) else ()
        return record.thread != self._thread or not any(
            isinstance(argument, RACE_ERRORS) for argument in arguments)


@contextmanager
def quiet_races():
    """Leave lost races out of the cursor's log while the block runs."""
    without_races = _WithoutRaces()
    _CURSOR_LOG.addFilter(without_races)
    try:
        yield
    finally:
        _CURSOR_LOG.removeFilter(without_races)
