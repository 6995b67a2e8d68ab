"""Choosing what a connection synchronises: one line an object, with what each side holds."""

from __future__ import annotations

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain

from ..engine.errors import SyncError
from ..models import sync_filter


class SyncChooseObjects(models.TransientModel):
    _name = 'sync.choose.objects'
    _description = 'Choose what to synchronise'

    connection_id = fields.Many2one('sync.connection', required=True, readonly=True,
                                    ondelete='cascade')
    line_ids = fields.One2many('sync.choose.objects.line', 'wizard_id')

    @api.model
    def _for_connection(self, connection):
        """The dialog of a connection; objects mapped already are shown as such."""
        mapped = connection._mapped_objects()
        return self.create({'connection_id': connection.id, 'line_ids': [
            Command.create(self._prepare_line(connection, name, template, name in mapped))
            for name, template in connection._default_mappings().items()
        ]})

    @api.model
    def _prepare_line(self, connection, name, template, mapped):
        model = self.env[template['model']]
        domain = sync_filter.parse(template['domain'])
        company = Domain('company_id', 'in', (False, connection.company_id.id))
        return {
            'remote_object': name, 'is_mapped': mapped, 'is_chosen': True,
            'label': connection._connector_class().objects[name],
            'model_label': self._model_label(template),
            'odoo_count': model.search_count(domain & company),
            **self._count_remote(connection, name),
        }

    @api.model
    def _model_label(self, template):
        """What the records are called in Odoo: both kinds of partners have names of their own."""
        values = template.get('create_values') or {}
        if template['model'] == 'res.partner':
            return self.env._('Companies') if values.get('is_company') else self.env._('Contacts')
        if template['model'] == 'crm.lead':
            return self.env._('Opportunities')
        return self.env[template['model']]._description

    @api.model
    def _count_remote(self, connection, name):
        """How many the account holds, as far as it tells; the reason where it does not."""
        try:
            count = connection._connector(reserve=0).count(name)
        except SyncError as error:
            return {'remote_note': error.user_message}
        if count is None:
            return {}
        return {'remote_count': str(count)}

    def action_confirm(self):
        self.ensure_one()
        chosen = self.line_ids.filtered(lambda line: line.is_chosen and not line.is_mapped)
        if not chosen and not any(self.line_ids.mapped('is_mapped')):
            raise UserError(self.env._('Choose at least one object.'))
        connection = self.connection_id
        connection._create_default_mappings(chosen.mapped('remote_object'))
        return connection._notify(self.env._(
            '%s mappings were laid out. Look at them before you import.', len(chosen)))


class SyncChooseObjectsLine(models.TransientModel):
    _name = 'sync.choose.objects.line'
    _description = 'Object to synchronise'

    wizard_id = fields.Many2one('sync.choose.objects', required=True, ondelete='cascade')
    is_chosen = fields.Boolean('Synchronise')
    is_mapped = fields.Boolean('Already mapped', readonly=True)
    remote_object = fields.Char(readonly=True)
    label = fields.Char('In the SaaS', readonly=True)
    remote_count = fields.Char('Records there', readonly=True)
    remote_note = fields.Char('Note', readonly=True)
    model_label = fields.Char('In Odoo', readonly=True)
    odoo_count = fields.Integer('Records in Odoo', readonly=True)
