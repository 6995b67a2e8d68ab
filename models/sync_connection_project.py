"""What an administrator downloads for a connection and uploads at the provider: an app, a field."""

import io
import re
import zipfile

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..engine.connectors.hubspot_project import project_files
from ..engine.connectors.salesforce_package import package_files

#: Provider → what makes its files, and the step of the set-up that offers them (``field``,
#: ``receive``). Another add-on adds its own.
TEMPLATES = {'hubspot': (project_files, 'receive'), 'salesforce': (package_files, 'field')}


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    package_step = fields.Char(compute='_compute_package_step')

    @api.depends('provider')
    def _compute_package_step(self):
        for connection in self:
            connection.package_step = TEMPLATES.get(connection.provider, (None, False))[1]

    def _project_archive(self):
        """Return ``(file name, zip content)``."""
        self.ensure_one()
        if self.provider not in TEMPLATES:
            raise UserError(self.env._('There is no project template for %s.', self.provider))
        name = re.sub(r'[^a-z0-9]+', '-', self.name.lower()).strip('-') or 'odoo'
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, 'w', zipfile.ZIP_DEFLATED) as archive:
            for path, content in self._project_files(name).items():
                archive.writestr(f'{name}/{path}', content)
        return f'{name}.zip', buffer.getvalue()

    def _project_files(self, name):
        make_files, _step = TEMPLATES[self.provider]
        return make_files(
            name=name,
            target_url=self.webhook_url,
            redirect_url=self.oauth_redirect_url,
            auth='oauth' if self.auth_method == 'oauth' else 'static',
            properties=self._subscribed_properties(),
        )

    def _subscribed_properties(self):
        """Remote object → the properties its inbound mappings read; all objects before there
        are mappings, so that the app can be uploaded first."""
        mappings = self.mapping_ids.filtered(lambda mapping: mapping.direction != 'out')
        found = {mapping.remote_object: mapping._fields_to_read()[0] for mapping in mappings}
        return found or {name: () for name in self._connector_class().objects}
