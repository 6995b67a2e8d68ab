"""The schema of the remote objects, as discovered: what mappings are checked against.

Promises: one statement takes over a whole object, however often; a property that disappeared is
archived and not deleted, so that a mapping that still names it can say what is wrong.

Weakness: the schema is as old as the last discovery, shown as ``learnt_at``.
"""

from __future__ import annotations

import json

from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.tools import SQL

_COLUMNS = (
    'name', 'label', 'type', 'wire_type', 'read_only', 'required', 'demanded', 'unique',
    'max_length', 'options', 'help',
)


class SyncRemoteField(models.Model):
    _name = 'sync.remote.field'
    _description = 'Property of a remote object'
    _order = 'connection_id, remote_object, label, name'
    _rec_names_search = ['name', 'label']

    connection_id = fields.Many2one(
        'sync.connection', required=True, readonly=True, ondelete='cascade'
    )
    company_id = fields.Many2one(related='connection_id.company_id')
    remote_object = fields.Char(required=True, readonly=True)
    name = fields.Char('Technical name', required=True, readonly=True)
    label = fields.Char(readonly=True)
    type = fields.Selection(
        [
            ('string', 'Text'), ('text', 'Long text'), ('integer', 'Whole number'),
            ('float', 'Number'), ('boolean', 'Yes or no'), ('date', 'Date'),
            ('datetime', 'Date and time'), ('enumeration', 'Choice'),
            ('multi_enumeration', 'Several choices'), ('phone', 'Phone number'),
            ('email', 'E-mail'), ('reference', 'Reference'), ('association', 'Association'),
            ('other', 'Other'),
        ],
        readonly=True,
    )
    wire_type = fields.Char("Provider's type", readonly=True)
    read_only = fields.Boolean(readonly=True)
    required = fields.Boolean(readonly=True)
    demanded = fields.Boolean('Never empty', readonly=True)
    unique = fields.Boolean(readonly=True)
    max_length = fields.Integer(readonly=True)
    options = fields.Json(readonly=True, help='List of {value, label, meta}.')
    help = fields.Text(readonly=True)
    active = fields.Boolean(default=True, readonly=True)
    learnt_at = fields.Datetime(readonly=True, help='When the remote last described it.')

    _name_uniq = models.UniqueIndex(
        '(connection_id, remote_object, name)', 'This property is known already.'
    )

    # === COMPUTE === #

    @api.depends('label', 'name')
    def _compute_display_name(self):
        for field in self:
            label = field.label or field.name
            field.display_name = label if label == field.name else f'{label} ({field.name})'

    # === BUSINESS === #

    @api.model
    def _store(self, connection, remote_object, remote_fields):
        """Take over the schema of one object.

        :param remote_fields: list of :class:`~..engine.contracts.RemoteField`, names unique
        :return: the number of fields
        """
        self.flush_model()
        cr = self.env.cr
        cr.execute(SQL(
            """
            INSERT INTO sync_remote_field
                   (connection_id, remote_object, active, create_uid, write_uid, create_date,
                    write_date, learnt_at, %(columns)s)
            SELECT %(connection)s, %(object)s, true, %(uid)s, %(uid)s, now() AT TIME ZONE 'UTC',
                   now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC', %(columns)s
              FROM jsonb_to_recordset(%(rows)s) AS r(
                   name text, label text, type text, wire_type text, read_only bool,
                   required bool, demanded bool, "unique" bool, max_length int, options jsonb,
                   help text)
            ON CONFLICT (connection_id, remote_object, name) DO UPDATE
               SET active = true, write_uid = excluded.write_uid,
                   write_date = excluded.write_date, learnt_at = excluded.learnt_at, %(updates)s
            """,
            columns=self._sql_columns(), updates=self._sql_updates(), uid=self.env.uid,
            connection=connection.id, object=remote_object, rows=Json(
                [self._prepare(field) for field in remote_fields], dumps=json.dumps),
        ))
        self._archive_missing(connection, remote_object, [field.name for field in remote_fields])
        self._learnt(connection, remote_object)
        return len(remote_fields)

    @api.model
    def _store_options(self, connection, remote_object, options):
        """Take over the options of some fields, ``{name: [FieldOption]}``, of a known schema."""
        fields_by_name = {field.name: field for field in self.sudo().search([
            ('connection_id', '=', connection.id), ('remote_object', '=', remote_object),
            ('name', 'in', list(options))])}
        changed = False
        for name, field in fields_by_name.items():
            fresh = _without_nul([option.model_dump(mode='json') for option in options[name]])
            if fresh != field.options:
                field.options = fresh
                changed = True
        if changed:
            self._learnt(connection, remote_object)

    @api.model
    def _learnt(self, connection, remote_object):
        """What is made of the schema is made anew; the mappings say what no longer fits."""
        self.flush_model()
        self.invalidate_model()
        mappings = self.env['sync.mapping'].sudo().search([
            ('connection_id', '=', connection.id), ('remote_object', '=', remote_object)])
        mappings._forget()
        mappings._check_schema()

    @api.model
    def _learnt_at(self, connection, remote_object):
        """When the schema of an object was last taken over whole; None where it is not known."""
        [(latest,)] = self.sudo()._read_group(
            [('connection_id', '=', connection.id), ('remote_object', '=', remote_object),
             ('learnt_at', '!=', False)], [], ['learnt_at:min'])
        return latest

    @api.model
    def _sql_columns(self):
        return SQL(', ').join(SQL.identifier(name) for name in _COLUMNS)

    @api.model
    def _sql_updates(self):
        return SQL(', ').join(
            SQL('%s = excluded.%s', SQL.identifier(name), SQL.identifier(name))
            for name in _COLUMNS
        )

    @api.model
    def _prepare(self, field):
        """A row; NUL, which PostgreSQL cannot hold, is taken out of what people typed."""
        return _without_nul(field.model_dump(mode='json'))

    @api.model
    def _archive_missing(self, connection, remote_object, names):
        self.sudo().search([
            ('connection_id', '=', connection.id), ('remote_object', '=', remote_object),
            ('name', 'not in', names),
        ]).write({'active': False})


def _without_nul(value):
    if isinstance(value, str):
        return value.replace('\0', '')
    if isinstance(value, dict):
        return {key: _without_nul(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nul(item) for item in value]
    return value
