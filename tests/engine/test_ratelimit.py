"""The shared budget's arithmetic, and what remotes write into Retry-After."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.ratelimit import Rate, align, block, parse_retry_after, take
from engine.retry import LONGEST_WAIT

rates = st.builds(
    Rate, st.integers(1, 200), st.sampled_from((1.0, 10.0, 60.0)), st.integers(1, 50)
)
NEVER = float('-inf')
NOON = datetime(2026, 5, 10, 12, tzinfo=timezone.utc)


@given(rates, st.lists(st.floats(0, 5), max_size=120))
def test_no_window_ever_admits_more_than_burst_and_limit(rate, pauses):
    arrival, now, admitted = NEVER, 1000.0, []
    for pause in pauses:
        now += pause * rate.interval
        wait, arrival = take(rate, arrival, now)
        if wait == 0:
            admitted.append(now)
    for start in admitted:
        inside = [at for at in admitted if start <= at < start + rate.period]
        assert len(inside) <= rate.burst + rate.limit + 1e-6


@given(rates)
def test_a_rested_bucket_lets_exactly_the_burst_through_at_once(rate):
    arrival, passed = NEVER, 0
    for _ in range(rate.burst + 5):
        wait, arrival = take(rate, arrival, 1000.0)
        passed += wait == 0
    assert passed == rate.burst


@given(rates, st.floats(0, 100), st.integers(1, 80))
def test_who_waits_as_told_passes(rate, ahead, cost):
    now = 1000.0
    wait, arrival = take(rate, now + ahead, now, cost)
    if wait:
        assert arrival == now + ahead
        assert take(rate, arrival, now + wait, cost)[0] == 0


@given(rates, st.integers(1, 500))
def test_no_cost_is_too_high_for_a_full_bucket(rate, cost):
    assert take(rate, NEVER, 1000.0, cost)[0] == 0


@given(rates, st.floats(0, 1000), st.floats(-10, 1000))
def test_a_blocked_bucket_admits_nothing_before_the_time_and_one_call_then(rate, ahead, blocked):
    arrival = block(rate, 1000.0 + ahead, 1000.0, blocked)
    assert arrival >= 1000.0 + ahead
    if blocked > 0.001:
        assert take(rate, arrival, 1000.0 + blocked * 0.99)[0] > 0
    end = max(1000.0 + blocked, 1000.0 + ahead + rate.interval)
    assert take(rate, arrival, end)[0] == pytest.approx(0, abs=1e-6)


@given(rates, st.floats(0, 100), st.integers(-5, 300))
def test_the_count_of_the_remote_only_ever_slows_us(rate, ahead, remaining):
    arrival = align(rate, 1000.0 + ahead, 1000.0, remaining)
    assert arrival >= 1000.0 + ahead
    passed = 0
    for _ in range(rate.burst):
        wait, arrival = take(rate, arrival, 1000.0)
        passed += wait == 0
    assert passed <= max(remaining, 0)


@pytest.mark.parametrize('numbers', [(0, 1.0, 1), (1, 0.0, 1), (1, 1.0, 0)], ids=str)
def test_a_rate_of_nothing_is_refused(numbers):
    with pytest.raises(ValueError, match='above zero'):
        Rate(*numbers)


@pytest.mark.parametrize(
    ('header', 'seconds'),
    [
        ('10', 10),
        (' 2.5 ', 2.5),
        ('0', 0),
        ('-3', 0),
        ('1e3', 1000),
        ('99999999999', LONGEST_WAIT),
        ('Sun, 10 May 2026 12:00:30 GMT', 30),
        ('Sun, 10 May 2026 12:00:30', 30),
        ('Sun, 10 May 2026 11:00:00 GMT', 0),
        ('Sun, 10 May 2099 11:00:00 GMT', LONGEST_WAIT),
    ],
)
def test_a_time_to_wait_is_understood_in_every_form(header, seconds):
    assert parse_retry_after(header, NOON) == seconds


@pytest.mark.parametrize(
    'header',
    [None, '', 'soon', 'nan', 'inf', '-inf', '1_000', '１０', '0x10', 'Sun, 99 May 2026 12:00:30',
     'Sun, 10 May 99999 12:00:30 GMT', '\x00'],
)  # fmt: skip
def test_nonsense_is_no_time_to_wait(header):
    assert parse_retry_after(header, NOON) is None


@pytest.mark.parametrize(
    ('header', 'seconds'), [('600', 600), ('601', 0.601), ('10000', 10), ('700.5', 700.5)]
)
def test_large_whole_numbers_are_milliseconds_only_where_the_provider_does_so(header, seconds):
    assert parse_retry_after(header, NOON, milliseconds_above=600) == seconds
    assert parse_retry_after(header, NOON) == float(header)


@given(st.text(max_size=40))
def test_any_header_gives_a_bounded_time_or_none(header):
    seconds = parse_retry_after(header, NOON)
    assert seconds is None or 0 <= seconds <= LONGEST_WAIT
