"""The way in: event → lane → one read → merge → one write → link, snapshot, outcome, commit.

An event says which record moved; the newest state of both sides decides what happens. Hence
duplicates, reordering, echoes and replays change nothing: they find both sides agreed.

The batch is read in one call, outside any transaction that holds locks. It is applied in one
transaction; if that fails, it is split until the one bad record stands alone, and only that one
fails. What each kind of event does is in :mod:`.sync_inbound_removal` (deletion, merge, restore)
and in :mod:`.sync_inbound_merge` (everything else: look at the record).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple

import psycopg2

from odoo import api, models
from odoo.exceptions import AccessError, MissingError, UserError

from ..engine import pause
from ..engine.contracts import RemoteRecord
from ..engine.errors import DataError, SyncError
from . import clock
from .queue_cursor import next_transaction
from .record_adapter import RecordAdapter
from .sync_lane import Lane
from .sync_settlement import Result

MAX_DEPENDENCY_DEPTH = 3
#: A record that is not found is believed to be gone so long after the newest event of it.
BELIEVED_AFTER = timedelta(minutes=1)
FIRST_LOOK = 2


@dataclass(eq=False)
class Item:
    """One lane on its way in. ``lane`` is None for a parent that is pulled along."""

    remote_id: str
    record: RemoteRecord | None
    lane: Lane | None = None
    link: object = None
    odoo: object = None
    merged: object = None
    remote: dict | None = None
    before: dict = field(default_factory=dict)
    created: bool = False
    unresolved: list = field(default_factory=list)

    @property
    def kinds(self):
        return {message['kind'] for message in self.lane.messages} if self.lane else set()

    @cached_property
    def base(self):
        """The snapshot of the link; each reading of a JSON field copies it."""
        return (self.link and self.link.snapshot) or {}

    @cached_property
    def variants(self):
        return (self.link and self.link.variants) or {}


class ReadAlong(NamedTuple):
    """What was read along with a batch, each a list of ``(mapping, {remote id: record})``:
    records that others were converted from, and records that others point to."""

    origins: list
    parents: list


class SyncInbound(models.AbstractModel):
    _name = 'sync.inbound'
    _description = 'Inbound pipeline'

    @api.model
    def _process(self, connection, claim):
        mapping = self.env['sync.mapping']._for_object(connection, claim.object, 'in')[:1]
        if not mapping:
            self._commit(claim, [Item(lane.key, None, lane) for lane in claim.lanes], {
                lane.id: Result('ignored', reason=self.env._('No mapping reads this any more.'))
                for lane in claim.lanes})
            return
        connector = connection._connector(self._correlation(claim))
        next_transaction(self.env)
        pause.point('before_call')
        records = self._read_or_learn(connector, mapping, [lane.key for lane in claim.lanes])
        parents = self._read_parents(connection, connector, mapping, records)
        origins = self.env['sync.inbound.conversion']._read_origins(
            connection, connector, [(mapping, records), *parents])
        pause.point('after_call')
        next_transaction(self.env)  # what is applied is compared with what Odoo holds now
        items = [Item(lane.key, records.get(lane.key), lane) for lane in claim.lanes]
        items = self._convert(connection, claim, mapping, items)
        if items:
            self._apply_split(connection, claim, mapping, items, ReadAlong(origins, parents))

    @api.model
    def _correlation(self, claim):
        messages = [m for lane in claim.lanes for m in lane.messages if m['correlation_id']]
        return messages[-1]['correlation_id'] if messages else None

    # === READ === #

    @api.model
    def _read(self, connector, mapping, ids):
        names, associations = mapping._fields_to_read()
        own_id = mapping._own_id_field()
        names |= {own_id} if own_id else set()
        return connector.read(mapping.remote_object, ids, names, associations)

    @api.model
    def _read_or_learn(self, connector, mapping, ids):
        """Read; where a field is refused that is no longer there, once more without it."""
        try:
            return self._read(connector, mapping, ids)
        except DataError as error:
            if not mapping._doubts_schema(error):
                raise
        mapping._refresh_schema(connector)
        next_transaction(self.env)
        return self._read(connector, mapping, ids)

    @api.model
    def _read_parents(self, connection, connector, mapping, records, depth=0):
        """Records others point to and we do not know yet, read so that they can go first.

        :return: list of ``(mapping, {remote id: record})``, the farthest ancestors first
        """
        if depth >= MAX_DEPENDENCY_DEPTH:
            return []
        parents = []
        for remote_object, ids in self._missing_parents(connection, mapping, records).items():
            parent_mapping = self.env['sync.mapping']._for_object(
                connection, remote_object, 'in')[:1]
            if not (parent_mapping and parent_mapping.create_in):
                continue
            found = {
                key: record
                for key, record in self._read_or_learn(
                    connector, parent_mapping, sorted(ids)).items()
                if record and not record.archived
            }
            parents += self._read_parents(connection, connector, parent_mapping, found, depth + 1)
            parents.append((parent_mapping, found))
        return parents

    @api.model
    def _missing_parents(self, connection, mapping, records):
        wanted = {}
        for line in [spec for spec in mapping._specs().values() if spec.converter == 'link']:
            for remote_object in RecordAdapter.link_objects(line):
                ids = {
                    record.associations[remote_object][0]
                    for record in records.values()
                    if record and record.associations.get(remote_object)
                }
                known = self.env['sync.link']._by_remote(connection, remote_object, ids)
                missing = {i for i in ids if i not in known and i not in records}
                if missing:
                    wanted.setdefault(remote_object, set()).update(missing)
        return wanted

    # === CONVERT === #

    @api.model
    def _convert(self, connection, claim, mapping, items):
        """Convert every record before anything is written; settle those that cannot be.

        A value that does not convert names its record by itself: no batch has to be halved
        to find it.

        :return: the items that go on
        """
        adapter, failed, good = RecordAdapter(mapping), [], []
        for item in items:
            try:
                item.remote = adapter.remote(item.record) if self._is_alive(item) else None
                good.append(item)
            except SyncError as error:
                failed.append((item, error))
        if failed:
            self._fail(connection, claim, failed)
        return good

    @staticmethod
    def _is_alive(item):
        return bool(item.record and not item.record.archived)

    # === APPLY, WHOLE OR IN PARTS === #

    @api.model
    def _apply_split(self, connection, claim, mapping, items, along):
        """Apply and commit; on failure halve, down to the record that is to blame."""
        cr = self.env.cr
        try:
            apply = self._rehearse if connection.shadow else self._apply
            results = apply(connection, mapping, items, along)
            self._commit(claim, items, results)
        except Exception as error:
            cr.rollback()
            if self._is_race(error) or (self._is_taken(error) and len(items) == 1):
                raise
            if len(items) > 1:
                middle = len(items) // 2
                for half in (items[:middle], items[middle:]):
                    fresh = [Item(i.remote_id, i.record, i.lane, remote=i.remote) for i in half]
                    self._apply_split(connection, claim, mapping, fresh, along)
            else:
                error = self._as_sync_error(error, mapping, items[0])
                self._fail(connection, claim, [(items[0], error)])

    @api.model
    def _commit(self, claim, items, results):
        part = claim.part(item.lane for item in items)
        self.env['sync.lane']._settle(
            self.env.cr, part, results, self.env.context.get('saas_sync_started'))
        pause.point('before_commit')
        next_transaction(self.env)
        pause.point('after_commit')

    @api.model
    def _fail(self, connection, claim, failed):
        """Settle ``(item, error)`` pairs by their errors, and say so on the links."""
        links = self.env['sync.link']._by_remote(
            connection, claim.object, [item.remote_id for item, _error in failed])
        results = {}
        for item, error in failed:
            result = Result.from_error(error, item.lane, connection._retry_policy())
            results[item.lane.id] = result
            link = links.get(item.remote_id)
            if link and result.outcome == 'failed':
                reason = error.user_message if isinstance(error, SyncError) else str(error)
                link.write({'state': 'failing', 'reason': reason})
        self._commit(claim, [item for item, _error in failed], results)

    @staticmethod
    def _is_race(error):
        """Whether PostgreSQL only asks us to do the work again: nobody's data is at fault."""
        return isinstance(error, (psycopg2.errors.SerializationFailure,
                                  psycopg2.errors.DeadlockDetected, psycopg2.OperationalError))

    @staticmethod
    def _is_taken(error):
        """Whether another worker linked one of these records first. It is tried again, at the
        cost of a try: were it our own doing, it would never end."""
        return (isinstance(error, psycopg2.errors.UniqueViolation)
                and error.diag.table_name == 'sync_link')

    @api.model
    def _as_sync_error(self, error, mapping, item):
        """What Odoo raises when it refuses values is the record's problem, not a bug."""
        if isinstance(error, SyncError):
            return error
        if isinstance(error, (UserError, AccessError, MissingError)):
            return DataError(
                str(error), code=type(error).__name__,
                user_message=self.env._(
                    'Odoo refuses %(object)s %(id)s: %(error)s Correct it in the SaaS, or adapt '
                    'the mapping "%(mapping)s".', object=mapping.remote_object,
                    id=item.remote_id, error=error, mapping=mapping.name))
        if isinstance(error, (psycopg2.IntegrityError, psycopg2.DataError)):
            return DataError(
                str(error), code=error.diag.constraint_name or 'INTEGRITY',
                field=error.diag.column_name,
                user_message=self.env._(
                    'Odoo refuses %(object)s %(id)s: %(error)s', object=mapping.remote_object,
                    id=item.remote_id, error=error.diag.message_primary))
        return error

    @api.model
    def _rehearse(self, connection, mapping, items, along):
        """Shadow mode: apply for real, with every constraint and computation, then undo it all.

        What the rehearsal would have done after the commit (mails, notifications) goes with it.
        """
        cr = self.env.cr
        with closing(cr.savepoint()) as savepoint:
            results = self._apply(connection, mapping, items, along)
            savepoint.rollback()
        cr.postcommit.clear()
        return {
            lane_id: Result('shadow', reason=self.env._('Shadow mode: nothing was written.'),
                            summary=result.summary or result.reason)
            for lane_id, result in results.items()
        }

    # === APPLY === #

    @api.model
    def _apply(self, connection, mapping, items, along):
        """Apply a batch in the present transaction.

        :return: ``{lane id: Result}``
        """
        conversion = self.env['sync.inbound.conversion']
        for origin_mapping, records in along.origins:
            conversion._follow(connection, origin_mapping, records)
        for parent_mapping, records in along.parents:
            self._pull(connection, parent_mapping, records)
        adapter = RecordAdapter(mapping)
        results = conversion._apply(connection, mapping, items)
        items = [item for item in items if item.lane.id not in results]
        self._find_links(connection, mapping.remote_object, items)
        results |= self.env['sync.inbound.removal']._apply(connection, mapping, items)
        live = [item for item in items if item.lane.id not in results]
        for item in [item for item in live if item.record is None]:
            results[item.lane.id] = self._missing(connection, item)
        results |= self._apply_live(connection, adapter, [i for i in live if i.record])
        return results

    @api.model
    def _pull(self, connection, mapping, records):
        """Apply parents that came along; those linked meanwhile are left to their own lane."""
        known = self.env['sync.link']._by_remote(connection, mapping.remote_object, records)
        keys = [key for key in records if key not in known]
        if not self._pull_some(connection, mapping, records, keys):
            for key in keys:
                self._pull_some(connection, mapping, records, [key])

    @api.model
    def _pull_some(self, connection, mapping, records, keys):
        """Apply some parents, or none of them. One that cannot be applied gets an event, and
        with it a lane and a reason, of its own; its children go on without it."""
        try:
            with self.env.cr.savepoint():
                items = [Item(key, records[key]) for key in keys]
                self._apply_live(connection, RecordAdapter(mapping), items)
        except (SyncError, UserError, psycopg2.IntegrityError, psycopg2.DataError) as error:
            if self._is_taken(error):
                raise
            if len(keys) == 1:
                self.env['sync.scan']._post_hints(
                    connection, [(mapping.remote_object, keys[0])], 'parent')
            return False
        return True

    @api.model
    def _find_links(self, connection, remote_object, items):
        ids = {item.remote_id for item in items}
        ids |= {item.record.remote_id for item in items if item.record}
        links = self.env['sync.link']._by_remote(connection, remote_object, ids)
        for item in items:
            present_id = item.record.remote_id if item.record else item.remote_id
            item.link = links.get(present_id) or links.get(item.remote_id)
            seen = set()
            while item.link and item.link._heir() and item.link.id not in seen:
                seen.add(item.link.id)
                item.link = item.link._heir()

    @api.model
    def _missing(self, connection, item):
        """Not there: right after an event that may be lag, so it is asked for again first."""
        age = clock.now(self.env) - item.lane.messages[-1]['create_date']
        if age < BELIEVED_AFTER:
            return Result('waiting', delay=max(FIRST_LOOK, age.total_seconds()), reason=self.env._(
                '%(provider)s does not show record %(id)s yet.',
                provider=connection._remote_label(), id=item.remote_id))
        if item.link and not item.link.deleted_at:
            return self.env['sync.inbound.removal']._removed(item.link.mapping_id, item)
        return Result('ignored', reason=self.env._(
            '%(provider)s has no record %(id)s (any more), and Odoo never had it.',
            provider=connection._remote_label(), id=item.remote_id))
