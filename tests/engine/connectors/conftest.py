"""A HubSpot sandbox in its own process, a connector that speaks to it, and recorded traffic."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from engine.connectors.hubspot import HubSpotConnector
from engine.http import HttpClient
from tests.sandbox_process import hubspot as running_sandbox

ROOT = Path(__file__).resolve().parents[3]
VERSIONS = ('2026-09', '2026-03', 'v3')


class StaticToken:
    """A private app's token; it cannot be refreshed."""

    def __init__(self, text):
        self.text = text

    def header(self):
        return f'Bearer {self.text}'

    def refresh(self, stale_header):
        return False


def client(box, **options):
    """The real HTTP client, allowed to call the sandbox; it does not wait between tries."""
    options = {'token': StaticToken(box.token), 'sleep': lambda seconds: None} | options
    return HttpClient(
        base_url=box.url, allowed_hosts=('127.0.0.1',), allow_private=True, **options
    )


def connector(box, version='2026-09', http=None, **settings):
    settings = {
        'api_version': version,
        'account_id': str(box.info['portal_id']),
        'external_id_field': 'odoo_external_id',
        'time_zone': 'Europe/Brussels',
    } | settings
    return HubSpotConnector(http or client(box), settings)


@pytest.fixture
def box():
    """The sandbox as new, without rate limits."""
    sandbox = running_sandbox()
    sandbox.reset(limits={'enabled': False})
    return sandbox


@pytest.fixture(params=VERSIONS)
def hub(request, box):
    """A connector in each API version, with our unique property on every object."""
    made = connector(box, request.param)
    for name in made.objects:
        made.create_external_id(name)
    return made


@pytest.fixture
def hub9(box):
    """A connector in the default version, for what does not depend on the version."""
    made = connector(box)
    for name in made.objects:
        made.create_external_id(name)
    return made


@pytest.fixture(scope='session')
def recorded():
    """The folder of recorded HubSpot traffic."""
    base = Path(os.environ.get('SAAS_SYNC_RECORDED', ROOT.parent / 'shared' / 'recorded'))
    if not (base / 'hubspot').is_dir():
        pytest.skip(f'recorded traffic is not in {base}')
    return base / 'hubspot'


@pytest.fixture(scope='session')
def calls(recorded):
    """Every recorded call: ``(file name, request, response)``."""
    return [
        (path.stem, call['request'], call['response'])
        for path in sorted((recorded / 'vcr').glob('*.json'))
        for call in json.loads(path.read_text())
    ]
