"""A connected Salesforce organisation with the default mappings, and the worker of the cron."""

from __future__ import annotations

from odoo.tests.common import TransactionCase

from .common import EngineMixin
from .salesforce_case import SalesforceMixin


class OrgCase(EngineMixin, SalesforceMixin, TransactionCase):
    """Each test has a fresh organisation with our ID field, and the mappings of ``objects``."""

    objects = ('Account', 'Contact', 'Lead', 'Opportunity')
    #: Options of the sandbox's reset.
    options: dict = {}

    def setUp(self):
        super().setUp()
        self.box.reset(limits={'enabled': False}, **self.options)
        self.connection = self.create_salesforce()
        with self.enter_registry_test_mode():
            self.connection.action_connect()
            self.connection._create_default_mappings(self.objects)

    def change_remote(self, kind, remote_id, **more):
        return self.box.change(kind, {'id': remote_id, **more})

    def remote(self, kind, remote_id):
        """What the sandbox holds of a record."""
        return self.box.object(kind, remote_id)['properties']

    def arrive(self, *pairs, kind='change', rounds=1):
        """The news of ``(object, id)`` pairs comes in, and is worked."""
        self.notify(*pairs, kind=kind)
        self.work(rounds=rounds)
