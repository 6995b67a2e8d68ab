"""From a seed and a number to a request: always the same one.

Weights are those of what has to be exercised, not of real life: two of five requests are good and
have to be accepted, the others are wrong in one way each.
"""

from __future__ import annotations

import random

from . import mutations as change
from .delivery import Addresses, Made, elements

#: Replays stay within such a block of numbers, which one sender sends in order.
BLOCK = 1000
WEIGHTS = {
    change.delivery: 34,
    change.replayed: 10,
    change.misfits: 10,
    change.mangled: 7,
    change.changed_on_the_way: 5,
    change.hostile: 6,
    change.forged: 8,
    change.strange_headers: 7,
    change.typed: 3,
    change.elsewhere: 4,
    change.unexpected_method: 3,
    change.other_route: 2,
    change.announced_wrongly: 2,
    change.packed: 0.5,
    change.large: 0.2,
}
_KINDS, _WEIGHTS = list(WEIGHTS), list(WEIGHTS.values())


class Chance(random.Random):
    """Randomness of one request."""

    def __init__(self, seed: int, number: int):
        super().__init__(f'{seed}:{number}')
        self.seed_of_run = seed


def make(seed: int, number: int, to: Addresses) -> Made:
    """Request `number` of the run `seed`; only the time of its signature depends on the clock."""
    chance = Chance(seed, number)
    return _kind(chance)(chance, number, to)


def earlier(seed: int, number: int, to: Addresses) -> list[dict] | None:
    """The elements of the nearest good delivery before `number` in its block, if there is one."""
    for before in range(number - 1, number - number % BLOCK - 1, -1):
        chance = Chance(seed, before)
        if _kind(chance) is change.delivery:
            return elements(chance, before)
    return None


def _kind(chance: random.Random):
    return chance.choices(_KINDS, _WEIGHTS)[0]
