"""Between Odoo records and the engine's canonical values, for one mapping and one batch.

The pure converters of :mod:`..engine.convert` know values; what they cannot know is which record
a remote key stands for. That is here: links (the far record's own link), owners (the user with
the same e-mail), stages (the map kept in the line) and far records looked up by a field (the
country by its code). Look-ups are made once for a batch.

A value that cannot be expressed on the other side at all (an owner without a user here, a parent
not linked yet) is left out rather than taken for empty: an absent key is never merged.
"""

from __future__ import annotations

import re
from datetime import timedelta

from odoo import fields
from odoo.tools import escape_psql

from ..engine.contracts import RemoteRecord
from ..engine.errors import DataError
from ..engine.merge import FieldRule
from .sync_mapping_line import RELATIONAL

#: Prefix of the canonical value of an Odoo record that has no link yet.
UNLINKED = 'odoo:'
#: A default of a date: so many days from now.
_IN_DAYS = re.compile(r'\+(\d{1,4})d')


class RecordAdapter:
    """Reads and writes the mapped fields of one mapping's records."""

    def __init__(self, mapping):
        self.env = mapping.env
        self.mapping = mapping
        self.connection = mapping.connection_id
        self.model = mapping._model()
        self.direction = mapping.direction
        #: What every link of this mapping says.
        self.of_link = {
            'connection_id': self.connection.id, 'mapping_id': mapping.id,
            'res_model': mapping.model, 'remote_object': mapping.remote_object,
        }
        self.specs = mapping._specs()
        # Plain values and not the records of the lines: they are asked for every value.
        self.lines = list(self.specs.values())
        self.paths = {key: tuple(key.split('.')) for key in self.specs}
        self.converters = mapping._converters()
        self.rules: tuple[FieldRule, ...] = mapping._rules()
        self._canonical: dict[str, dict] = {key: {} for key in self.specs}
        self._far_ids: dict[tuple, int | None] = {}
        self._link_cache: dict[tuple, object] = {}
        self._owners = self._load_owners()
        self._user_ids: dict[str, int | None] = {}

    # --- both sides as canonical values -------------------------------------------------------

    def local(self, records, snapshots=None) -> dict[int, dict]:
        """``{record id: {line key: canonical value}}``; ``snapshots`` by record id, for stages.

        :raises DataError: a value cannot be converted; ``error.res_id`` is the id of its record
        """
        self._prefetch_links(records)
        each = list(records)
        values = {record.id: {} for record in each}
        for line in self.lines:  # by line and not by record: what to read is asked once
            read = self._reader(line, snapshots or {})
            for record in each:
                try:
                    found, value = read(record)
                except DataError as error:
                    error.res_id = record.id
                    raise
                if found:
                    values[record.id][line.key] = value
        return values

    def _reader(self, line, snapshots):
        """Of a record, whether there is something to say of this line, and its canonical value."""
        key = line.key
        if line.converter in RELATIONAL:
            reader = getattr(self, f'_local_{line.converter}')
            return lambda record: reader(line, record, (snapshots.get(record.id) or {}).get(key))
        field = self.model._fields.get(key)
        get = field.__get__ if field else lambda record: self._value_at(record, key)
        return lambda record: (True, self._canonical_of(key, get(record)))

    def _canonical_of(self, key, value):
        """Converted once a batch: nearly every value is looked at before and after the write."""
        known = self._canonical[key]
        if value not in known:
            known[value] = self.converters[key].from_odoo(value)
        return known[value]

    def _value_at(self, record, key):
        *steps, last = self.paths[key]
        for step in steps:
            record = record[step][:1]
        return record[last]

    def remote(self, record: RemoteRecord) -> dict:
        """``{line key: canonical value}`` of what was read; unread fields are absent."""
        values = {}
        for line in self.lines:
            names = line.remote_fields
            if names[0].startswith('associations.'):
                read, value = self._remote_link(names, record)
            else:
                read = all(name in record.values for name in names)
                wire = tuple(record.values.get(name) for name in names)
                value = self.converters[line.key].from_remote(wire) if read else None
            if read:
                values[line.key] = value
        return values

    @staticmethod
    def _remote_link(names, record):
        objects = [name.removeprefix('associations.') for name in names]
        read = [name for name in objects if name in record.associations]
        for name in read:
            if record.associations[name]:
                return True, f'{name}:{record.associations[name][0]}'
        return bool(read), None

    # --- links --------------------------------------------------------------------------------

    def link_lines(self):
        return [line for line in self.lines if line.converter == 'link']

    @staticmethod
    def link_objects(line):
        return [name.removeprefix('associations.') for name in line.remote_fields]

    def _prefetch_links(self, records):
        for line in self.link_lines():
            far = self._far(line, records)
            for remote_object in self.link_objects(line):
                links = self.env['sync.link']._by_record(
                    self.connection, remote_object, far._name, far.ids)
                for far_id in far.ids:
                    self._link_cache[remote_object, far._name, far_id] = links.get(far_id)

    @staticmethod
    def _far(line, records):
        """The records a link leads to. With ``through``, what these belong to: of a person the
        company, at a remote whose opportunities belong to companies."""
        far = records.mapped(line.odoo_field)
        return far.mapped(line.params['through']) if line.params.get('through') else far

    def _local_link(self, line, record, known):
        far = self._far(line, record)[:1]
        if not far:
            return True, None
        objects = self.link_objects(line)
        links = [self._link_cache.get((name, far._name, far.id)) for name in objects]
        for link in filter(None, links):
            return self._key_of_link(link, known)
        if self.mapping_of(far, objects):
            return True, f'{UNLINKED}{far._name},{far.id}'
        return False, None  # the far record does not take part: nothing to say about it

    @staticmethod
    def _key_of_link(link, known):
        """The key of a far record by its link. Of one that was deleted there is nothing to say:
        the remote forgot it, and Odoo need not. One that was merged is what it was (the remote
        has changed, not we), or, newly referred to, what it was merged into."""
        own, heir = f'{link.remote_object}:{link.remote_id}', link.merged_into_id
        if not link.deleted_at or (heir and own == known):
            return True, own
        return bool(heir), f'{link.remote_object}:{heir.remote_id}' if heir else None

    def mapping_of(self, record, remote_objects):
        """The mapping that would create ``record`` at the remote, if there is one."""
        for remote_object in remote_objects:
            mappings = self.env['sync.mapping']._for_object(self.connection, remote_object, 'out')
            for mapping in mappings:
                if (mapping.model == record._name and mapping.create_out
                        and not mapping._counts_as_deleted(record)
                        and record.sudo().filtered_domain(mapping._filter_domain())):
                    return mapping
        return None

    def record_of_link(self, canonical):
        """The Odoo id behind ``'companies:12'``, or None while it is not linked."""
        remote_object, _, remote_id = canonical.partition(':')
        cache_key = ('', remote_object, remote_id)
        if cache_key not in self._link_cache:
            link = self.env['sync.link']._by_remote(
                self.connection, remote_object, [remote_id]).get(remote_id)
            self._link_cache[cache_key] = link.res_id if link and not link.deleted_at else None
        return self._link_cache[cache_key]

    # --- owners and stages --------------------------------------------------------------------

    def _load_owners(self):
        """``{e-mail: owner id}`` and back, from the discovered schema."""
        owners = {}
        for line in self.lines:
            if line.converter == 'owner':
                for option in self.specs[line.odoo_field].params.get('options') or []:
                    email = ((option.get('meta') or {}).get('email') or option['label']).lower()
                    owners[email] = option['value']
        return owners

    def _local_owner(self, line, record, _known):
        user = record[line.odoo_field]
        if not user:
            return True, None
        for email in (user.login, user.email):
            if email and email.lower() in self._owners:
                return True, self._owners[email.lower()]
        return False, None

    def _user_of_owner(self, owner_id):
        email = next((mail for mail, owner in self._owners.items() if owner == owner_id), None)
        if not email:
            return None
        if email not in self._user_ids:
            pattern = escape_psql(email)  # a_b@… must not find axb@…
            users = self.env['res.users'].sudo().search(
                ['|', ('login', '=ilike', pattern), ('email', '=ilike', pattern)], limit=1)
            self._user_ids[email] = users.id or None
        return self._user_ids[email]

    def _local_stage(self, line, record, known):
        params = line.params
        if params.get('lost') and self._is_lost(record):
            return True, params['lost']
        matching = [remote for remote, odoo_id in (params.get('map') or {}).items()
                    if odoo_id == record[line.odoo_field].id]
        if known in matching:
            return True, known  # several remote stages may share ours: keep the one it has
        return bool(matching), matching[0] if matching else None

    @staticmethod
    def _is_lost(record):
        return 'lost_reason_id' in record._fields and not record.active and not record.probability

    # --- writing into Odoo --------------------------------------------------------------------

    def vals(self, to_local, record, create=False) -> tuple[dict, list[str]]:
        """Values for ``create()`` or ``write()``, and the line keys that could not be resolved.

        :param record: the remote record, for its own spelling of what means the same
        """
        vals, unresolved = {}, []
        for line in self.lines:
            key = line.key
            value = to_local.get(key)
            if create and value is None:
                value = self._default(line)
            if value is None and key == self.model._rec_name:
                if create:
                    vals[key] = self._name_of_nameless(to_local, record)
            elif value is None and create and line.converter == 'stage':
                continue  # a stage is never empty in Odoo: its own default is the right one
            elif key not in to_local and value is None:
                continue
            elif not self._put(vals, line, value, record):
                unresolved.append(key)
        name = self.model._rec_name
        if create and name not in self.specs and name and self.model._fields[name].required:
            vals[name] = self._name_of_nameless(to_local, record)
        return vals, unresolved

    @staticmethod
    def _name_of_nameless(to_local, record):
        """Odoo wants a name where a SaaS wants none; it is not sent back (see link variants)."""
        keys = ('contact_name', 'partner_name', 'email', 'email_from', 'phone')
        return next(filter(None, map(to_local.get, keys)), f'#{record.remote_id}')

    def _default(self, line, record=None):
        """The canonical default of a line: as written, in so many days, or, of an Odoo record,
        what another field of it holds."""
        text = line.default
        if not text or (text.startswith('=') and record is None):
            return None
        days = _IN_DAYS.fullmatch(text) if line.odoo_type in ('date', 'datetime') else None
        if days:
            text = fields.Date.today() + timedelta(days=int(days[1]))
        elif text.startswith('='):
            text = record[text[1:]]
        return self.converters[line.key].from_odoo(text)

    def _put(self, vals, line, value, record):
        """Add one field to ``vals``; False where the record it points to is not known here."""
        key = line.key
        if line.converter in RELATIONAL:
            return getattr(self, f'_put_{line.converter}')(vals, line, value)
        if '.' in key:
            field = key.split('.')[0]
            vals[field] = self._far_id(line, value) if value is not None else False
        else:
            names = line.remote_fields
            spelling = record.values.get(names[0]) if len(names) == 1 else None
            vals[key] = self.converters[key].to_odoo(value, spelling)
        return True

    def _put_link(self, vals, line, value):
        return self._put_record(vals, line, value, value and self.record_of_link(value))

    def _put_owner(self, vals, line, value):
        return self._put_record(vals, line, value, value and self._user_of_owner(value))

    @staticmethod
    def _put_record(vals, line, value, res_id):
        if value and not res_id:
            return False
        vals[line.odoo_field] = res_id or False
        return True

    def _put_stage(self, vals, line, value):
        params = line.params
        if value and value == params.get('lost'):
            vals.update(active=False, probability=0)
            return True
        stage_id = (params.get('map') or {}).get(value)
        if value and not stage_id:
            raise DataError(
                f'unmapped stage {value}', field=line.remote_name, code='UNMAPPED_STAGE',
                user_message=self.env._(
                    'The stage "%(stage)s" has no counterpart in Odoo. Add it to the stage map of '
                    'the mapping "%(mapping)s".', stage=value, mapping=self.mapping.name))
        vals[line.odoo_field] = stage_id or False
        if params.get('lost') and stage_id:
            vals['active'] = True
        return True

    def _far_id(self, line, value):
        """The record a path is written by: ``country_id.code = 'BE'`` finds Belgium."""
        first, last = line.odoo_field.split('.')
        cache_key = (line.odoo_field, value)
        if cache_key not in self._far_ids:
            far = self.env[self.model._fields[first].comodel_name].sudo()
            stored = self.converters[line.key].to_odoo(value)
            found = far.search([(last, '=', stored)], limit=1)
            self._far_ids[cache_key] = found.id or None
        if not self._far_ids[cache_key]:
            raise DataError(
                f'no {first} with {last} = {value}', field=line.remote_name, code='NO_FAR_RECORD',
                user_message=self.env._(
                    'Odoo has no %(label)s for "%(value)s". Correct it in the SaaS, or create it '
                    'in Odoo.', label=self.model._fields[first].string.lower(), value=value))
        return self._far_ids[cache_key]

    # --- writing to the remote ----------------------------------------------------------------

    def defaults(self, record, to_remote) -> dict:
        """What a record that is created at the remote gets where Odoo has no value of its own."""
        inward = {rule.key for rule in self.rules if rule.direction == 'in'}
        found = {
            line.key: self._default(line, record) for line in self.lines
            if to_remote.get(line.key) is None and line.key not in inward
        }
        return {key: value for key, value in found.items() if value is not None}

    def wire(self, to_remote, snapshot) -> tuple[dict, dict, dict]:
        """``(values, associations, dropped)`` of a :class:`~..engine.contracts.Change`."""
        values, associations, dropped = {}, {}, {}
        for line in self.lines:
            key = line.key
            if key not in to_remote:
                continue
            if line.converter == 'link':
                self._wire_link(line, to_remote[key], snapshot.get(key), associations, dropped)
            else:
                self._wire_field(line, to_remote[key], values)
        return values, associations, dropped

    def _wire_field(self, line, value, values):
        wire = self.converters[line.key].to_remote(value, None)
        values.update(zip(line.remote_fields, wire, strict=True))
        companion = line.params.get('companion')
        if companion and value in companion['values']:
            values[companion['field']] = companion['values'][value]

    @staticmethod
    def _wire_link(line, value, known, associations, dropped):
        if value:
            remote_object, _, remote_id = value.partition(':')
            associations[remote_object] = (remote_id,)
        if known and known != value:
            remote_object, _, remote_id = known.partition(':')
            dropped[remote_object] = (remote_id,)
