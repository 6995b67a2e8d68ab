"""Schemathesis is installed for the tests of the API's description and for nothing else."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from devkit import contract_tool, python_env
from devkit.layout import Layout

LAYOUT = Layout(Path(__file__).parents[2])
REQUIREMENTS = contract_tool.wanted(LAYOUT)
LINES = REQUIREMENTS.read_text().splitlines()
PINNED = [Requirement(line) for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize("requirement", PINNED, ids=str)
def test_all_it_brings_is_pinned(requirement):
    [specifier] = requirement.specifier
    assert specifier.operator == "=="


def test_a_python_that_is_too_old_goes_without_it_and_says_so(layout, monkeypatch):
    monkeypatch.setattr(contract_tool.sys, "version_info", (3, 10, 12))
    monkeypatch.setattr(python_env, "install_into", lambda *_words: pytest.fail("installed"))
    monkeypatch.setattr(contract_tool, "wanted", lambda _layout: REQUIREMENTS)
    step = contract_tool.step(layout)
    assert "3.11" in step.work()
    assert step.present(), "it is not tried again every time"


def test_what_was_deleted_is_installed_again(layout, monkeypatch):
    monkeypatch.setattr(contract_tool.sys, "version_info", (3, 11, 7))
    monkeypatch.setattr(contract_tool, "wanted", lambda _layout: REQUIREMENTS)
    step = contract_tool.step(layout)
    assert not step.present()
    package = contract_tool.folder(layout) / "schemathesis"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    assert step.present()
