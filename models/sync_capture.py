"""From a changed column to a row in the outbox, within the transaction of the change.

Changes are collected in the cursor's pre-commit data and posted with one INSERT when the
transaction (or a savepoint in it) is flushed. A savepoint that is rolled back takes with it what
was collected inside, because Odoo clears the pre-commit data with it.

Promises: a change and its message commit or vanish together; a record is captured whatever wrote
it; a change of a far record reaches the mapped records whose path runs through it.

Weakness: raw SQL that bypasses the ORM is not seen here (the poll and "Sync now" are for that).
"""

from __future__ import annotations

import logging
import uuid
import weakref
from collections import defaultdict
from dataclasses import dataclass, field
from typing import NamedTuple

from odoo import SUPERUSER_ID, api, models, tools
from odoo.tools import SQL
from odoo.tools.sql import table_columns

from . import sync_filter

_logger = logging.getLogger(__name__)

_BUFFER = 'saas_sync.capture'
#: What the watch list is read from; not all there while the add-on is installed or uninstalled.
_WATCHED_COLUMNS = {
    'sync_mapping': {
        'id', 'active', 'direction', 'domain', 'model', 'connection_id', 'remote_object'},
    'sync_mapping_line': {'mapping_id', 'odoo_field'},
}


class Target(NamedTuple):
    """Where the changes of a mapping's records go."""

    mapping_id: int
    connection_id: int
    remote_object: str
    model: str


@dataclass
class Watch:
    """What to look for in one model.

    ``triggers``: field → set of ``(target, path from the mapped model, line key)``; the path is
    empty for the mapped model itself. ``relations``: the many2many and one2many fields in it.
    ``inverses``: many2one field → set of ``(model, one2many field)`` whose other end it is.
    """

    triggers: dict[str, set] = field(default_factory=lambda: defaultdict(set))
    relations: set[str] = field(default_factory=set)
    inverses: dict[str, set] = field(default_factory=lambda: defaultdict(set))


@dataclass
class Buffer:
    """What one transaction has changed since its last flush.

    ``changed``: model → record id → field names. ``applied``: ``(model, id)`` → connections whose
    own values were just applied, and compared value by value: they need no message.
    """

    changed: dict = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    applied: dict = field(default_factory=lambda: defaultdict(set))


class Watches(dict):
    """``{model: Watch}`` of one registry; a plain dict could not be referred to weakly."""

    __slots__ = ('__weakref__', 'registry')


#: Database → weak reference to what Odoo's cache holds for :meth:`SyncCapture._watch`.
_watched: dict[str, weakref.ref] = {}


def watch_of(records):
    """The :class:`Watch` of a model, or None.

    Called for every write of every model there is, where asking Odoo's cache costs more than a
    hundredth of a cheap write. So the answer is kept here by a weak reference, which dies with it:
    whatever clears Odoo's cache, in this process or signalled by another, clears this as well.
    """
    known = _watched.get(records.env.cr.dbname)
    watches = known and known()
    if watches is None or watches.registry != id(records.pool):
        watches = records.env['sync.capture']._watch()
        _watched[records.env.cr.dbname] = weakref.ref(watches)
    return watches.get(records._name)


