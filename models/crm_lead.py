"""Opportunities say how they stand with the SaaS."""

from odoo import models


class CrmLead(models.Model):
    _name = 'crm.lead'
    _inherit = ['crm.lead', 'sync.linked.mixin']
