"""The second half of the way in: recognise, merge, write.

Everything here runs in the one transaction of the batch; see :mod:`.sync_inbound` for what
surrounds it.
"""

from __future__ import annotations

from datetime import timedelta

from odoo import api, models

from ..engine.errors import ConflictError
from ..engine.merge import as_agreed, merge
from . import clock
from .sync_settlement import Result

STALE_FOR = timedelta(minutes=1)
#: Seconds until a record is tried again that another transaction holds.
IN_USE_DELAY = 2


class SyncInbound(models.AbstractModel):
    _inherit = 'sync.inbound'

    # === WHAT TAKES PART === #

    @api.model
    def _apply_live(self, connection, adapter, items):
        results, active = {}, []
        for item in items:
            if not item.link and item.record.merged_ids:
                # Before anything is created: it may be what two records we know have become.
                self.env['sync.inbound.removal']._merged(connection, adapter.mapping, item)
        self._find_records(items)
        for item in items:
            reason = self._reason_to_ignore(item)
            if reason:
                self._note(results, item, Result('ignored', reason=reason))
            elif self._is_stale(item):
                self._note(results, item, Result('waiting', delay=1, reason=self.env._(
                    'Read before our own last change took effect; read again in a moment.')))
            else:
                active.append(item)
        self._match(connection, adapter, [i for i in active if not i.link])
        if not adapter.mapping.create_in:
            for item in [i for i in active if not i.link and not i.odoo]:
                self._note(results, item, Result('ignored', reason=self.env._(
                    'No Odoo record matches, and the mapping does not create any.')))
            active = [i for i in active if i.link or i.odoo]
        left_out = self._write(connection, adapter, active)
        for item in active:
            self._note(results, item, left_out.get(item) or self._result(adapter, item))
        return results

    @api.model
    def _find_records(self, items):
        """The Odoo records of the links, together: what is read of one is read of all."""
        linked = [item for item in items if item.link]
        records = self.env['sync.link'].concat(*(item.link for item in linked))._records()
        for item in linked:
            item.odoo = records.get(item.link.id)

    @staticmethod
    def _note(results, item, result):
        if item.lane:
            results[item.lane.id] = result

    @api.model
    def _reason_to_ignore(self, item):
        link = item.link
        if not link:
            return None
        if link.state == 'excluded' and not link.deleted_at:
            return self.env._('The record is excluded from synchronisation: %s', link.reason or '')
        if not link.deleted_at and not item.odoo and self._is_leaving(link):
            return self.env._('It was deleted in Odoo, which is on its way out.')
        if link.deleted_at:
            return self.env._('It was deleted or archived in Odoo, and stays so: %s',
                              link.reason or '')
        return None

    @api.model
    def _is_leaving(self, link):
        """Whether the deletion of its Odoo record still waits to be sent."""
        return bool(self.env['sync.outbox'].sudo().search_count([
            ('res_model', '=', link.res_model), ('res_id', '=', link.res_id),
            ('connection_id', '=', link.connection_id.id), ('operation', '=', 'delete'),
            ('state', 'in', ('pending', 'failed')),
        ], limit=1))

    @api.model
    def _is_stale(self, item):
        """Whether this was read before our own last write took effect: merging it would undo
        what was sent. Only just after a write; a clock that runs back must not stop a record."""
        written = item.link and item.link.remote_written_at
        updated = item.record.updated_at
        if not (written and updated) or updated.replace(tzinfo=None) >= written:
            return False
        return clock.now(self.env) - written < STALE_FOR

    # === MATCH === #

    @api.model
    def _match(self, connection, adapter, items):
        """Recognise unlinked remote records among Odoo's: by the id we gave them ourselves (its
        creation came back before it was noted), else by the mapping's match keys.

        One look-up for the batch and key. An ambiguous match raises a conflict on its record.
        """
        mapping = adapter.mapping
        self.env['sync.match']._by_own_id(connection, adapter, items)
        remote = {item.remote_id: self._remote(adapter, item) for item in items}
        for key in mapping._match_keys():
            wanted = {remote[i.remote_id].get(key) for i in items if not i.odoo} - {None}
            if not wanted:
                continue
            found = self.env['sync.match']._candidates(adapter, key, wanted)
            for item in [i for i in items if not i.odoo]:
                # One Odoo record is taken once: a second remote record that matches it is another.
                taken = {i.odoo.id for i in items if i.odoo}
                candidates = found[remote[item.remote_id].get(key)]
                candidates = candidates.filtered(lambda record, taken=taken: record.id not in taken)
                if candidates:
                    item.odoo = self.env['sync.match']._only(mapping, item, candidates)

    # === MERGE AND WRITE === #

    @api.model
    def _write(self, connection, adapter, items):
        """Merge all, create and write in batches, then link with what both sides now agree on.

        :return: ``{item: Result}`` of those that were left out: somebody else holds their record,
            or they go back and forth
        """
        # Where the Odoo record of a link is gone and the remote one lives on, it is created again.
        known = [item for item in items if item.odoo]
        new = [item for item in items if not item.odoo]
        self._merge_known(adapter, known)
        self._merge_new(adapter, new)
        left_out = self._in_use(adapter, known) | self._looping(known)
        known = [item for item in known if item not in left_out]
        context = {
            'saas_sync_applying': True,
            'tracking_disable': not adapter.mapping.track_changes,
            # An assignment made at the SaaS was announced there; a thousand mails are no help.
            'mail_create_nosubscribe': True, 'mail_create_nolog': True,
            'mail_auto_subscribe_no_notify': True,
        }
        self._create_new(adapter, new, context)
        self._write_known(adapter, known, context)
        self.env.flush_all()
        self.env['sync.linker']._after_inbound(connection, adapter, known + new)
        return left_out

    @api.model
    def _in_use(self, adapter, items):
        """Results of items to write whose record another transaction holds. A person's import may
        hold it for minutes: whoever waited for it would have the whole batch wait along."""
        wanted = [item for item in items if item.merged.to_local]
        records = adapter.model.browse([item.odoo.id for item in wanted])
        free = set(records.try_lock_for_update(allow_referencing=True)._ids)
        return {item: self._in_use_result() for item in wanted if item.odoo.id not in free}

    @api.model
    def _looping(self, items):
        """Results of items whose record both sides change in turns, see sync_link_turns."""
        return {
            item: item.link._stop_looping(item.merged.to_local)
            for item in items
            if item.merged.to_local and item.link and item.link._is_looping()
        }

    @api.model
    def _in_use_result(self):
        return Result('waiting', delay=IN_USE_DELAY, reason=self.env._(
            'Somebody is changing the record in Odoo at this moment; it is written right after.'))

    @api.model
    def _write_known(self, adapter, items, context):
        """Write what differs: once for all the records that get the same values, and each time
        with what the ORM has read for the whole batch."""
        everyone = adapter.model.with_context(**context).browse([item.odoo.id for item in items])
        alike = {}
        for item in items:
            vals, item.unresolved = adapter.vals(item.merged.to_local, item.record)
            if vals:
                alike.setdefault(repr(sorted(vals.items())), (vals, []))[1].append(item.odoo.id)
        for vals, ids in alike.values():
            everyone.browse(ids).with_prefetch(everyone._ids).write(vals)

    @api.model
    def _merge_known(self, adapter, items):
        for item in items:
            item.base = self._base(adapter, item)
        records = adapter.model.browse([item.odoo.id for item in items])
        local = adapter.local(records, {item.odoo.id: item.base for item in items})
        for item in items:
            item.before = local[item.odoo.id]
            view = as_agreed(item.before, item.base, item.variants)
            item.merged = self._merge(adapter, item, view, item.base, item.odoo.write_date)

    @api.model
    def _base(self, adapter, item):
        """The snapshot, and what we have sent since without learning whether it has arrived, where
        that is what the remote holds now: Odoo held it, too."""
        sending = (item.link and item.link.sending) or {}
        remote = self._remote(adapter, item) if sending else {}
        arrived = {key: remote[key] for key, values in sending.items()
                   if key in remote and remote[key] in values}
        return {**item.base, **arrived} if arrived else item.base

    @api.model
    def _merge_new(self, adapter, items):
        for item in items:
            item.created = True
            item.merged = self._merge(adapter, item, {}, {}, new_local=True)

    @api.model
    def _merge(self, adapter, item, local, base, local_at=None, new_local=False):
        remote = self._remote(adapter, item)
        rules = [rule for rule in adapter.rules if new_local or rule.key in local]
        remote_at = item.record.updated_at
        return merge(
            rules, base, local, remote, new_local=new_local,
            local_at=local_at, remote_at=remote_at and remote_at.replace(tzinfo=None))

    @staticmethod
    def _remote(adapter, item):
        if item.remote is None:
            item.remote = adapter.remote(item.record)
        return item.remote

    @api.model
    def _create_new(self, adapter, items, context):
        if not items:
            return
        vals_list = []
        for item in items:
            # Empty there is empty here: Odoo's defaults (a salesperson, say) must not fill it.
            empty = {key: None for key, value in item.remote.items() if value is None}
            vals, item.unresolved = adapter.vals(
                {**empty, **item.merged.to_local}, item.record, create=True)
            vals_list.append({**adapter.mapping._creation_values(), **vals})
        records = adapter.model.with_context(**context).create(vals_list)
        for item, record in zip(items, records, strict=True):
            item.odoo = record

    @api.model
    def _result(self, adapter, item):
        changed = sorted(set(item.merged.to_local) - set(item.unresolved))
        if item.merged.conflicts:
            return Result('failed', error=ConflictError(
                f'{item.remote_id}: both sides changed {sorted(item.merged.conflicts)}',
                code='BOTH_CHANGED', field=', '.join(sorted(item.merged.conflicts)),
                user_message=self.env['sync.linker']._conflict_sentence(
                    item.merged.conflicts, adapter.mapping)))
        if item.created:
            name = item.odoo[adapter.model._rec_name or 'id']  # a display name is computed
            return Result('done', summary=self.env._('Created %s.', name))
        if changed:
            return Result('done', summary=self.env._('Written: %s.', ', '.join(changed)))
        return Result('nothing', reason=self.env._('Both sides already agree.'))
