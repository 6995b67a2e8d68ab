"""Well-formed deliveries of records whose values nobody expected: taken, or told why not."""

from odoo.tests import tagged

from .live_account import LiveCase


@tagged('post_install', '-at_install')
class TestHostileValues(LiveCase):
    CONTACTS = {
        'control characters': {'firstname': 'A\x01\x08nn', 'lastname': 'B\x7fo'},
        'direction marks': {'firstname': '\u202eevil\u202c', 'lastname': '\ufeffX'},
        'markup': {'firstname': '<script>alert(1)</script>', 'jobtitle': '{{7*7}} ${7*7} %s'},
        'a long name': {'firstname': 'a' * 60_000},
        'no name at all': {'firstname': '', 'lastname': ' \t ', 'email': ''},
        'an e-mail that is none': {'firstname': 'E', 'email': 'not an address@@'},
        'many e-mails': {'firstname': 'E', 'email': 'a@b.example; c@d.example'},
        'a phone of words': {'firstname': 'P', 'phone': 'call me maybe'},
        'a long phone': {'firstname': 'P', 'phone': '+' + '1' * 500},
        'a country nobody knows': {'firstname': 'C', 'country': 'Atlantis\'; DROP TABLE x; --'},
        'an owner nobody knows': {'firstname': 'O', 'hubspot_owner_id': '999999999'},
        'an owner of words': {'firstname': 'O', 'hubspot_owner_id': 'me'},
        'a website of nothing': {'firstname': 'W', 'website': 'javascript:alert(1)'},
        'a website that does not parse': {'firstname': 'W', 'website': 'http://[::1'},
        'combining marks': {'firstname': 'Z' + '\u0301' * 500},
    }
    DEALS = {
        'an amount of words': {'dealname': 'D', 'amount': 'a lot'},
        'not a number': {'dealname': 'D', 'amount': 'NaN'},
        'an infinite amount': {'dealname': 'D', 'amount': 'Infinity'},
        'an amount beyond floats': {'dealname': 'D', 'amount': '1e400'},
        'a tiny amount': {'dealname': 'D', 'amount': '1e-400'},
        'many digits': {'dealname': 'D', 'amount': '9' * 1000},
        'a huge exponent': {'dealname': 'D', 'amount': '1e999999999'},
        'a date of words': {'dealname': 'D', 'closedate': 'tomorrow'},
        'a date before time': {'dealname': 'D', 'closedate': '-99999999999999'},
        'a date after time': {'dealname': 'D', 'closedate': '99999-12-31T00:00:00Z'},
        'the 30th of February': {'dealname': 'D', 'closedate': '2025-02-30T00:00:00Z'},
        'a stage nobody knows': {'dealname': 'D', 'dealstage': 'nirvana'},
        'no name': {'dealname': '', 'amount': '1'},
    }

    def assertTakenOrTold(self, kind, cases, singular):
        """Each record exists, or its lane says in words why not; the good one is not held up."""
        events = []
        for number, properties in enumerate(cases.values(), start=1001):
            self.put(kind, number, **properties)
            events.append(self.news(number, singular))
        good = {'contacts': {'firstname': 'Good'}, 'deals': {'dealname': 'Good'}}[kind]
        self.put(kind, 5000, **good)
        self.post(*events, self.news(5000, singular))
        self.work()
        self.assertEqual(self.record_of(kind, 5000).name, 'Good')
        for number, (name, properties) in enumerate(cases.items(), start=1001):
            with self.subTest(name):
                self.check(kind, number, properties)

    def check(self, kind, number, properties):
        lane, record = self.lane_of(number), self.record_of(kind, number)
        event = self.env['sync.event'].search([('remote_id', '=', str(number))])
        self.assertEqual(len(event), 1, 'the event is kept')
        if record:
            self.assertFalse(lane)
            self.assertTrue(record.name)
            return
        self.assertEqual((lane.state, lane.error_class), ('failed', 'data'), lane.error_message)
        self.assertIn(lane.error_field or '', ' '.join(properties))
        self.assertLess(len(lane.error_message), 1000)
        self.assertGreater(len(lane.error_message.split()), 5, 'a sentence')
        for machine_talk in ('Traceback', 'psycopg', 'KeyError', 'decimal.', 'NoneType'):
            self.assertNotIn(machine_talk, lane.error_message)

    def test_contacts(self):
        self.assertTakenOrTold('contacts', self.CONTACTS, 'contact')

    def test_deals(self):
        self.assertTakenOrTold('deals', self.DEALS, 'deal')

    def test_markup_stays_text(self):
        self.put('contacts', 7, **self.CONTACTS['markup'])
        self.post(self.news(7))
        self.work()
        partner = self.record_of('contacts', 7)
        self.assertEqual(partner.name, '<script>alert(1)</script>')
        self.assertEqual(partner.function, '{{7*7}} ${7*7} %s')

    def test_an_address_that_a_browser_would_run_never_reaches_a_form(self):
        self.put('contacts', 7, firstname='W', website=' jAvAsCrIpT\t:alert(1)')
        self.put('contacts', 8, firstname='W', website='https://javascript:alert(1)')
        self.post(self.news(7), self.news(8))
        self.work()
        for number in (7, 8):
            self.assertFalse(self.record_of('contacts', number))
            self.assertIn('no web address', self.lane_of(number).error_message)

    def test_a_value_odoo_has_and_the_saas_refuses_fails_that_record_alone(self):
        partners = self.env['res.partner'].create([
            {'name': 'Good One', 'email': 'good@example.com'},
            {'name': 'L' * 70_000, 'email': 'long@example.com'},
            {'name': 'Bad Mail', 'email': 'not an address'},
        ])
        self.work()
        sent = {one['properties'].get('email') for one in self.box.objects('contacts')}
        self.assertIn('good@example.com', sent)
        for partner in partners[1:]:
            lane = self.lane_of(f'res.partner,{partner.id}')
            if lane:
                self.assertEqual((lane.state, lane.error_class), ('failed', 'data'))
                self.assertGreater(len(lane.error_message.split()), 5)
            else:
                self.assertIn(partner.email, sent)
