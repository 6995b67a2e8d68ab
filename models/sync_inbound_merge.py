"""The second half of the way in: recognise, merge, write.

Everything here runs in the one transaction of the batch; see :mod:`.sync_inbound` for what
surrounds it.
"""

from __future__ import annotations

from odoo import api, models

from ..engine.errors import ConflictError
from ..engine.merge import merge
from .sync_settlement import Result


class SyncInbound(models.AbstractModel):
    _inherit = 'sync.inbound'

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
    def _write(self, connection, adapter, items, new):
        """Merge all, create and write in batches, then link with what both sides now agree on."""
        known = [item for item in items if item not in new]
        for item in known:
            item.odoo = item.odoo or item.link._record() or self._recreated(adapter, item, new)
        known = [item for item in known if item.odoo]
        self._merge_known(adapter, known)
        self._merge_new(adapter, new)
        context = {
            'saas_sync_applying': True,
            'tracking_disable': not adapter.mapping.track_changes,
            # An assignment made at the SaaS was announced there; a thousand mails are no help.
            'mail_create_nosubscribe': True, 'mail_create_nolog': True,
            'mail_auto_subscribe_no_notify': True,
        }
        self._create_new(adapter, new, context)
        for item in known:
            vals, item.unresolved = adapter.vals(item.merged.to_local, item.record)
            if vals:
                item.odoo.with_context(**context).write(vals)
        self.env.flush_all()
        self.env['sync.linker']._after_inbound(connection, adapter, known + new)

    @api.model
    def _recreated(self, adapter, item, new):
        """The Odoo record of a link is gone and the remote one lives on: create it again."""
        new.append(item)
        return

    @api.model
    def _merge_known(self, adapter, items):
        records = adapter.model.browse([item.odoo.id for item in items])
        snapshots = {item.odoo.id: item.link.snapshot or {} for item in items if item.link}
        local = adapter.local(records, snapshots)
        for item in items:
            item.before = local[item.odoo.id]
            view = item.link._local_view(item.before) if item.link else item.before
            item.merged = self._merge(
                adapter, item, view, (item.link and item.link.snapshot) or {},
                local_at=item.odoo.write_date)

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
            return Result('done', summary=self.env._('Created %s.', item.odoo.display_name))
        if changed:
            return Result('done', summary=self.env._('Written: %s.', ', '.join(changed)))
        return Result('nothing', reason=self.env._('Both sides already agree.'))
