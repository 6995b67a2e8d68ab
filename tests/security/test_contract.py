"""Schemathesis against a real server: every answer is one that `docs/openapi.json` describes.

Three runs, each with a server of two processes and a real socket: a stranger, a sender whose bodies
are signed as they go out, a manager who is signed in. All of Schemathesis's checks are on, in its
phases of examples, coverage and fuzzing; the description has no links, so there is nothing
stateful. SAAS_SYNC_FUZZ_SEED and SAAS_SYNC_FUZZ_EXAMPLES make it another or a longer run.
"""

import os
import subprocess
import sys
import tempfile
import unittest
from collections import Counter
from pathlib import Path

from odoo.tests import tagged

from ..account import PUBLIC_URL, SECRET
from ..odoo_server import Person
from ..salesforce_delivery import number
from .prefork import PreforkCase

CHECKOUT = Path(__file__).resolve().parents[2]
CONTRACT = Path(__file__).resolve().parent / 'contract'
SEED = os.environ.get('SAAS_SYNC_FUZZ_SEED') or '1'
EXAMPLES = os.environ.get('SAAS_SYNC_FUZZ_EXAMPLES') or '25'
TOOL = os.environ.get('SAAS_SYNC_SCHEMATHESIS')
WEBHOOK = '/saas_sync/webhook/{webhook_token}'
#: A connection for Outbound Messages, of the organisation that the description's example names.
SALESFORCE = """
made = env['sync.connection'].create({
    'name': 'Salesforce', 'provider': 'salesforce', 'public_url': public_url,
    'poll_enabled': False, 'remote_account': organisation, 'client_id': 'app',
    'base_url': 'https://acme.my.salesforce.com'})
made._update_state('connected')
made.action_new_key_pair()
result = [made.id, made.webhook_token]
"""


@unittest.skipUnless(TOOL, 'Schemathesis is not there: it needs Python 3.11, ./dev test brings it')
@tagged('post_install', '-at_install')
class TestContract(PreforkCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        _id, cls.salesforce = cls.database.run(
            SALESFORCE, public_url=PUBLIC_URL, organisation=number('00D', 1))

    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory(prefix='saas_sync-contract-')
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def run_as(self, who, *options) -> Counter:
        """Run it; return how often each route gave each status."""
        tally = self.folder / 'tally'
        run = subprocess.run(
            [sys.executable, '-S', '-m', 'schemathesis.cli',
             '--config-file', CONTRACT / 'schemathesis.toml',
             'run', CHECKOUT / 'docs' / 'openapi.json', '--url', self.server.url, '--seed', SEED,
             '--checks', 'all', '--max-examples', EXAMPLES, '--no-color', *options],
            cwd=self.folder, env=self.variables(who, tally), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
        told = '\n'.join(line[:500] for line in run.stdout.splitlines())
        self.assertEqual(run.returncode, 0, told)
        return Counter(tally.read_text(encoding='utf-8').splitlines())

    def variables(self, who, tally):
        """Nothing of the environment of the tests but where its programs are."""
        return {
            'PATH': os.environ['PATH'], 'HOME': str(self.folder),
            'PYTHONPYCACHEPREFIX': os.environ.get('PYTHONPYCACHEPREFIX', str(self.folder)),
            'PYTHONPATH': os.pathsep.join((TOOL, str(CHECKOUT))),
            'SCHEMATHESIS_HOOKS': 'tests.security.contract.hooks',
            'SAAS_SYNC_AS': who, 'SAAS_SYNC_AS_TALLY': str(tally),
            'SAAS_SYNC_AS_HUBSPOT': self.to.open.rpartition('/')[2],
            'SAAS_SYNC_AS_SALESFORCE': self.salesforce,
            'SAAS_SYNC_AS_SESSION': Person(self.server).session_id,
        }

    def test_a_stranger_stores_nothing(self):
        answers = self.run_as('stranger')
        self.assertTrue(answers[f'POST {WEBHOOK} 401'])
        self.assertTrue(answers[f'POST {WEBHOOK} 415'])
        self.assertFalse(answers[f'POST {WEBHOOK} 202'])
        self.assertEqual(self.stored(), 0)
        self.assertNothingBroke()

    def test_signed_requests_get_past_the_signature(self):
        before = self.stored()
        answers = self.run_as('sender', '--include-path', WEBHOOK)
        for status in (200, 202, 400, 401, 404, 415):
            self.assertTrue(answers[f'POST {WEBHOOK} {status}'], (status, answers))
        self.assertGreater(self.stored(), before)
        self.assertNothingBroke()

    #: Whatever was generated, a manager is signed in; and nobody can generate a sign-in that a
    #: provider completes, or a key pair: 400 and 422 are what good requests get.
    FOR_A_MANAGER = ('--exclude-checks', 'ignored_auth,positive_data_acceptance')

    def test_a_manager_is_shown_what_is_described(self):
        answers = self.run_as('manager', '--exclude-path', WEBHOOK, *self.FOR_A_MANAGER)
        for route, status in (
            ('connection/{connection}/project.zip', 200),
            ('connection/{connection}/project.zip', 404),
            ('connection/{connection}/certificate.crt', 404),
            ('connection/{connection}/certificate.crt', 422),
            ('oauth/callback', 400),
            ('health', 200),
        ):
            self.assertTrue(answers[f'GET /saas_sync/{route} {status}'], (route, status, answers))
        self.assertNothingBroke()

    def assertNothingBroke(self):
        log = self.server.log()
        self.assertNotIn('Traceback', log)
        self.assertNotIn(SECRET, log)
