"""The test suites: which folder each is, what it needs, and how pytest is called for it.

A suite is one pytest process. Suites that need Odoo get a fresh copy of a database with the add-on
installed, so they can run side by side and commit what they like. pytest-odoo finds the technical
name in the path, so those suites are given by their path over the symlink.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .layout import Layout

NOTHING_COLLECTED = 5


@dataclass(frozen=True)
class Suite:
    """`database`: runs inside Odoo, on a copy. `templates`: drives Odoo itself, on copies that it
    makes of the templates. `alone`: restarts servers or measures time, so nothing may run beside
    it.
    """

    name: str
    database: bool = False
    templates: bool = False
    alone: bool = False

    @property
    def needs_odoo(self) -> bool:
        return self.database or self.templates

    def folder(self, layout: Layout) -> Path:
        return (layout.addon if self.database else layout.checkout) / "tests" / self.name

    def exists(self, layout: Layout) -> bool:
        return any((layout.checkout / "tests" / self.name).rglob("test_*.py"))


# The longest first: two run at once, and the short ones fill in beside it.
SUITES = (
    Suite("odoo", database=True),
    Suite("lifecycle", templates=True),
    Suite("browser", database=True),
    Suite("http", database=True),
    Suite("security", database=True),
    Suite("engine"),
    Suite("sandbox"),
    Suite("devkit"),
    Suite("faults", templates=True, alone=True),
)


@dataclass(frozen=True)
class Counts:
    """What a run amounts to. Errors count as failures."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def total(counts: Iterable[Counts]) -> Counts:
    return sum(counts, Counts())


def counts_of(report: Path, code: int) -> Counts:
    """The counts of tests in pytest's JUnit `report` for a run that ended with `code`.

    They are counted case by case, because the totals there take every subtest for a test. A run
    that ended badly without saying so is one failure.
    """
    if not report.exists():
        return Counts(failed=1)
    outcomes: dict[tuple[str | None, str | None], set[str]] = {}
    for case in ElementTree.parse(report).getroot().iter("testcase"):
        tags = outcomes.setdefault((case.get("classname"), case.get("name")), set())
        tags.update(child.tag for child in case)
    failed = sum(bool(tags & {"failure", "error"}) for tags in outcomes.values())
    skipped = sum(
        "skipped" in tags and not tags & {"failure", "error"} for tags in outcomes.values()
    )
    passed = len(outcomes) - failed - skipped
    if code not in (0, NOTHING_COLLECTED) and not failed:
        failed = 1
    return Counts(passed, failed, skipped)


def pytest_command(
    layout: Layout, suite: Suite, database: str | None, words: list[str]
) -> list[str]:
    """The command line for `suite`; `words` are paths below its folder, if any, and pytest's own
    options.
    """
    odoo = [f"--odoo-config={layout.odoo_conf}", f"--odoo-database={database}", "--odoo-http"]
    report = f"--junitxml={layout.reports / suite.name}.xml"
    # A test that takes this long shows where it is.
    hanging = ["-o", "faulthandler_timeout=120"]
    start = [str(layout.python), "-m", "pytest", "--durations=5", *hanging, report]
    return [*start, *(odoo if suite.database else []), *words]
