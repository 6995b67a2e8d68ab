"""Odoo's shared address of a company and its contacts, and what the SaaS holds.

In Odoo, a contact of type "contact" has its company's address: writing either writes both. A SaaS
keeps an address for each. While the engine applies what it read, every record therefore keeps
its own; otherwise one remote contact with a city of its own would move its company and all its
colleagues. What people change in Odoo is shared by Odoo as ever, and captured like any change.
"""

from odoo import api, models


class ResPartner(models.Model):
    _inherit = 'res.partner'

    @api.model
    def _address_fields(self):
        return [] if self.env.context.get('saas_sync_applying') else super()._address_fields()
