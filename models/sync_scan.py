"""Looking for changes nobody told us of: the import, the poll, the sweep for deletions.

All three only post events ("look at this record") into the same log as the webhook; what happens
then is the inbound pipeline's business. The poll is the safety net behind webhooks and the only
way for accounts without them: it asks again for an overlap, because search indexes lag, and skips
what our own link already knows.

The sweep lists what the remote tells was deleted. Where the last one is longer ago than the remote
can tell (``deleted_horizon`` of the connector), every linked id is compared instead.

Weakness: deletions are only seen by the sweep (once an hour) where no webhook reports them.
"""

from __future__ import annotations

import hashlib
import logging
import uuid
from datetime import datetime, timedelta, timezone

from odoo import api, models

from ..engine.contracts import InboundEvent
from ..engine.errors import AuthError, RateLimitError, SyncError
from . import clock
from .queue_cursor import next_transaction, queue_cursor
from .race_log import RACE_ERRORS

_logger = logging.getLogger(__name__)

OVERLAP = timedelta(minutes=5)
#: Once in so many minutes the poll looks back further, for records the index showed late.
LATE_OVERLAP = timedelta(hours=1)
#: How far the remote's clock may be ahead of ours.
SKEW = timedelta(minutes=1)
SWEEP_INTERVAL = timedelta(hours=1)
#: Pages of one sweep a worker reads in one go; the next poll goes on from there.
MAX_SWEEP_PAGES = 20
#: Pages of one poll in one go, likewise: the lanes are worked in between.
MAX_POLL_PAGES = 10
#: What the cursor of a sweep begins with while it compares ids; the last link's id follows.
COMPARED = 'compared:'
IMPORT_PRIORITY = 20
HINT_PRIORITY = 0
OWN_KINDS = ('poll', 'import', 'delete', 'restore', 'merge')


