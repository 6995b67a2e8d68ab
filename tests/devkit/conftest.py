"""A checkout of nothing but empty folders, for the tooling to work on."""

import pytest

from devkit.layout import Layout


@pytest.fixture
def layout(tmp_path):
    for suite in ("engine", "odoo", "http"):
        folder = tmp_path / "tests" / suite
        folder.mkdir(parents=True)
        (folder / f"test_{suite}_thing.py").write_text("def test_it():\n    pass\n")
    return Layout(tmp_path.resolve())
