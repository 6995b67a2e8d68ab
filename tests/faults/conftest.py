"""The world of the faults, and what a run needs."""

import pytest

from tests.faults.database import missing


@pytest.fixture(scope="session", autouse=True)
def _machine():
    absent = missing()
    if absent:
        pytest.skip(f"run by ./dev test, which sets {', '.join(absent)}")
