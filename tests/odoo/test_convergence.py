"""Both sides edit, in any order, with echoes and repetitions: they agree in the end, in silence."""

import random

from odoo.tests import tagged

from .common import SandboxCase


@tagged('post_install', '-at_install')
class TestConvergence(SandboxCase):

    FIELDS = {'city': 'city', 'zip': 'zip', 'function': 'jobtitle', 'street': 'address'}

    def test_random_edits_on_both_sides_converge_and_fall_silent(self):
        rng = random.Random(20)
        remote_ids = [self.create_remote('contacts', {'firstname': f'C{n}'}) for n in range(8)]
        self.notify(*(('contacts', i) for i in remote_ids))
        self.work()
        for step in range(30):
            remote_id = rng.choice(remote_ids)
            odoo_field, remote_field = rng.choice(list(self.FIELDS.items()))
            value = rng.choice(['', f' v{step} ', f'é{step}', f'x  {step}'])
            if rng.random() < 0.5:
                self.record_of('contacts', remote_id)[odoo_field] = value or False
            else:
                self.box.change('contacts', {'id': remote_id, 'properties': {remote_field: value}})
                for _copy in range(rng.choice([1, 1, 3])):
                    self.notify(('contacts', remote_id))
            if rng.random() < 0.4:
                self.work(rounds=rng.choice([1, 2]))
        self.work(rounds=4)
        for remote_id in remote_ids:
            partner = self.record_of('contacts', remote_id)
            record = self.box.object('contacts', remote_id)
            for odoo_field, remote_field in self.FIELDS.items():
                mine = ' '.join((partner[odoo_field] or '').split())
                theirs = ' '.join((record['properties'].get(remote_field) or '').split())
                self.assertEqual(mine, theirs, f'{odoo_field} of {remote_id}')
        self.notify(*(('contacts', i) for i in remote_ids))
        self.assertSilence()

    def test_the_newer_of_two_changes_wins(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Ann', 'city': 'Gent'})
        self.notify(('contacts', remote_id))
        self.work()
        partner = self.record_of('contacts', remote_id)
        partner.city = 'Older'
        self.env.flush_all()
        self.cr.execute("UPDATE res_partner SET write_date = write_date - interval '1 hour' "
                        'WHERE id = %s', [partner.id])
        self.env.invalidate_all()
        self.box.change('contacts', {'id': remote_id, 'properties': {'city': 'Newer'}})
        self.notify(('contacts', remote_id))
        self.work(rounds=3)
        self.assertEqual(partner.city, 'Newer')
        self.assertEqual(self.box.object('contacts', remote_id)['properties']['city'], 'Newer')
        self.assertSilence()

    def test_what_odoo_rewrites_does_not_ping_pong(self):
        remote_id = self.create_remote('companies', {'name': 'Acme', 'domain': 'acme.example'})
        self.notify(('companies', remote_id))
        self.work()
        partner = self.record_of('companies', remote_id)
        self.assertIn('acme.example', partner.website)
        self.notify(('companies', remote_id))
        self.assertSilence()

    def test_two_connections_both_hear_of_a_change(self):
        remote_id = self.create_remote('contacts', {'firstname': 'Ann'})
        other = self.env['sync.connection'].create({'name': 'Second'})
        self.contacts.copy({'connection_id': other.id, 'active': True})
        self.notify(('contacts', remote_id))
        self.work()
        rows = self.env['sync.outbox'].search([('connection_id', '=', other.id)])
        self.assertEqual(rows.mapped('res_id'), [self.record_of('contacts', remote_id).id])
