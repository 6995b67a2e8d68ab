"""The one clock: PostgreSQL's.

What one server notes (how far a poll got, when a token ends) another one compares. With each one's
own clock, a server that is ten minutes ahead would end a poll in the future, and what the account
changes until then would never be asked for; one that is behind would take a message of long ago for
fresh.

Weakness: the account's own moments (when a record was modified) are by its clock; a poll asks for
an overlap because of that.
"""

from __future__ import annotations

from datetime import datetime


def now(env) -> datetime:
    """The start of the present transaction: naive UTC in whole seconds, as Odoo's fields have it.

    A worker's transactions are short. A person's may not be, and then it is the safe side: what
    happened since is after it.
    """
    return env.cr.now().replace(microsecond=0)
