"""The dialog behind the smart button: where a record stands with each account, and why.

Anybody who may read the business record may open it: the dialog holds states and sentences, copied
at the moment it was opened. Doing something takes the add-on's user group.
"""

from __future__ import annotations

from odoo import api, fields, models
from odoo.fields import Command

from ..models.sync_standing import STATES


class SyncRecordStatus(models.TransientModel):
    _name = 'sync.record.status'
    _description = 'How a record stands with the SaaS'

    res_model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(model_field='res_model', required=True, readonly=True)
    why_nothing = fields.Text(readonly=True)
    line_ids = fields.One2many('sync.record.status.line', 'status_id')

    @api.model
    def _for_record(self, record):
        """The dialog of one record the user may read."""
        explanation = self.env['sync.explanation']
        standings = explanation._explain(record)
        # As superuser, for the ids of links and mappings; the row still belongs to the user.
        return self.sudo().create({
            'res_model': record._name, 'res_id': record.id,
            'why_nothing': '' if standings else explanation._why_nothing(record),
            'line_ids': [Command.create(self._prepare_line(standing)) for standing in standings],
        })

    @api.model
    def _prepare_line(self, standing):
        link = standing.link
        failing = standing.lanes.filtered(lambda lane: lane.state in ('failed', 'quarantined'))
        return {
            'link_id': link.id, 'mapping_id': standing.mapping.id,
            'name': f'{standing.connection.name} · {standing.remote_object}',
            'saas': standing.connection._remote_label(),
            'remote_id': link.remote_id, 'remote_url': link.remote_url,
            'state': standing.state, 'last_synced_at': link.last_synced_at,
            'last_error': failing[:1].error_message or (
                link.reason if standing.state == 'failing' else False),
            'why': '\n'.join(standing.sentences),
            'can_sync': bool(link and link.state != 'excluded') or standing.can_send,
        }

    def _record(self):
        return self.env[self.res_model].browse(self.res_id)


class SyncRecordStatusLine(models.TransientModel):
    _name = 'sync.record.status.line'
    _description = 'How a record stands with one account'

    status_id = fields.Many2one('sync.record.status', required=True, ondelete='cascade')
    link_id = fields.Many2one('sync.link', ondelete='cascade', readonly=True)
    mapping_id = fields.Many2one('sync.mapping', ondelete='cascade', readonly=True)
    name = fields.Char(readonly=True)
    saas = fields.Char(readonly=True)
    state = fields.Selection(STATES, readonly=True)
    remote_id = fields.Char('Remote ID', readonly=True)
    remote_url = fields.Char('Open in the SaaS', readonly=True)
    last_synced_at = fields.Datetime('Last synchronised', readonly=True)
    last_error = fields.Text('Last error', readonly=True)
    why = fields.Text('Why?', readonly=True)
    can_sync = fields.Boolean(readonly=True)

    # === ACTIONS === #

    def action_sync_now(self):
        """Look at both sides now; what waits or failed for this record is hurried."""
        self._check_may_act()
        link, record = self.link_id.sudo(), self.status_id._record()
        standing = self.env['sync.standing']
        lanes = standing._lanes(
            record, self.mapping_id.sudo().connection_id or link.connection_id,
            self.mapping_id.sudo().remote_object or link.remote_object, link)
        self.env['sync.lane'].sudo()._replay_where('id = ANY(%s)', [lanes.ids])
        if link and self.mapping_id.sudo().direction != 'out':
            link._request_read(link.connection_id)
        else:
            self.mapping_id.sudo()._post_record(record)
        return self._reopen()

    def action_exclude(self):
        self._check_may_act()
        self.link_id.action_exclude()
        return self._reopen()

    def action_include(self):
        self._check_may_act()
        self.link_id.action_include()
        return self._reopen()

    def action_open_link(self):
        """The link with its history: for the add-on's own users, whose rights are checked."""
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': 'sync.link', 'res_id': self.link_id.id,
            'view_mode': 'form', 'views': [(False, 'form')],
        }

    def action_open_remote(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_url', 'url': self.remote_url, 'target': 'new'}

    def _check_may_act(self):
        self.ensure_one()
        self.env['sync.lane']._check_may_operate()
        self.status_id._record().check_access('read')

    def _reopen(self):
        """The dialog again, as things are now."""
        self.env.flush_all()
        return self.status_id._record().action_open_sync()
