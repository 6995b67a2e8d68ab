"""Cutting work into batches, and a refused batch down to the record that is at fault.

Promise: every item ends with exactly one result or one error, in the order the items came in, and
what was settled before a later call failed is never lost.

Weakness: one bad item among ``n`` costs about ``2·log2(n)`` calls, ``k`` bad ones up to ``k`` times
that; a batch in which everything is bad costs ``2n - 1`` calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from .errors import ConflictError, DataError, SyncError

Item = TypeVar('Item')
Result = TypeVar('Result')


def chunks(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    """Consecutive slices of at most ``size`` items.

    :raises ValueError: for a size below one.
    """
    if size < 1:
        raise ValueError(f'A batch holds at least one item, not {size}.')
    for start in range(0, len(items), size):
        yield items[start : start + size]


def bisect(
    items: Sequence[Item], send: Callable[[Sequence[Item]], Sequence[Result]]
) -> list[tuple[Item, Result | SyncError]]:
    """Send all items; split a batch that is refused for its contents until the bad one is alone.

    :param send: sends a batch and returns one result for each item, in the order of the items. It
        raises :class:`~.errors.DataError` or :class:`~.errors.ConflictError` where the batch was
        refused as a whole, and then must have written none of it.
    :returns: each item with its result or with the error it was refused for.
    :raises SyncError: any other error of the first call. After a call that succeeded, such an
        error is handed out as the result of every item that had not been settled yet.
    :raises ValueError: where ``send`` returns another number of results than it got items.
    """
    settled: list[tuple[Item, Result | SyncError]] = []
    waiting = [items] if items else []
    while waiting:
        batch = waiting.pop()
        try:
            settled.extend(zip(batch, _sent(batch, send), strict=True))
        except (DataError, ConflictError) as error:
            if len(batch) == 1:
                settled.append((batch[0], error))
            else:
                middle = len(batch) // 2
                waiting += [batch[middle:], batch[:middle]]
        except SyncError as error:
            if not settled:
                raise
            rest = [item for part in [batch, *reversed(waiting)] for item in part]
            return settled + [(item, error) for item in rest]
    return settled


def _sent(
    batch: Sequence[Item], send: Callable[[Sequence[Item]], Sequence[Result]]
) -> Sequence[Result]:
    results = send(batch)
    if len(results) != len(batch):
        raise ValueError(f'{len(batch)} items were sent and {len(results)} results came back.')
    return results
