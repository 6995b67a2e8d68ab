"""What holds for every merge, whatever the rules and the values."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from engine.merge import Direction, FieldRule, Rule, merge

KEYS = ('a', 'b', 'c')
EPOCH = datetime(2026, 1, 1, tzinfo=timezone.utc)

values = st.sampled_from((None, 'x', 'y', 'z'))
#: Any of the fields; an absent one was not read, or never agreed on.
sides = st.dictionaries(st.sampled_from(KEYS), values)
full_sides = st.fixed_dictionaries({key: values for key in KEYS})
times = st.none() | st.integers(0, 3).map(lambda day: EPOCH + timedelta(days=day))
rule_names = st.sampled_from(get_args(Rule))
directions = st.sampled_from(get_args(Direction))


def rules_of(names, ways):
    return st.tuples(*(st.builds(FieldRule, st.just(key), names, ways) for key in KEYS))


rules = rules_of(rule_names, directions)
two_way = rules_of(st.just('two_way_newest'), st.just('both'))


def run(rule_set, base, local, remote, at=(None, None)):
    return merge(rule_set, base, local, remote, local_at=at[0], remote_at=at[1])


def applied(merged, local, remote):
    """Both sides after everything was written and confirmed."""
    return merged.confirmed, {**local, **merged.to_local}, {**remote, **merged.to_remote}


@given(rules, sides, full_sides, times, times)
def test_equal_sides_write_nothing(rule_set, base, both, local_at, remote_at):
    merged = run(rule_set, base, both, both, (local_at, remote_at))
    assert (merged.to_local, merged.to_remote, merged.conflicts) == ({}, {}, {})
    assert merged.snapshot == {**base, **both}


@given(rules, sides, sides, sides, times, times, times, times)
def test_applying_the_outcome_and_merging_again_writes_nothing(
    rule_set, base, local, remote, local_at, remote_at, later_local, later_remote
):
    merged = run(rule_set, base, local, remote, (local_at, remote_at))
    # The times do not matter any more: writing has changed them on either side.
    open_differences = any(decision.action == 'skip' for decision in merged.decisions)
    at = (local_at, remote_at) if open_differences else (later_local, later_remote)
    again = run(rule_set, *applied(merged, local, remote), at)
    assert (again.to_local, again.to_remote) == ({}, {})
    assert again.conflicts.keys() == merged.conflicts.keys()


@given(rules, sides, sides, sides, times, times)
def test_no_field_flows_both_ways_and_only_fields_that_were_read_flow(
    rule_set, base, local, remote, local_at, remote_at
):
    merged = run(rule_set, base, local, remote, (local_at, remote_at))
    assert not merged.to_local.keys() & merged.to_remote.keys()
    flowing = merged.to_local.keys() | merged.to_remote.keys() | merged.conflicts.keys()
    assert flowing <= local.keys() & remote.keys()


@given(rules, sides, sides, sides, times, times)
def test_a_written_value_is_always_the_other_sides_own(
    rule_set, base, local, remote, local_at, remote_at
):
    merged = run(rule_set, base, local, remote, (local_at, remote_at))
    assert merged.to_local.items() <= remote.items()
    assert merged.to_remote.items() <= local.items()


@given(rules, sides, sides, sides, times, times)
def test_directions_are_kept(rule_set, base, local, remote, local_at, remote_at):
    merged = run(rule_set, base, local, remote, (local_at, remote_at))
    ways = {rule.key: rule.direction for rule in rule_set}
    assert all(ways[key] != 'out' for key in merged.to_local)
    assert all(ways[key] != 'in' for key in merged.to_remote)


@given(two_way, sides, sides, sides, st.booleans())
def test_two_way_is_the_same_seen_from_either_side(rule_set, base, one, two, first_is_newer):
    at = (EPOCH + timedelta(1), EPOCH) if first_is_newer else (EPOCH, EPOCH + timedelta(1))
    seen = run(rule_set, base, one, two, at)
    mirrored = run(rule_set, base, two, one, (at[1], at[0]))
    assert seen.to_local == mirrored.to_remote
    assert seen.to_remote == mirrored.to_local


MIRRORED = {
    'odoo_wins': 'remote_wins',
    'remote_wins': 'odoo_wins',
    'prefer_odoo': 'prefer_remote',
    'prefer_remote': 'prefer_odoo',
}


@given(rules_of(st.sampled_from(sorted(MIRRORED)), st.just('both')), sides, sides, sides)
def test_the_rules_for_one_side_mirror_those_for_the_other(rule_set, base, one, two):
    seen = run(rule_set, base, one, two)
    mirror = [FieldRule(rule.key, MIRRORED[rule.rule]) for rule in rule_set]
    mirrored = run(mirror, base, two, one)
    assert (seen.to_local, seen.to_remote) == (mirrored.to_remote, mirrored.to_local)


@given(rules, sides, sides, sides, times, times)
def test_until_it_is_confirmed_a_value_is_found_to_be_sent_from_the_snapshot_alone(
    rule_set, base, local, remote, local_at, remote_at
):
    merged = run(rule_set, base, local, remote, (local_at, remote_at))
    for key in merged.to_remote:
        assert merged.snapshot[key] == remote[key]
    local = {**local, **merged.to_local}
    again = run(rule_set, merged.snapshot, local, {**remote, **merged.snapshot})
    assert again.to_remote.items() >= merged.to_remote.items()


@given(two_way, sides, full_sides, full_sides, times, times)
def test_a_call_whose_answer_was_lost_is_found_by_merging_again(
    rule_set, base, local, remote, local_at, remote_at
):
    merged = run(rule_set, base, local, remote, (local_at, remote_at))
    local = {**local, **merged.to_local}
    landed = {**remote, **merged.to_remote}
    again = run(rule_set, merged.snapshot, local, landed, (remote_at, local_at))
    assert (again.to_local, again.to_remote) == ({}, {})
    assert again.snapshot == merged.confirmed


@given(two_way, sides, full_sides, full_sides, times, times)
def test_two_way_leaves_both_sides_equal(rule_set, base, local, remote, local_at, remote_at):
    merged = run(rule_set, base, local, remote, (local_at, remote_at))
    snapshot, local, remote = applied(merged, local, remote)
    assert local == remote
    assert snapshot.items() >= local.items()


@given(rules, sides, sides, sides, times, times)
def test_there_is_one_decision_for_each_rule(rule_set, base, local, remote, local_at, remote_at):
    merged = run(rule_set, base, local, remote, (local_at, remote_at))
    assert [decision.key for decision in merged.decisions] == [rule.key for rule in rule_set]
    assert all(decision.reason for decision in merged.decisions)
