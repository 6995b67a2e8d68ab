"""Keeping links true: after values were taken from the remote, and after it confirmed ours."""

from __future__ import annotations

from odoo import api, fields, models
from odoo.tools import mute_logger

from ..engine.merge import MISSING, as_agreed, merge


class SyncLinker(models.AbstractModel):
    _name = 'sync.linker'
    _description = 'Upkeep of links'

    # === AFTER INBOUND === #

    @api.model
    def _after_inbound(self, connection, adapter, items):
        """Link what was applied, note what Odoo made of it, and post what it has to send back."""
        if not items:
            return
        after = adapter.local(
            adapter.model.browse([item.odoo.id for item in items]),
            {item.odoo.id: item.merged.snapshot for item in items})
        rows, send_back = [], []
        for item in items:
            local = after[item.odoo.id]
            vals = self._inbound_vals(adapter, item, local)
            if self._has_to_send(adapter, vals, local):
                send_back.append(item)
                if vals['state'] == 'in_sync':
                    vals |= self._state_to_send(item)
            rows.append(vals)
        self._store(connection, items, rows)
        self._post(connection, adapter, send_back)
        self.env['sync.capture']._mark_applied(
            connection.id, adapter.mapping.model, [item.odoo.id for item in items])
        # Now, and not at the end: a later change of these records is news again.
        self.env['sync.capture']._post()

    @api.model
    def _store(self, connection, items, rows):
        """Store the links of ``items``; whoever waited for a new one is looked at again."""
        with mute_logger('odoo.sql_db'):  # a collision is handled, and no error of anybody's
            self.env['sync.link'].sudo()._store([item.link for item in items], rows)
        self._look_at_waiting(connection, [
            f"{row['remote_object']}:{row['remote_id']}"
            for item, row in zip(items, rows, strict=True) if not item.link])

    @api.model
    def _inbound_vals(self, adapter, item, local):
        snapshot = dict(item.merged.snapshot)
        variants = dict(item.variants)
        for key, value in item.merged.to_local.items():
            if key not in local or key in item.unresolved:
                snapshot.pop(key, None)  # points to a record Odoo does not know: not agreed
            elif local[key] != value:
                variants[key] = local[key]
            else:
                variants.pop(key, None)
        if item.created:
            # What Odoo filled in by itself (a name for the nameless, a first stage) is not news.
            variants |= {key: value for key, value in local.items()
                         if key in snapshot and value != snapshot[key]}
        conflicts = {
            key: [None if value is MISSING else value for value in values]
            for key, values in item.merged.conflicts.items()
        }
        updated = item.record.updated_at
        return {
            **adapter.of_link, 'res_id': item.odoo.id, 'remote_id': item.record.remote_id,
            'snapshot': snapshot, 'variants': variants, 'conflicts': conflicts,
            'waiting_for': self._waiting_for(adapter, item),
            'state': 'conflict' if conflicts else 'in_sync',
            'reason': self._conflict_sentence(conflicts, adapter.mapping),
            'deleted_at': False, 'deleted_here': False,
            **self.env['sync.link']._turn(item.link, 'remote' if item.merged.to_local else None),
            'remote_updated_at': updated and updated.replace(tzinfo=None),
            'last_synced_at': fields.Datetime.now(),
        }

    @staticmethod
    def _waiting_for(adapter, item):
        """The parent that could not be resolved, as the canonical value of its line."""
        links = [line.odoo_field for line in adapter.link_lines()]
        missing = [item.merged.to_local[key] for key in item.unresolved if key in links]
        return missing[0] if missing else False

    @api.model
    def _look_at_waiting(self, connection, keys):
        """Records that belong to these new ones were applied before them: look at them again."""
        if not keys:
            return
        waiting = self.env['sync.link'].sudo().search([
            ('connection_id', '=', connection.id), ('waiting_for', 'in', keys)])
        if waiting:
            waiting._request_read(connection)

    @staticmethod
    def _state_to_send(item):
        """Pending; what failed to go out stays failing until it has gone."""
        if item.link and item.link.state == 'failing':
            return {'state': 'failing', 'reason': item.link.reason}
        return {'state': 'pending'}

    @api.model
    def _conflict_sentence(self, conflicts, mapping):
        if not conflicts:
            return False
        labels = {line.odoo_field: line.odoo_label for line in mapping.line_ids}
        return self.env._(
            'Both sides changed %s differently. Choose which one to keep.',
            ', '.join(labels.get(key, key) for key in conflicts))

    @api.model
    def _has_to_send(self, adapter, vals, local):
        snapshot = vals['snapshot']
        view = as_agreed(local, snapshot, vals['variants'])
        return bool(self._differences(adapter, snapshot, view)[0])

    @api.model
    def _post(self, connection, adapter, items):
        mapping = adapter.mapping
        if mapping.direction == 'in':
            return
        self.env['sync.outbox']._post(self.env.cr, [
            {'connection_id': connection.id, 'mapping_id': mapping.id,
             'remote_object': mapping.remote_object, 'res_model': mapping.model,
             'res_id': item.odoo.id, 'changed_fields': sorted(item.merged.to_remote),
             'origin': 'merge'}
            for item in items
        ])

    # === DIFFERENCES TO SEND === #

    @api.model
    def _differences(self, adapter, base, view, new_remote=False):
        """``(to_remote, to_local)`` of a record against what the remote is known to hold.

        The remote is taken to hold the snapshot: no call is spent on asking.

        :param base: the snapshot
        :param view: the record's values as agreed, see :func:`~..engine.merge.as_agreed`
        """
        if view.items() <= base.items() and not new_remote:
            return {}, {}  # nearly always so, and what the merge would find as well
        rules = [rule for rule in adapter.rules if rule.key in view and (
            new_remote or rule.key not in base or view[rule.key] != base[rule.key])]
        # What the snapshot lacks was never read: not empty, but unknown, and left alone.
        remote = {} if new_remote else base
        if adapter.direction == 'out':
            remote = {rule.key: base.get(rule.key) for rule in rules}  # nothing is ever read
        merged = merge(rules, base, view, remote, local_at=None, remote_at=None,
                       new_remote=new_remote)
        return merged.to_remote, merged.to_local

    # === AFTER OUTBOUND === #

    @api.model
    def _after_outbound(self, connection, adapter, sent):
        """The remote confirmed: what we sent is now what both sides agree on.

        :param sent: ``(item, outcome)`` pairs
        """
        if sent:
            rows = [self._outbound_vals(adapter, *pair) for pair in sent]
            self._store(connection, [item for item, _outcome in sent], rows)

    @api.model
    def _outbound_vals(self, adapter, item, outcome):
        # Read again: a change may have come in while the call was made.
        base, variants = (item.link.snapshot, item.link.variants) if item.link else ({}, {})
        vals = {
            **adapter.of_link, 'res_id': item.res_id, 'remote_id': outcome.remote_id,
            'snapshot': {**(base or {}), **item.to_remote},
            # What Odoo has no value for, and the remote got a default: Odoo's nothing is that.
            'variants': {key: value for key, value in (variants or {}).items()
                         if key not in item.to_remote} | item.defaulted,
            'sending': False,
            'state': 'in_sync', 'reason': False, 'deleted_at': False, 'deleted_here': False,
            **self.env['sync.link']._turn(item.link, 'odoo'),
            'last_synced_at': fields.Datetime.now(),
        }
        if item.change.keyless:
            vals['keyless'] = True
        if outcome.updated_at:
            vals['remote_written_at'] = outcome.updated_at.replace(tzinfo=None)
        return vals
