"""Settings of the engine suite: hypothesis without a clock, recorded traffic where it is at hand.

``HYPOTHESIS_PROFILE=thorough`` looks 40 times as hard.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# The machines that run this are shared: a slow example is no finding. A refused value is one.
COMMON = {
    'deadline': None,
    'print_blob': True,
    'suppress_health_check': [HealthCheck.too_slow, HealthCheck.filter_too_much],
}
settings.register_profile('engine', max_examples=25, stateful_step_count=40, **COMMON)
settings.register_profile('thorough', max_examples=1000, stateful_step_count=80, **COMMON)
settings.load_profile(os.environ.get('HYPOTHESIS_PROFILE', 'engine'))

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
