"""Types of command-line options: a bad value gets a sentence from argparse."""

from __future__ import annotations

import argparse
import re


def port(text: str) -> int:
    """A TCP port, 1 to 65535."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: a number from 1 to 65535 is needed")
    return int(text)


def workers(text: str) -> int:
    """A number of worker processes, 0 to 64."""
    if not text.isdigit() or int(text) > 64:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of workers: 0 to 64 is")
    return int(text)


def positive(text: str) -> int:
    """A whole number of 1 or more."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 10**9):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number here: a whole one from 1 to 1000000000 is"
        )
    return int(text)


def minutes(text: str) -> float:
    """A length of time in minutes: more than none, at most a day."""
    if not re.fullmatch(r"\d{1,4}(\.\d{1,3})?", text) or not 0 < float(text) <= 1440:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no number of minutes here: one above 0 and up to 1440 is, such as 0.5"
        )
    return float(text)


def database_name(text: str) -> str:
    """A name that PostgreSQL, a URL and a file system take without quoting."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no database name here: a letter, then at most 40 of a-z, 0-9, _"
        )
    return text
