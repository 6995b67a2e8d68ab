"""Three-way merge of one record, field by field.

``base`` is what both sides last agreed on, ``local`` is Odoo now, ``remote`` the other side now.
All values are canonical (:mod:`.convert`): comparable by ``==``, ``None`` for empty.

======================  ==========================================================================
rule                    what happens where the sides differ
======================  ==========================================================================
``two_way_newest``      the side that changed wins; both changed: the newer record, in doubt the
                        remote; never agreed before: the side that is not empty, else the newer
``odoo_wins``           Odoo's value goes out, an empty one too
``remote_wins``         the remote's value comes in, an empty one too
``prefer_odoo``         Odoo's value goes out; an empty one is filled from the remote
``prefer_remote``       the remote's value comes in; an empty one is filled from Odoo
``create_only``         nothing, once both sides exist
``manual``              the side that changed wins; both changed: a conflict, nothing is written
======================  ==========================================================================

A record that is being created takes what the other side has, whatever the rule. A direction
forbids, it never turns a flow around: what may not flow is left as it is. Neither does Odoo's
empty value flow to a field that the remote demands (an owner, a closing date): it says nothing.

Promises, tested as laws: equal sides write nothing; applying the outcome and merging again writes
nothing; no field flows both ways; a field that was not read is not touched; a value not yet
confirmed by the remote does not enter the snapshot, so that a lost call is found by merging again,
from the snapshot alone.

A person's choice in a conflict is given to the merge as a base: equal to the remote's value, and
Odoo's flows out; equal to Odoo's, and the remote's comes in.

Weakness: "newer" compares the records' times, set by two clocks, not the fields'; it only decides
where both sides changed the same field since they last agreed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, get_args

Rule = Literal[
    'two_way_newest',
    'odoo_wins',
    'remote_wins',
    'prefer_odoo',
    'prefer_remote',
    'create_only',
    'manual',
]
Direction = Literal['in', 'out', 'both']
Action = Literal['keep', 'to_local', 'to_remote', 'agree', 'conflict', 'skip']


class _Missing:
    """Not in the mapping: never agreed on (base), not read (a side)."""

    def __repr__(self) -> str:
        return 'MISSING'

    def __bool__(self) -> bool:
        return False


MISSING: Final = _Missing()


@dataclass(frozen=True)
class FieldRule:
    """What a line of the mapping says of one field.

    ``demanded``: at the remote the field is never empty.

    :raises ValueError: for a rule or a direction that is none.
    """

    key: str
    rule: Rule
    direction: Direction = 'both'
    demanded: bool = False

    def __post_init__(self):
        if self.rule not in get_args(Rule) or self.direction not in get_args(Direction):
            raise ValueError(f'{self.key}: no rule {self.rule!r} with direction {self.direction!r}')


class Decision(NamedTuple):
    """What was decided on a field, and why, in plain words.

    ``value`` is the value both sides are to have; with ``conflict`` and ``skip`` there is none.

    ``keep``: nothing changed. ``agree``: both sides came to the same value. ``skip``: the rule, the
    direction or a missing value has us leave the field alone.
    """

    key: str
    action: Action
    value: Any
    reason: str


@dataclass
class Merged:
    """The outcome for a record.

    ``to_local`` and ``to_remote``: field → value to write. ``snapshot``: the base to store together
    with the writes of ``to_local``; for a field that has to go out it holds what the remote was
    seen to hold, so that Odoo's value differs from it until the remote has confirmed, whatever
    happens in between. ``conflicts``: field → base, local, remote (base may be :data:`MISSING`).
    """

    to_local: dict[str, Any] = field(default_factory=dict)
    to_remote: dict[str, Any] = field(default_factory=dict)
    snapshot: dict[str, Any] = field(default_factory=dict)
    conflicts: dict[str, tuple[Any, Any, Any]] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)

    @property
    def confirmed(self) -> dict[str, Any]:
        """The base to store once the remote has confirmed ``to_remote``."""
        return {**self.snapshot, **self.to_remote}


class _Sides(NamedTuple):
    base: Any
    local: Any
    remote: Any
    local_is_newer: bool
    name: str


Verdict = tuple[Action, str]


def merge(
    rules: Iterable[FieldRule],
    base: Mapping[str, Any],
    local: Mapping[str, Any],
    remote: Mapping[str, Any],
    *,
    local_at: datetime | None,
    remote_at: datetime | None,
    new_local: bool = False,
    new_remote: bool = False,
    remote_label: str = 'the remote',
) -> Merged:
    """Decide what has to be written where.

    :param local_at: when the Odoo record was last changed; ``None`` where unknown. Like
        ``remote_at``, aware or naive UTC, but both the same.
    :param new_local: the Odoo record is being created from the remote one; ``local`` is empty.
    :param new_remote: the other way round.
    :param remote_label: what people call the remote, for the reasons.
    :raises ValueError: where both sides are new.
    """
    if new_local and new_remote:
        raise ValueError('A record cannot be new on both sides.')
    newer = local_at is not None and remote_at is not None and local_at > remote_at
    outcome = Merged(snapshot=dict(base))
    for rule in rules:
        sides = _Sides(
            base.get(rule.key, MISSING),
            local.get(rule.key, None if new_local else MISSING),
            remote.get(rule.key, None if new_remote else MISSING),
            newer,
            remote_label,
        )
        verdict = _verdict(rule, sides, new_local, new_remote)
        action, reason = _allowed(rule, verdict, sides)
        _apply(outcome, rule.key, action, reason, sides)
    if not new_remote:
        outcome.snapshot.update({key: remote[key] for key in outcome.to_remote})
    return outcome


def _verdict(rule: FieldRule, sides: _Sides, new_local: bool, new_remote: bool) -> Verdict:
    if sides.local is MISSING or sides.remote is MISSING:
        side = 'Odoo' if sides.local is MISSING else sides.name
        return 'skip', f'not read from {side}'
    if sides.local == sides.remote:
        if sides.base == sides.local:
            return 'keep', 'nothing changed'
        return 'agree', 'both sides hold the same value'
    if new_local:
        return 'to_local', 'created in Odoo'
    if new_remote:
        return 'to_remote', f'created in {sides.name}'
    return _RULES[rule.rule](sides)


def _allowed(rule: FieldRule, verdict: Verdict, sides: _Sides) -> Verdict:
    if verdict[0] == 'to_remote' and rule.direction == 'in':
        return 'skip', f'only flows from {sides.name} to Odoo'
    if verdict[0] == 'to_local' and rule.direction == 'out':
        return 'skip', f'only flows from Odoo to {sides.name}'
    if verdict[0] == 'to_remote' and rule.demanded and sides.local is None:
        return 'skip', f'never empty in {sides.name}'
    return verdict


def _apply(outcome: Merged, key: str, action: Action, reason: str, sides: _Sides) -> None:
    value = sides.remote if action == 'to_local' else sides.local
    if action in ('conflict', 'skip'):
        value = None
    if action == 'conflict':
        outcome.conflicts[key] = sides[:3]
    elif action == 'to_remote':
        outcome.to_remote[key] = value
    elif action != 'skip':
        outcome.snapshot[key] = value
        if action == 'to_local':
            outcome.to_local[key] = value
    outcome.decisions.append(Decision(key, action, value, reason))


def as_agreed(
    local: Mapping[str, Any], base: Mapping[str, Any], variants: Mapping[str, Any]
) -> dict[str, Any]:
    """``local`` with the agreed value wherever Odoo still holds its own form of it.

    :param variants: field → the form Odoo gave to the value of ``base``.
    """
    return {
        key: base[key] if key in variants and key in base and variants[key] == value else value
        for key, value in local.items()
    }


# --- the rules, for sides that differ -------------------------------------------------------------


def _changed_side(sides: _Sides) -> Verdict | None:
    """The verdict where only one side moved; ``None`` where both did."""
    if sides.base is MISSING:
        if sides.local is None:
            return 'to_local', 'Odoo is empty'
        return ('to_remote', f'{sides.name} is empty') if sides.remote is None else None
    if sides.local == sides.base:
        return 'to_local', f'only {sides.name} changed'
    return ('to_remote', 'only Odoo changed') if sides.remote == sides.base else None


def _both(sides: _Sides) -> str:
    return 'the sides differ' if sides.base is MISSING else 'both sides changed'


def _two_way_newest(sides: _Sides) -> Verdict:
    if verdict := _changed_side(sides):
        return verdict
    if sides.local_is_newer:
        return 'to_remote', f'{_both(sides)}, Odoo is newer'
    return 'to_local', f'{_both(sides)}, {sides.name} is not older'


def _manual(sides: _Sides) -> Verdict:
    if verdict := _changed_side(sides):
        return verdict
    return 'conflict', f'{_both(sides)}, a person has to choose'


def _odoo_wins(sides: _Sides) -> Verdict:
    return 'to_remote', 'Odoo wins'


def _remote_wins(sides: _Sides) -> Verdict:
    return 'to_local', f'{sides.name} wins'


def _prefer_odoo(sides: _Sides) -> Verdict:
    if sides.local is None:
        return 'to_local', 'Odoo is empty'
    return 'to_remote', 'Odoo is preferred'


def _prefer_remote(sides: _Sides) -> Verdict:
    if sides.remote is None:
        return 'to_remote', f'{sides.name} is empty'
    return 'to_local', f'{sides.name} is preferred'


def _create_only(sides: _Sides) -> Verdict:
    return 'skip', 'only set at creation'


_RULES: dict[str, Callable[[_Sides], Verdict]] = {
    'two_way_newest': _two_way_newest,
    'manual': _manual,
    'odoo_wins': _odoo_wins,
    'remote_wins': _remote_wins,
    'prefer_odoo': _prefer_odoo,
    'prefer_remote': _prefer_remote,
    'create_only': _create_only,
}
