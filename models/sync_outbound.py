"""The way out: outbox → lane → the record's present state → difference → one call → commit.

The payload is built from what the record is now and sends only what differs from the snapshot;
an echo of something that came in therefore finds nothing to send. The call is made outside any
transaction that holds locks; its outcome is committed right after. A call without an answer is
read back before anything is created, and a create carries our own unique id, so that neither a
crash nor a time-out can make a duplicate.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from odoo import api, models

from ..engine import pause
from ..engine.contracts import Change
from ..engine.errors import ConflictError, DataError
from ..engine.merge import as_agreed
from . import clock
from .queue_cursor import next_transaction
from .record_adapter import UNLINKED, RecordAdapter
from .sync_lane import Lane
from .sync_settlement import Result

#: Seconds a record waits for the record it points to, before it is looked at again.
PARENT_DELAY = 2
#: Seconds after which a record whose parent does not get there fails, so that a person looks.
PARENT_PATIENCE = 3600
#: Seconds after which a message may be of the past: of a long outage, or of a dump that was
#: restored when it had been sent already. The remote has moved on, and is looked at first.
LOOK_AFTER = 600


@dataclass(eq=False)
class OutItem:
    """One lane on its way out."""

    lane: Lane
    res_model: str
    res_id: int
    mapping: object = None
    record: object = None
    link: object = None
    #: The snapshot of the link, as of before the call; every read of a JSON field is a deep copy.
    base: dict = field(default_factory=dict)
    to_remote: dict = field(default_factory=dict)
    #: Of ``to_remote``, what Odoo has no value for: line key → what it has instead.
    defaulted: dict = field(default_factory=dict)
    change: Change | None = None


class SyncOutbound(models.AbstractModel):
    _name = 'sync.outbound'
    _description = 'Outbound pipeline'

    @api.model
    def _process(self, connection, claim):
        items = [self._item(lane) for lane in claim.lanes]
        results = {}
        self.env['sync.bulk.job']._resume(connection, claim.object, items, results)
        free = [item for item in items if item.lane.id not in results]
        self._load(connection, claim.object, free, results)
        groups = self._by_mapping(free, results)
        self._commit(claim, results)
        for mapping, group in groups.items():
            self._process_group(connection, claim, mapping, group)

    @api.model
    def _process_group(self, connection, claim, mapping, items):
        """Prepare, send and commit what one mapping sends; the next group cannot undo it."""
        results = {}
        adapter = RecordAdapter(mapping)
        connector = connection._connector(self._correlation(claim))
        self._adopt_unknown(connection, adapter, connector, items)
        self._prepare(connection, adapter, items, results)
        self.env['sync.bulk.job']._collect(connection, adapter, items, results)
        with self._search_first(connection, adapter, connector, items, results):
            self._send(connection, adapter, connector, items, results)
            self._commit(claim, results)

    @staticmethod
    def _item(lane):
        model, _, res_id = lane.key.partition(',')
        return OutItem(lane, model, int(res_id))

    @api.model
    def _correlation(self, claim):
        return self.env['sync.inbound']._correlation(claim)

    # === LOAD === #

    @api.model
    def _load(self, connection, remote_object, items, results):
        """Find record, link and mapping of every item; settle those that do not take part."""
        mappings = self.env['sync.mapping']._for_object(connection, remote_object, 'out')
        for model in {item.res_model for item in items}:
            group = [item for item in items if item.res_model == model]
            if model not in self.env:
                for item in group:
                    results[item.lane.id] = Result('ignored', reason=self.env._(
                        'The model %s is not installed any more.', model))
                continue
            self._load_model(connection, remote_object, model, group, mappings)
        news = self._links_with_news(connection, remote_object, items)
        for item in items:
            if item.lane.id not in results:
                result = self._reason_to_stop(connection, item, item.link and item.link.id in news)
                if result:
                    results[item.lane.id] = result

    @api.model
    def _load_model(self, connection, remote_object, model, items, mappings):
        ids = [item.res_id for item in items]
        records = self.env[model].with_context(active_test=False).browse(ids).exists()
        records.fetch({name for mapping in mappings if mapping.model == model
                       for name in mapping._fields_to_send()})
        links = self.env['sync.link']._by_record(connection, remote_object, model, ids)
        present = {record.id: record for record in records}
        fitting = [
            (mapping, set(records.filtered_domain(mapping._filter_domain())._ids))
            for mapping in mappings if mapping.model == model
        ]
        for item in items:
            item.link = links.get(item.res_id)
            if item.res_id in present:
                item.record = present[item.res_id]
                item.mapping = next((m for m, ids in fitting if item.res_id in ids), None)

    @api.model
    def _reason_to_stop(self, connection, item, has_news):
        """The Result of an item with nothing to send, or with a removal to decide; else None."""
        removal = self.env['sync.outbound.removal']
        link = item.link
        if link and link.left_filter and item.mapping:
            link.write({'state': 'in_sync', 'reason': False, 'left_filter': False})
        if link and not link.deleted_at and link.state in ('excluded', 'conflict'):
            return Result('ignored', reason=self.env._(
                'The record is %(state)s: %(reason)s', state=link.state, reason=link.reason or ''))
        if not item.record:
            return removal._unlinked(item)
        if link and not item.mapping and not self._still_sends(link.mapping_id):
            return Result('ignored', reason=self.env._('The mapping does not send any more.'))
        if link and not link.deleted_at and not item.mapping:
            return removal._left_filter(item)
        if not item.mapping:
            return Result('ignored', reason=self.env._('The record does not match the filter.'))
        if removal._is_archived(item):
            return removal._archived(item)
        if not link and not item.mapping.create_out:
            return Result('ignored', reason=self.env._(
                'The mapping does not create records in %s.', connection._remote_label()))
        if link and link.deleted_at:
            return removal._revived(item)
        if has_news:
            return Result('waiting', delay=PARENT_DELAY, reason=self.env._(
                'A change of the same record is waiting to come in first.'))
        return None

    @staticmethod
    def _still_sends(mapping):
        return bool(mapping and mapping.active and mapping.direction != 'in')

    @api.model
    def _links_with_news(self, connection, remote_object, items):
        """Links whose record has a change on its way in: the merge there sees both sides.

        What a stopped lane holds back does not count, it would hold us back as well.
        """
        links = {item.link.remote_id: item.link.id for item in items if item.link}
        self.env.cr.execute(
            """SELECT DISTINCT e.remote_id FROM sync_event e
                 LEFT JOIN sync_lane l ON l.id = e.lane_id
                WHERE e.connection_id = %s AND e.remote_object = %s AND e.remote_id = ANY(%s)
                  AND e.state = 'pending' AND coalesce(l.state, 'ready') IN ('ready', 'running')""",
            [connection.id, remote_object, list(links)])
        return {links[remote_id] for (remote_id,) in self.env.cr.fetchall()}

    @staticmethod
    def _by_mapping(items, results):
        groups = {}
        for item in items:
            if item.lane.id not in results:
                mapping = item.mapping or item.link.mapping_id
                groups.setdefault(mapping, []).append(item)
        return groups

    # === PREPARE === #

    @api.model
    def _key(self, connection, item):
        return connection._own_id(item.record)

    @api.model
    def _adopt_unknown(self, connection, adapter, connector, items):
        """Read back creations whose outcome nobody knows: what exists is linked, not made again."""
        doubtful = {
            self._key(connection, item): item for item in items
            if not item.link and (item.lane.unknown or self._waited(item) > LOOK_AFTER)
        }
        field_name = adapter.mapping._own_id_field()
        if not (doubtful and field_name):
            return  # without our field there, every creation is looked for
        found = connector.find(
            adapter.mapping.remote_object, field_name, list(doubtful), [field_name])
        for key, records in found.items():
            if records and key in doubtful:
                item = doubtful[key]
                item.link = self.env['sync.link'].sudo().create({
                    'connection_id': connection.id, 'mapping_id': adapter.mapping.id,
                    'res_model': item.res_model, 'res_id': item.res_id, 'state': 'pending',
                    'remote_object': adapter.mapping.remote_object,
                    'remote_id': records[0].remote_id, 'snapshot': {},
                })

    @api.model
    def _prepare(self, connection, adapter, items, results):
        """Fill ``to_remote`` and ``change``; settle what has nothing to send or has to wait."""
        upserts = [item for item in items if not item.change]
        for item in upserts:
            item.base = (item.link and item.link.snapshot) or {}
        local = self._local(connection, adapter, upserts, results)
        for item in [item for item in upserts if item.res_id in local]:
            base = item.base
            view = as_agreed(local[item.res_id], base, (item.link and item.link.variants) or {})
            to_remote, to_local = self.env['sync.linker']._differences(
                adapter, base, view, new_remote=not item.link)
            if not item.link:
                defaults = adapter.defaults(item.record, to_remote)
                item.defaulted = {key: local[item.res_id].get(key) for key in defaults}
                to_remote = {**to_remote, **defaults}
            unread = item.link and view.keys() - base.keys()
            late = to_remote and self._waited(item) > LOOK_AFTER
            if item.link and (to_local or unread or late or self._asks_first(adapter, to_remote)):
                to_remote = self._look_first(connection, adapter, item, to_remote)
            parent = next((value for value in to_remote.values() if self._is_unlinked(value)), None)
            if parent and not connection.shadow:
                results[item.lane.id] = self._wait_for_parent(connection, adapter, item, parent)
            elif not to_remote and item.link:
                if item.link.state in ('pending', 'failing') or item.link.sending:
                    item.link.write({'state': 'in_sync', 'reason': False, 'sending': False})
                results[item.lane.id] = Result('nothing', reason=self.env._(
                    'Nothing to send: both sides already agree.'))
            else:
                item.to_remote = to_remote
                try:
                    item.change = self._change(connection, adapter, item)
                except DataError as error:
                    results[item.lane.id] = self._failed(connection, adapter, item, error)

    @api.model
    def _local(self, connection, adapter, items, results):
        """The records' values; one that cannot be expressed fails alone, the others go on."""
        items = list(items)
        while items:
            records = adapter.model.browse([item.res_id for item in items])
            snapshots = {item.res_id: item.base for item in items}
            try:
                return adapter.local(records, snapshots)
            except DataError as error:
                bad = next(item for item in items if item.res_id == error.res_id)
                results[bad.lane.id] = self._failed(connection, adapter, bad, error)
                items.remove(bad)
        return {}

    @staticmethod
    def _asks_first(adapter, keys):
        """Whether a person decides when both sides changed: then the remote is asked first."""
        return any(rule.rule == 'manual' and rule.key in keys for rule in adapter.rules)

    @api.model
    def _look_first(self, connection, adapter, item, to_remote):
        """Have the way in look at both sides; it restores what only the remote may say, finds
        what both have changed, and posts what then has to be sent.

        :return: what may be sent without looking; all of it where the look was taken already
        """
        looked = 'merge' in {message['origin'] for message in item.lane.messages}
        if looked or adapter.mapping.direction == 'out':
            return to_remote
        self.env['sync.scan']._post_hints(
            connection, [(item.link.remote_object, item.link.remote_id)], 'look_first')
        if self._waited(item) > LOOK_AFTER:
            return {}
        return {key: value for key, value in to_remote.items()
                if not self._asks_first(adapter, [key])}

    @staticmethod
    def _is_unlinked(value):
        return isinstance(value, str) and value.startswith(UNLINKED)

    @api.model
    def _change(self, connection, adapter, item):
        values, associations, dropped = adapter.wire(item.to_remote, item.base)
        return Change(
            key=self._key(connection, item), remote_id=(item.link and item.link.remote_id) or None,
            values=values, associations=associations, dropped=dropped,
            keyless=not (item.link or adapter.mapping._own_id_field()))

    @api.model
    def _wait_for_parent(self, connection, adapter, item, parent):
        """Send the record it points to first; come back shortly, at no cost."""
        model, _, res_id = parent.removeprefix(UNLINKED).partition(',')
        record = self.env[model].browse(int(res_id))
        objects = [o for line in adapter.link_lines() for o in adapter.link_objects(line)]
        mapping = adapter.mapping_of(record, objects)
        failing = self._lane_of(connection, mapping, record)
        if failing and failing.state in ('failed', 'quarantined'):
            return Result('failed', error=ConflictError(
                f'{parent} cannot be sent', code='PARENT_FAILED', user_message=self.env._(
                    '"%(parent)s", which this record belongs to, could not be sent: %(reason)s '
                    'Solve that first, then replay this one.',
                    parent=record.display_name, reason=failing.error_message)))
        if not failing:
            self.env['sync.outbox']._post(self.env.cr, [{
                'connection_id': connection.id, 'mapping_id': mapping.id, 'res_model': model,
                'remote_object': mapping.remote_object, 'res_id': record.id, 'origin': 'parent',
            }])
        if self._waited(item) > PARENT_PATIENCE:
            return Result('failed', error=ConflictError(
                f'{parent} was not sent within an hour', code='PARENT_MISSING',
                user_message=self.env._(
                    '"%s", which this record belongs to, has not been sent within an hour. See '
                    'why on its own form, then replay this one.', record.display_name)))
        return Result('waiting', delay=self._patience(item), reason=self.env._(
            'Waits for "%s", which has to be sent first.', record.display_name))

    @api.model
    def _patience(self, item):
        """Seconds until the next look: as long as it has waited already, within limits."""
        return min(max(self._waited(item), PARENT_DELAY), 300)

    @api.model
    def _waited(self, item):
        """Seconds since the newest message of the record was posted."""
        return (clock.now(self.env) - item.lane.messages[-1]['create_date']).total_seconds()

    @api.model
    def _lane_of(self, connection, mapping, record):
        return self.env['sync.lane'].sudo().search([
            ('connection_id', '=', connection.id), ('direction', '=', 'out'),
            ('object', '=', mapping.remote_object), ('key', '=', f'{record._name},{record.id}'),
        ])

    # === SEND === #

    @api.model
    def _send(self, connection, adapter, connector, items, results):
        """Make the calls and settle each item by its own outcome."""
        items = [item for item in items if item.change and item.lane.id not in results]
        if not items:
            return
        if connection.shadow:
            for item in items:
                results[item.lane.id] = self._shadow(item)
            return
        remote_object = adapter.mapping.remote_object
        self._announce(items)
        next_transaction(self.env)
        pause.point('before_call')
        outcomes = connector.write(remote_object, [item.change for item in items])
        pause.point('after_call')
        self._read_again(items)
        by_key = {outcome.key: outcome for outcome in outcomes}
        confirmed = []
        for item in items:
            results[item.lane.id] = self._settle(
                connection, adapter, item, by_key.get(item.change.key), confirmed)
        self.env['sync.linker']._after_outbound(connection, adapter, confirmed)

    @api.model
    def _announce(self, items):
        """Note on the links what the call is about to write; committed before it is made."""
        known = [item for item in items if item.link and item.change.operation == 'upsert']
        self.env['sync.link'].sudo()._store(
            [item.link for item in known],
            [{'sending': item.link._with_sending(item.to_remote)} for item in known])

    @api.model
    def _read_again(self, items):
        """What an outcome is merged into: a change may have come in while the call was made."""
        links = self.env['sync.link'].sudo().browse(item.link.id for item in items if item.link)
        links.fetch(['remote_object', 'remote_id', 'snapshot', 'variants', 'last_side', 'turns',
                     'turns_since'])

    # === COMMIT === #

    @api.model
    def _commit(self, claim, results):
        if not results:
            return
        part = claim.part(lane for lane in claim.lanes if lane.id in results)
        self.env['sync.lane']._settle(
            self.env.cr, part, results, self.env.context.get('saas_sync_started'))
        pause.point('before_commit')
        next_transaction(self.env)
        pause.point('after_commit')
