"""A field paired with a remote property: the path in Odoo, the rule, the converter.

``odoo_field`` is a path: ``email``, ``country_id.code``, ``partner_id.country_id.code``. The first
step belongs to the mapped record. A path of one step is read and written; a path of two steps
whose first is a many2one is written by looking the far record up by its last field (the country
by its code); anything longer is only read.
"""

from __future__ import annotations

from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError

from ..engine.convert import CONVERTERS, FieldSpec, check
from ..engine.merge import FieldRule

RULES = [
    ('two_way_newest', 'The newest change wins'),
    ('odoo_wins', 'Always Odoo'),
    ('remote_wins', 'Always the SaaS'),
    ('prefer_odoo', 'Odoo, unless empty there'),
    ('prefer_remote', 'The SaaS, unless empty there'),
    ('create_only', 'Only when a record is created'),
    ('manual', 'Ask me when both changed'),
]
#: Converters whose canonical value is the remote's key of another record.
RELATIONAL = ('link', 'owner', 'stage')


class SyncMappingLine(models.Model):
    _name = 'sync.mapping.line'
    _description = 'Mapping of a field to a remote property'
    _order = 'sequence, id'

    mapping_id = fields.Many2one('sync.mapping', required=True, ondelete='cascade', index=True)
    company_id = fields.Many2one(related='mapping_id.company_id')
    sequence = fields.Integer(default=10)
    model = fields.Char(related='mapping_id.model')
    remote_object = fields.Char(related='mapping_id.remote_object')
    connection_id = fields.Many2one(related='mapping_id.connection_id')
    odoo_field = fields.Char(
        'Odoo field', required=True, help='A field or a path, for example country_id.code.'
    )
    odoo_label = fields.Char('Odoo', compute='_compute_labels')
    remote_field = fields.Char(
        'SaaS field', required=True,
        help='A property of the remote object; several, joined by "+", where the converter takes '
             'several (first and last name).',
    )
    remote_label = fields.Char('SaaS', compute='_compute_labels')
    rule = fields.Selection(RULES, required=True, default='two_way_newest')
    converter = fields.Selection(selection='_selection_converter', required=True, default='auto')
    params = fields.Json(default=lambda self: {})
    default = fields.Char(
        help='Used where the other side has no value, on creation only. For a date, "+30d" is in '
             'thirty days; towards the SaaS, "=name" is what another Odoo field holds.')

    _field_uniq = models.UniqueIndex(
        '(mapping_id, odoo_field)', 'This mapping already maps this Odoo field.'
    )

    @api.model
    def _selection_converter(self):
        named = [(name, cls.label) for name, cls in CONVERTERS.items()]
        return [('auto', self.env._('Automatic')), *sorted(named, key=lambda pair: pair[1])]

    # === COMPUTE === #

    @api.depends('odoo_field', 'remote_field', 'mapping_id.model_id')
    def _compute_labels(self):
        for line in self:
            field = line._last_field(silent=True)
            line.odoo_label = field.string if field is not None else line.odoo_field
            found = line._remote_schema()
            line.remote_label = ' + '.join(found.mapped('label')) or line.remote_field

    # === CONSTRAINTS === #

    @api.constrains(
        'odoo_field', 'remote_field', 'converter', 'rule', 'mapping_id', 'params', 'default')
    def _check_line(self):
        for line in self:
            problem = (
                line._problem_of_path() or line._problem_of_remote() or line._problem_of_converter()
                or line._problem_of_default() or line._problem_of_cycle()
            )
            if problem:
                raise ValidationError(self.env._(
                    'Mapping "%(mapping)s", field %(field)s: %(problem)s',
                    mapping=line.mapping_id.name, field=line.odoo_field, problem=problem,
                ))

    def _problem_of_path(self):
        model = self.env[self.mapping_id.model]
        steps = self.odoo_field.split('.')
        for index, name in enumerate(steps):
            field = model._fields.get(name)
            if field is None:
                return self.env._('%(model)s has no field "%(name)s".',
                                  model=model._description, name=name)
            if index < len(steps) - 1:
                if not field.relational:
                    return self.env._('"%s" is no relation, the path cannot go on after it.', name)
                model = self.env[field.comodel_name]
        return self._problem_of_writing(steps)

    def _problem_of_writing(self, steps):
        """A line that may write into Odoo has to end in a field that takes a value."""
        if self.mapping_id.direction == 'out' or self.rule == 'odoo_wins':
            return None
        first = self.env[self.mapping_id.model]._fields[steps[0]]
        read_only = (first.compute and not first.inverse and first.readonly) or first.related
        if read_only or steps[0] in models.MAGIC_COLUMNS:
            return self.env._(
                'the field is read-only in Odoo. Choose the rule "Always Odoo", or another field.')
        if len(steps) > 2 or (len(steps) == 2 and first.type != 'many2one'):
            return self.env._(
                'a path this long can be read and not written. Choose the rule "Always Odoo".')
        return None

    def _problem_of_remote(self):
        known = self.env['sync.remote.field'].sudo().search([
            ('connection_id', '=', self.connection_id.id),
            ('remote_object', '=', self.remote_object),
        ])
        if not known:
            return None  # nothing discovered yet: the set-up checks again
        by_name = {field.name: field for field in known}
        for name in self._remote_fields():
            field = by_name.get(name)
            if field is None:
                return self.env._('%(provider)s has no field "%(name)s" on %(object)s.',
                                  provider=self.connection_id._remote_label(), name=name,
                                  object=self.remote_object)
            writes_out = self.mapping_id.direction != 'in' and self.rule != 'remote_wins'
            if field.read_only and writes_out:
                return self.env._(
                    '"%s" is read-only at the SaaS. Choose the rule "Always the SaaS".',
                    field.label)
        return None

    def _problem_of_converter(self):
        if not isinstance(self.params or {}, dict):
            return self.env._('the parameters have to be a JSON object, like {"digits": 2}.')
        return check(self._spec())

    def _problem_of_default(self):
        name = (self.default or '').removeprefix('=')
        if name == (self.default or '') or name in self.env[self.mapping_id.model]._fields:
            return None
        return self.env._('the default is to come from "%s", which is no field in Odoo.', name)

    def _problem_of_cycle(self):
        """One remote field fed by two lines that may both write it would never come to rest."""
        mine = set(self._remote_fields())
        for other in self.mapping_id.line_ids - self:
            both_write = 'remote_wins' not in (self.rule, other.rule)
            if both_write and mine & set(other._remote_fields()):
                return self.env._(
                    '"%(remote)s" is already written by the line %(line)s: the two would overwrite '
                    'each other for ever. Remove one, or set its rule to "Always the SaaS".',
                    remote=self.remote_field, line=other.odoo_field)
        return None

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        lines = super().create(vals_list)
        lines.mapping_id._touch()
        return lines

    def write(self, vals):
        result = super().write(vals)
        self.mapping_id._touch()
        return result

    def unlink(self):
        mappings = self.mapping_id
        result = super().unlink()
        mappings._touch()
        return result

    # === WHAT THE ENGINE ASKS === #

    def _remote_fields(self):
        return tuple(name.strip() for name in (self.remote_field or '').split('+') if name.strip())

    def _remote_schema(self):
        """What is known of the line's remote fields, in their order in the line."""
        names = self._remote_fields()
        known = self.mapping_id._remote_schema()
        return known.filtered(lambda field: field.name in names).sorted(
            lambda field: names.index(field.name))

    def _last_field(self, silent=False):
        model = self.env.get(self.mapping_id.model)
        field = None
        for name in (self.odoo_field or '').split('.'):
            field = model._fields.get(name) if model is not None else None
            if field is None:
                if silent:
                    return None
                raise ValidationError(self.env._('Unknown field "%s".', self.odoo_field))
            model = self.env.get(field.comodel_name) if field.relational else None
        return field

    def _rule(self, direction):
        schema = self._remote_schema()
        if direction == 'both' and any(schema.mapped('read_only')):
            direction = 'in'  # it can still be read, whatever the rule says of writing
        return FieldRule(
            key=self.odoo_field, rule=self.rule, direction=direction,
            demanded=any(schema.mapped('demanded')))

    def _spec(self):
        """The line as the engine's converters know it."""
        field = self._last_field()
        digits = field.get_digits(self.env) if field.type in ('float',) else None
        schema = self._remote_schema()
        params = dict(self.params or {})
        options = schema[:1].options
        if options:
            params.setdefault('options', options)
        if self.connection_id.time_zone:
            params.setdefault('time_zone', self.connection_id.time_zone)
        if self.converter == 'country':
            params.setdefault('countries', self._country_names())
        return FieldSpec(
            key=self.odoo_field, odoo_field=self.odoo_field, odoo_type=field.type,
            remote_fields=self._remote_fields(), remote_type=schema[:1].type or 'string',
            params=params, digits=digits[1] if digits else None, default=self.default,
            converter=self.converter,
        )

    @api.model
    @tools.ormcache()
    def _country_names(self):
        countries = self.env['res.country'].sudo().with_context(lang='en_US')
        return {country.code: country.name for country in countries.search([('code', '!=', False)])}
