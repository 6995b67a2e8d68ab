"""Deletion, merge and restore at the remote: the stated effect of each.

============================  =====================================================================
at the remote                 in Odoo
============================  =====================================================================
deleted, never linked         ignored: Odoo never had it
deleted, linked               the mapping's delete policy; the link becomes a tombstone
deleted for privacy           as deleted; the link's snapshot, which holds personal data, is cleared
event says deleted, record    the record is alive: looked at as for any change (a restore overtook
still there                   the deletion)
restored                      the tombstone is lifted, an Odoo record we archived is un-archived
merged, then deleted          both of it, in this order, whatever was heard of first
merged into a third record    the surviving link moves to the new id; a loser's link becomes a
                              tombstone that leads to it; its Odoo record stays, and is told.
                              Which one survives the event says; without it (the record was read,
                              or written, before the event came) the one that is most like it
============================  =====================================================================
"""

from __future__ import annotations

from odoo import api, fields, models

from .record_adapter import RecordAdapter
from .sync_settlement import Result


class SyncInboundRemoval(models.AbstractModel):
    _name = 'sync.inbound.removal'
    _description = 'Removals and merges at the remote'

    @api.model
    def _apply(self, connection, mapping, items):
        """Handle what is gone; lift, move and merge the links of what is not.

        :return: ``{lane id: Result}`` of the items that are finished here
        """
        results = {}
        for item in items:
            is_alive = bool(item.record and not item.record.archived)
            # What was merged and then deleted is found by what it was merged from.
            if self._is_merged(item) and (is_alive or not item.link):
                self._merged(connection, mapping, item)
            if not is_alive:
                if item.record or item.kinds & {'delete', 'purge'}:
                    results[item.lane.id] = self._gone(mapping, item)
            elif item.link and self._is_restored(item):
                self._restore(item)
        return results

    @api.model
    def _gone(self, mapping, item):
        if not item.link:
            return Result('ignored', reason=self.env._('Deleted there, and Odoo never had it.'))
        if item.link.deleted_at:
            return Result('ignored', reason=self.env._('The deletion is already known.'))
        return self._removed(item.link.mapping_id or mapping, item)

    @api.model
    def _removed(self, mapping, item):
        """Follow the delete policy for a linked record that no longer exists at the remote."""
        link, record = item.link, item.link._record()
        vals = {'deleted_at': fields.Datetime.now(), 'conflicts': False}
        if 'purge' in item.kinds:
            vals |= {'snapshot': False, 'variants': False, 'sending': False}
        policy = mapping.delete_policy if mapping else 'ignore'
        if policy == 'ask':
            link.write({'state': 'conflict', 'reason': self.env._(
                'Deleted at the SaaS. Delete or archive the Odoo record, or exclude it.')})
            return Result('done', reason=link.reason)
        self._look_at_referrers(link.connection_id, link)
        summary = self._follow_policy(policy, record)
        link.write(vals | {'state': 'excluded', 'reason': summary})
        return Result('done', reason=summary)

    @api.model
    def _follow_policy(self, policy, record):
        if not record or policy == 'ignore':
            return self.env._('Deleted at the SaaS; the Odoo record was kept.')
        self.env.flush_all()
        if policy == 'delete':
            record.unlink()
            return self.env._('Deleted at the SaaS, and in Odoo.')
        if record._active_name and record[record._active_name]:
            record.action_archive()
            self.env.flush_all()
        return self.env._('Deleted at the SaaS; the Odoo record was archived.')

    @staticmethod
    def _is_restored(item):
        """Alive again, that is; not merely still alive after we let it go on our side."""
        link = item.link
        return link.deleted_at and (not link.deleted_here or 'restore' in item.kinds)

    @api.model
    def _restore(self, item):
        """The record is alive again: so is the link, and the Odoo record we had archived."""
        record = item.link._record()
        if record and record._active_name and not record[record._active_name]:
            record.action_unarchive()
        item.link.write({
            'deleted_at': False, 'deleted_here': False, 'state': 'in_sync', 'reason': False})

    @staticmethod
    def _is_merged(item):
        """By the event, by the id it has now, or by what it says of itself."""
        record = item.record
        moved = record and (record.remote_id != item.remote_id or record.merged_ids)
        return bool(moved or 'merge' in item.kinds)

    @api.model
    def _merged(self, connection, mapping, item):
        """Point the surviving link to the id the record has now, the losers' links to it."""
        related, record = self._related_ids(item), item.record
        present_id = record.remote_id if record else item.remote_id
        links = self.env['sync.link']._by_remote(
            connection, mapping.remote_object,
            {item.remote_id, present_id, *related, *(record.merged_ids if record else ())})
        # The event speaks of the record it made; where that was merged on, of a part of it.
        primary = related[:1] if present_id == item.remote_id else []
        survivor = self._survivor(mapping, item, links, [present_id, *primary])
        if not survivor:
            return
        if survivor.remote_id != present_id or survivor.merged_into_id:
            survivor.write({'remote_id': present_id, 'merged_into_id': False})
        item.link = survivor
        if record and not record.archived and self._is_restored(item):
            self._restore(item)
        for loser in links.values():
            if loser != survivor and loser.merged_into_id != survivor:
                self._retire(loser, survivor, connection)

    @api.model
    def _survivor(self, mapping, item, links, named):
        """The living link that goes on: of the ids ``named``, the one the record has now and that
        of the primary, which the event names first; else the one most like the record. No list of
        merged ids says which of them the person kept; that record's values are the ones that live
        on. Nor do the others that the event names: the primary may be the third record of a merge
        whose own event is still to come."""
        found = list(dict.fromkeys(links[one] for one in named if one in links))
        others = {link for link in (item.link, *links.values()) if link} - set(found)
        found += sorted(others, key=lambda link: (-self._likeness(mapping, item, link), link.id))
        return next((link for link in found if not link.deleted_at), found[0] if found else None)

    @api.model
    def _likeness(self, mapping, item, link):
        """Of the values last agreed on, how many more the record holds than it contradicts."""
        if not item.record:
            return 0
        remote = self.env['sync.inbound']._remote(RecordAdapter(mapping), item)
        agreed = {key: value for key, value in (link.snapshot or {}).items() if value}
        return sum(1 if remote.get(key) == value else -1 for key, value in agreed.items())

    @staticmethod
    def _related_ids(item):
        messages = item.lane.messages if item.lane else ()
        texts = [message['related_ids'] for message in messages if message['related_ids']]
        return [remote_id for text in texts for remote_id in text.split(',')]

    @api.model
    def _look_at_referrers(self, connection, link):
        """Records that pointed to this one get no event of their own: look at them as well.

        Found from Odoo's side, by the fields that are mapped as links, which Odoo indexes; their
        snapshots say the same, but all links would have to be read for it.
        """
        pairs = set()
        for mapping in connection.mapping_ids:
            for line in mapping._specs().values():
                if (line.converter == 'link'
                        and link.remote_object in RecordAdapter.link_objects(line)):
                    pairs |= self._referrers(mapping, line, link)
        if pairs:
            self.env['sync.scan']._post_hints(connection, sorted(pairs), 'referrer')

    @api.model
    def _referrers(self, mapping, line, link):
        """``(remote object, remote id)`` of linked records whose field leads to this one's."""
        records = mapping._model().with_context(active_test=False).search(
            [(line.odoo_field, '=', link.res_id)])
        links = self.env['sync.link']._by_record(
            link.connection_id, mapping.remote_object, records._name, records.ids)
        return {(one.remote_object, one.remote_id)
                for one in links.values() if not one.deleted_at}

    @api.model
    def _retire(self, loser, survivor, connection):
        reason = self.env._(
            'Merged at %(provider)s into %(id)s, which is "%(name)s" in Odoo. Merge the two Odoo '
            'records if they are one.', provider=connection._remote_label(),
            id=survivor.remote_id, name=survivor.res_name)
        loser.write({
            'merged_into_id': survivor.id, 'deleted_at': fields.Datetime.now(),
            'state': 'excluded', 'reason': reason,
        })
        self._look_at_referrers(connection, loser)
        record = loser._record()
        if record and hasattr(record, 'message_post'):
            record.message_post(body=reason)
