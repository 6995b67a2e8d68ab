"""An Odoo record tied to a remote record, with what both sides last agreed on.

``snapshot`` holds canonical values by Odoo field: the base of every three-way merge.
``variants`` holds what Odoo made of an agreed value where it keeps it in another form; while
Odoo still has that form, it counts as unchanged. Without it, two sides that normalise
differently would correct each other for ever.
``sending`` holds what calls were about to write, until an outcome is noted: by field, the values of
each of them. Where no answer came, or a worker died, the remote may hold any: that is then what
both sides agreed on, and no news.

A deleted pair stays as a tombstone (``deleted_at``): a late event of a dead record must find it.
"""

from __future__ import annotations

import json

from odoo import api, fields, models
from odoo.tools import SQL

from .queue_cursor import spread

#: Of the calls whose outcome nobody knows, the values of so many are kept for each field.
MAX_DOUBTS = 10


class SyncLink(models.Model):
    _name = 'sync.link'
    _description = 'Link between an Odoo record and a remote record'
    _order = 'write_date desc, id desc'

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade'
    )
    company_id = fields.Many2one(related='connection_id.company_id', store=True, index=True)
    mapping_id = fields.Many2one('sync.mapping', readonly=True, ondelete='set null', index=True)
    res_model = fields.Char('Odoo model', required=True, readonly=True)
    res_id = fields.Many2oneReference(
        'Odoo record ID', model_field='res_model', required=True, readonly=True
    )
    res_name = fields.Char('Odoo record', compute='_compute_res_name')
    remote_object = fields.Char(required=True, readonly=True)
    remote_id = fields.Char('Remote ID', required=True, readonly=True)
    remote_url = fields.Char('Open in the SaaS', compute='_compute_remote_url')
    snapshot = fields.Json(readonly=True)
    variants = fields.Json(readonly=True)
    sending = fields.Json(
        readonly=True, help='What is being sent, as long as nobody knows whether it has arrived.')
    remote_updated_at = fields.Datetime('Changed at the SaaS', readonly=True)
    remote_written_at = fields.Datetime(
        readonly=True, help='The version our last write made; an older one read later is stale.')
    last_synced_at = fields.Datetime('Last synchronised', readonly=True)
    state = fields.Selection(
        [
            ('in_sync', 'In sync'),
            ('pending', 'Pending'),
            ('failing', 'Failing'),
            ('conflict', 'Conflict'),
            ('excluded', 'Excluded'),
        ],
        required=True, readonly=True, default='in_sync',
    )
    reason = fields.Char(readonly=True, help='Why the record is failing, in conflict or excluded.')
    conflicts = fields.Json(
        readonly=True, help='Field → base, Odoo and remote value, where a person chooses.')
    waiting_for = fields.Char(
        readonly=True, help='The remote record it belongs to, which Odoo does not know yet.')
    left_filter = fields.Boolean(readonly=True, help='Excluded because the filter excludes it.')
    keyless = fields.Boolean(
        'Without our ID', readonly=True,
        help='The SaaS had no field for our own ID when the record was created there; it was '
             'recognised by its values alone.')
    deleted_at = fields.Datetime('Deleted', readonly=True)
    deleted_here = fields.Boolean(readonly=True, help='Deleted or archived in Odoo first.')
    merged_into_id = fields.Many2one('sync.link', readonly=True, ondelete='set null')

    _remote_uniq = models.UniqueIndex(
        '(connection_id, remote_object, remote_id)', 'This remote record is already linked.'
    )
    _record_uniq = models.UniqueIndex(
        '(connection_id, res_model, res_id, remote_object)', 'This Odoo record is already linked.'
    )
    _waiting_idx = models.Index('(connection_id, waiting_for) WHERE waiting_for IS NOT NULL')
    _state_idx = models.Index("(connection_id, state) WHERE state <> 'in_sync'")

    def init(self):
        # Each send rewrites a row twice, no indexed column of it: room for that within the page.
        self.env.cr.execute('ALTER TABLE sync_link SET (fillfactor = 60)')

    # === COMPUTE === #

    @api.depends('remote_object', 'remote_id')
    def _compute_display_name(self):
        for link in self:
            link.display_name = f'{link.remote_object} {link.remote_id}'

    def _compute_res_name(self):
        records = self._records()
        for link in self:
            record = records.get(link.id)
            link.res_name = record.sudo(False).with_user(self.env.user).display_name \
                if record and record.has_access('read') else self.env._('(no longer there)')

    def _compute_remote_url(self):
        for link in self:
            connection = link.connection_id.sudo()
            link.remote_url = connection._record_url(link.remote_object, link.remote_id)

    # === ACTIONS === #

    def action_open_record(self):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'res_model': self.res_model, 'res_id': self.res_id,
            'view_mode': 'form', 'views': [(False, 'form')],
        }

    def action_open_remote(self):
        self.ensure_one()
        return {'type': 'ir.actions.act_url', 'url': self.remote_url, 'target': 'new'}

    def action_exclude(self):
        """Stop synchronising these records; both sides keep what they have."""
        self._check_may_operate()
        reason = self.env._('Excluded by %s.', self.env.user.name)
        self.sudo().write({'state': 'excluded', 'reason': reason})

    def action_include(self):
        """Synchronise again, starting from what both sides hold now."""
        self._check_may_operate()
        links = self.sudo().filtered(lambda link: link.state == 'excluded' and not link.deleted_at)
        links.write({'state': 'pending', 'reason': False, 'left_filter': False})
        return links.action_sync_now()

    def action_sync_now(self):
        """Read the remote record now and merge it with ours."""
        self._check_may_operate()
        for connection, links in self.sudo().grouped('connection_id').items():
            links._request_read(connection)
        return True

    def action_keep_odoo(self):
        return self._resolve_conflict('odoo')

    def action_keep_remote(self):
        return self._resolve_conflict('remote')

    # === BUSINESS === #

    def _check_may_operate(self):
        """The group, and the records: links of other companies are not this user's business."""
        self.env['sync.lane']._check_may_operate()
        self.check_access('read')

    def _heir(self):
        """The link of what its record was merged into; one that was converted has none."""
        heir = self.merged_into_id
        return heir if heir.remote_object == self.remote_object else heir.browse()

    def _record(self):
        """The Odoo record, archived or not; empty when it is gone."""
        self.ensure_one()
        if self.res_model not in self.env:
            return None
        return self.env[self.res_model].with_context(active_test=False).browse(self.res_id).exists()

    def _records(self):
        """``{link id: Odoo record}`` of those that still exist, archived or not.

        One query a model, and the records share what is read of them later.
        """
        found = {}
        for res_model, links in self.grouped('res_model').items():
            if res_model in self.env:
                model = self.env[res_model].with_context(active_test=False)
                records = {r.id: r for r in model.browse(links.mapped('res_id')).exists()}
                found |= {link.id: records[link.res_id] for link in links if link.res_id in records}
        return found

    # === UPKEEP, IN SETS === #

    @api.model
    def _store(self, links, rows):
        """Create or change the links of a batch, one statement for all that set the same columns.

        As bookkeeping it is set-based SQL: through the ORM, a link costs as much as the partner
        it belongs to.

        :param links: for each row its link, or an empty value where there is none yet
        :param rows: dicts of the values to store; those of a new link name its record and remote
        """
        self.env['sync.link'].flush_model()
        known, new = {}, {}
        for link, row in zip(links, rows, strict=True):
            kind = known if link else new
            kind.setdefault(tuple(row), []).append((link and link.id, row))
        for names, group in known.items():
            self._update_rows(names, group)
        for names, group in new.items():
            self._insert_rows(names, [row for _link_id, row in group])

    @api.model
    def _update_rows(self, names, group):
        link_ids, rows = zip(*group, strict=True)
        sql, source = spread('id', {'id': ('int4', link_ids), **self._columns(names, rows)})
        sets = [SQL('%s = %s', SQL.identifier(name), sql[name]) for name in names]
        self.env.cr.execute(SQL(
            """UPDATE sync_link l
                  SET %s, write_uid = %s, write_date = now() AT TIME ZONE 'UTC'
                 FROM %s WHERE l.id = v.id""",
            SQL(', ').join(sets), self.env.uid, source))
        self.browse(link_ids).invalidate_recordset(flush=False)

    @api.model
    def _insert_rows(self, names, rows):
        sql, source = spread('remote_id', self._columns(names, rows))
        self.env.cr.execute(SQL(
            """INSERT INTO sync_link (%s, company_id, create_uid, create_date,
                                      write_uid, write_date)
               SELECT %s, c.company_id, %s, now() AT TIME ZONE 'UTC', %s, now() AT TIME ZONE 'UTC'
                 FROM %s JOIN sync_connection c ON c.id = %s""",
            SQL(', ').join(map(SQL.identifier, names)), SQL(', ').join(map(sql.get, names)),
            self.env.uid, self.env.uid, source, sql['connection_id']))

    @api.model
    def _columns(self, names, rows):
        return {name: (self._fields[name].column_type[1],
                       [self._column(name, row[name]) for row in rows]) for name in names}

    @api.model
    def _column(self, name, value):
        """The value as SQL takes it; what is JSON already is not parsed once more to be sure."""
        field = self._fields[name]
        if field.type == 'json':
            return json.dumps(value) if value else None
        return field.convert_to_column_insert(value, self)

    def _with_sending(self, values):
        """``sending`` with one more call. What an earlier one wrote stays: the present one may not
        be made at all, and the earlier one may have arrived."""
        known = self.sending or {}
        added = {key: [*(one for one in known.get(key, []) if one != value), value][-MAX_DOUBTS:]
                 for key, value in values.items()}
        return {**known, **added}

    def _request_read(self, connection):
        """Have each pair looked at now: by a read, or by a send where nothing is ever read."""
        sent = self.filtered(lambda link: link.mapping_id.direction == 'out')
        self.env['sync.outbox']._post(self.env.cr, [
            {'connection_id': connection.id, 'mapping_id': link.mapping_id.id,
             'remote_object': link.remote_object, 'res_model': link.res_model,
             'res_id': link.res_id, 'origin': 'sync_now', 'priority': 0}
            for link in sent
        ])
        self.env['sync.scan']._post_hints(
            connection, [(link.remote_object, link.remote_id) for link in self - sent], 'sync_now'
        )

    def _resolve_conflict(self, side):
        """Declare one side's value the agreed one; the next merge carries the other's over."""
        self._check_may_operate()
        position = {'odoo': 2, 'remote': 1}[side]
        for link in self.sudo().filtered(lambda link: link.state == 'conflict'):
            snapshot = dict(link.snapshot or {})
            for key, values in (link.conflicts or {}).items():
                # Base = the losing side's value: to the merge, only the other side has changed.
                snapshot[key] = values[position]
            link.write({'snapshot': snapshot, 'conflicts': False, 'state': 'pending',
                        'reason': False})
            self.env['sync.lane']._release(link.connection_id, link.remote_object, link.remote_id)
            link._request_read(link.connection_id)
        return True

    @api.model
    def _find(self, domain):
        """Links with all that the pipelines ask of them, in one query."""
        stored = [name for name, field in self._fields.items() if field.store and field.prefetch]
        return self.sudo().search_fetch(domain, stored, order='id')

    @api.model
    def _by_remote(self, connection, remote_object, remote_ids):
        """``{remote id: link}``, tombstones included."""
        links = self._find([
            ('connection_id', '=', connection.id), ('remote_object', '=', remote_object),
            ('remote_id', 'in', list(remote_ids)),
        ])
        return {link.remote_id: link for link in links}

    @api.model
    def _by_record(self, connection, remote_object, res_model, res_ids):
        """``{record id: link}``, tombstones included."""
        links = self._find([
            ('connection_id', '=', connection.id), ('remote_object', '=', remote_object),
            ('res_model', '=', res_model), ('res_id', 'in', list(res_ids)),
        ])
        return {link.res_id: link for link in links}

    @api.model
    def _move(self, res_model, source_ids, target):
        """Odoo merged records into ``target``: their links follow it, or become conflicts."""
        for link in self.search([('res_model', '=', res_model), ('res_id', 'in', source_ids)]):
            taken = self._by_record(
                link.connection_id, link.remote_object, res_model, target.ids).get(target.id)
            if not taken:
                link.write({'res_id': target.id})
                self.env.flush_all()
                continue
            link.write({'state': 'conflict', 'reason': self.env._(
                'Its Odoo record was merged into "%(name)s", which is linked to %(id)s. Merge the '
                'two records at the SaaS as well.',
                name=target.display_name, id=taken.remote_id)})
