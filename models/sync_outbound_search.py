"""Creating at a remote that does not keep its records apart itself: search first.

At a remote that takes two records of one e-mail address, somebody may enter there whom Odoo is
about to send. Where the connector says so (``searches_first``), a record with match keys is looked
for before it is created; what is found, and is nobody's yet, is linked and merged instead. It costs
one query a batch of creations.

A creation usually is an upsert by our own unique ID: sent twice, it is done once. An account may
lack the field (nobody has deployed it yet). Then every record is looked for, without match keys by
all the values we would send; and from the search until the outcome is committed, an advisory lock
keeps every other worker from creating the same. A worker that lost its claim may still be in the
middle of its call, and its lock is as alive as its connection. A creation without an answer is
searched for again by the next try.

Weakness: the search compares what is stored there as it is written there; and between a lost
connection to PostgreSQL and the end of the call, nobody holds the lock. Links made so say it
(``keyless``), and the mapping shows what to do about it.
"""

from __future__ import annotations

from contextlib import contextmanager

from odoo import api, models

from ..engine.errors import ConflictError
from .session_lock import session_locks
from .sync_settlement import Result

#: Seconds until a creation is tried again that somebody else is busy with.
BUSY_DELAY = 2


class SyncOutbound(models.AbstractModel):
    _inherit = 'sync.outbound'

    @api.model
    @contextmanager
    def _search_first(self, connection, adapter, connector, items, results):
        """Settle the creations that turn out to exist, and hold the locks of the unkeyed others."""
        created = [item for item in items if item.change and not item.change.remote_id
                   and item.change.operation == 'upsert' and item.lane.id not in results]
        keyless = [item for item in created if item.change.keyless]
        keyed = [item for item in created if item not in keyless and connector.searches_first
                 and self._search_key(adapter, item)[0]]
        if connection.shadow or not (keyless or keyed):
            yield
            return
        locks = {}
        for item in keyless:
            locks.setdefault(self._lock_key(adapter, item), item)  # one of a kind in a batch
        with session_locks(self.env.cr, 'saas_sync.create', locks) as mine:
            alone = [item for key, item in locks.items() if key in mine]
            for item in [item for item in keyless if item not in alone]:
                results[item.lane.id] = Result('waiting', delay=BUSY_DELAY, reason=self.env._(
                    'Another record with the same value is being created at this moment.'))
            twins = self._twins(connection, adapter, connector, alone + keyed)
            for item, records in twins.items():
                if records:
                    results[item.lane.id] = self._adopt_twin(connection, adapter, item, records)
            yield

    @api.model
    def _lock_key(self, adapter, item):
        _key, name, value = self._search_key(adapter, item)
        return f'{adapter.connection.id}:{adapter.mapping.remote_object}:{name}:{value}'.lower()

    @api.model
    def _search_key(self, adapter, item):
        """``(match key or None, remote field, wire value)`` to look for the record by."""
        filled = [line for line in adapter.lines if item.to_remote.get(line.key) is not None
                  and line.remote_fields[-1] in item.change.values]
        keys = adapter.mapping._match_keys()
        line = next((line for key in keys for line in filled if line.key == key), None)
        if not filled:
            return None, '', item.change.key
        chosen = line or filled[0]
        name = chosen.remote_fields[-1]
        return line and line.key, name, item.change.values[name]

    @api.model
    def _twins(self, connection, adapter, connector, items):
        """``{item: remote records}`` that are what the item would create, and nobody's yet."""
        names, _associations = adapter.mapping._fields_to_read()
        searches = {item: self._search_key(adapter, item) for item in items}
        twins = {}
        for field in {name for _key, name, _value in searches.values()} - {''}:
            found = connector.find(adapter.mapping.remote_object, field, sorted(
                {str(value) for _key, name, value in searches.values() if name == field}), names)
            ids = [record.remote_id for records in found.values() for record in records]
            linked = self.env['sync.link']._by_remote(
                connection, adapter.mapping.remote_object, ids)
            for item, (key, name, value) in searches.items():
                if name == field:
                    twins[item] = [
                        record for record in found.get(str(value), ())
                        if record.remote_id not in linked
                        and self._is_twin(adapter, item, key, record)]
        return twins

    @staticmethod
    def _is_twin(adapter, item, key, record):
        remote = adapter.remote(record)
        keys = [key] if key else [name for name in item.to_remote if name in remote]
        return all(remote[name] == item.to_remote[name] for name in keys)

    @api.model
    def _adopt_twin(self, connection, adapter, item, records):
        """Link the one record that is there; several like it are a question for a person."""
        key, name, value = self._search_key(adapter, item)
        if key and len(records) > 1:
            ids = ', '.join(record.remote_id for record in records[:5])
            return self._failed(connection, adapter, item, ConflictError(
                f'{len(records)} records have {name} = {value}', code='AMBIGUOUS_MATCH',
                user_message=self.env._(
                    '%(provider)s has several records with %(field)s "%(value)s": %(ids)s. Merge '
                    'them there, or correct the value in Odoo, then replay.',
                    provider=connection._remote_label(), field=name, value=value, ids=ids)))
        error = ConflictError(
            f'{records[0].remote_id} has {name} = {value}', code='FOUND_FIRST',
            remote_id=records[0].remote_id)
        return self._adopt_existing(connection, adapter, item, error)
