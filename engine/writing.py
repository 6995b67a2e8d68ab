"""What writing to any remote has in common: rounds, doubts, and one outcome for each change.

Promise: :func:`in_rounds` gives every change exactly one outcome in the order of the changes. It
raises only before anything was written; afterwards an error of the whole connection becomes the
outcome of the changes that were left, because a connector that fails after it has written would
be asked to write again.

Weakness: an error without a status or a code is taken for a lost answer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from .batch import bisect
from .contracts import Change, Outcome
from .errors import (
    AuthError,
    ContractError,
    RateLimitError,
    SyncError,
    TransientError,
    UnknownOutcome,
)

#: The ``code`` of a refusal because the record was converted meanwhile; what it became lives on.
CONVERTED = 'RECORD_CONVERTED'
#: Sends some changes, none of which concerns the record of another; an outcome for each.
Send = Callable[[Sequence[Change]], list[Outcome]]


def in_rounds(changes: Sequence[Change], send: Send) -> list[Outcome]:
    """One outcome for each change, in the order of the changes.

    :raises AuthError, RateLimitError, TransientError: where nothing has been written yet. After
        that, such an error becomes the outcome of the changes that were left.
    """
    outcomes: dict[int, Outcome] = {}
    for positions in rounds(changes):
        some = [changes[position] for position in positions]
        try:
            found = send(some)
        except (AuthError, RateLimitError, TransientError) as error:
            if not outcomes:
                raise
            found = [failed(change, error) for change in some]
        outcomes |= dict(zip(positions, found, strict=True))
    return [outcomes[position] for position in range(len(changes))]


def guarded(send: Send, batch: Sequence[Change], *, started: bool) -> dict[str, Outcome]:
    """Key → outcome of a batch, which is halved where it is refused as a whole.

    :param started: something was written before: ``send`` must not fail any more.
    """
    try:
        sent = bisect(batch, send)
    except UnknownOutcome as error:
        return {one.key: unknown(one, error) for one in batch}
    except SyncError as error:
        if not started and isinstance(error, AuthError | RateLimitError | TransientError):
            raise
        return {one.key: failed(one, error) for one in batch}
    return {change.key: outcome_of(change, result) for change, result in sent}


@contextmanager
def doubts(provider: str) -> Iterator[None]:
    """Turn the loss of an answer into :class:`UnknownOutcome`: the write may have been done.

    Our HTTP client repeats what may be repeated; giving up, it only says that no answer came.

    :param provider: its name, for people.
    """
    try:
        yield
    except (ContractError, TransientError) as error:
        if not _may_have_been_done(error):
            raise
        raise UnknownOutcome(
            f'{provider} may have taken the batch: {error}',
            user_message=f'{provider} did not say whether it took the record. The '
            'synchronisation reads it back and goes on by itself.',
            code=error.code,
            status=error.status,
            request_id=error.request_id,
            retry_after=error.retry_after,
        ) from error


def _may_have_been_done(error: SyncError) -> bool:
    if error.status is None:
        return error.code is None  # no answer; an open breaker and the like have a code
    return error.status < 300 or error.status >= 500


def rounds(changes: Sequence[Change]) -> Iterator[list[int]]:
    """Positions of the changes in groups, in which no two name one record; order is kept.

    Remotes refuse a batch, or both of its inputs, where two inputs lead to one record.
    """
    waiting = list(range(len(changes)))
    while waiting:
        taken: set[str] = set()
        now, later = [], []
        for position in waiting:
            names = set(_names(changes[position]))
            (later if names & taken else now).append(position)
            taken |= names
        yield now
        waiting = later


def _names(change: Change) -> Iterable[str]:
    yield f'key {change.key}'
    if change.remote_id:
        yield f'id {change.remote_id}'


def is_update(change: Change) -> bool:
    """Whether it is known which record is meant."""
    return change.operation == 'upsert' and bool(change.remote_id)


def is_upsert(change: Change) -> bool:
    """Whether the record is found, or created, by our own key."""
    return change.operation == 'upsert' and not (change.remote_id or change.keyless)


def is_plain_create(change: Change) -> bool:
    """Whether it is created without a key of ours that would tell a second creation."""
    return change.operation == 'upsert' and change.keyless and not change.remote_id


# --- outcomes ---------------------------------------------------------------------------------


def outcome_of(change: Change, result: Outcome | SyncError) -> Outcome:
    """The outcome that a result of :func:`~.batch.bisect` amounts to."""
    if isinstance(result, UnknownOutcome):
        return unknown(change, result)
    return failed(change, result) if isinstance(result, SyncError) else result


def ok(change: Change, remote_id: str | None) -> Outcome:
    return Outcome(key=change.key, status='ok', remote_id=remote_id)


def failed(change: Change, error: SyncError) -> Outcome:
    return Outcome(
        key=change.key,
        status='failed',
        remote_id=change.remote_id,
        error=error,
        http_status=error.status,
        request_id=error.request_id,
    )


def unknown(change: Change, error: SyncError) -> Outcome:
    return failed(change, error).model_copy(update={'status': 'unknown'})
