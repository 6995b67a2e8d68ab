"""Rows for the screens' tests, made directly: no worker runs and no account is called."""

from __future__ import annotations

import json
from datetime import timedelta

from odoo import fields
from odoo.fields import Command

SENTENCES = {
    'email': 'HubSpot refuses the e-mail address "{key}@example": it has no domain. Correct the '
             'e-mail of the contact in Odoo.',
    'stage': 'The stage "Kick-off" has no counterpart in Odoo. Add it to the stage map of the '
             'mapping "Lead/Opportunity ↔ deals".',
    'duplicate': 'HubSpot has two contacts with the e-mail of this one. Merge them in HubSpot, '
                 'then replay.',
}


class ScreenData:
    """Makes connections, mappings, links, messages and lanes in the environment it is given."""

    def __init__(self, env):
        self.env = env(su=True)

    def connection(self, name='HubSpot Europe', **values):
        vals = {
            'name': name, 'provider': 'hubspot', 'poll_enabled': False,
            'remote_account': f'1{abs(hash(name)) % 10**7:07}',
            'remote_name': name, 'ui_url': 'https://app.hubspot.com', 'state': 'connected',
            'database_uuid': self.env['sync.connection']._database_uuid(), **values,
        }
        return self.env['sync.connection'].create(vals)

    def schema(self, connection, remote_object, names):
        """Discovered fields: ``{name: (label, type)}``."""
        return self.env['sync.remote.field'].create([
            {'connection_id': connection.id, 'remote_object': remote_object, 'name': name,
             'label': label, 'type': kind, 'wire_type': kind}
            for name, (label, kind) in names.items()
        ])

    def mapping(self, connection, remote_object='contacts', model='res.partner', lines=None,
                **values):
        lines = lines or {'name': ('firstname+lastname', 'full_name'), 'email': ('email', 'email')}
        return self.env['sync.mapping'].create({
            'connection_id': connection.id, 'remote_object': remote_object,
            'model_id': self.env['ir.model']._get_id(model),
            'line_ids': [
                Command.create(
                    {'odoo_field': field, 'remote_field': remote, 'converter': converter})
                for field, (remote, converter) in lines.items()
            ],
            **values,
        })

    def link(self, mapping, record, remote_id='151', **values):
        return self.env['sync.link'].create({
            'connection_id': mapping.connection_id.id, 'mapping_id': mapping.id,
            'res_model': record._name, 'res_id': record.id, 'remote_id': remote_id,
            'remote_object': mapping.remote_object, 'last_synced_at': fields.Datetime.now(),
            'snapshot': {'name': record.display_name}, **values,
        })

    def lane(self, connection, key='151', remote_object='contacts', direction='in', **values):
        return self.env['sync.lane'].create({
            'connection_id': connection.id, 'direction': direction, 'object': remote_object,
            'key': key, **values,
        })

    def failed_lane(self, connection, key='151', cause='email', **values):
        error_class = 'conflict' if cause == 'duplicate' else 'data'
        return self.lane(connection, key, **{
            'state': 'failed', 'error_class': error_class, 'error_field': cause,
            'error_message': SENTENCES[cause].format(key=key), 'attempts': 1,
            'fingerprint': f'{error_class}|{cause.upper()}|{cause}',
            'failed_at': fields.Datetime.now() - timedelta(minutes=20), 'pending_count': 1,
            **values,
        })

    def event(self, connection, remote_id='151', lane=None, payload=None, **values):
        return self.env['sync.event'].create({
            'connection_id': connection.id, 'remote_object': 'contacts', 'remote_id': remote_id,
            'idempotency_key': f'{remote_id}-{self.env["sync.event"].search_count([])}',
            'event_type': 'contact.propertyChange', 'kind': 'change', 'lane_id': lane and lane.id,
            'payload': json.dumps(payload or {'objectId': int(remote_id)}),
            'correlation_id': f'c{remote_id}', **values,
        })

    def message(self, mapping, record, lane=None, **values):
        return self.env['sync.outbox'].create({
            'connection_id': mapping.connection_id.id, 'mapping_id': mapping.id,
            'remote_object': mapping.remote_object, 'res_model': record._name,
            'res_id': record.id, 'changed_fields': ['email'], 'lane_id': lane and lane.id,
            'correlation_id': f'o{record.id}', **values,
        })

    def attempt(self, lane, outcome='failed', **values):
        return self.env['sync.attempt'].create({
            'connection_id': lane.connection_id.id, 'direction': lane.direction,
            'object': lane.object, 'key': lane.key, 'outcome': outcome, 'number': 1, 'messages': 1,
            'duration': 0.31, 'error_class': lane.error_class, 'error_message': lane.error_message,
            'http_status': 400, 'request_id': '5b1f9d7c', **values,
        })
