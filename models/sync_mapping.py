"""A mapping pairs an Odoo model with a remote object, and says who may do what.

Its lines say how each field travels; see :mod:`.sync_mapping_line`. What depends on mappings and
is asked on every write (the watch list of the change capture, the objects the webhook stores) is
cached in the registry and cleared with every change here.
"""

from __future__ import annotations

from odoo import SUPERUSER_ID, api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..engine.convert import converter_for
from . import sync_filter

DIRECTIONS = [
    ('in', 'From the SaaS to Odoo'),
    ('out', 'From Odoo to the SaaS'),
    ('both', 'Both ways'),
]


class SyncMapping(models.Model):
    _name = 'sync.mapping'
    _description = 'Mapping of an Odoo model to a remote object'
    _inherit = ['mail.thread']
    _order = 'connection_id, sequence, id'

    name = fields.Char(compute='_compute_name', compute_sudo=True)
    connection_id = fields.Many2one(
        'sync.connection', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='connection_id.company_id', store=True, index=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10, help='Parents first: companies before their contacts.')
    model_id = fields.Many2one(
        'ir.model', 'Odoo model', required=True, ondelete='cascade',
        domain=[('transient', '=', False), ('abstract', '=', False)],
    )
    model = fields.Char('Model', related='model_id.model', store=True, precompute=True, index=True)
    remote_object = fields.Char(required=True, help='As the SaaS calls it, for example "contacts".')
    direction = fields.Selection(DIRECTIONS, required=True, default='both', tracking=True)
    domain = fields.Char(
        'Filter', default='[]', tracking=True,
        help='Only Odoo records that match take part. Evaluated at every change, not only once.',
    )
    match_keys = fields.Char(
        'Match by', tracking=True,
        help='Odoo fields of the lines, comma separated, by which an unlinked record is recognised '
             'before a new one is created; for example "email".',
    )
    create_in = fields.Boolean('Create in Odoo', default=True, tracking=True)
    create_out = fields.Boolean('Create in the SaaS', default=True, tracking=True)
    create_values = fields.Json(
        default=lambda self: {},
        help='Values every record created in Odoo gets, for example its type.',
    )
    delete_policy = fields.Selection(
        [
            ('ignore', 'Keep the other side'),
            ('archive', 'Archive the other side'),
            ('delete', 'Delete the other side'),
            ('ask', 'Ask a person'),
        ],
        required=True, default='archive', tracking=True,
        help='When a linked record is deleted or archived on one side.',
    )
    archive_is_delete = fields.Boolean(
        'Archiving counts as deleting', default=True,
        help='Off for opportunities: a lost one is archived in Odoo and very much alive.',
    )
    leave_policy = fields.Selection(
        [('keep', 'Stop synchronising'), ('archive', 'Archive it in the SaaS')],
        required=True, default='keep',
        help='When an Odoo record no longer matches the filter.',
    )
    track_changes = fields.Boolean(
        'Log changes in the chatter', default=False,
        help='Odoo then records old and new values of tracked fields, which takes time.',
    )
    version = fields.Integer(default=1, readonly=True, help='Counts changes to the mapping.')
    line_ids = fields.One2many('sync.mapping.line', 'mapping_id', 'Fields', copy=True)
    link_count = fields.Integer(compute='_compute_link_count')

    # --- scanning (import and polling) ---
    poll_since = fields.Datetime(
        'Polled until', readonly=True, copy=False,
        help='Remote changes up to here have been asked for.',
    )
    poll_cursor = fields.Char(readonly=True, copy=False)
    poll_until = fields.Datetime(
        readonly=True, copy=False, help='Where the poll that is half done will end.')
    sweep_cursor = fields.Char(readonly=True, copy=False)
    sweep_since = fields.Datetime('Deletions swept', readonly=True, copy=False)
    import_state = fields.Selection(
        [('none', 'Not imported'), ('running', 'Running'), ('done', 'Done')],
        required=True, default='none', readonly=True, copy=False,
    )
    import_cursor = fields.Char(readonly=True, copy=False)
    import_count = fields.Integer('Imported', readonly=True, copy=False)
    import_run = fields.Integer(readonly=True, copy=False, help='Counts the imports.')

    _pair_uniq = models.UniqueIndex(
        '(connection_id, model_id, remote_object) WHERE active',
        'This connection already maps this model to this object.',
    )

    # === COMPUTE AND CONSTRAINTS === #

    @api.depends('model_id', 'remote_object', 'connection_id')
    def _compute_name(self):
        for mapping in self:
            mapping.name = f'{mapping.model_id.name or "?"} ↔ {mapping.remote_object or "?"}'

    @api.depends('name')
    def _compute_display_name(self):
        for mapping in self:
            mapping.display_name = mapping.name

    def _compute_link_count(self):
        groups = self.env['sync.link']._read_group(
            [('mapping_id', 'in', self.ids), ('deleted_at', '=', False)],
            ['mapping_id'], ['__count'],
        )
        counts = {mapping.id: count for mapping, count in groups}
        for mapping in self:
            mapping.link_count = counts.get(mapping.id, 0)

    @api.constrains('domain', 'model_id')
    def _check_domain(self):
        for mapping in self:
            try:
                mapping._model().search(mapping._filter_domain(), limit=1)
            except Exception as error:
                raise ValidationError(self.env._(
                    'Mapping "%(mapping)s": the filter %(filter)s does not work on %(model)s '
                    '(%(error)s). Edit the filter.',
                    mapping=mapping.name, filter=mapping.domain,
                    model=mapping.model_id.name, error=error,
                )) from error

    @api.constrains('direction', 'model_id', 'remote_object')
    def _check_lines(self):
        """What the lines may do depends on the mapping: it changed, so they are checked again."""
        self.line_ids._check_line()

    @api.constrains('match_keys', 'line_ids')
    def _check_match_keys(self):
        for mapping in self:
            missing = set(mapping._match_keys()) - set(mapping.line_ids.mapped('odoo_field'))
            if missing:
                raise ValidationError(self.env._(
                    'Mapping "%(mapping)s": "Match by" names %(fields)s, which no line maps. '
                    'Add the line or remove the name.',
                    mapping=mapping.name, fields=', '.join(sorted(missing)),
                ))

    @api.constrains('remote_object', 'connection_id')
    def _check_remote_object(self):
        for mapping in self:
            known = mapping.connection_id._connector_class().objects
            if mapping.remote_object not in known:
                raise ValidationError(self.env._(
                    'Mapping "%(mapping)s": %(provider)s has no object "%(object)s". Choose one '
                    'of: %(known)s.',
                    mapping=mapping.name, provider=mapping.connection_id._remote_label(),
                    object=mapping.remote_object, known=', '.join(known),
                ))

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        mappings = super().create(vals_list)
        mappings._forget()
        return mappings

    def write(self, vals):
        structural = set(vals) - {
            'poll_since', 'sweep_since', 'import_state', 'import_cursor', 'import_count',
            'import_run', 'sweep_cursor', 'poll_cursor', 'poll_until', 'schema_checked_at',
        }
        if structural and 'version' not in vals:
            for mapping in self:
                super(SyncMapping, mapping).write({'version': mapping.version + 1})
        result = super().write(vals)
        if structural:
            self._forget()
        return result

    def unlink(self):
        pairs = {(mapping.connection_id.id, mapping.remote_object) for mapping in self}
        result = super().unlink()
        self._forget()
        self._abandon(pairs)
        return result

    def copy_data(self, default=None):
        default = {'active': False, **(default or {})}  # two active ones would be one too many
        return super().copy_data(default)

    # === ACTIONS === #

    def action_send_all(self):
        """Post every Odoo record that matches the filter; what both sides agree on is not sent."""
        self.check_access('write')
        for mapping in self.filtered(lambda mapping: mapping.direction != 'in'):
            ids = mapping._model().sudo().search(mapping._filter_domain()).ids
            self.env['sync.outbox']._post(self.env.cr, [
                {'connection_id': mapping.connection_id.id, 'mapping_id': mapping.id,
                 'remote_object': mapping.remote_object, 'res_model': mapping.model,
                 'res_id': record_id, 'origin': 'send_all', 'priority': 20}
                for record_id in ids
            ])
        self.env['sync.worker']._wake_after_commit()
        return self.connection_id[:1]._notify(self.env._(
            'Every record that matches the filter is looked at, and sent where it differs.'))

    def action_resync(self):
        """Look at every linked pair again, for example after the mapping was changed."""
        self.check_access('write')
        for mapping in self:
            links = self.env['sync.link'].sudo().search(
                [('mapping_id', '=', mapping.id), ('deleted_at', '=', False)])
            links._request_read(mapping.connection_id)
        return self.connection_id[:1]._notify(self.env._(
            'Every linked record is looked at again, in the background.'))

    # === WHAT THE ENGINE ASKS === #

    def _model(self):
        """The mapped model, for the connection's company, archived records included."""
        company = self.connection_id.company_id
        model = self.env[self.model].with_context(
            active_test=False, allowed_company_ids=company.ids or self.env.companies.ids
        )
        return model.with_company(company) if company else model

    def _filter_domain(self):
        """The filter, kept to the connection's company and what all companies share."""
        # The engine's user, whoever saves: a filter must mean the same everywhere.
        domain = sync_filter.parse(self.domain, uid=SUPERUSER_ID)
        company = self.connection_id.company_id
        if company and 'company_id' in self.env[self.model]._fields:
            domain &= Domain('company_id', 'in', (False, company.id))
        return domain

    def _match_keys(self):
        return [key.strip() for key in (self.match_keys or '').split(',') if key.strip()]

    def _counts_as_deleted(self, record):
        """Whether the record is archived, and archiving means deleting to this mapping."""
        active = record._active_name
        return bool(self.archive_is_delete and active and not record[active])

    def _creation_values(self):
        """``create_values``, as far as the fields exist here (some belong to other add-ons)."""
        known = self.env[self.model]._fields
        return {key: value for key, value in (self.create_values or {}).items() if key in known}

    @api.model
    @tools.ormcache('connection_id')
    def _inbound_objects_cached(self, connection_id):
        self.env.cr.execute(
            """SELECT array_agg(DISTINCT remote_object) FROM sync_mapping
                WHERE connection_id = %s AND active AND direction IN ('in', 'both')""",
            [connection_id],
        )
        return frozenset(self.env.cr.fetchone()[0] or ())

    @api.model
    def _inbound_objects(self, cr, connection_id):
        """The remote objects whose events are worth a lane."""
        return self.with_env(self.env(cr=cr))._inbound_objects_cached(connection_id)

    @api.model
    def _for_object(self, connection, remote_object, direction):
        stored = [name for name, field in self._fields.items() if field.store and field.prefetch]
        return self.sudo().search_fetch([
            ('connection_id', '=', connection.id), ('remote_object', '=', remote_object),
            ('direction', 'in', (direction, 'both')),
        ], stored, order='sequence, id')

    # Cached by version as well: a worker learns of another process's change by the row it reads
    # anyway, and not only when its registry is told.

    @tools.ormcache('self.id', 'self.version')
    def _rules(self):
        """The merge rules of the lines, each kept within the direction of the mapping."""
        return tuple(line._rule(self.direction) for line in self._working_lines())

    def _remote_schema(self):
        """What is known of all the remote fields the lines name: one query for a mapping."""
        names = {name for line in self.line_ids for name in line._remote_fields()}
        return self.env['sync.remote.field'].sudo().search([
            ('connection_id', '=', self.connection_id.id),
            ('remote_object', '=', self.remote_object), ('name', 'in', sorted(names)),
        ])

    @tools.ormcache('self.id', 'self.version')
    def _specs(self):
        """``{line key: FieldSpec}``: plain values, the same until a line or the schema changes."""
        return {line.odoo_field: line._spec() for line in self._working_lines()}

    @tools.ormcache('self.id', 'self.version')
    def _converters(self):
        """``{line key: converter}``; they keep nothing but what the spec says."""
        return {key: converter_for(spec) for key, spec in self._specs().items()}

    @tools.ormcache('self.id', 'self.version')
    def _own_id_field(self):
        """Our field on the remote object; None where the account lacks it, and the connector can
        create records without it. Before the schema is known it is taken to be there."""
        name = self.connection_id._settings()['external_id_field']
        if not self.connection_id._connector_class().keyless:
            return name
        unique = dict(self.env['sync.remote.field'].sudo()._read_group(
            [('connection_id', '=', self.connection_id.id),
             ('remote_object', '=', self.remote_object)], ['name'], ['unique:bool_or']))
        return name if not unique or unique.get(name) else None

    @tools.ormcache('self.id', 'self.version')
    def _fields_to_send(self):
        """What the way out looks at in each record, read at once and without the rest."""
        fields_known = self.env[self.model]._fields
        names = {key.split('.')[0] for key in self._specs()}
        names |= {condition.field_expr.split('.')[0]
                  for condition in self._filter_domain().iter_conditions()}
        names |= {'create_date', 'active'}
        return sorted(name for name in names if name in fields_known)

    def _fields_to_read(self):
        """``(remote fields, associated objects)`` a read of this mapping has to ask for."""
        names, associations = set(), set()
        for name in (name for spec in self._specs().values() for name in spec.remote_fields):
            if name.startswith('associations.'):
                associations.add(name.removeprefix('associations.'))
            else:
                names.add(name)
        return names, associations

    @api.model
    def _abandon(self, pairs):
        """Settle what still waits for ``(connection id, remote object)`` nobody maps any more."""
        for connection_id, remote_object in pairs:
            known = self.with_context(active_test=False).search_count([
                ('connection_id', '=', connection_id), ('remote_object', '=', remote_object)])
            if not known:
                self.env['sync.lane'].sudo()._drop(connection_id, remote_object)

    def _forget(self):
        """Forget what is cached of mappings: now, for this transaction, and again once it has
        committed, since another thread may have cached the old state in between."""
        self.env['sync.mapping'].flush_model()
        self.env['sync.mapping.line'].flush_model()
        self.env.registry.clear_cache()
        self.env.cr.postcommit.add(self.env.registry.clear_cache)

    def _touch(self):
        """A line changed: another version, and nothing cached any more."""
        for mapping in self.exists():
            mapping.write({'version': mapping.version + 1})
            mapping._check_schema()
