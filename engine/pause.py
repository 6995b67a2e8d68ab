"""Named points at which the fault campaign may stop or kill a worker.

A no-op unless the environment variable ``SAAS_SYNC_PAUSE`` is set: ``name:action[:n]``, several of
them separated by commas. ``name`` is one of :data:`POINTS`; ``action`` is ``kill`` (SIGKILL to this
very process: no clean-up of any kind) or ``sleep`` (an hour, to be killed from outside); ``n`` is
the passage at which it strikes, 1 unless given. Example: ``before_commit:kill:3``.

For processes that run already the variable names a folder by its absolute path. A file
``before_commit.kill`` put there strikes the first process that passes that point, and no other:
whoever renames the file to ``before_commit.kill.<process id>`` has the order.

Promise: an unset variable costs one look-up in a dictionary. Weakness: passages are counted by
process, so with several workers ``n`` is counted by each of them alone.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import signal
import time
from collections import Counter
from collections.abc import Callable

#: In the order in which a lane passes them.
POINTS = ('after_claim', 'before_call', 'after_call', 'before_commit', 'after_commit')
VARIABLE = 'SAAS_SYNC_PAUSE'

_ENTRY = re.compile(r'(?P<name>\w+):(?P<action>\w+)(?::(?P<number>[1-9][0-9]*))?')
_passages: Counter[str] = Counter()


def point(name: str) -> None:
    """Pass the point ``name``; the environment may have something happen here.

    :raises ValueError: where the variable does not read as described above.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return
    if os.path.isabs(text):
        action = _ordered(text, name)
    else:
        _passages[name] += 1
        action = _plan(text).get((name, _passages[name]))
    if action:
        _ACTIONS[action]()


def _ordered(folder: str, name: str) -> str | None:
    """Take the order that lies in ``folder`` for this point, if there is one."""
    for action in _ACTIONS:
        order = os.path.join(folder, f'{name}.{action}')
        with contextlib.suppress(FileNotFoundError):
            os.rename(order, f'{order}.{os.getpid()}')
            return action
    return None


@functools.lru_cache(maxsize=8)
def _plan(text: str) -> dict[tuple[str, int], str]:
    plan = {}
    for entry in text.split(','):
        match = _ENTRY.fullmatch(entry.strip())
        if not match or match['name'] not in POINTS or match['action'] not in _ACTIONS:
            raise ValueError(
                f'{VARIABLE}={entry!r}: write name:action or name:action:n with a name of '
                f'{", ".join(POINTS)} and an action of {", ".join(_ACTIONS)}.'
            )
        plan[match['name'], int(match['number'] or 1)] = match['action']
    return plan


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _sleep() -> None:
    time.sleep(3600)


_ACTIONS: dict[str, Callable[[], None]] = {'kill': _kill, 'sleep': _sleep}
