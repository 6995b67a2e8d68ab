"""Merging contacts in Odoo must take their links along.

Odoo's merge moves what points to a partner by many2one; a link points by model and id. Left
alone, the links of the merged contacts would lead nowhere, and the next event would create the
contact again. The surviving contact takes the link over where it has none; where both are
linked, two remote records now stand for one contact, and a person has to merge them there.
"""

from odoo import models


class MergePartnerAutomatic(models.TransientModel):
    _inherit = 'base.partner.merge.automatic.wizard'

    def _update_reference_fields_generic(
        self, referenced_model, src_records, dst_record, additional_update_records=None
    ):
        result = super()._update_reference_fields_generic(
            referenced_model, src_records, dst_record, additional_update_records)
        self.env['sync.link'].sudo()._move(referenced_model, src_records.ids, dst_record)
        return result
