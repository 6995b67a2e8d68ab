"""Ratios are taken within a round, and what was not measured never passes for reached."""

import pytest

from bench.contract import Contender, Measure, Sample, Target
from bench.statistics import Spread, judge, percentile, ratios, spread


def samples(*values, **extra):
    return [Sample(value, wall=1.0, extra=extra) for value in values]


def measure(*targets):
    contenders = tuple(Contender(key, key, run=None) for key in ("ours", "floor"))
    return Measure("m", "M", "1/s", "higher", None, contenders, targets)


@pytest.mark.parametrize(
    ("share", "found"), [(0, 1), (0.5, 50), (0.95, 95), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_a_percentile_is_a_value_that_was_measured(share, found):
    assert percentile(range(100, 0, -1), share) == found


def test_the_percentile_of_one_value_is_that_value():
    assert percentile([7.0], 0.99) == 7.0


def test_there_is_no_percentile_of_nothing():
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_slow_round_hits_both_and_leaves_the_ratio_alone():
    """The machine was busy in the second round: both took twice as long, the ratio is the same."""
    assert ratios(samples(90, 45, 90), samples(100, 50, 100), "value") == Spread(0.9, 0.9, 0.9)


def test_a_ratio_of_nothing_or_by_zero_is_none():
    assert ratios(samples(1), [], "value") is None
    assert ratios(samples(1), samples(0), "value") is None


def test_costs_can_be_judged_and_may_be_unknown():
    known = [Sample(1, wall=2.0, cpu_odoo=1.5), Sample(1, wall=4.0, cpu_odoo=2.5)]
    assert spread(known, "wall") == Spread(3.0, 2.0, 4.0)
    assert spread(known, "cpu_odoo") == Spread(2.0, 1.5, 2.5)
    assert spread(known, "cpu_postgres") is None


@pytest.mark.parametrize(("value", "reached"), [(80, True), (79.9, False)])
def test_a_target_by_ratio_is_judged_at_its_edge(value, reached):
    target = Target("0.8 ×", over="floor", at_least=0.8)
    verdict = judge(
        measure(target), target, {"m": {"ours": samples(value), "floor": samples(100)}}
    )
    assert verdict.reached is reached
    assert verdict.judged.median == pytest.approx(value / 100)


@pytest.mark.parametrize(("p99", "reached"), [(250, True), (250.1, False)])
def test_a_target_of_an_extra_is_judged_by_its_median(p99, reached):
    target = Target("p99", figure="p99_ms", at_most=250)
    verdict = judge(measure(target), target, {"m": {"ours": samples(1, p99_ms=p99)}})
    assert verdict.reached is reached


def test_another_measure_is_compared_by_the_medians():
    target = Target("4 ×", over="other/ours", at_least=4)
    results = {"m": {"ours": samples(40, 41, 42)}, "other": {"ours": samples(10, 10, 90)}}
    assert judge(measure(target), target, results).ratio == Spread(4.1, 4.1, 4.1)


@pytest.mark.parametrize(
    "target",
    [
        Target("by another measure", over="other/ours", at_least=4),
        Target("by a contender without samples", over="floor", at_least=0.8),
        Target("of an extra nobody gave", figure="p99_ms", at_most=250),
    ],
    ids=lambda target: target.text,
)
def test_what_was_not_measured_is_neither_reached_nor_missed(target):
    verdict = judge(measure(target), target, {"m": {"ours": samples(10)}})
    assert (verdict.reached, verdict.state) == (None, "not measured")


def test_a_target_needs_exactly_one_bound():
    for bounds in ({}, {"at_least": 1, "at_most": 2}):
        with pytest.raises(ValueError, match="one of at_least and at_most"):
            Target("T", **bounds)


def test_a_target_names_contenders_that_exist():
    with pytest.raises(ValueError, match="no contender is called flour"):
        measure(Target("T", over="flour", at_least=1))
