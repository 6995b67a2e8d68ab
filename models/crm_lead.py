"""Leads and opportunities say how they stand with the SaaS, and follow a conversion there."""

from odoo import models


class CrmLead(models.Model):
    _name = 'crm.lead'
    _inherit = ['crm.lead', 'sync.linked.mixin']

    def write(self, vals):
        """Lost at the SaaS, although won before: Odoo wants it in a stage that is not won."""
        if (self.env.context.get('saas_sync_applying') and vals.get('active') is False
                and vals.get('probability') == 0 and 'stage_id' not in vals):
            for lead in self.filtered('stage_id.is_won'):
                stage = lead._stage_find(
                    team_id=lead.team_id.id, domain=[('is_won', '=', False)], order='sequence desc')
                super(CrmLead, lead).write({**vals, 'stage_id': stage.id})
        return super().write(vals)

    def _sync_become(self, values):
        """Convert as Odoo's own button does, with the dates and the stage that belong to it."""
        if values.get('type') == 'opportunity':
            self.convert_opportunity(self.partner_id)
        return super()._sync_become(values)

    def _sync_parties(self):
        return [self.partner_id, self.partner_id.commercial_partner_id]
