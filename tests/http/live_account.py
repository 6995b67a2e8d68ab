"""A connected account behind the real route: deliveries come in over HTTP and are worked."""

from urllib.parse import urlsplit

from odoo.tests import HttpCase

from ...models import backlog
from ..account import PUBLIC_URL, AccountMixin, encode, notification, sign


class LiveCase(AccountMixin, HttpCase):
    """A connected account with the default mappings, behind the real route."""

    def setUp(self):
        super().setUp()
        backlog.forget()
        self.addCleanup(backlog.forget)
        self.connection = self.create_sandbox_connection(backoff_base=1)
        self.connection.action_test()
        self.connection.action_create_external_id()
        self.connection._create_default_mappings()
        self.env.flush_all()

    def put(self, kind, remote_id, **properties):
        self.box.call('POST', 'import', {kind: [{
            'id': str(remote_id), 'properties': properties, 'archived': False,
            'createdAt': '2025-07-01T08:54:19Z', 'updatedAt': '2025-07-01T08:54:19Z'}]})

    def post(self, *events):
        path, body = urlsplit(self.connection.webhook_url).path, encode(list(events))
        response = self.opener.post(
            self.base_url() + path, data=body, headers=sign(body, PUBLIC_URL + path), timeout=12)
        self.assertEqual(response.status_code, 202, response.text)

    def news(self, remote_id, kind='contact'):
        return notification(
            remote_id, object_id=remote_id, portalId=self.box.info['portal_id'],
            subscriptionType=f'{kind}.creation')

    def work(self, rounds=3):
        self.env.flush_all()
        self.cr.flush()
        for _round in range(rounds):
            self.cr.execute(
                "UPDATE sync_lane SET run_at = now() AT TIME ZONE 'UTC' - interval '1 s' "
                "WHERE state = 'waiting'")
            with self.registry.cursor() as cr:
                self.env(cr=cr, user=1)['sync.worker']._work()
        self.env.invalidate_all()

    def record_of(self, kind, remote_id):
        link = self.env['sync.link'].search([
            ('connection_id', '=', self.connection.id), ('remote_object', '=', kind),
            ('remote_id', '=', str(remote_id))])
        return link and link._record()

    def lane_of(self, key):
        return self.env['sync.lane'].search([
            ('connection_id', '=', self.connection.id), ('key', '=', str(key))])
