"""Recognising a record that is not linked yet, so that the first contact makes no duplicate."""

from __future__ import annotations

from collections import defaultdict

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import escape_psql

from ..engine.errors import ConflictError


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
        exact, on canonical values.
        """
        mapping, converter = adapter.mapping, adapter.converters[key]
        stored = {converter.to_odoo(value) for value in values}
        wide = Domain.OR([Domain(key, '=ilike', self._like(value)) for value in stored])
        records = adapter.model.sudo().search(
            mapping._filter_domain() & wide, order='active desc, id'
            if 'active' in adapter.model._fields else 'id')
        linked = self.env['sync.link']._by_record(
            mapping.connection_id, mapping.remote_object, mapping.model, records.ids)
        found = defaultdict(adapter.model.browse)
        for record in records:
            if record.id not in linked:
                found[converter.from_odoo(adapter._value_at(record, key))] |= record
        return found

    @staticmethod
    def _like(value):
        if not isinstance(value, str):
            return value
        escaped = escape_psql(value)
        host = escaped.split('://')[-1].removeprefix('www.').rstrip('/')
        return f'%{host}%' if '.' in host and '@' not in host else escaped

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
