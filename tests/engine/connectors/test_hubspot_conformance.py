"""HubSpot passes the conformance suite, in every API version."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from datetime import datetime, timezone

import pytest
from conformance import Conformance, Stage
from conftest import VERSIONS, connector

from engine.contracts import WebhookRequest

PUBLIC_URL = 'https://erp.example.com'


class HubSpotStage(Stage):
    contact = 'contacts'
    company = 'companies'
    name_field = 'firstname'
    mail_field = 'email'
    company_name_field = 'name'

    def __init__(self, box, version):
        self.box = box
        self.version = version
        self.set_up_calls = 0

    def bare_connector(self, **settings):
        return connector(self.box, self.version, public_url=PUBLIC_URL, **settings)

    def connector(self, **settings):
        made = self.bare_connector(**settings)
        for name in made.objects:
            made.create_external_id(name)
        self.set_up_calls = self.box.last_n()
        return made

    def records(self, remote_object):
        rows = self.box.objects(remote_object)
        return {row['id']: row['properties'] for row in rows if not row['archived']}

    def external_ids(self, remote_object):
        rows = self.records(remote_object).values()
        return [row['odoo_external_id'] for row in rows if 'odoo_external_id' in row]

    def write_calls(self):
        calls = self.box.writes(self.set_up_calls)
        return len([call for call in calls if call['status'] and call['status'] < 300])

    def by_hand(self, remote_object, values):
        return self.box.change(remote_object, {'properties': values})['id']

    def merge_by_hand(self, remote_object, winner, loser):
        body = {'id': winner, 'action': 'merge', 'other': loser}
        return self.box.change(remote_object, body)['id']

    def lose_next_answer(self, times=1):
        self.box.faults({'kind': 'commit_then_drop', 'match': '/batch/upsert', 'count': times})

    def fail_next(self, status, times=1, **more):
        self.box.faults({'kind': f'http_{status}', 'count': times, **more})

    def revoke(self):
        self.box.call('POST', 'auth', {'revoke': [self.box.token]})

    def delivery(self, events=1):
        stamp = int(time.time() * 1000)
        body = json.dumps(
            [
                {
                    'eventId': number, 'subscriptionId': 1, 'portalId': self.box.info['portal_id'],
                    'appId': 1, 'occurredAt': stamp, 'attemptNumber': 0, 'objectId': 100 + number,
                    'subscriptionType': 'contact.creation', 'changeFlag': 'CREATED',
                }
                for number in range(events)
            ]
        ).encode()
        url = f'{PUBLIC_URL}/saas_sync/webhook/abc'
        text = f'POST{url}'.encode() + body + str(stamp).encode()
        signature = hmac.new(b'the secret', text, hashlib.sha256).digest()
        headers = {
            'x-hubspot-signature-v3': base64.b64encode(signature).decode(),
            'x-hubspot-request-timestamp': str(stamp),
        }
        request = WebhookRequest(method='POST', url=url, headers=headers, body=body)
        return request, b'the secret', datetime.now(timezone.utc)


class TestHubSpot(Conformance):
    @pytest.fixture(params=VERSIONS)
    def stage(self, request, box):
        return HubSpotStage(box, request.param)
