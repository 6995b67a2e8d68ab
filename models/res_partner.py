"""Contacts and companies say how they stand with the SaaS."""

from odoo import models


class ResPartner(models.Model):
    _name = 'res.partner'
    _inherit = ['res.partner', 'sync.linked.mixin']
