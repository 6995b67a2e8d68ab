"""One set-up at a time in one checkout: the second `./dev` waits for the first."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive(path: Path, say=print) -> Iterator[None]:
    """Hold the lock file `path`; the operating system gives it up if we die."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("  another ./dev is setting up this checkout: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
