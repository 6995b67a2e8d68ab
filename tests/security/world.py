"""Two companies with an account each, a row in every model, and everybody who may look.

Promise: :meth:`World.rows` has rows of every stored model and every dialog of the add-on, by the
registry: a model that is added and not given a row here fails :func:`missing`, and with it every
test that goes through them.
"""

from __future__ import annotations

import json

from odoo import Command
from odoo.tests import new_test_user
from odoo.tools import SQL

from ..account import PUBLIC_URL, AccountMixin

#: Found nowhere but where they may be: each is a word of its own.
SECRETS = {
    'access_token': 'pat-eu1-secret-of-the-access-token',
    'refresh_token': 'secret-of-the-refresh-token',
    'client_secret': 'secret-of-the-app-that-signs',
    'client_secret_previous': 'secret-of-the-app-of-last-week',
    'oauth_verifier': 'secret-of-the-sign-in-under-way',
    'webhook_secret': 'secret-that-a-flow-signs-with',
    'webhook_secret_previous': 'secret-that-a-flow-signed-with-last-week',
    'private_key': 'secret-half-of-the-key-pair',
}
MANAGERS_ONLY = ('webhook_token',)


def addon_models(env, transient=None):
    """Models that the add-on itself defines; abstract ones hold no rows."""
    return [
        name for name, model in env.registry.items()
        if model._original_module == 'saas_sync' and not model._abstract
        and transient in (None, model._transient)
    ]


class World:
    """`home` is the company everybody works in; `other` one that nobody of them may see."""

    def __init__(self, env):
        self.env = env
        self.home = env.company
        self.other = env['res.company'].create({'name': 'Other'})
        self.people = {
            'stranger': self.person('stranger', 'base.group_user'),
            'salesperson': self.person('salesperson', 'sales_team.group_sale_salesman'),
            'user': self.person('user', 'saas_sync.group_user,base.group_allow_export'),
            'manager': self.person('manager', 'saas_sync.group_manager,base.group_allow_export'),
            'portal': new_test_user(env, 'sec_portal', 'base.group_portal'),
        }
        third = env['res.company'].create({'name': 'Third'})
        self.outsiders = {
            name: self.person(f'outside_{name}', f'saas_sync.group_{name}', third)
            for name in ('user', 'manager')}

    def person(self, name, groups, company=None):
        company = company or self.home
        return new_test_user(
            self.env, f'sec_{name}', groups, company_id=company.id,
            company_ids=[Command.set(company.ids)])

    def rows(self, company, **values):
        """``{model name: its row}`` of an account of `company`."""
        connection = self.env['sync.connection'].create({
            'name': f'Account of {company.name}', 'company_id': company.id,
            'public_url': PUBLIC_URL, 'poll_enabled': False, **values})
        for name, secret in SECRETS.items():
            self.env['sync.credential']._set(connection, name, secret)
        mapping = AccountMixin.map_contacts(self, connection)
        partner = self.env['res.partner'].create({'name': f'Ada of {company.name}'})
        return {
            'sync.connection': connection, 'sync.mapping': mapping,
            'sync.mapping.line': mapping.line_ids, **self._credentials(connection),
            **self._created(connection, mapping, partner), **self._dialogs(connection, mapping),
        }

    def _credentials(self, connection):
        return {'sync.credential': self.env['sync.credential'].sudo().search(
            [('connection_id', '=', connection.id)])}

    def _created(self, connection, mapping, partner):
        own = {'connection_id': connection.id}
        remote = {'remote_object': 'contacts'}
        lane = self.env['sync.lane'].create({
            **own, 'direction': 'in', 'object': 'contacts', 'key': '1', 'state': 'failed',
            'error_class': 'data', 'error_message': 'A value is refused.'})
        values = {
            'sync.event': {**remote, 'idempotency_key': 'k', 'remote_id': '1', 'kind': 'change',
                           'lane_id': lane.id, 'payload': json.dumps({'objectId': 1})},
            'sync.outbox': {**remote, 'mapping_id': mapping.id, 'res_model': 'res.partner',
                            'res_id': partner.id, 'lane_id': lane.id},
            'sync.attempt': {'direction': 'in', 'object': 'contacts', 'key': '1'},
            'sync.link': {**remote, 'mapping_id': mapping.id, 'res_model': 'res.partner',
                          'res_id': partner.id, 'remote_id': '1', 'state': 'conflict',
                          'snapshot': {'email': 'a@x.example'}},
            'sync.budget': {'bucket': 'burst', 'capacity': 10, 'period': 1.0,
                            'tat': '2026-01-01 00:00:00'},
            'sync.breaker': {},
            'sync.remote.field': {**remote, 'name': 'email', 'label': 'E-mail'},
            'sync.bulk.job': {**remote, 'mapping_id': mapping.id, 'remote_job': '750'},
        }
        rows = {name: self.env[name].create({**own, **vals}) for name, vals in values.items()}
        rows['sync.bulk.row'] = self.env['sync.bulk.row'].create({
            'job_id': rows['sync.bulk.job'].id, 'res_model': 'res.partner', 'res_id': partner.id,
            'key': 'k', 'change': {'values': {'email': 'a@x.example'}}})
        return {'sync.lane': lane, **rows}

    def _dialogs(self, connection, mapping):
        choose = self.env['sync.choose.objects'].create({
            'connection_id': connection.id,
            'line_ids': [Command.create({'remote_object': 'deals', 'label': 'Deals'})]})
        status = self.env['sync.record.status'].create({
            'res_model': 'res.partner', 'res_id': self.env.user.partner_id.id,
            'line_ids': [Command.create({'name': 'x', 'mapping_id': mapping.id})]})
        pairs = self.env['sync.value.map'].create({
            'line_id': mapping.line_ids.id, 'pair_ids': [Command.create({'remote_value': 'x'})]})
        replay = self.env['sync.replay'].with_context(active_model='sync.lane').create({})
        return {
            'sync.choose.objects': choose, 'sync.choose.objects.line': choose.line_ids,
            'sync.record.status': status, 'sync.record.status.line': status.line_ids,
            'sync.value.map': pairs, 'sync.value.map.pair': pairs.pair_ids, 'sync.replay': replay,
        }


def missing(env, rows):
    """Models of the add-on that have no row to test with."""
    return {name for name in addon_models(env) if not rows.get(name)}


def picture(cr, tables=('sync_%',)):
    """A checksum of every row of the add-on's tables: the same twice means nothing changed."""
    cr.execute(
        "SELECT tablename FROM pg_tables WHERE tablename LIKE ANY(%s) AND schemaname = 'public' "
        'ORDER BY 1', [list(tables)])
    sums = {}
    for (table,) in cr.fetchall():
        cr.execute(SQL(
            'SELECT md5(string_agg(t::text, chr(10) ORDER BY t::text)) FROM %s t',
            SQL.identifier(table)))
        sums[table] = cr.fetchone()[0]
    return sums
