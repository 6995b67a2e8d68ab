"""A record that became others at the remote: a lead was converted into an opportunity, a contact
and an account.

============================  =====================================================================
what it became                in Odoo
============================  =====================================================================
of the same Odoo model        the link moves: the Odoo record goes on as the new one's counterpart
                              (a lead becomes an opportunity, see ``_sync_become``); the old link
                              stays as a tombstone that leads to the new one
of the same model, and known  the two Odoo records stay; the old link's reason says which they are
of another model              the Odoo record it belongs to is linked (``_sync_parties``), where it
                              fits the mapping and is not linked yet; else as any new record
============================  =====================================================================

Nothing is created twice, whichever of the records is heard of first: before an unknown record is
applied, the remote is asked whether it was converted from one we know. That question costs one
call a batch with unknown records, and only on connections that have links it could concern.

Weakness: a lead that Odoo never had is not read for its conversion; what it became arrives as any
other record.
"""

from __future__ import annotations

from odoo import api, models

from . import clock
from .sync_settlement import Result


class Base(models.AbstractModel):
    _inherit = 'base'

    def _sync_become(self, values):
        """The record was converted at the SaaS; ``values`` make it what it is there now."""
        return self.write(values)

    def _sync_parties(self):
        """The records it belongs to, the nearest first; what it is converted into is theirs."""
        return []


class SyncInboundConversion(models.AbstractModel):
    _name = 'sync.inbound.conversion'
    _description = 'Conversions at the remote'

    # === BEFORE THE BATCH IS APPLIED === #

    @api.model
    def _read_origins(self, connection, connector, groups):
        """The records we know of which unknown ones were made; they are looked at first.

        :param groups: ``(mapping, {remote id: record})`` of what is about to be applied
        :return: list of ``(mapping, {remote id: record})``
        """
        found = {}
        for source, targets in connector.conversions.items():
            for mapping, records in groups:
                if mapping.remote_object in targets:
                    unknown = self._unknown(connection, source, mapping.remote_object, records)
                    origins = unknown and connector.origins(source, mapping.remote_object, unknown)
                    found.setdefault(source, set()).update((origins or {}).values())
        return [
            (mapping, self.env['sync.inbound']._read(connector, mapping, ids))
            for mapping, ids in self._known(connection, found)
        ]

    @api.model
    def _unknown(self, connection, source, remote_object, records):
        """The ids among ``records`` that may have been made of a linked ``source``."""
        linked = self.env['sync.link'].sudo().search_count([
            ('connection_id', '=', connection.id), ('remote_object', '=', source),
            ('deleted_at', '=', False)], limit=1)
        if not linked:
            return []
        ids = {record.remote_id for record in records.values() if record and not record.archived}
        return sorted(ids - self.env['sync.link']._by_remote(connection, remote_object, ids).keys())

    @api.model
    def _known(self, connection, found):
        for source, ids in found.items():
            mapping = self.env['sync.mapping']._for_object(connection, source, 'in')[:1]
            links = self.env['sync.link']._by_remote(connection, source, ids)
            alive = sorted(key for key, link in links.items() if not link.deleted_at)
            if mapping and alive:
                yield mapping, alive

    # === IN THE TRANSACTION OF THE BATCH === #

    @api.model
    def _follow(self, connection, mapping, records):
        """Hand on the links of ``records`` that were converted and are known."""
        links = self.env['sync.link']._by_remote(connection, mapping.remote_object, records)
        for remote_id, record in records.items():
            link = links.get(remote_id)
            if record and record.became and link and not link.deleted_at:
                self._hand_on(connection, link, record.became)

    @api.model
    def _apply(self, connection, mapping, items):
        """:return: ``{lane id: Result}`` of the items that were converted; all are done with."""
        results = {}
        for item in [item for item in items if item.record and item.record.became]:
            link = self.env['sync.link']._by_remote(
                connection, mapping.remote_object, [item.remote_id]).get(item.remote_id)
            if not link:
                results[item.lane.id] = Result('ignored', reason=self.env._(
                    'Converted at %s before Odoo had it; what it became is synchronised.',
                    connection._remote_label()))
            elif link.deleted_at or link.state == 'excluded':
                results[item.lane.id] = Result('ignored', reason=link.reason)
            else:
                self._hand_on(connection, link, item.record.became)
                results[item.lane.id] = Result('done', reason=link.reason)
        return results

    @api.model
    def _hand_on(self, connection, link, became):
        record = link._record()
        heir = None
        for remote_object, remote_id in became.items():
            mapping = self.env['sync.mapping']._for_object(connection, remote_object, 'in')[:1]
            if not (mapping and record):
                continue
            if mapping.model == link.res_model:
                heir = self._take_over(connection, mapping, record, remote_id)
            else:
                self._link_party(connection, mapping, record, remote_id)
        link.write({
            'deleted_at': clock.now(self.env), 'state': 'excluded', 'conflicts': False,
            'merged_into_id': heir and heir.id, 'reason': self._reason(connection, link, heir),
        })
        self.env['sync.scan']._post_hints(connection, self._mapped(connection, became), 'converted')

    @api.model
    def _take_over(self, connection, mapping, record, remote_id):
        """The link of what the record has become, which is the record's own from now on."""
        link = self._link(connection, mapping, record, remote_id)
        if link.res_id == record.id:
            changes = {name: value for name, value in mapping._creation_values().items()
                       if record[name] != value}
            record.with_context(
                saas_sync_applying=True, tracking_disable=not mapping.track_changes,
            )._sync_become(changes)
            self.env.flush_all()
            self.env['sync.capture']._mark_applied(connection.id, record._name, record.ids)
            self.env['sync.capture']._post()
        return link

    @api.model
    def _link_party(self, connection, mapping, record, remote_id):
        """Link what the record belongs to, where that is of the mapping's kind."""
        for party in record._sync_parties():
            if party._name != mapping.model:
                continue
            fitting = party.sudo().filtered_domain(mapping._filter_domain())
            if fitting and not self.env['sync.link']._by_record(
                    connection, mapping.remote_object, party._name, fitting.ids):
                self._link(connection, mapping, fitting[:1], remote_id)
                return

    @api.model
    def _link(self, connection, mapping, record, remote_id):
        """The link of a remote record; a new one leads to ``record`` and has agreed on nothing."""
        known = self.env['sync.link']._by_remote(
            connection, mapping.remote_object, [remote_id]).get(remote_id)
        return known or self.env['sync.link'].sudo().create({
            'connection_id': connection.id, 'mapping_id': mapping.id, 'snapshot': {},
            'res_model': record._name, 'res_id': record.id, 'state': 'pending',
            'remote_object': mapping.remote_object, 'remote_id': remote_id,
        })

    @api.model
    def _reason(self, connection, link, heir):
        names = {'provider': connection._remote_label()}
        if not heir:
            return self.env._(
                'Converted at %(provider)s, and no opportunity was made of it there. The Odoo '
                'record is no longer synchronised.', **names)
        names |= {'object': heir.remote_object, 'id': heir.remote_id, 'name': heir.res_name}
        if heir.res_id == link.res_id:
            return self.env._('Converted at %(provider)s into %(object)s %(id)s.', **names)
        return self.env._(
            'Converted at %(provider)s into %(object)s %(id)s, which is "%(name)s" in Odoo. Merge '
            'the two Odoo records.', **names)

    @api.model
    def _mapped(self, connection, became):
        mapped = self.env['sync.mapping']._inbound_objects(self.env.cr, connection.id)
        return [pair for pair in became.items() if pair[0] in mapped]
