"""requirements.txt pins every package for every Python that Odoo 19 supports, exactly once."""

from collections import Counter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

LINES = (Path(__file__).parents[2] / "requirements.txt").read_text().splitlines()
REQUIREMENTS = [Requirement(line) for line in LINES if line and not line.startswith("#")]
NEEDED = {"pydantic", "tenacity", "requests", "werkzeug", "psycopg2-binary", "pytest-odoo", "lxml"}


def for_python(version):
    environment = {"python_version": version, "sys_platform": "linux"}
    return [r for r in REQUIREMENTS if r.marker is None or r.marker.evaluate(environment)]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_a_requirement_is_pinned(requirement):
    [specifier] = requirement.specifier
    assert specifier.operator == "=="
    assert "*" not in specifier.version


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_no_package_is_pinned_twice_for_one_python(version):
    counts = Counter(requirement.name.lower() for requirement in for_python(version))
    assert [name for name, number in counts.items() if number > 1] == []


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_what_is_needed_is_there_for_every_python(version):
    names = {requirement.name.lower() for requirement in for_python(version)}
    assert names >= NEEDED
