"""What `./dev test …` was asked to run: paths choose suites, everything else goes to pytest
unchanged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .layout import Layout
from .problems import Problem
from .suites import SUITES, Suite

# pytest's options whose value is a word of its own, which must not be taken for a path.
TAKING_A_VALUE = {
    "-k",
    "-m",
    "-p",
    "-o",
    "-c",
    "-W",
    "-r",
    "--deselect",
    "--ignore",
    "--maxfail",
    "--durations",
    "--tb",
    "--lfnf",
}


@dataclass(frozen=True)
class Selection:
    """Suites to run, each with the words pytest gets for it. `everything`: nothing was left out."""

    words: dict[Suite, list[str]]
    everything: bool
    stop_at_failure: bool


def select(layout: Layout, arguments: Sequence[str], cwd: Path) -> Selection:
    """Sort `arguments`; relative paths count from `cwd`, or from the checkout. Raises `Problem` for
    a path that is not a test's.
    """
    paths, options = _split(layout, arguments, cwd)
    present = [suite for suite in SUITES if suite.exists(layout)]
    stop = "-x" in options or "--exitfirst" in options
    if not paths:
        words = {suite: [str(suite.folder(layout)), *options] for suite in present}
        return Selection(words, everything=not options, stop_at_failure=stop)
    chosen: dict[Suite, list[str]] = {}
    for path in paths:
        for suite in _suites_of(layout, path, present):
            chosen.setdefault(suite, []).append(_word(layout, suite, path))
    return Selection({suite: [*found, *options] for suite, found in chosen.items()}, False, stop)


def _split(layout: Layout, arguments: Sequence[str], cwd: Path) -> tuple[list[str], list[str]]:
    paths, options, takes_value = [], [], False
    for argument in arguments:
        path = None if takes_value or argument.startswith("-") else _as_path(layout, argument, cwd)
        (options if path is None else paths).append(path or argument)
        takes_value = argument in TAKING_A_VALUE
    return paths, options


def _as_path(layout: Layout, argument: str, cwd: Path) -> str:
    """`argument` as an absolute path, its `::test` part kept."""
    file, separator, test = argument.partition("::")
    for base in (cwd, layout.checkout):
        path = (base / file).resolve()
        if path.exists():
            return f"{path}{separator}{test}"
    raise Problem(
        f"{file} is no file or folder of this checkout.",
        "Give a path below tests/, or an expression with -k. `./dev test --help` shows both.",
    )


def _suites_of(layout: Layout, path: str, present: list[Suite]) -> list[Suite]:
    place = Path(path.partition("::")[0])
    tests = layout.checkout / "tests"
    found = [
        suite
        for suite in present
        if place.is_relative_to(tests / suite.name) or (tests / suite.name).is_relative_to(place)
    ]
    if not found:
        names = ", ".join(suite.name for suite in present)
        raise Problem(
            f"{place} belongs to no test suite.", f"The suites are the folders of tests/: {names}."
        )
    return found


def _word(layout: Layout, suite: Suite, path: str) -> str:
    """`path` as pytest has to see it for `suite`: over the symlink, and not above the suite's
    folder.
    """
    file, separator, test = path.partition("::")
    home = layout.checkout / "tests" / suite.name
    inside = Path(file).relative_to(home) if Path(file).is_relative_to(home) else Path()
    return f"{suite.folder(layout) / inside}{separator}{test}"
