"""PostgreSQL's own troubles, told from those of a record.

A full disk, a server that shuts down, a connection that was cut: nobody's data is at fault, halving
the batch finds nobody, and it ends without us. What is cancelled (57014) is not among them: a time
limit may well be one record's doing.
"""

from __future__ import annotations

import psycopg2

from ..engine.errors import TransientError

#: Classes of SQLSTATE: connection, resources, operator intervention, system.
_CLASSES = ('08', '53', '57P', '58')


def is_outage(error: BaseException) -> bool:
    """Whether the database could not work, whatever it was asked."""
    if not isinstance(error, psycopg2.Error):
        return False
    if error.pgcode is None:  # it went without a word
        return isinstance(error, (psycopg2.OperationalError, psycopg2.InterfaceError))
    return error.pgcode.startswith(_CLASSES)


def as_transient(env, error: psycopg2.Error) -> TransientError:
    """What the lanes tell of it while they wait."""
    reason = error.diag.message_primary or str(error)
    return TransientError(
        f'PostgreSQL: {reason}', code=error.pgcode, user_message=env._(
            'The database of Odoo cannot work at the moment (%s). Once it can, the '
            'synchronisation goes on by itself.', reason))
