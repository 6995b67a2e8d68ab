"""The merge, rule by rule: what is written where, what is remembered, and why."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from engine.merge import MISSING, Decision, FieldRule, merge

OLD = datetime(2026, 5, 10, tzinfo=timezone.utc)
NEW = datetime(2026, 5, 11, tzinfo=timezone.utc)


def run(rule, base, local, remote, *, direction='both', newer=None, **new):
    """Merge one field ``f``; ``MISSING`` stands for a key that is not there."""
    sides = [{} if value is MISSING else {'f': value} for value in (base, local, remote)]
    times = {'local_at': NEW if newer == 'local' else OLD, 'remote_at': OLD}
    if newer == 'remote':
        times['remote_at'] = NEW
    return merge([FieldRule('f', rule, direction)], *sides, **times, remote_label='HubSpot', **new)


def flow(merged):
    """Which way the field goes, in one word."""
    [decision] = merged.decisions
    written = {'to_local': merged.to_local, 'to_remote': merged.to_remote}
    for action, values in written.items():
        assert values == ({'f': decision.value} if decision.action == action else {})
    assert bool(merged.conflicts) == (decision.action == 'conflict')
    return decision.action


TABLE = [
    # rule, base, local, remote, newer, what happens
    ('two_way_newest', 'b', 'b', 'r', 'local', 'to_local'),
    ('two_way_newest', 'b', 'l', 'b', 'remote', 'to_remote'),
    ('two_way_newest', 'b', None, 'b', 'remote', 'to_remote'),
    ('two_way_newest', 'b', 'b', None, 'local', 'to_local'),
    ('two_way_newest', 'b', 'l', 'r', 'local', 'to_remote'),
    ('two_way_newest', 'b', 'l', 'r', 'remote', 'to_local'),
    ('two_way_newest', 'b', 'l', 'r', None, 'to_local'),
    ('two_way_newest', 'b', 'x', 'x', 'local', 'agree'),
    ('two_way_newest', 'b', 'b', 'b', 'local', 'keep'),
    ('two_way_newest', MISSING, None, 'r', 'local', 'to_local'),
    ('two_way_newest', MISSING, 'l', None, 'remote', 'to_remote'),
    ('two_way_newest', MISSING, 'l', 'r', 'local', 'to_remote'),
    ('two_way_newest', MISSING, 'l', 'r', 'remote', 'to_local'),
    ('two_way_newest', MISSING, None, None, None, 'agree'),
    ('two_way_newest', None, None, 'r', 'local', 'to_local'),
    ('odoo_wins', 'b', 'b', 'r', 'remote', 'to_remote'),
    ('odoo_wins', 'b', None, 'r', 'remote', 'to_remote'),
    ('odoo_wins', MISSING, None, 'r', 'remote', 'to_remote'),
    ('remote_wins', 'b', 'l', 'b', 'local', 'to_local'),
    ('remote_wins', 'b', 'l', None, 'local', 'to_local'),
    ('prefer_odoo', 'b', 'b', 'r', 'remote', 'to_remote'),
    ('prefer_odoo', 'b', None, 'r', 'local', 'to_local'),
    ('prefer_odoo', 'b', 'l', None, 'remote', 'to_remote'),
    ('prefer_remote', 'b', 'l', 'b', 'local', 'to_local'),
    ('prefer_remote', 'b', 'l', None, 'remote', 'to_remote'),
    ('prefer_remote', 'b', None, 'r', 'local', 'to_local'),
    ('create_only', 'b', 'l', 'b', 'local', 'skip'),
    ('create_only', MISSING, None, 'r', 'remote', 'skip'),
    ('manual', 'b', 'b', 'r', 'local', 'to_local'),
    ('manual', 'b', 'l', 'b', 'remote', 'to_remote'),
    ('manual', 'b', 'l', 'r', 'local', 'conflict'),
    ('manual', MISSING, 'l', 'r', 'local', 'conflict'),
    ('manual', MISSING, 'l', None, 'local', 'to_remote'),
]


@pytest.mark.parametrize(('rule', 'base', 'local', 'remote', 'newer', 'expected'), TABLE)
def test_each_rule_decides_as_its_table_says(rule, base, local, remote, newer, expected):
    assert flow(run(rule, base, local, remote, newer=newer)) == expected


@pytest.mark.parametrize('local_at', [None, OLD])
@pytest.mark.parametrize('remote_at', [None, OLD])
def test_a_tie_or_an_unknown_time_is_decided_for_the_remote(local_at, remote_at):
    rules = [FieldRule('f', 'two_way_newest')]
    merged = merge(
        rules, {'f': 1}, {'f': 2}, {'f': 3}, local_at=local_at, remote_at=remote_at
    )
    assert merged.to_local == {'f': 3}


RULES = sorted({row[0] for row in TABLE})


@pytest.mark.parametrize('rule', RULES)
def test_a_new_record_takes_what_the_other_side_has_whatever_the_rule(rule):
    into_odoo = run(rule, MISSING, MISSING, 'r', new_local=True)
    assert (flow(into_odoo), into_odoo.snapshot) == ('to_local', {'f': 'r'})
    into_remote = run(rule, MISSING, 'l', MISSING, new_remote=True)
    assert (flow(into_remote), into_remote.snapshot) == ('to_remote', {})


@pytest.mark.parametrize('rule', RULES)
def test_a_new_record_is_not_given_empty_values(rule):
    assert flow(run(rule, MISSING, MISSING, None, new_local=True)) == 'agree'
    assert flow(run(rule, MISSING, None, MISSING, new_remote=True)) == 'agree'


@pytest.mark.parametrize('rule', RULES)
def test_an_empty_value_is_not_sent_to_a_field_the_remote_never_leaves_empty(rule):
    """A Salesforce record always has an owner. An Odoo contact whose salesperson was taken away
    would fail there with every change; now its empty field says nothing, and the owner stays."""
    rules = [FieldRule('f', rule, demanded=True)]
    sides = {'f': 'b'}, {'f': None}, {'f': 'b'}
    merged = merge(rules, *sides, local_at=NEW, remote_at=OLD)
    assert not merged.to_remote and merged.snapshot == {'f': 'b'}


def test_a_record_cannot_be_new_on_both_sides():
    with pytest.raises(ValueError, match='both sides'):
        run('two_way_newest', MISSING, MISSING, MISSING, new_local=True, new_remote=True)


@pytest.mark.parametrize('rule', RULES)
def test_what_was_not_read_is_not_touched(rule):
    for merged in (run(rule, 'b', MISSING, 'r'), run(rule, 'b', 'l', MISSING)):
        assert (flow(merged), merged.snapshot) == ('skip', {'f': 'b'})


def test_a_direction_forbids_and_leaves_the_difference_alone():
    outward = run('two_way_newest', 'b', 'l', 'b', direction='in')
    assert (flow(outward), outward.snapshot) == ('skip', {'f': 'b'})
    inward = run('two_way_newest', 'b', 'b', 'r', direction='out')
    assert (flow(inward), inward.snapshot) == ('skip', {'f': 'b'})
    assert flow(run('two_way_newest', MISSING, MISSING, 'r', direction='out', new_local=True)) == (
        'skip'
    )


def test_the_snapshot_takes_what_came_in_and_what_agrees_but_not_what_is_still_to_go_out():
    rules = [FieldRule(key, 'two_way_newest') for key in ('came_in', 'agrees', 'goes_out')]
    base = {'came_in': 1, 'agrees': 1, 'goes_out': 1, 'unmapped': 'kept'}
    local = {'came_in': 1, 'agrees': 2, 'goes_out': 2}
    remote = {'came_in': 2, 'agrees': 2, 'goes_out': 1}
    merged = merge(rules, base, local, remote, local_at=None, remote_at=None)
    assert merged.snapshot == {'came_in': 2, 'agrees': 2, 'goes_out': 1, 'unmapped': 'kept'}
    assert merged.to_remote == {'goes_out': 2}
    assert merged.confirmed == {'came_in': 2, 'agrees': 2, 'goes_out': 2, 'unmapped': 'kept'}
    assert base['came_in'] == 1  # the caller's own mapping stays as it was


def test_a_field_never_agreed_on_has_no_base_until_the_remote_confirms_it():
    merged = run('two_way_newest', MISSING, 'l', MISSING, new_remote=True)
    assert merged.snapshot == {}
    assert merged.confirmed == {'f': 'l'}


@pytest.mark.parametrize(('rule', 'base'), [('odoo_wins', 'l'), ('two_way_newest', 'b')])
def test_what_has_to_go_out_is_remembered_as_what_the_remote_holds_now(rule, base):
    """Else a value that equals the old base would never be sent: the remote would keep its own."""
    merged = run(rule, base, 'l', 'r', newer='local')
    assert (merged.to_remote, merged.snapshot) == ({'f': 'l'}, {'f': 'r'})


def test_a_conflict_shows_all_three_values_and_writes_nothing():
    merged = run('manual', 'b', 'l', 'r')
    assert merged.conflicts == {'f': ('b', 'l', 'r')}
    assert (merged.to_local, merged.to_remote, merged.snapshot) == ({}, {}, {'f': 'b'})
    assert run('manual', MISSING, 'l', 'r').conflicts == {'f': (MISSING, 'l', 'r')}


def test_a_choice_given_as_base_settles_the_conflict():
    assert run('manual', 'r', 'l', 'r').to_remote == {'f': 'l'}
    assert run('manual', 'l', 'l', 'r').to_local == {'f': 'r'}


@pytest.mark.parametrize(
    ('merged', 'reason'),
    [
        (run('two_way_newest', 'b', 'b', 'r'), 'only HubSpot changed'),
        (run('two_way_newest', 'b', 'l', 'b'), 'only Odoo changed'),
        (run('two_way_newest', 'b', 'l', 'r', newer='local'), 'both sides changed, Odoo is newer'),
        (run('two_way_newest', 'b', 'l', 'r'), 'both sides changed, HubSpot is not older'),
        (run('two_way_newest', MISSING, 'l', 'r'), 'the sides differ, HubSpot is not older'),
        (run('manual', 'b', 'l', 'r'), 'both sides changed, a person has to choose'),
        (run('prefer_remote', 'b', 'l', None), 'HubSpot is empty'),
        (run('two_way_newest', 'b', MISSING, 'r'), 'not read from Odoo'),
        (run('two_way_newest', 'b', 'l', MISSING), 'not read from HubSpot'),
        (run('create_only', 'b', 'l', 'r'), 'only set at creation'),
        (run('two_way_newest', 'b', 'b', 'r', direction='out'), 'only flows from Odoo to HubSpot'),
    ],
)
def test_a_decision_says_why_in_plain_words(merged, reason):
    assert [decision.reason for decision in merged.decisions] == [reason]


def test_a_decision_holds_the_value_both_sides_are_to_have():
    assert run('odoo_wins', 'b', 'l', 'r').decisions == [
        Decision('f', 'to_remote', 'l', 'Odoo wins')
    ]
    assert run('manual', 'b', 'l', 'r').decisions[0].value is None


@pytest.mark.parametrize(('rule', 'direction'), [('newest', 'both'), ('manual', 'up')])
def test_a_rule_that_is_none_is_refused(rule, direction):
    with pytest.raises(ValueError, match="f: no rule '"):
        FieldRule('f', rule, direction)


def test_the_sign_for_a_missing_value_counts_as_false_and_says_what_it_is():
    assert not MISSING
    assert repr(MISSING) == 'MISSING'
