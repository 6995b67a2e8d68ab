"""The one exception that ends a command with a sentence for a person instead of a traceback."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path


class Problem(Exception):
    """Something that the person at the keyboard can put right.

    `message` says what is wrong, `remedy` what to do about it; both are plain sentences.
    """

    def __init__(self, message: str, remedy: str = ""):
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  → {self.remedy}" if self.remedy else self.message


def disk_full(folder: Path) -> Problem:
    free = shutil.disk_usage(folder).free / 1e9
    return Problem(
        f"The disk that holds {folder} is full ({free:.1f} GB free).",
        "The whole set-up needs about 3 GB. Free some space and run the same command again: it goes"
        " on where it stopped. `./dev clean` removes everything ./dev has made.",
    )


def is_disk_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)
