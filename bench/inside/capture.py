"""What the capture of changes costs a write: the same write with and without our hooks.

The hooks are the overrides of `base` in `models/base.py`. Taking them off that class is Odoo
without them, exactly: Python then finds what they extend. So both sides run in one process, in
turn, on the same records, and whatever else the machine does meanwhile hits both. Each write is
flushed and committed, with all that the capture does before and after a commit.

What a write of an unmapped model pays is a few millionths of a second, which no comparison of
whole writes can tell from the machine's noise. There the write is clocked without the hooks, and
what the hooks add is clocked by themselves: each is called where Odoo's own method returns at once,
with and without it, many thousand times, and the difference counts as often as the write calls it.

Weakness: the records are warm in the cache of the process where a real request reads them first,
so the share of the capture is overstated.
"""

from __future__ import annotations

import random
import statistics
import time
import timeit
from contextlib import contextmanager

from odoo.addons.saas_sync.models.base import Base

HOOKS = ("_write_multi", "_create", "modified", "unlink")


@contextmanager
def _without_hooks():
    hooks = {name: Base.__dict__[name] for name in HOOKS if name in Base.__dict__}
    for name in hooks:
        delattr(Base, name)
    try:
        yield
    finally:
        for name, hook in hooks.items():
            setattr(Base, name, hook)


@contextmanager
def _with_hooks():
    yield


SIDES = {"without": _without_hooks, "ours": _with_hooks}


def _clocked(env, write, times):
    """Seconds of wall and of our CPU for `times` writes, each in a transaction of its own."""
    wall, cpu = time.perf_counter(), time.process_time()
    for _time in range(times):
        write()
        env.cr.commit()
    return time.perf_counter() - wall, time.process_time() - cpu


def _compare(env, write, blocks, times):
    """`{side: {wall_ms, cpu_ms}}` of one write, medians over pairs of blocks."""
    found = {side: [] for side in SIDES}
    for block in range(blocks + 2):
        for side in random.sample(sorted(SIDES), len(SIDES)):
            with SIDES[side]():
                seconds = _clocked(env, write, times)
            if block >= 2:  # the first ones warm up
                found[side].append(seconds)
    return {side: _medians(rows, times) for side, rows in found.items()}


def _medians(rows, times):
    wall, cpu = (1000 * statistics.median(column) / times for column in zip(*rows, strict=True))
    return {"wall_ms": wall, "cpu_ms": cpu}


def batch(env, records, blocks):
    """One `write()` of a mapped field of many partners."""
    partners = env["res.partner"].browse(records)
    number = iter(range(10**9))
    return _compare(env, lambda: partners.write({"city": f"City {next(number)}"}), blocks, 1)


def one(env, records, blocks):
    """The same of a single partner, as a user saves a form."""
    partner = env["res.partner"].browse(records[:1])
    number = iter(range(10**9))
    return _compare(env, lambda: partner.write({"city": f"Town {next(number)}"}), blocks, 5)


def unmapped(env, blocks):
    """A write of a model that no mapping speaks of, one of the cheapest that Odoo has."""
    bank = env["res.bank"].create({"name": "Bench"})
    number = iter(range(10**9))

    def write():
        bank.write({"city": f"City {next(number)}"})

    calls = _calls(env, write)
    with _without_hooks():
        rows = [_clocked(env, write, 20) for _block in range(blocks * 5)]
    plain = _medians(rows, 20)
    added = sum(calls[name] * _own_cost(NOTHING[name], bank) for name in calls)
    return {"without": plain, "ours": {name: ms + added for name, ms in plain.items()}}


#: Calls that Odoo's own methods answer at once: what is left is ours.
NOTHING = {
    "_write_multi": lambda record: record.browse()._write_multi([]),
    "modified": lambda record: record.modified(()),
}


def _calls(env, write):
    """How often one write and its commit call each hook."""
    calls = dict.fromkeys(NOTHING, 0)

    def counting(name, hook):
        def call(self, *args, **kwargs):
            calls[name] += 1
            return hook(self, *args, **kwargs)

        return call

    hooks = {name: Base.__dict__[name] for name in NOTHING}
    write()
    env.cr.commit()
    try:
        for name, hook in hooks.items():
            setattr(Base, name, counting(name, hook))
        write()
        env.cr.commit()
    finally:
        for name, hook in hooks.items():
            setattr(Base, name, hook)
    return calls


def _own_cost(call, record, times=5000):
    """Milliseconds that a hook adds to a call that does nothing: the least of several series."""

    def fastest():
        return min(timeit.repeat(lambda: call(record), number=times, repeat=7)) * 1000 / times

    with _without_hooks():
        plain = fastest()
    return max(fastest() - plain, 0.0)


def captured(env, records):
    """How many of the partners have a message that names the field."""
    env.cr.execute(
        """SELECT count(DISTINCT res_id) FROM sync_outbox
            WHERE res_model = 'res.partner' AND res_id = ANY(%s)
              AND changed_fields::text LIKE '%%city%%'""",
        [records],
    )
    return env.cr.fetchone()[0]
