"""The error classes of the engine.

::

    SyncError
     ├── TransientError           transient   back off, try again, give up after the policy's tries
     │    └── UnknownOutcome      transient   sent, no answer: read back before creating anything
     ├── RateLimitError           rate_limit  wait as told; costs no attempt; slows the connection
     ├── AuthError                auth        the connection needs a person; its lanes wait
     │    └── ConfigurationError  auth        an address, a scope or a secret cannot be used
     ├── DataError                data        this record fails at once, with field and reason
     ├── ConflictError            conflict    a person chooses between two states
     └── ContractError            contract    the other side does not keep its schema
          └── SignatureError      contract    a delivery that is not signed as agreed

Any other exception is a ``bug``: two tries, then ``failed`` with its traceback kept.

Every error speaks to two readers: ``str(error)`` is for the log and the operator,
``error.user_message`` is one sentence for the business user that names what to do.
Neither may ever hold a secret or a whole payload.
"""

from __future__ import annotations

import re

#: The values of ``error_class`` wherever one is stored, in the order of the tree above.
ERROR_CLASSES = ('transient', 'rate_limit', 'auth', 'data', 'conflict', 'contract', 'bug')


class SyncError(Exception):
    """The base of everything the engine raises on purpose.

    :param message: for the operator; technical, complete, free of secrets.
    :param user_message: for the business user; names record, field and remedy.
    :param code: the remote's own code, e.g. ``'INVALID_EMAIL'``; stable, without ids.
    :param field: the remote field at fault, where there is one.
    :param status: the HTTP status of the answer, where there was one.
    :param request_id: the remote's correlation id, to quote to its support.
    :param retry_after: seconds to wait before the next try, where the remote said so.
    :param remote_id: the id of an existing remote record the error speaks of.
    """

    error_class = 'bug'

    def __init__(
        self,
        message: str,
        *,
        user_message: str | None = None,
        code: str | None = None,
        field: str | None = None,
        status: int | None = None,
        request_id: str | None = None,
        retry_after: float | None = None,
        remote_id: str | None = None,
    ):
        super().__init__(message)
        self.user_message = user_message or message
        self.code = code
        self.field = field
        self.status = status
        self.request_id = request_id
        self.retry_after = retry_after
        self.remote_id = remote_id

    @property
    def fingerprint(self) -> str:
        """The cause without its particulars, so that 10,000 failures group to one line."""
        return fingerprint(self.error_class, self.code, self.field, str(self))


class TransientError(SyncError):
    """The remote or the way to it failed: the same request may succeed later."""

    error_class = 'transient'


class UnknownOutcome(TransientError):
    """The request was sent and no answer came back: it may or may not have been applied."""


class RateLimitError(SyncError):
    """The remote asked us to slow down. ``retry_after`` says for how long."""

    error_class = 'rate_limit'


class AuthError(SyncError):
    """The credentials are refused and one refresh did not help."""

    error_class = 'auth'


class ConfigurationError(AuthError):
    """A setting of the connection cannot be used: an address that is not allowed, an empty secret.

    It stops the connection as refused credentials do: no record is at fault.
    """


class DataError(SyncError):
    """The remote (or Odoo) refuses the values of this record."""

    error_class = 'data'


class ConflictError(SyncError):
    """Two records or two values claim the same place; only a person can tell."""

    error_class = 'conflict'


class ContractError(SyncError):
    """A payload or an answer does not fit its schema: the other side has changed."""

    error_class = 'contract'


class SignatureError(ContractError):
    """A delivery whose signature is missing, stale or wrong."""


_PARTICULARS = re.compile(r"\d+|'[^']*'|\"[^\"]*\"|\S+@\S+|[0-9a-f]{8}-[0-9a-f-]{27}")


def fingerprint(error_class: str, code: str | None, field: str | None, message: str) -> str:
    """Return a short text equal for errors with the same cause.

    Ids, quoted values, addresses and numbers are taken out of ``message``; it only counts
    where the remote gave no code of its own.
    """
    cause = code or _PARTICULARS.sub('…', message)[:120]
    return '|'.join(part for part in (error_class, cause, field) if part)


def classify(error: BaseException) -> str:
    """Return the ``error_class`` of any exception; what we did not raise on purpose is a bug."""
    return error.error_class if isinstance(error, SyncError) else 'bug'
