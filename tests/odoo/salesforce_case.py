"""A connection to the Salesforce sandbox."""

from __future__ import annotations

from odoo.tests.common import TransactionCase

from ..account import AccountMixin
from ..sandbox_process import running


class SalesforceMixin(AccountMixin):
    """For any Odoo test case: ``box`` is the shared sandbox, reset before each test."""

    def setUp(self):
        super().setUp()
        self.box = running('salesforce')
        self.box.reset(limits={'enabled': False})

    def create_salesforce(self, method='client_credentials', **values):
        """A connection in set-up that has what its way of signing in takes."""
        connection = self.env['sync.connection'].create({
            'name': 'Salesforce EU', 'provider': 'salesforce', 'auth_method': method,
            'base_url': self.box.url, 'allow_private': True, 'poll_enabled': False,
            'backoff_base': 1, 'client_id': self.box.info['client_id'],
            'username': self.box.info['username'], **values,
        })
        self.env['sync.credential']._set(connection, 'client_secret', self.box.secret)
        return connection

    def upload_certificate(self, connection):
        """Make a key pair, and give the certificate to the app."""
        connection.action_new_key_pair()
        self.box.call('POST', 'config', {'certificate': connection.certificate})

    def secret(self, connection, name='access_token'):
        self.env.invalidate_all()
        return self.env['sync.credential']._get(connection, name)

    def token_calls(self):
        return [call for call in self.box.ledger() if call['path'].endswith('/oauth2/token')]


class SalesforceCase(SalesforceMixin, TransactionCase):
    """Each test has a fresh organisation, and cursors that see what is not committed."""

    def setUp(self):
        super().setUp()
        self.enter_single_transaction()