class SyncScan(models.AbstractModel):
    _name = 'sync.scan'
    _description = 'Import, poll and sweep'

    # === HINTS === #

    @api.model
    def _event(self, kind, remote_object, remote_id, *key):
        """An event of our own. ``key`` makes it the same event, or another, next time."""
        text = '\0'.join([kind, remote_object, remote_id, *map(str, key)])
        return InboundEvent(
            idempotency_key=hashlib.sha256(text.encode()).hexdigest(),
            event_type=f'saas_sync.{kind}',
            kind=kind if kind in OWN_KINDS else 'change',
            remote_object=remote_object, remote_id=remote_id,
            occurred_at=datetime.now(timezone.utc))

    @api.model
    def _post_hints(self, connection, pairs, kind, cr=None):
        """Post "look at this record" for ``(remote object, remote id)`` pairs.

        In the given cursor's transaction, or else in the present one; the workers are woken
        after it commits.
        """
        once = uuid.uuid4().hex
        events = [self._event(kind, *pair, once) for pair in pairs]
        self.env['sync.event']._ingest(
            cr or self.env.cr, connection.id, events, once, priority=HINT_PRIORITY)
        self.env['sync.worker']._wake_after_commit()

    # === ONE STEP OF WHATEVER IS DUE === #

    @api.model
    def _step(self):
        """Read one page of every running import and do every due poll.

        :return: how many pages were read
        """
        pages = 0
        for mapping in self._candidates():
            connection = mapping.connection_id
            if not connection._is_live() or not self._lock(mapping):
                continue
            try:
                pages += self._scan(connection, mapping)
                next_transaction(self.env)
            except SyncError as error:
                self.env.cr.rollback()
                self._on_error(connection, error)
            except RACE_ERRORS as error:
                # A person, or another worker's hold, wrote the same row; the next round goes on.
                self.env.cr.rollback()
                _logger.info('Scanning %s lost a race: %s', mapping.name, error)
            except Exception:
                # One mapping's scan must not stop the lanes of all; it is tried at the next run.
                self.env.cr.rollback()
                _logger.exception('Scanning %s of %s failed', mapping.name, connection.name)
        return pages

    @api.model
    def _candidates(self):
        next_transaction(self.env)
        mappings = self.env['sync.mapping'].sudo().search([
            ('connection_id.state', '=', 'connected')])
        now = clock.now(self.env)
        return mappings.filtered(
            lambda m: not (m.connection_id.hold_until and m.connection_id.hold_until > now)
            and (m._schema_is_due(now) or self._reads(m, now)))

    @classmethod
    def _reads(cls, mapping, now):
        return mapping.direction != 'out' and (
            mapping.import_state == 'running' or cls._poll_is_due(mapping, now))

    @staticmethod
    def _poll_is_due(mapping, now):
        connection = mapping.connection_id
        if not connection.poll_enabled or not mapping.poll_since:
            return False
        interval = timedelta(minutes=connection.poll_interval_minutes or 5)
        return mapping.poll_since + interval <= now

    @api.model
    def _lock(self, mapping):
        """One worker scans a mapping at a time; the others have lanes to work."""
        self.env.cr.execute(
            "SELECT pg_try_advisory_xact_lock(hashtext('saas_sync.scan'), %s)", [mapping.id])
        return self.env.cr.fetchone()[0]

    @api.model
    def _scan(self, connection, mapping):
        now = clock.now(self.env)
        if mapping._schema_is_due(now):
            mapping._refresh_schema()
            return 1
        if not self._reads(mapping, now):
            return 0  # it was a candidate for what another worker has done meanwhile
        if mapping.import_state == 'running':
            return self._import_page(connection, mapping)
        return self._poll(connection, mapping) + self._sweep_deletions(connection, mapping)

    @api.model
    def _on_error(self, connection, error):
        _logger.warning('Scanning %s: %s', connection.name, error)
        if isinstance(error, AuthError):
            connection._set_needs_auth(error)
        else:
            policy = connection._retry_policy()
            kind = 'rate_limit' if isinstance(error, RateLimitError) else 'transient'
            connection._hold(policy.delay(kind, 1, error.retry_after), error)

    # === IMPORT === #

    @api.model
    def _start_import(self, mappings):
        """Have everything at the remote looked at, page by page, by the workers."""
        for mapping in mappings:
            mapping.write({'import_state': 'running', 'import_cursor': False, 'import_count': 0,
                           'import_run': mapping.import_run + 1})
        self.env['sync.worker']._wake_after_commit()

    @api.model
    def _import_page(self, connection, mapping):
        page = connection._connector().list_page(
            mapping.remote_object, [], mapping.import_cursor or None)
        events = [
            self._event('import', mapping.remote_object, record.remote_id, mapping.id,
                        mapping.import_run)
            for record in page.records
        ]
        self._store(connection, events, IMPORT_PRIORITY)
        vals = {
            'import_cursor': page.cursor or False,
            'import_count': mapping.import_count + len(page.records),
        }
        if not page.cursor:
            vals |= {'import_state': 'done',
                     'poll_since': mapping.poll_since or clock.now(self.env)}
        mapping.write(vals)
        return 1

    # === POLL === #

    @api.model
    def _poll(self, connection, mapping):
        """Ask for what changed since the last poll less an overlap; post what we do not know.

        A bounded number of pages at a time: the window stays the same until its last page is read.
        """
        until = mapping.poll_until or clock.now(self.env)
        overlap = LATE_OVERLAP if mapping.poll_since.hour != until.hour else OVERLAP
        since = (mapping.poll_since - overlap).replace(tzinfo=timezone.utc)
        ahead = (until + SKEW).replace(tzinfo=timezone.utc)
        connector, cursor, pages = connection._connector(), mapping.poll_cursor or None, 0
        while pages < MAX_POLL_PAGES:
            page = connector.poll_page(mapping.remote_object, since, ahead, cursor)
            self._store(connection, self._news(connection, mapping, page.records), 10)
            pages, cursor = pages + 1, page.cursor
            if not cursor:
                break
        mapping.write({'poll_cursor': cursor or False, 'poll_until': until if cursor else False,
                       'poll_since': mapping.poll_since if cursor else until})
        return pages

    @api.model
    def _news(self, connection, mapping, records):
        """Events for the records whose modification is not the one our link already holds."""
        links = self.env['sync.link']._by_remote(
            connection, mapping.remote_object, [record.remote_id for record in records])
        events, grain = [], connection._connector_class().stamp_grain
        for record in records:
            link = links.get(record.remote_id)
            updated = record.updated_at and record.updated_at.replace(tzinfo=None)
            known = link and link.remote_updated_at
            if known and updated and updated <= known and not self._same_breath(
                    link, updated, grain):
                continue
            # A second change in one second has the same stamp: what the first did is part of it.
            known_at = [link.write_date] if link else []
            events.append(self._event(
                'poll', mapping.remote_object, record.remote_id, updated, *known_at))
        return events

    @staticmethod
    def _same_breath(link, updated, grain):
        """Whether the record was read so shortly after its stamp that another change may have
        followed with the same one: some remotes' stamps are whole seconds."""
        read_at = link.last_synced_at
        return bool(grain and read_at and updated == link.remote_updated_at
                    and updated <= read_at <= updated + grain)

    @api.model
    def _sweep_deletions(self, connection, mapping):
        """List what the remote holds in its bin; post a deletion for each linked record there."""
        now = clock.now(self.env)
        if mapping.sweep_since and mapping.sweep_since + SWEEP_INTERVAL > now:
            return 0
        if self._has_to_compare(connection, mapping, now):
            return self._compare_ids(connection, mapping, now)
        connector, cursor, pages = connection._connector(), mapping.sweep_cursor or None, 0
        while pages < MAX_SWEEP_PAGES:
            page = connector.list_page(mapping.remote_object, [], cursor, archived=True)
            self._store(connection, self._departed(connection, mapping, page.records), 10)
            pages, cursor = pages + 1, page.cursor
            if not cursor:
                break
        mapping.write({'sweep_cursor': cursor or False,
                       'sweep_since': mapping.sweep_since if cursor else now})
        return pages

    @api.model
    def _departed(self, connection, mapping, records):
        """Events for the linked records in the bin, and for those merged into one of them."""
        gone = {one: record for record in records
                for one in (record.remote_id, *record.merged_ids)}
        links = self.env['sync.link']._by_remote(connection, mapping.remote_object, gone)
        return [self._event('delete', mapping.remote_object, remote_id, gone[remote_id].updated_at)
                for remote_id, link in links.items() if not link.deleted_at]

    @api.model
    def _has_to_compare(self, connection, mapping, now):
        """Whether a comparison is under way, or the remote has forgotten deletions by now."""
        if mapping.sweep_cursor:
            return mapping.sweep_cursor.startswith(COMPARED)
        horizon = connection._connector_class().deleted_horizon
        since = mapping.sweep_since or mapping.create_date
        return bool(horizon and since + horizon < now)

    @api.model
    def _compare_ids(self, connection, mapping, now):
        """Ask for every linked record by its id; post an event for each that is not what it was."""
        connector, pages = connection._connector(), 0
        last = int((mapping.sweep_cursor or '').removeprefix(COMPARED) or 0)
        while pages < MAX_SWEEP_PAGES:
            links = self.env['sync.link'].sudo().search([
                ('connection_id', '=', connection.id), ('mapping_id', '=', mapping.id),
                ('deleted_at', '=', False), ('id', '>', last),
            ], order='id', limit=connector.batch_size)
            if not links:
                break
            found = connector.read(mapping.remote_object, links.mapped('remote_id'), [])
            self._store(connection, [
                self._event(kind, mapping.remote_object, remote_id, 'compared', now.date())
                for remote_id, record in found.items()
                if (kind := self._departure(remote_id, record))
            ], 10)
            pages, last = pages + 1, links[-1].id
        done = pages < MAX_SWEEP_PAGES
        mapping.write({'sweep_cursor': False if done else f'{COMPARED}{last}',
                       'sweep_since': now if done else mapping.sweep_since})
        return pages

    @staticmethod
    def _departure(remote_id, record):
        """The kind of event that a linked record is worth which is not what it was, else None."""
        if record is None or record.archived:
            return 'delete'
        return 'merge' if record.remote_id != remote_id else None

    @api.model
    def _store(self, connection, events, priority):
        """Store in a transaction of its own: a scan that dies half-way loses nothing."""
        if events:
            with queue_cursor(self.env) as cr:
                self.env['sync.event']._ingest(
                    cr, connection.id, events, uuid.uuid4().hex, priority)
