"""The world of the faults, and what a run needs."""

import os

import pytest

from tests.faults.database import missing
from tests.faults.scene import Scene
from tests.odoo_database import OdooDatabase
from tests.sandbox_process import SandboxClient


def pytest_collection_modifyitems(items):
    """The long scenarios are skipped where nobody chose this suite, and say so."""
    if os.environ.get("SAAS_SYNC_LONG"):
        return
    skip = pytest.mark.skip(reason="a scenario of minutes: ./dev test tests/faults runs it")
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(skip)


@pytest.fixture(scope="session", autouse=True)
def _machine():
    absent = missing()
    if absent:
        pytest.skip(f"run by ./dev test, which sets {', '.join(absent)}")


@pytest.fixture(scope="module")
def _scene():
    made = Scene(OdooDatabase(os.environ["SAAS_SYNC_INSTALLED"]), SandboxClient("hubspot"))
    yield made
    try:
        made.settle()
        made.check_silence()
        made.check_secrets()
    finally:
        made.stop()


@pytest.fixture
def scene(_scene):
    """One connected account for all tests of a file; what a test leaves at work is ended."""
    yield _scene
    _scene.tidy()
