"""Odoo passes query and form fields to a controller as arguments, under the names a sender chose.

One called ``self`` would meet the controller's own and end in a 500. Routes that strangers call
mark themselves with ``foreign_sender=True`` and are spared that.
"""

from odoo import models
from odoo.http import request


class IrHttp(models.AbstractModel):
    _inherit = 'ir.http'

    @classmethod
    def _dispatch(cls, endpoint):
        if endpoint.routing.get('foreign_sender'):
            request.params.pop('self', None)
        return super()._dispatch(endpoint)
