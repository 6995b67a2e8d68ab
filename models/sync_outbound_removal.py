"""Unlink, archive and filters on the Odoo side: what each does to the remote record."""

from __future__ import annotations

from datetime import timedelta

from odoo import api, fields, models

from ..engine.contracts import Change
from .sync_settlement import Result

#: Deletions are noted in whole seconds.
MOMENT = timedelta(seconds=1)


class SyncOutboundRemoval(models.AbstractModel):
    _name = 'sync.outbound.removal'
    _description = 'Removals on the Odoo side'

    @api.model
    def _unlinked(self, item):
        """The Odoo record is gone."""
        if not item.link or item.link.deleted_at:
            return Result('ignored', reason=self.env._(
                'The Odoo record was deleted before it was sent.'))
        return self._by_policy(item, self.env._('The Odoo record was deleted.'))

    @api.model
    def _is_archived(self, item):
        return item.mapping._counts_as_deleted(item.record)

    @api.model
    def _archived(self, item):
        if not item.link or item.link.deleted_at:
            return Result('ignored', reason=self.env._('The Odoo record is archived.'))
        return self._by_policy(item, self.env._('The Odoo record was archived.'))

    @api.model
    def _left_filter(self, item):
        """It no longer matches the filter of its mapping."""
        reason = self.env._('The record no longer matches the filter.')
        mapping = item.link.mapping_id
        if mapping.leave_policy == 'archive':
            return self._delete(item, reason)
        item.link.write({'state': 'excluded', 'reason': reason, 'left_filter': True})
        return Result('done', reason=reason)

    @api.model
    def _revived(self, item):
        """Alive in Odoo, deleted at the remote: a later edit must not bring it back.

        Only un-archiving it does, which says just that: then it is created anew. What was posted
        before the deletion, and is replayed, says nothing of the kind.
        """
        active = item.record._active_name
        since = item.link.deleted_at + MOMENT
        messages = [message for message in item.lane.messages if message['create_date'] > since]
        changed = {name for message in messages for name in message['changed_fields'] or ()}
        if active and item.record[active] and '(filter)' in changed:
            item.link.sudo().unlink()
            item.link = None
            return None
        return Result('ignored', reason=self.env._(
            'The record was deleted at the SaaS. Archive and un-archive it to create it again.'))

    @api.model
    def _by_policy(self, item, reason):
        policy = item.link.mapping_id.delete_policy if item.link.mapping_id else 'ignore'
        if policy in ('archive', 'delete'):
            return self._delete(item, reason)
        if policy == 'ask':
            item.link.write({'state': 'conflict', 'reason': self.env._(
                '%s Delete it at the SaaS too, or exclude it.', reason)})
            return Result('done', reason=item.link.reason)
        item.link.write({
            'deleted_at': fields.Datetime.now(), 'deleted_here': True, 'state': 'excluded',
            'reason': self.env._('%s The remote record was kept.', reason)})
        return Result('done', reason=item.link.reason)

    @api.model
    def _delete(self, item, reason):
        """Leave the item in the batch, as a deletion."""
        item.change = Change(
            key=f'{item.link.connection_id.external_namespace}-{item.res_model}-{item.res_id}-gone',
            operation='delete', remote_id=item.link.remote_id)
        item.lane.messages[-1]['removal_reason'] = reason
        return

    @api.model
    def _confirmed(self, item):
        reason = self.env._(
            '%s The remote record was archived.', item.lane.messages[-1]['removal_reason'])
        item.link.write({
            'deleted_at': fields.Datetime.now(), 'deleted_here': True, 'state': 'excluded',
            'reason': reason, 'conflicts': False})
        return Result('done', reason=reason)
