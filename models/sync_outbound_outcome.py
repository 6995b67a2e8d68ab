"""What became of what was sent: the outcome of each record, by its own answer.

Part of the way out, see :mod:`.sync_outbound`.
"""

from __future__ import annotations

from odoo import api, models

from ..engine.errors import ConflictError, SyncError, TransientError
from ..engine.writing import CONVERTED
from .sync_settlement import Result

#: Seconds until a record is looked at again that was found to exist at the remote already.
ADOPT_DELAY = 2


class SyncOutbound(models.AbstractModel):
    _inherit = 'sync.outbound'

    @api.model
    def _shadow(self, item):
        return Result('shadow', reason=self.env._('Shadow mode: nothing was sent.'),
                      summary=self.env._('Would send: %s.', ', '.join(sorted(item.to_remote))))

    @api.model
    def _settle(self, connection, adapter, item, outcome, confirmed):
        """The Result of an item; what was written joins ``confirmed`` with its outcome, for the
        links of the batch to be stored together."""
        details = {
            'http_status': outcome and outcome.http_status,
            'request_id': outcome and outcome.request_id,
        }
        if outcome is None or outcome.status == 'unknown':
            error = (outcome and outcome.error) or TransientError(
                'no answer for this record', code='NO_OUTCOME', user_message=self.env._(
                    '%s did not say what became of this record.', connection._remote_label()))
            result = Result.from_error(error, item.lane, connection._retry_policy())
            result.unknown = True
            return result
        if outcome.status == 'failed':
            return self._failed(connection, adapter, item, outcome.error, outcome.remote_id)
        if item.change.operation == 'delete':
            return self.env['sync.outbound.removal']._confirmed(item)
        if item.link and self._was_merged(connection, adapter, item, outcome.remote_id):
            self.env['sync.scan']._post_hints(
                connection, [(item.link.remote_object, item.link.remote_id)], 'merge')
            return Result('done', reason=self.env._(
                'Merged at %(provider)s into %(id)s, which is looked at next.',
                provider=connection._remote_label(), id=outcome.remote_id), **details)
        confirmed.append((item, outcome))
        verb = self.env._('Created') if outcome.created else self.env._('Sent')
        return Result('done', summary=f'{verb}: {", ".join(sorted(item.to_remote))}', **details)

    @api.model
    def _was_merged(self, connection, adapter, item, remote_id):
        """Whether the answer comes from another record than ours, which was merged into it. Which
        Odoo record goes on with it the way in decides, which sees all that were merged: the one
        that happens to be written first would often be the wrong one. Where nothing is read, the
        link moves, unless another one stands for that record."""
        if not remote_id or remote_id == item.link.remote_id:
            return False
        return adapter.mapping.direction != 'out' or bool(self.env['sync.link']._by_remote(
            connection, item.link.remote_object, [remote_id]))

    @api.model
    def _failed(self, connection, adapter, item, error, remote_id=None):
        if remote_id and not item.link:
            # It was created, and failed afterwards (an association): keep what exists.
            item.link = self.env['sync.link'].sudo().create({
                'connection_id': connection.id, 'mapping_id': adapter.mapping.id, 'snapshot': {},
                'res_model': item.res_model, 'res_id': item.res_id, 'state': 'failing',
                'remote_object': adapter.mapping.remote_object, 'remote_id': remote_id,
            })
        if isinstance(error, ConflictError) and error.remote_id and not item.link:
            adopted = self._adopt_existing(connection, adapter, item, error)
            if adopted:
                return adopted
        if adapter.mapping._doubts_schema(error):
            adapter.mapping._ask_for_schema()
            return Result('waiting', delay=ADOPT_DELAY, reason=self.env._(
                '%s refuses a field. Its fields are read again; the record is sent without those '
                'that no longer fit.', connection._remote_label()))
        if item.link and error.code == CONVERTED:
            self.env['sync.scan']._post_hints(
                connection, [(item.link.remote_object, item.link.remote_id)], 'converted')
            return Result('done', reason=self.env._(
                'Converted at %s meanwhile; that is followed next.', connection._remote_label()))
        result = Result.from_error(error, item.lane, connection._retry_policy())
        if item.link and result.outcome == 'failed':
            reason = error.user_message if isinstance(error, SyncError) else str(error)
            item.link.write({'state': 'failing', 'reason': reason})
        return result

    @api.model
    def _adopt_existing(self, connection, adapter, item, error):
        """The remote already has this record: link the two, unless another Odoo record has it."""
        remote_object = adapter.mapping.remote_object
        taken = self.env['sync.link']._by_remote(
            connection, remote_object, [error.remote_id]).get(error.remote_id)
        if taken:
            error.user_message = self.env._(
                '%(provider)s already has this record as %(id)s, which is linked to "%(name)s" in '
                'Odoo. Merge the two Odoo records, or change the value they share.',
                provider=connection._remote_label(), id=error.remote_id, name=taken.res_name)
            return None
        self.env['sync.link'].sudo().create({
            'connection_id': connection.id, 'mapping_id': adapter.mapping.id, 'snapshot': {},
            'res_model': item.res_model, 'res_id': item.res_id, 'state': 'pending',
            'remote_object': remote_object, 'remote_id': error.remote_id,
        })
        self.env['sync.scan']._post_hints(
            connection, [(remote_object, error.remote_id)], 'adopt', cr=self.env.cr)
        return Result('waiting', delay=ADOPT_DELAY, reason=self.env._(
            '%(provider)s already has this record as %(id)s: linked, and merged next.',
            provider=connection._remote_label(), id=error.remote_id))
