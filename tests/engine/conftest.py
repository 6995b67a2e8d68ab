"""Settings of the engine suite: hypothesis without a clock, recorded traffic where it is at hand."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The machines that run this are shared: a slow example is no finding.
settings.register_profile(
    'engine', deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile('engine')

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope='session')
def recorded_folder() -> Path:
    """Recorded traffic beside the checkout, or where ``SAAS_SYNC_RECORDED`` says."""
    folder = Path(
        os.environ.get('SAAS_SYNC_RECORDED') or CHECKOUT.parent / 'shared' / 'recorded'
    )
    if not folder.is_dir():
        pytest.skip('no recorded traffic: SAAS_SYNC_RECORDED is not set')
    return folder
