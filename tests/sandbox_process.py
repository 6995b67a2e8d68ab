"""A sandbox in a process of its own, shared by all tests of a run and reset before each."""

from __future__ import annotations

import atexit
import json
import subprocess
import sys
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parent.parent


class SandboxClient:
    """The control surface of a running sandbox, see sandbox/README.md."""

    def __init__(self, provider='hubspot'):
        self.process = subprocess.Popen(
            [sys.executable, '-m', 'sandbox', provider, '--port', '0', '--control-port', '0'],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )
        atexit.register(self.process.kill)
        self.info = json.loads(self.process.stdout.readline())
        self.url, self.control = self.info['api'], self.info['control']
        self.token, self.secret = self.info['token'], self.info['client_secret']

    def call(self, method, path, body=None):
        answer = requests.request(
            method, f'{self.control}/_sandbox/{path}', json=body, timeout=60)
        assert answer.ok, answer.text
        return answer

    def reset(self, **options):
        return self.call('POST', 'reset', options)

    def ledger(self, after=0):
        lines = self.call('GET', f'ledger?after={after}').text.splitlines()
        return [json.loads(line) for line in lines]

    def in_flight(self):
        """The calls that wait for their answer at this moment, with their client's port."""
        return self.call('GET', 'in-flight').json()['results']

    def writes(self, after=0):
        """Calls that change something: not reads, searches or sign-ins."""
        return [
            call for call in self.ledger(after)
            if call['method'] in ('POST', 'PATCH', 'PUT', 'DELETE')
            and not any(part in call['path'] for part in ('/read', '/search', '/oauth'))
        ]

    def objects(self, kind):
        return self.call('GET', f'objects/{kind}').json()['results']

    def object(self, kind, remote_id):
        return next(o for o in self.objects(kind) if o['id'] == str(remote_id))

    def change(self, kind, body):
        return self.call('POST', f'objects/{kind}', body).json()

    def faults(self, *faults, seed=1):
        return self.call('POST', 'faults', {'seed': seed, 'faults': list(faults)})

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)

    def last_n(self):
        calls = self.ledger()
        return calls[-1]['n'] if calls else 0


_running: dict[str, SandboxClient] = {}


def running(provider) -> SandboxClient:
    """The shared sandbox of a provider. Odoo ends a class of tests by terminating every child
    process, so it is started again where needed (in well under a second)."""
    client = _running.get(provider)
    if client is None or client.process.poll() is not None:
        client = _running[provider] = SandboxClient(provider)
    return client


def hubspot() -> SandboxClient:
    """The shared HubSpot sandbox."""
    return running('hubspot')
