"""A connection to a sandbox account, and what the tests of the account side share."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from contextlib import ExitStack

from .sandbox_process import hubspot

PUBLIC_URL = 'https://odoo.example.com'
SECRET = 'b2f4a7de-0000-4000-8000-00000000beef'


class AccountMixin:
    """For any Odoo test case. The cursors the code opens see what the test has not committed."""

    def enter_single_transaction(self):
        stack = ExitStack()
        self.addCleanup(stack.close)
        stack.enter_context(self.enter_registry_test_mode())

    def create_connection(self, **values):
        connection = self.env['sync.connection'].create({
            'name': 'HubSpot EU', 'public_url': PUBLIC_URL, 'poll_enabled': False, **values,
        })
        self.env['sync.credential']._set(connection, 'client_secret', SECRET)
        return connection

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        """Odoo compares the time-out with a number; the engine gives a pair to ``requests``."""
        if isinstance(kw.get('timeout'), tuple):
            kw['timeout'] = max(kw['timeout'])
        return super()._request_handler(s, r, **kw)

    def create_sandbox_connection(self, **values):
        """A connection in set-up, with the right token of a fresh sandbox account."""
        self.box = hubspot()
        self.box.reset(limits={'enabled': False})
        connection = self.create_connection(
            base_url=self.box.url, allow_private=True, **values)
        self.env['sync.credential']._set(connection, 'access_token', self.box.token)
        return connection

    def map_contacts(self, connection):
        """The smallest mapping: the e-mail of persons, both ways."""
        return self.env['sync.mapping'].create({
            'connection_id': connection.id,
            'model_id': self.env['ir.model']._get_id('res.partner'),
            'remote_object': 'contacts',
            'domain': "[('is_company', '=', False)]",
            'line_ids': [(0, 0, {'odoo_field': 'email', 'remote_field': 'email'})],
        })


def notification(event_id, object_id=101, **changes):
    """An element of a delivery, as HubSpot sends it (classic contact event)."""
    return {
        'eventId': event_id, 'subscriptionId': 3, 'portalId': 62515, 'appId': 54321,
        'occurredAt': 1700000000000 + event_id, 'subscriptionType': 'contact.propertyChange',
        'attemptNumber': 0, 'objectId': object_id, 'propertyName': 'email',
        'propertyValue': 'ada@example.com', 'changeSource': 'CRM_UI', **changes,
    }


def sign(body: bytes, uri: str, secret=SECRET, at=None) -> dict[str, str]:
    """The headers HubSpot signs a POST with (v3), written from its documentation."""
    timestamp = str(int((at or time.time()) * 1000))
    message = b'POST' + uri.encode() + body + timestamp.encode()
    digest = hmac.new(secret.encode(), message, hashlib.sha256).digest()
    return {
        'X-HubSpot-Signature-v3': base64.b64encode(digest).decode(),
        'X-HubSpot-Request-Timestamp': timestamp,
        'Content-Type': 'application/json',
    }


def encode(events) -> bytes:
    return json.dumps(events).encode()
