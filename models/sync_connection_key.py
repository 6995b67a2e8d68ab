"""The key pair of a connection that signs in with assertions.

Promises: the private key is made here and stays here, encrypted; what a person downloads is the
certificate, which is no secret. A new pair replaces the old one at once.

Weakness: between the new pair and the upload of its certificate the provider refuses the sign-in;
what waits, waits at no cost.
"""

from __future__ import annotations

import re
from datetime import timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine import key_pair

#: So long before its end the certificate is a warning on the connection.
ENDS_SOON = timedelta(days=30)


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    certificate = fields.Text(
        readonly=True, copy=False, groups='saas_sync.group_manager',
        help='To upload at the provider. It holds no secret.',
    )
    certificate_ends_at = fields.Datetime(
        'Certificate good until', compute='_compute_certificate', compute_sudo=True
    )
    certificate_ends_soon = fields.Boolean(compute='_compute_certificate', compute_sudo=True)

    @api.depends('certificate')
    def _compute_certificate(self):
        limit = fields.Datetime.now() + ENDS_SOON
        for connection in self:
            text = connection.certificate
            ends = text and key_pair.expiry(text).astimezone(timezone.utc).replace(tzinfo=None)
            connection.certificate_ends_at = ends
            connection.certificate_ends_soon = bool(ends) and ends < limit

    def action_new_key_pair(self):
        """Make a key pair; only the certificate is ever shown."""
        self.ensure_one()
        self.check_access('write')
        now = fields.Datetime.now().replace(tzinfo=timezone.utc)
        private, self.certificate = key_pair.new_key_pair(f'Odoo {self.name}', now)
        self.env['sync.credential']._set(self, 'private_key', private)
        self.message_post(body=self.env._('A new key pair was made.'))
        return self._notify(self.env._('Download the certificate and upload it to the app.'))

    def action_download_certificate(self):
        self.ensure_one()
        self.check_access('write')
        url = f'/saas_sync/connection/{self.id}/certificate.crt'
        return {'type': 'ir.actions.act_url', 'url': url, 'target': 'download'}

    def _certificate_file(self):
        """Return ``(file name, content)``."""
        self.ensure_one()
        if not self.certificate:
            raise UserError(self.env._(
                'Connection "%s" has no key pair yet. Make one first.', self.name))
        name = re.sub(r'[^a-z0-9]+', '-', self.name.lower()).strip('-') or 'odoo'
        return f'{name}.crt', self.certificate.encode()