class SyncCapture(models.AbstractModel):
    _name = 'sync.capture'
    _description = 'Capture of local changes'

    # === WATCH LIST === #

    @api.model
    @tools.ormcache()
    def _watch(self):
        """``{model: Watch}`` over the active outbound mappings of all connections."""
        if any(names - table_columns(self.env.cr, table).keys()
               for table, names in _WATCHED_COLUMNS.items()):
            return self._watches({})
        self.env.cr.execute(
            """SELECT m.id, m.connection_id, m.remote_object, m.model, m.domain,
                      array_agg(l.odoo_field)
                 FROM sync_mapping m JOIN sync_mapping_line l ON l.mapping_id = m.id
                WHERE m.active AND m.direction IN ('out', 'both') AND m.model IS NOT NULL
                GROUP BY m.id"""
        )
        watches = defaultdict(Watch)
        for *target, model, domain, paths in self.env.cr.fetchall():
            if model not in self.env:
                continue  # its add-on is not loaded
            target = Target(*target, model)
            for key in paths:
                self._watch_path(watches, target, key, key)
            for key in self._filter_fields(model, domain):
                self._watch_path(watches, target, key, '(filter)')
        return self._watches(watches)

    @api.model
    def _watches(self, by_model):
        watches = Watches(by_model)
        watches.registry = id(self.pool)
        return watches

    @api.model
    def _watch_path(self, watches, target, path, key):
        walked, model = (), target.model
        for name in path.split('.'):
            odoo_field = self.env[model]._fields.get(name)
            if odoo_field is None:
                return
            watches[model].triggers[name].add((target, walked, key))
            if odoo_field.type in ('many2many', 'one2many'):
                watches[model].relations.add(name)
            if not odoo_field.relational:
                return
            self._watch_inverse(watches, model, odoo_field)
            walked, model = (*walked, name), odoo_field.comodel_name

    @api.model
    def _watch_inverse(self, watches, model, odoo_field):
        """A one2many is changed by writing its other end, which says nothing to its model."""
        if odoo_field.type == 'one2many':
            comodel = self.env[odoo_field.comodel_name]
            if comodel._fields[odoo_field.inverse_name].type == 'many2one':
                inverses = watches[comodel._name].inverses
                inverses[odoo_field.inverse_name].add((model, odoo_field.name))

    @api.model
    def _filter_fields(self, model, domain):
        try:
            conditions = sync_filter.parse(domain, uid=SUPERUSER_ID).iter_conditions()
            paths = {condition.field_expr for condition in conditions}
        except ValueError:
            _logger.exception('A mapping of %s has a filter that cannot be read', model)
            paths = set()
        always = {self.env[model]._active_name, 'company_id'}
        return paths | (always & self.env[model]._fields.keys())

    # === COLLECT === #

    @api.model
    def _buffer(self):
        data = self.env.cr.precommit.data
        if _BUFFER not in data:
            data[_BUFFER] = Buffer()
            self.env.cr.precommit.add(self._post)
        return data[_BUFFER]

    @api.model
    def _columns_written(self, records, vals_list, watch):
        changed = None
        for record_id, vals in zip(records._ids, vals_list, strict=True):
            names = watch.triggers.keys() & vals.keys()
            if names:
                if changed is None:
                    changed = self._buffer().changed[records._name]
                changed[record_id] |= names

    @api.model
    def _children_moving(self, records, vals_list, watch):
        """Note the parents that records leave, and those they go to. Called before the write:
        the table, and nothing else, still knows the former ones."""
        for name in watch.inverses.keys() & set().union(*vals_list):
            moving = [record_id for record_id, vals in zip(records._ids, vals_list, strict=True)
                      if name in vals]
            column = SQL.identifier(name)
            self.env.cr.execute(SQL(
                'SELECT DISTINCT %s FROM %s WHERE id = ANY(%s) AND %s IS NOT NULL',
                column, SQL.identifier(records._table), moving, column))
            parents = {row[0] for row in self.env.cr.fetchall()}
            parents |= {vals[name] for vals in vals_list if vals.get(name)}
            for model, relation in watch.inverses[name]:
                changed = self._buffer().changed[model]
                for parent_id in parents:
                    changed[parent_id].add(relation)

    @api.model
    def _created(self, records, watch):
        changed = self._buffer().changed[records._name]
        for record_id in records._ids:
            changed[record_id] |= watch.triggers.keys()

    @api.model
    def _relations_written(self, records, fnames, watch):
        names = watch.relations.intersection(fnames)
        ids = [record_id for record_id in records._ids if record_id] if names else ()
        if ids and all(isinstance(record_id, int) for record_id in ids):
            changed = self._buffer().changed[records._name]
            for record_id in ids:
                changed[record_id] |= names

    @api.model
    def _far_roots(self, records, watch):
        """Mapped records whose path runs through records about to be deleted."""
        roots = defaultdict(lambda: defaultdict(set))
        for uses in watch.triggers.values():
            for target, path, key in uses:
                if path:
                    for root_id in self._roots(target, path, records.ids):
                        roots[target][root_id].add(key)
        return roots

    @api.model
    def _unlinked(self, model, ids, roots):
        """Post the deletion of linked records, and the change of those that pointed to them."""
        self.env.cr.execute(
            """SELECT l.connection_id, l.mapping_id, l.remote_object, l.res_id
                 FROM sync_link l JOIN sync_mapping m ON m.id = l.mapping_id
                WHERE l.res_model = %s AND l.res_id = ANY(%s) AND l.deleted_at IS NULL
                  AND m.active AND m.direction IN ('out', 'both')""",
            [model, ids],
        )
        rows = [
            {'connection_id': connection_id, 'mapping_id': mapping_id, 'remote_object': remote,
             'res_model': model, 'res_id': res_id, 'operation': 'delete'}
            for connection_id, mapping_id, remote, res_id in self.env.cr.fetchall()
        ]
        for target, records in roots.items():
            rows += self._rows(target, records, self._buffer())
        self._insert(rows)

    # === POST === #

    @api.model
    def _mark_applied(self, connection_id, model, ids):
        """The values of these records were just taken from this connection, and compared."""
        applied = self._buffer().applied
        for record_id in ids:
            applied[model, record_id].add(connection_id)

    def _post(self):
        """Turn what was collected into outbox rows. Runs before the commit, after the flush."""
        buffer = self.env.cr.precommit.data.pop(_BUFFER, None)
        if buffer is None:
            return
        wanted = defaultdict(lambda: defaultdict(set))
        for model, records in buffer.changed.items():
            watch = self._watch().get(model)
            if watch:
                self._collect_uses(watch, records, wanted)
        rows = []
        for target, records in wanted.items():
            rows += self._rows(target, records, buffer)
        self._insert(rows)

    @api.model
    def _collect_uses(self, watch, records, wanted):
        """Fill ``wanted`` (target → record id → line keys) from changed fields of one model."""
        by_use = defaultdict(set)
        for record_id, names in records.items():
            for name in names:
                for target, path, key in watch.triggers.get(name, ()):
                    by_use[target, path, key].add(record_id)
        for (target, path, key), ids in by_use.items():
            for root_id in self._roots(target, path, ids) if path else ids:
                wanted[target][root_id].add(key)

    @api.model
    def _roots(self, target, path, ids):
        model = self.env[target.model].sudo().with_context(active_test=False)
        return model.search([('.'.join(path), 'in', list(ids))]).ids

    @api.model
    def _rows(self, target, records, buffer):
        """Outbox rows for the records that the mapping concerns: those that are linked (they may
        just have stopped to match its filter) and those that match."""
        ids = {record_id for record_id in records if target.connection_id
               not in buffer.applied.get((target.model, record_id), ())}
        if not ids:
            return []
        concerned = self._linked_ids(target, ids)
        if ids - concerned:
            concerned |= self._matching_ids(target, ids - concerned)
        return [
            {'connection_id': target.connection_id, 'mapping_id': target.mapping_id,
             'remote_object': target.remote_object, 'res_model': target.model,
             'res_id': record_id, 'changed_fields': names}
            for record_id, names in records.items() if record_id in concerned
        ]

    @api.model
    def _linked_ids(self, target, ids):
        """Those that are linked, and still there."""
        self.env.cr.execute(SQL(
            """SELECT l.res_id FROM sync_link l JOIN %s r ON r.id = l.res_id
                WHERE l.connection_id = %s AND l.res_model = %s AND l.res_id = ANY(%s)
                  AND l.mapping_id = %s AND l.deleted_at IS NULL""",
            SQL.identifier(self.env[target.model]._table), target.connection_id, target.model,
            list(ids), target.mapping_id))
        return {row[0] for row in self.env.cr.fetchall()}

    @api.model
    def _matching_ids(self, target, ids):
        """Those that match the filter. A filter that broke (its field went with an add-on) must
        not stop anybody's save: the worker will say so on the record."""
        mapping = self.env['sync.mapping'].sudo().browse(target.mapping_id)
        records = mapping._model().sudo().browse(ids).exists()
        try:
            return set(records.filtered_domain(mapping._filter_domain())._ids)
        except (ValueError, KeyError):
            _logger.exception('The filter of mapping %s does not work any more', mapping.name)
            return set(records._ids)

    @api.model
    def _insert(self, rows):
        if not rows:
            return
        correlation_id = uuid.uuid4().hex
        for row in rows:
            row.setdefault('correlation_id', correlation_id)
        self.env['sync.outbox']._post(self.env.cr, rows)
        self.env['sync.worker']._wake_after_commit()
