"""The cursor of the queue: short, its own, READ COMMITTED.

Odoo's transactions are REPEATABLE READ: there, ``FOR UPDATE SKIP LOCKED`` raises a serialization
failure for a row that changed after the snapshot, and an upsert that meets a concurrent one fails
likewise. Queue bookkeeping wants the opposite: take what is free *now* and go on. Dispatch,
claim, sweep and rescue, budgets and breakers therefore run here, in transactions of a few
milliseconds that wait for no remote. The settlement alone shares the transaction of the business
writes, because they must commit together.

Weakness: two commits where one would do; a crash between them is what leases, tokens and the
sweep of :mod:`.sync_lane` are for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED, STATUS_READY
from psycopg2.extras import execute_values

from odoo.sql_db import BaseCursor, Cursor
from odoo.tools import SQL


@contextmanager
def queue_cursor(env) -> Iterator[BaseCursor]:
    """A fresh READ COMMITTED cursor, committed on success and rolled back on error.

    Under Odoo's test mode the registry hands out a cursor nested in the test's own transaction;
    its isolation cannot change any more, and has no rival to be isolated from.
    """
    with env.registry.cursor() as cr:
        if isinstance(cr, Cursor):
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        yield cr


@contextmanager
def cursor_after_commit(env) -> Iterator[BaseCursor]:
    """The cursor of ``env``, whose transaction has just been committed, with each statement a
    transaction of its own: a single one then takes one trip to the server and not three.

    A fresh cursor where somebody else's hook has begun a transaction there since, which is his to
    end. A test's cursor stays as it is.
    """
    cr = env.cr
    if not isinstance(cr, Cursor):
        yield cr
    elif cr.connection.status != STATUS_READY:
        with queue_cursor(env) as own:
            yield own
    else:
        cr.connection.autocommit = True
        try:
            yield cr
        finally:
            cr.connection.autocommit = False


def plan_by_index(cr):
    """Have the rest of the transaction find its rows by index, whatever the statistics say.

    The tables of the queue are empty one minute and full the next, so what was analysed is never
    what is there: seen with 5,000,000 old messages were a sequential scan of the bloated lanes for
    a claim of a hundred, a bitmap scan, which never cleans dead entries from an index as it goes,
    and estimates so wrong that just-in-time compilation would set in.
    """
    cr.execute('SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; '
               'SET LOCAL jit = off')


def forget_disk(cr):
    """Have the commit of this transaction not wait for the disk.

    It is durable no later than the next commit that does wait, and never half of it: only for what
    is found and done again where a crash of PostgreSQL has made it undone.
    """
    cr.execute('SET LOCAL synchronous_commit = off')


def next_transaction(env):
    """Commit what the worker has done so far and begin with a fresh snapshot.

    The engine's one commit outside a queue cursor. A worker runs in a cron, whose transaction is
    its own: it ends it between claim, call and outcome, so that no lock and no snapshot lives
    through a remote call, and so that one batch cannot undo another.
    """
    env.cr.commit()  # pylint: disable=invalid-commit


def insert_values(cr, statement, rows, template=None, fetch=False):
    """Run one multi-row ``VALUES %s`` statement, whatever the number of rows.

    Through Odoo's cursor and not its ``_obj``: a test cursor takes its savepoint lazily, on the
    first statement it sees.
    """
    return execute_values(
        cr, statement, rows, template=template, page_size=max(len(rows), 1), fetch=fetch
    )


def spread(key, columns):
    """Rows for one set-based statement, given column by column.

    What all rows have in common is one parameter, and every other column an array: of the batches
    here, which mostly say the same of every record, that is a third of what a VALUES list costs
    both sides.

    :param key: the column that tells the rows apart
    :param columns: ``{name: (SQL type, values)}``, the values as psycopg2 takes them
    :return: the SQL of each column, by name, and that of the FROM item ``v``
    """
    sql, arrays = {}, {}
    for name, (kind, values) in columns.items():
        if name != key and all(value == values[0] for value in values):
            sql[name] = SQL(f'%s::{kind}', values[0])
        else:
            # JSON travels as text, or each value would be a literal with a cast of its own.
            carried = 'text' if kind == 'jsonb' else kind
            arrays[name] = SQL(f'%s::{carried}[]', list(values))
            sql[name] = SQL(f'%s::{kind}', SQL.identifier('v', name))
    source = SQL('unnest(%s) AS v(%s)', SQL(', ').join(arrays.values()),
                 SQL(', ').join(map(SQL.identifier, arrays)))
    return sql, source
