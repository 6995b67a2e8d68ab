"""The connection as an API client: a connector with token, budget and breaker wired in.

The connector is cheap to make and keeps nothing: one is made for each batch. What several workers
have to share (tokens, budgets, breakers) are rows, see :mod:`.connection_adapters`.
"""

from urllib.parse import urlsplit

from odoo import api, models, release

from ..engine.connectors.base import CONNECTORS
from ..engine.errors import AuthError
from ..engine.http import HttpClient
from .connection_adapters import ConnectionBreaker, ConnectionBudget, ConnectionToken
from .queue_cursor import queue_cursor

USER_AGENT = f'saas_sync/19.0 (Odoo {release.series})'
#: The share of a day's calls that background work leaves alone.
RESERVE = 0.05
#: The columns a connector's settings are made of; the webhook reads them with one statement.
SETTING_COLUMNS = (
    'provider', 'api_version', 'remote_account', 'app_id', 'public_url', 'accept_v1', 'ui_url',
    'time_zone', 'instance_url',
)


class SyncConnection(models.Model):
    _inherit = 'sync.connection'

    def _connector(
        self, correlation_id=None, on_call=None, token=None, fenced=False, reserve=RESERVE
    ):
        """A connector that speaks for this account.

        :param correlation_id: sent along with every call, to find it again in both logs
        :param on_call: is given the ``CallRecord`` of every call
        :param token: another source of the ``Authorization`` header than what is stored
        :param fenced: also for a database that is a copy of the one that was connected
        :param reserve: the share of the day's calls that is left alone: what works in the
            background leaves some to people who wait for an answer, and to other apps
        :raises AuthError: this database may not talk to the account, or has no token
        """
        self.ensure_one()
        connection = self.sudo()
        connection._check_may_talk(fenced)
        http = connection._http_client(
            token or ConnectionToken(connection), correlation_id, on_call, reserve
        )
        return connection._connector_class()(http, connection._settings())

    def _check_may_talk(self, fenced=False):
        """The fences stand here, at the one door every call goes through."""
        if self._is_neutralized():
            raise AuthError('this database is neutralised', user_message=self.env._(
                'This database is a neutralised copy: it never talks to the account.'))
        if self.is_fenced and not fenced:
            raise AuthError('this database is a copy', user_message=self.env._(
                'This database is a copy of the one that was connected. Connect again to make it '
                'the one that talks to the account.'))

    def _http_client(self, token=None, correlation_id=None, on_call=None, reserve=0):
        cls = self._connector_class()
        base_url = self.base_url or cls.default_base_url
        hosts = set(cls.allowed_hosts)
        if self.base_url and self.allow_private:
            hosts.add(urlsplit(self.base_url).hostname)
        return HttpClient(
            base_url=base_url,
            allowed_hosts=tuple(sorted(hosts)),
            token=token,
            budget=ConnectionBudget(self, cls.default_limits, reserve),
            breaker=ConnectionBreaker(self),
            allow_private=self.allow_private,
            user_agent=USER_AGENT,
            correlation_id=correlation_id,
            on_call=on_call,
        )

    def _settings(self):
        """What the connector may know of the connection: plain values, never a secret."""
        self.ensure_one()
        return self._settings_of({name: self[name] or None for name in SETTING_COLUMNS})

    @api.model
    def _settings_of(self, values):
        """The settings made of :data:`SETTING_COLUMNS`."""
        parameters = self.env['ir.config_parameter'].sudo()
        public_url = values['public_url'] or parameters.get_param('web.base.url') or ''
        return {
            'api_version': values['api_version'],
            'account_id': values['remote_account'] or '',
            'app_id': values['app_id'] or '',
            'public_url': public_url.rstrip('/'),
            'external_id_field': CONNECTORS[values['provider']].external_id_field,
            'accept_v1': bool(values['accept_v1']),
            'ui_url': values['ui_url'] or '',
            'time_zone': values['time_zone'] or 'UTC',
            'instance_url': values['instance_url'] or '',
        }

    def _own_id(self, record):
        """Our unique id of a record at the remote, the value of its external-id field.

        With the time of creation: after a restore, the database gives the same ids out again,
        to other records.
        """
        created = int(record.create_date.timestamp()) if record.create_date else 0
        return f'{self.external_namespace}-{record._name}-{record.id}-{created}'

    def _record_id_of(self, own_id, model):
        """The record id in an external id of ours, or None where it is none."""
        prefix = f'{self.external_namespace}-{model}-'
        res_id = own_id.removeprefix(prefix).partition('-')[0]
        return int(res_id) if own_id.startswith(prefix) and res_id.isdigit() else None

    def _record_url(self, remote_object, remote_id):
        """The record's page in the provider's own screens; empty before the first connect."""
        self.ensure_one()
        if not (remote_id and self.ui_url):
            return False
        connector = self._connector_class()(None, self._settings())
        return connector.record_url(remote_object, remote_id)

    def _hold(self, seconds, error):
        """Be silent for a while, as the provider asked; said at once to every worker."""
        self.ensure_one()
        with queue_cursor(self.env) as cr:
            cr.execute(
                """
                UPDATE sync_connection
                   SET last_error = %s, hold_until = greatest(
                       hold_until,
                       clock_timestamp() AT TIME ZONE 'UTC' + make_interval(secs => %s))
                 WHERE id = (SELECT id FROM sync_connection WHERE id = %s
                             FOR NO KEY UPDATE SKIP LOCKED)
                """,
                [error.user_message, seconds, self.id],
            )
        self.invalidate_recordset(['hold_until', 'last_error'])
