"""Batches: every item ends once, in order, and only the bad ones fail."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.batch import bisect, chunks
from engine.errors import ConflictError, DataError, RateLimitError, UnknownOutcome


class Remote:
    """Refuses a batch that holds a bad item; breaks for good at call number ``breaks_at``."""

    def __init__(self, bad=(), breaks_at=None, error=DataError):
        self.bad, self.breaks_at, self.error = set(bad), breaks_at, error
        self.calls, self.written = [], []

    def send(self, items):
        self.calls.append(list(items))
        if len(self.calls) == self.breaks_at:
            raise RateLimitError('slow down')
        if self.bad & set(items):
            raise self.error(f'refused: {sorted(self.bad & set(items))}')
        self.written.extend(items)
        return [f'ok {item}' for item in items]


@given(st.lists(st.integers()), st.integers(1, 7))
def test_chunks_lose_nothing_keep_the_order_and_the_size(items, size):
    parts = list(chunks(items, size))
    assert [item for part in parts for item in part] == items
    assert all(0 < len(part) <= size for part in parts)


def test_a_batch_of_no_size_is_refused():
    with pytest.raises(ValueError, match='at least one'):
        list(chunks([1], 0))


@given(st.sets(st.integers(0, 60)), st.integers(0, 60))
def test_exactly_the_bad_items_fail_and_each_item_is_settled_in_order(bad, count):
    remote = Remote(bad)
    settled = bisect(range(count), remote.send)
    assert [item for item, _ in settled] == list(range(count))
    failed = {item for item, result in settled if isinstance(result, DataError)}
    assert failed == bad & set(range(count))
    assert remote.written == [item for item in range(count) if item not in bad]


@given(st.integers(1, 100), st.data())
def test_one_bad_item_costs_twice_the_logarithm(count, data):
    remote = Remote([data.draw(st.integers(0, count - 1))])
    bisect(range(count), remote.send)
    assert len(remote.calls) <= 2 * math.ceil(math.log2(count)) + 1


def test_the_error_of_the_item_alone_is_kept():
    [(_, error)] = bisect([3], Remote([3], error=ConflictError).send)
    assert isinstance(error, ConflictError)
    assert str(error) == 'refused: [3]'


def test_nothing_to_send_is_not_sent():
    remote = Remote()
    assert bisect([], remote.send) == []
    assert remote.calls == []


def test_an_error_that_is_no_refusal_of_the_first_call_goes_up():
    with pytest.raises(RateLimitError):
        bisect([1, 2], Remote(breaks_at=1).send)


@given(st.sets(st.integers(0, 20), min_size=1), st.integers(1, 12))
def test_what_was_settled_before_a_break_is_kept_and_the_rest_carries_the_break(bad, breaks_at):
    remote = Remote(bad, breaks_at)
    try:
        settled = bisect(range(21), remote.send)
    except RateLimitError:
        assert remote.written == []
        return
    assert [item for item, _ in settled] == list(range(21))
    assert [item for item, result in settled if isinstance(result, str)] == remote.written


def test_an_unknown_outcome_is_not_split():
    def send(items):
        raise UnknownOutcome('no answer')

    with pytest.raises(UnknownOutcome):
        bisect([1, 2, 3], send)


def test_results_that_are_not_one_for_each_item_are_a_bug_not_a_guess():
    with pytest.raises(ValueError, match='2 items were sent and 1 results'):
        bisect([1, 2], lambda items: ['only one'])
