"""Whatever goes wrong, no secret is logged, kept or shown."""

import json
import logging
from contextlib import contextmanager

from odoo.exceptions import UserError
from odoo.tests import tagged

from .live_account import LiveCase


@contextmanager
def everything_logged():
    """All that is logged, at every level, tracebacks included; yields the list of lines."""
    lines = []

    class Recorder(logging.Handler):
        def emit(self, record):
            lines.append(self.format(record))

    root, recorder = logging.getLogger(), Recorder()
    recorder.setFormatter(logging.Formatter('%(levelname)s %(name)s: %(message)s'))
    ours = logging.getLogger('odoo.addons.saas_sync')
    level = ours.level
    root.addHandler(recorder)
    ours.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        ours.setLevel(level)
        root.removeHandler(recorder)


@tagged('post_install', '-at_install')
class TestSecrets(LiveCase):
    """Whatever goes wrong, no secret is logged, kept or shown."""

    def secrets(self):
        return [self.box.token, self.box.secret, f'Bearer {self.box.token}']

    def assertClean(self, lines):
        text = '\n'.join(lines)
        self.assertTrue(lines, 'something was logged')
        for secret in self.secrets():
            self.assertNotIn(secret, text)
        for line in lines:
            if 'odoo.addons.saas_sync' in line.split(':')[0]:
                self.assertNotIn(self.connection.webhook_token, line)
        self.cr.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND "
            "(table_name LIKE 'sync\\_%' OR table_name IN ('mail_message', 'mail_activity'))")
        for (table,) in self.cr.fetchall():
            self.cr.execute(f'SELECT t::text FROM "{table}" t')
            kept = '\n'.join(row[0] for row in self.cr.fetchall())
            for secret in self.secrets():
                self.assertNotIn(secret, kept, table)

    def test_nothing_secret_is_logged_or_kept_whatever_the_account_answers(self):
        with everything_logged() as lines:
            for number, fault in enumerate((
                'garbage', 'html', 'empty', 'truncated', 'reset', 'http_500', 'http_429',
                'expired_token', 'commit_then_drop',
            ), start=1):
                with self.subTest(fault):
                    self.fail_once(fault, 2000 + number)
        self.assertClean(lines)

    def fail_once(self, fault, number):
        self.env['sync.breaker'].search([]).unlink()
        self.connection.write({'state': 'connected', 'hold_until': False})
        self.put('contacts', number, firstname=fault)
        self.box.faults({'kind': fault, 'match': 'contacts', 'count': 3})
        self.post(self.news(number))
        self.env['res.partner'].create({'name': f'Out {fault}'})
        self.work(rounds=2)
        self.box.faults()

    def test_a_bug_with_the_secret_at_hand_is_logged_without_it(self):
        """The traceback is kept with the attempt, for whoever has to find the bug."""
        line = self.connection.mapping_ids.filtered(
            lambda mapping: mapping.remote_object == 'contacts').line_ids[:1]
        self.env.flush_all()
        self.cr.execute("UPDATE sync_mapping_line SET converter = 'nonsense' WHERE id = %s",
                        [line.id])
        self.env.invalidate_all()
        self.put('contacts', 1, firstname='Ann')
        with everything_logged() as lines:
            self.post(self.news(1))
            self.work()
        self.assertEqual(self.lane_of(1).state, 'failed')
        self.assertClean(lines)

    def test_a_refused_sign_in_is_told_without_the_token(self):
        """A wrong token, and tokens that would be headers, bodies or other addresses."""
        for token in ('pat-na1-wrong-but-secret', 'two words of secret', 'secret\r\nX-Evil: 1',
                      'sécret-ünïcode', 'secret' * 20_000, '\u202esecret', '{"secret": 1}'):
            with self.subTest(token[:20]), everything_logged() as lines:
                mark = self.box.last_n()
                with self.assertRaises(UserError) as caught:
                    self.connection.access_token_input = token
                    self.connection.action_test()
                self.assertNotIn(token, str(caught.exception))
                self.assertGreater(len(str(caught.exception).split()), 5, 'a sentence')
                self.assertNotIn(token, '\n'.join(lines))
                for call in self.box.ledger(after=mark):
                    self.assertNotIn('X-Evil', json.dumps(call['request_headers']))

    def test_credentials_of_another_account_are_refused_in_words(self):
        self.connection.remote_account = '62515'
        with self.assertRaises(UserError) as caught:
            self.connection.action_test()
        self.assertIn('62515', str(caught.exception))
        self.assertIn(str(self.box.info['portal_id']), str(caught.exception))
        self.assertNotIn(self.box.token, str(caught.exception))
