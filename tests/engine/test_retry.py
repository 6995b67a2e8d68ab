"""The schedule: how long, how often, and never for ever."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ERROR_CLASSES
from engine.retry import LONGEST_WAIT, RetryPolicy

policies = st.builds(
    lambda attempts, base, more: RetryPolicy(attempts, base, base + more),
    st.integers(1, 20),
    st.floats(0.001, 100),
    st.floats(0, 10_000),
)
classes = st.sampled_from(ERROR_CLASSES)
attempts = st.integers(1, 10**9)


@given(policies, classes, attempts, st.randoms())
def test_no_delay_of_ours_is_negative_or_above_the_cap(policy, error_class, attempt, rng):
    assert 0 <= policy.delay(error_class, attempt, rng=rng) <= policy.cap_seconds


@given(policies, attempts, st.randoms())
def test_a_rate_limit_always_waits_at_least_half_of_the_ceiling(policy, attempt, rng):
    floor = min(policy.base_seconds * 2.0 ** min(attempt - 1, 63), policy.cap_seconds) / 2
    assert policy.delay('rate_limit', attempt, rng=rng) >= floor


@given(policies, classes, attempts, st.floats(0, LONGEST_WAIT), st.randoms())
def test_what_the_remote_asked_for_is_kept_and_barely_stretched(
    policy, error_class, attempt, asked, rng
):
    delay = policy.delay(error_class, attempt, retry_after=asked, rng=rng)
    assert asked <= delay <= asked + min(policy.base_seconds, asked * 0.1)


def test_a_daily_limit_is_waited_for_although_it_is_above_the_cap():
    assert RetryPolicy().delay('rate_limit', 1, retry_after=20 * 3600) >= 20 * 3600


@pytest.mark.parametrize(('asked', 'least'), [(10.0**9, LONGEST_WAIT), (-5.0, 0.0)])
def test_an_absurd_wish_is_bounded(asked, least):
    delay = RetryPolicy().delay('transient', 1, retry_after=asked)
    assert least <= delay <= least + 5


def test_the_ceiling_doubles_up_to_the_cap():
    class Highest:
        def uniform(self, a, b):
            return b

    policy = RetryPolicy(base_seconds=5, cap_seconds=60)
    delays = [policy.delay('transient', attempt, rng=Highest()) for attempt in range(1, 7)]
    assert delays == [5, 10, 20, 40, 60, 60]


def test_equal_randomness_gives_equal_delays():
    one, two = (RetryPolicy().delay('transient', 3, rng=random.Random(7)) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ('error_class', 'tries'),
    [('transient', 8), ('data', 1), ('conflict', 1), ('contract', 1), ('bug', 2)],
)
def test_a_class_gives_up_after_its_tries_and_not_before(error_class, tries):
    policy = RetryPolicy()
    assert policy.gives_up(error_class, tries)
    assert not policy.gives_up(error_class, tries - 1)


@pytest.mark.parametrize('error_class', ['rate_limit', 'auth'])
def test_what_is_no_fault_of_the_record_never_uses_it_up(error_class):
    assert not RetryPolicy().gives_up(error_class, 10**6)


@pytest.mark.parametrize(
    'numbers', [(0, 5, 3600), (8, 0, 3600), (8, -1, 3600), (8, 10, 9)], ids=str
)
def test_numbers_that_contradict_each_other_are_refused(numbers):
    with pytest.raises(ValueError, match=r'attempt|delay'):
        RetryPolicy(*numbers)
