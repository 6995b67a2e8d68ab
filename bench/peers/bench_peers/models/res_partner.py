"""The same work one record at a time: as a job of queue_job, and as the connectors of the market
write it, with the call inside ``write()``."""

import requests

from odoo import api, fields, models

TIMEOUT = 60
#: Connections are kept, a favour that few connectors do themselves.
_session = requests.Session()
_session.trust_env = False


class ResPartner(models.Model):
    _inherit = 'res.partner'

    bench_remote_id = fields.Char(index='btree_not_null', copy=False)

    # === queue_job === #

    def _bench_pull_one(self):
        """Read one contact and write one partner."""
        answer = self._bench_call(_session, 'GET')
        self.write(self._bench_vals(answer['properties']))

    def _bench_push_one(self):
        """Write one contact."""
        self._bench_call(_session, 'PATCH', {'properties': self._bench_properties()})

    # === AS IN THE MARKET === #

    def write(self, vals):
        result = super().write(vals)
        if self.env.context.get('bench_app_store'):
            for partner in self.filtered('bench_remote_id'):
                partner._bench_call(
                    requests, 'PATCH', {'properties': partner._bench_properties()})
        return result

    # === BOTH === #

    @api.model
    def _bench_vals(self, properties):
        """The fields of the default mapping of saas_sync that the contacts fill."""
        return {
            'name': f"{properties['firstname']} {properties['lastname']}",
            'email': properties['email'],
            'phone': properties['phone'],
            'city': properties['city'],
            'street': properties['address'],
            'zip': properties['zip'],
            'function': properties['jobtitle'],
        }

    def _bench_properties(self):
        first, _space, last = self.name.rpartition(' Number')
        return {
            'firstname': first,
            'lastname': f'Number{last}',
            'email': self.email,
            'phone': self.phone,
            'city': self.city,
            'address': self.street,
            'zip': self.zip,
            'jobtitle': self.function,
        }

    def _bench_call(self, session, method, body=None):
        parameters = self.env['ir.config_parameter'].sudo()
        names = 'firstname,lastname,email,phone,city,address,zip,jobtitle'
        url = parameters.get_param('bench.url')
        answer = session.request(
            method, f'{url}/crm/v3/objects/contacts/{self.bench_remote_id}',
            params={'properties': names} if method == 'GET' else None, json=body,
            headers={'Authorization': f"Bearer {parameters.get_param('bench.token')}"},
            timeout=TIMEOUT,
        )
        answer.raise_for_status()
        return answer.json()
