"""Recognising a record that is not linked yet, so that the first contact makes no duplicate."""

from __future__ import annotations

import re
from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, escape_psql

from ..engine.errors import ConflictError

#: What of a web address in lower case is not its host, for Python and PostgreSQL alike.
_NO_HOST = r'^(https?:/*\s*)*(www\.)*|\.?([/?#:].*)?$'


def _host(address):
    return re.sub(_NO_HOST, '', address.lower())


class SyncMatch(models.AbstractModel):
    _name = 'sync.match'
    _description = 'Matching of unlinked records'

    @api.model
    def _by_own_id(self, connection, adapter, items):
        """Fill ``item.odoo`` where the remote record carries the id of one of our records."""
        name = connection._settings()['external_id_field']
        ids = {}
        for item in items:
            own_id = item.record.values.get(name) or ''
            res_id = connection._record_id_of(own_id, adapter.mapping.model)
            if res_id:
                ids[res_id] = item
        records = adapter.model.browse(ids).exists()
        records = records.filtered(
            lambda r: connection._own_id(r) == ids[r.id].record.values[name])
        linked = self.env['sync.link']._by_record(
            connection, adapter.mapping.remote_object, adapter.mapping.model, records.ids)
        for record in records:
            if record.id not in linked:
                ids[record.id].odoo = record

    @api.model
    def _candidates(self, adapter, key, values):
        """``{canonical value: records}`` among unlinked Odoo records that fit the mapping.

        The search is wide (the stored form may differ in case or scheme) and the comparison
        exact, on canonical values; web addresses are the same where their hosts are, whether or
        not one account writes ``www.`` and the other does not.
        """
        mapping, converter = adapter.mapping, adapter.converters[key]
        stored = {converter.to_odoo(value) for value in values}
        records = adapter.model.sudo().search(
            mapping._filter_domain() & self._wide(adapter.model, key, stored),
            order='active desc, id' if 'active' in adapter.model._fields else 'id')
        linked = self.env['sync.link']._by_record(
            mapping.connection_id, mapping.remote_object, mapping.model, records.ids)
        is_address = converter.name in ('url', 'domain')
        asked = defaultdict(list)
        for value in values:
            asked[_host(value) if is_address else value].append(value)
        found = defaultdict(adapter.model.browse)
        for record in records:
            value = converter.from_odoo(adapter._value_at(record, key))
            if record.id not in linked and value is not None:
                for one in asked.get(_host(value) if is_address else value, ()):
                    found[one] |= record
        return found

    @api.model
    def _wide(self, model, key, stored):
        """The domain of records whose ``key`` may be one of the values.

        Texts of the model's own columns are looked up together, in lower case: a hundred patterns
        in one query would each be compared with every record there is.
        """
        field = model._fields.get(key)
        texts = {value for value in stored if isinstance(value, str)}
        others = Domain(key, 'in', list(stored - texts))
        if not (field and field.store and field.type in ('char', 'text')):
            return others | Domain.OR([Domain(key, '=ilike', escape_psql(t)) for t in texts])
        hosts = {_host(text) for text in texts if '.' in text and '@' not in text}

        def to_sql(model, alias, query):
            column = SQL('lower(%s)', model._field_to_sql(alias, key, query))
            same = SQL('%s = ANY(%s)', column, sorted(text.lower() for text in texts))
            host = SQL("regexp_replace(%s, %s, '', 'g')", column, _NO_HOST)
            at_host = SQL('%s = ANY(%s)', host, sorted(hosts))
            return SQL('(%s OR %s)', same, at_host) if hosts else same

        return others | Domain.custom(to_sql=to_sql)

    @api.model
    def _only(self, mapping, item, candidates):
        """The one candidate; two active ones are a question for a person."""
        active = candidates.filtered('active') if 'active' in candidates._fields else candidates
        chosen = active or candidates
        if len(chosen) > 1:
            names = ', '.join(f'{record.display_name} (#{record.id})' for record in chosen[:5])
            raise ConflictError(
                f'{len(chosen)} records match {item.remote_id}', code='AMBIGUOUS_MATCH',
                user_message=self.env._(
                    '%(object)s %(id)s matches several Odoo records: %(names)s. Merge them, or '
                    'correct the field they share (%(keys)s), then replay.',
                    object=mapping.remote_object, id=item.remote_id, names=names,
                    keys=mapping.match_keys))
        return chosen
