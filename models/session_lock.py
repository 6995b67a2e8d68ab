"""Advisory locks that outlive a commit: for what must not be done twice while a call is made.

They belong to the worker's connection, so they end with the worker, however that ends. PostgreSQL
gives them back when the connection is gone; a worker that goes on gives them back itself.

Weakness: a connection that is lost while the worker lives takes them with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager


@contextmanager
def session_locks(cr, kind: str, keys: Iterable[str]) -> Iterator[set[str]]:
    """The keys that are ours until the end of the block; the others are somebody else's now.

    :param kind: what the keys are of; keys of two kinds do not meet
    """
    mine = []
    for key in dict.fromkeys(keys):
        cr.execute('SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))', [kind, key])
        if cr.fetchone()[0]:
            mine.append(key)
    try:
        yield set(mine)
    except BaseException:
        cr.rollback()  # in a transaction that failed, nothing could be given back
        raise
    finally:
        for key in mine:
            cr.execute('SELECT pg_advisory_unlock(hashtext(%s), hashtext(%s))', [kind, key])
