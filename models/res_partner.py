"""Contacts and companies say how they stand with the SaaS."""

from odoo import models


class ResPartner(models.Model):
    _name = 'res.partner'
    _inherit = ['res.partner', 'sync.linked.mixin']

    #: A first import looks every contact up by its address, whatever its case.
    _saas_sync_email_idx = models.Index('(lower(email)) WHERE email IS NOT NULL')
