"""A Chromium, signed in to the Odoo of the test, and what a person does with it.

Promises: a page that logs an error, or shows one, fails the test. The test's transaction is what
the browser sees; :meth:`BrowserCase.browse` lends it to the server's threads, so that inside that
block the test itself touches no record.

Skipped, with the reason, where there is no Chromium (``SAAS_SYNC_CHROMIUM``) or no Playwright.
"""

from __future__ import annotations

import os
import re
import resource
import shutil
import unittest
from contextlib import contextmanager
from pathlib import Path

from odoo.tests import HttpCase, tagged
from odoo.tests.common import TEST_CURSOR_COOKIE_NAME

from ..account import AccountMixin
from ..screen_data import ScreenData

try:
    from playwright.sync_api import Error, expect, sync_playwright
except ImportError:  # only the browser tests need it
    sync_playwright = expect = Error = None

FLAGS = [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
]
#: What this build of Odoo logs by itself: it lacks one library, and a closed page aborts calls.
NOT_OURS = re.compile(r'selfie_segmentation|net::ERR_|Failed to load resource|WebSocket')
TIMEOUT_MS = 30_000


def chromium():
    return os.environ.get('SAAS_SYNC_CHROMIUM') or shutil.which('chromium')


@contextmanager
def unlimited_memory():
    """For the processes started inside: Odoo limits its own address space, and children inherit
    the limit. Chromium reserves far more than it uses, and dies of it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@tagged('post_install', '-at_install')
class BrowserCase(AccountMixin, HttpCase):

    @classmethod
    def setUpClass(cls):
        if not sync_playwright:
            raise unittest.SkipTest('Playwright is not installed')
        if not chromium():
            raise unittest.SkipTest('no Chromium: set SAAS_SYNC_CHROMIUM to its path')
        super().setUpClass()
        expect.set_options(timeout=TIMEOUT_MS)
        cls.data = ScreenData(cls.env)
        # Once a class and not once a test: what a test adds to the database is rolled back.
        bundle = cls.env['ir.qweb']._get_asset_bundle('web.assets_web', assets_params={})
        bundle.css()
        bundle.js()

    def setUp(self):
        super().setUp()
        with unlimited_memory():
            playwright = sync_playwright().start()
        self.addCleanup(playwright.stop)
        self.chromium = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        self.addCleanup(self.chromium.close)

    @contextmanager
    def browse(self, path, login='admin', width=1280, height=800):
        """A page at ``path``, signed in; what is on the screen is kept where the test fails."""
        self.authenticate(login, login)
        self.env.flush_all()
        problems = []
        with self.allow_requests():
            context = self.chromium.new_context(viewport={'width': width, 'height': height})
            context.set_default_timeout(TIMEOUT_MS)
            context.add_cookies([
                {'name': name, 'value': value, 'url': self.base_url()} for name, value in (
                    ('session_id', self.session.sid),
                    (TEST_CURSOR_COOKIE_NAME, self.http_request_key))
            ])
            page = context.new_page()
            page.on('pageerror', lambda error: problems.append(str(error)))
            page.on('console', lambda message: self._listen(message, problems))
            try:
                page.goto(self.base_url() + path)
                page.wait_for_selector('.o_action_manager .o_action', timeout=90_000)
                yield page
            except (Error, AssertionError):
                self._keep(page)
                raise
            finally:
                context.close()
        self._wait_remaining_requests()
        self.env.invalidate_all()
        self.assertEqual(problems, [], 'the page logged errors')

    @staticmethod
    def _listen(message, problems):
        if message.type == 'error' and not NOT_OURS.search(message.text):
            problems.append(message.text)

    def _keep(self, page):
        folder = Path(os.environ.get('SAAS_SYNC_SCREENSHOTS') or '.')
        if os.environ.get('SAAS_SYNC_SCREENSHOTS'):
            page.screenshot(path=folder / f'{self._testMethodName}.png')

    # --- what a person does -------------------------------------------------------------------

    @staticmethod
    def open_record(page, text):
        """Click the row or card that shows ``text``, and wait for its form."""
        page.locator('.o_data_row td.o_data_cell, .o_kanban_record').filter(
            has_text=text).first.click()
        page.wait_for_selector('.o_form_view')

    @staticmethod
    def press(page, name):
        """Press the one visible button of this name."""
        page.locator('button:visible, a[role=button]:visible').filter(
            has_text=re.compile(f'^\\s*{re.escape(name)}\\s*$')).first.click()

    @staticmethod
    def confirm(page, name):
        page.locator('.modal-footer button').filter(has_text=name).click()

    @staticmethod
    def notified(page, text):
        """Wait for a notification, and close it so that it covers nothing."""
        note = page.locator('.o_notification').filter(has_text=text).first
        expect(note).to_be_visible()
        note.locator('.o_notification_close').click()

    # --- the engine ---------------------------------------------------------------------------

    def work(self, rounds=3):
        """Work until nothing is due, as the scheduled actions would."""
        self.env.flush_all()
        self.env.cr.precommit.run()
        for _round in range(rounds):
            self.env.cr.execute(
                "UPDATE sync_lane SET run_at = now() AT TIME ZONE 'UTC' - interval '1 s' "
                "WHERE state = 'waiting'")
            with self.registry.cursor() as cr:
                self.env(cr=cr, user=1)['sync.worker']._work()
        self.env.invalidate_all()
