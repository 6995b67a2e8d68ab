"""How business records stand with their remote counterparts, read live.

Promises: one statement for any number of records; nothing is stored on the business record, so
nothing can be stale and nothing costs a save; only connections of the companies the user works in
count. Read with superuser rights: the answer holds states and sentences, no payload, no secret.
"""

from __future__ import annotations

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

STATES = [
    ('in_sync', 'In sync'),
    ('pending', 'Pending'),
    ('failing', 'Failing'),
    ('conflict', 'Conflict'),
    ('excluded', 'Excluded'),
    ('none', 'Not synchronised'),
]
#: The worst first: what a record shows that is linked to several accounts.
SEVERITY = ('failing', 'conflict', 'pending', 'excluded', 'in_sync', 'none')


class SyncStanding(models.AbstractModel):
    _name = 'sync.standing'
    _description = 'How business records stand with the SaaS'

    @api.model
    def _states(self, records):
        """``{id: state}``, the worst over all links and all that waits."""
        found = {}
        for res_id, state in self._query(records):
            if SEVERITY.index(state) < SEVERITY.index(found.get(res_id, 'none')):
                found[res_id] = state
        return {record_id: found.get(record_id, 'none') for record_id in records.ids}

    @api.model
    def _query(self, records):
        """``(id, state)`` pairs of links, of messages on their way out, and on their way in.

        A link's stored "pending" says only that something was sent; what still waits decides.
        """
        connections = self._connections().ids
        if not (records.ids and connections):
            return []
        for model in ('sync.link', 'sync.event', 'sync.outbox', 'sync.lane'):
            self.env[model].flush_model()
        return self.env.execute_query(SQL(
            """
            WITH link AS (
                SELECT l.res_id, l.connection_id, l.remote_object, l.remote_id,
                       CASE l.state WHEN 'pending' THEN 'in_sync' ELSE l.state END AS state
                  FROM sync_link l
                 WHERE l.connection_id = ANY(%(connections)s) AND l.res_model = %(model)s
                   AND l.res_id = ANY(%(ids)s) AND l.deleted_at IS NULL)
            SELECT res_id, state FROM link
            UNION ALL
            SELECT m.res_id, %(state)s
              FROM sync_outbox m LEFT JOIN sync_lane n ON n.id = m.lane_id
             WHERE m.res_model = %(model)s AND m.res_id = ANY(%(ids)s)
               AND m.connection_id = ANY(%(connections)s) AND m.state IN ('pending', 'failed')
            UNION ALL
            SELECT link.res_id, %(state)s
              FROM link JOIN sync_event m USING (connection_id, remote_object, remote_id)
              LEFT JOIN sync_lane n ON n.id = m.lane_id
             WHERE m.state IN ('pending', 'failed')
            """,
            connections=connections, model=records._name, ids=records.ids,
            state=SQL(
                """CASE WHEN n.state IN ('failed', 'quarantined')
                          OR (n.id IS NULL AND m.state = 'failed')
                        THEN 'failing' ELSE 'pending' END"""),
        ))

    @api.model
    def _connections(self):
        """The connections of the user's companies, whatever the user's rights."""
        return self.env['sync.connection'].sudo().search(
            [('company_id', 'in', self.env.companies.ids)])

    @api.model
    def _links(self, record):
        """The live links of one record."""
        return self.env['sync.link'].sudo().search(
            Domain('connection_id', 'in', self._connections().ids)
            & Domain('res_model', '=', record._name) & Domain('res_id', '=', record.id)
            & Domain('deleted_at', '=', False))

    @api.model
    def _mappings(self, model):
        """The active mappings of a model, the parents first."""
        return self.env['sync.mapping'].sudo().search(
            Domain('connection_id', 'in', self._connections().ids) & Domain('model', '=', model))

    @api.model
    def _lanes(self, record, connection, remote_object, link):
        """The schedules of one record at one account, in both directions."""
        keys = Domain('direction', '=', 'out') & Domain('key', '=', f'{record._name},{record.id}')
        if link:
            keys |= Domain('direction', '=', 'in') & Domain('key', '=', link.remote_id)
        return self.env['sync.lane'].sudo().search(
            Domain('connection_id', '=', connection.id) & Domain('object', '=', remote_object)
            & keys)
