"""One set-up at a time in one checkout: the second `./dev` waits for the first.

Programs that are started under a lock inherit it (`held`), so when ./dev is killed and leaves one
behind, the next ./dev waits for that one too instead of working against it.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_held: set[int] = set()


def held() -> tuple[int, ...]:
    """The file descriptors that children have to inherit."""
    return tuple(_held)


@contextmanager
def exclusive(path: Path, say=print) -> Iterator[None]:
    """Hold the lock file `path`; the operating system frees it when its last holder has ended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another ./dev is setting up this checkout: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        _held.add(handle.fileno())
        try:
            yield
        finally:
            _held.discard(handle.fileno())
            # Not left to the closing of the file: a child may still hold the same lock.
            fcntl.flock(handle, fcntl.LOCK_UN)
