"""The breaker: opens on what indicts the remote, admits one probe, closes on its success."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.breaker import CLOSED, Settings, before_call, record

SETTINGS = Settings(threshold=3, window=60, cooldown=30, cooldown_cap=100, probe=20, look=2)


def opened(now=1000.0):
    state = CLOSED
    for _ in range(SETTINGS.threshold):
        state = record(SETTINGS, state, False, now)
    return state


def test_it_opens_at_the_threshold_and_not_before():
    state = CLOSED
    for _ in range(SETTINGS.threshold - 1):
        state = record(SETTINGS, state, False, 1000.0)
        assert before_call(SETTINGS, state, 1000.0) == (state, 0.0)
    state = record(SETTINGS, state, False, 1000.0)
    assert state.state == 'open'
    assert before_call(SETTINGS, state, 1010.0) == (state, 20.0)


def test_a_success_forgets_the_failures_before_it():
    state = record(SETTINGS, CLOSED, False, 1000.0)
    assert record(SETTINGS, state, True, 1001.0) == CLOSED


def test_failures_long_apart_do_not_add_up():
    state = CLOSED
    for hour in range(10):
        state = record(SETTINGS, state, False, hour * 3600.0)
    assert (state.state, state.failures) == ('closed', 1)


def test_after_the_cooldown_one_probe_passes_and_the_others_ask_again_soon():
    """They waited for the time that a probe may take at most: the account answered at once, and
    what had been refused meanwhile lay for a minute more (found by the fault campaign)."""
    state, wait = before_call(SETTINGS, opened(), 1030.0)
    assert (state.state, wait) == ('half_open', 0.0)
    assert before_call(SETTINGS, state, 1031.0) == (state, SETTINGS.look)
    assert before_call(SETTINGS, state, 1049.0) == (state, 1.0)


def test_a_probe_that_never_reports_is_replaced():
    state, _ = before_call(SETTINGS, opened(), 1030.0)
    state, wait = before_call(SETTINGS, state, 1051.0)
    assert (state.state, state.until, wait) == ('half_open', 1071.0, 0.0)


def test_a_probe_that_succeeds_closes_it_as_new():
    state, _ = before_call(SETTINGS, opened(), 1030.0)
    assert record(SETTINGS, state, True, 1031.0) == CLOSED


def test_each_probe_that_fails_doubles_the_cooldown_up_to_the_cap():
    state, now, cooldowns = opened(), 1000.0, []
    for _ in range(4):
        now = state.until
        state, _ = before_call(SETTINGS, state, now)
        state = record(SETTINGS, state, False, now)
        cooldowns.append(state.until - now)
    assert cooldowns == [60, 100, 100, 100]


def test_a_late_success_does_not_close_an_open_breaker():
    assert record(SETTINGS, opened(), True, 1001.0).state == 'open'


def test_a_late_failure_does_not_lengthen_the_cooldown():
    state = opened()
    assert record(SETTINGS, state, False, 1001.0).until == state.until


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 120)), max_size=60))
def test_while_it_is_open_at_most_one_call_is_under_way(steps):
    state, now, probes = CLOSED, 0.0, []
    for ok, pause in steps:
        now += pause
        was = state.state
        state, wait = before_call(SETTINGS, state, now)
        assert wait >= 0
        if wait == 0 and was != 'closed':
            assert all(now - start >= SETTINGS.probe for start in probes)
            probes.append(now)
        if wait == 0 and pause < SETTINGS.probe:
            state, probes = record(SETTINGS, state, ok, now), []


@pytest.mark.parametrize(
    'options',
    [{'threshold': 0}, {'window': 0}, {'cooldown': 0}, {'probe': -1}, {'look': 0},
     {'cooldown_cap': 1}],
    ids=str,
)
def test_settings_that_make_no_sense_are_refused(options):
    with pytest.raises(ValueError, match='must'):
        Settings(**options)
