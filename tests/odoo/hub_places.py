"""What people do at each of three places, in the same words for all of them.

A test names people by numbers. Promise: whoever acts at a place knows only what is there, and
nobody enters what that place has already.
"""

from __future__ import annotations

FIELDS = {
    'hubspot': {'title': 'jobtitle', 'city': 'city', 'phone': 'phone'},
    'salesforce': {'title': 'Title', 'city': 'MailingCity', 'phone': 'Phone'},
    'odoo': {'title': 'function', 'city': 'city', 'phone': 'phone'},
}


class Place:
    """What people can do at one of the three. People and companies are told apart by numbers: the
    same number at two places is the same person, whom both know already."""

    def __init__(self, case):
        self.case = case

    def person(self, number):
        """The n-th of the people there, or None while there are none."""
        everybody = self.everybody()
        return everybody[number % len(everybody)] if everybody else None

    def company(self, number):
        companies = self.companies()
        return companies[number % len(companies)] if companies else None


class AtHubSpot(Place):
    def everybody(self):
        return self._live('contacts')

    def companies(self):
        return self._live('companies')

    def _live(self, kind):
        return [row['id'] for row in self.case.box.objects(kind) if not row['archived']]

    def enter(self, address, name):
        first, last = name
        self.case.create_remote('contacts', {
            'email': address, 'firstname': first, 'lastname': last})

    def found(self, host, name):
        self.case.create_remote('companies', {'domain': host, 'name': name})

    def knows(self, kind, property_name, value):
        return any(row['properties'].get(property_name) == value
                   for row in self.case.box.objects(kind))

    def has(self, address):
        return self.knows('contacts', 'email', address)

    def has_company(self, host):
        return self.knows('companies', 'domain', host)

    def edit(self, person, **values):
        names = FIELDS['hubspot']
        self.case.box.change('contacts', {'id': person, 'properties': {
            names[key]: value for key, value in values.items()}})

    def rename(self, person, name):
        first, last = name
        self.case.box.change('contacts', {'id': person, 'properties': {
            'firstname': first, 'lastname': last}})

    def join(self, person, company):
        known = self.case.box.object('contacts', person).get('associations', {})
        if company:
            self._associate(person, 'associate', company, primary=True)
        else:
            for row in known.get('companies', []):
                self._associate(person, 'disassociate', row['id'])

    def _associate(self, person, action, company, **more):
        to = {'type': 'companies', 'id': company}
        self.case.box.change('contacts', {'id': person, 'action': action, 'to': to, **more})


class AtSalesforce(Place):
    def everybody(self):
        return self._live('Contact')

    def companies(self):
        return self._live('Account')

    def _live(self, kind):
        return [row['id'] for row in self.case.org.objects(kind) if not row['archived']]

    def enter(self, address, name):
        first, last = name
        self.case.org.change('Contact', {'properties': {
            'Email': address, 'FirstName': first or None, 'LastName': last}})

    def found(self, host, name):
        # As Odoo spells it: the duplicate rules of the sandbox compare exactly, real ones do not.
        self.case.org.change('Account', {'properties': {
            'Website': f'http://{host}', 'Name': name}})

    def has(self, address):
        return any(row['properties'].get('Email') == address
                   for row in self.case.org.objects('Contact'))

    def has_company(self, host):
        return any(host in (row['properties'].get('Website') or '')
                   for row in self.case.org.objects('Account'))

    def edit(self, person, **values):
        names = FIELDS['salesforce']
        self.case.org.change('Contact', {'id': person, 'properties': {
            names[key]: value or None for key, value in values.items()}})

    def rename(self, person, name):
        first, last = name
        self.case.org.change('Contact', {'id': person, 'properties': {
            'FirstName': first or None, 'LastName': last}})

    def join(self, person, company):
        self.case.org.change('Contact', {'id': person, 'properties': {'AccountId': company}})


class InOdoo(Place):
    def everybody(self):
        return self._records('@hub.example', 'email')

    def companies(self):
        return self._records('.hub.example', 'website')

    def _records(self, text, name):
        return self.case.env['res.partner'].search([(name, 'like', text)], order='id')

    def enter(self, address, name):
        self.case.env['res.partner'].create({
            'email': address, 'name': ' '.join(filter(None, name))})

    def found(self, host, name):
        self.case.env['res.partner'].create({
            'website': host, 'name': name, 'is_company': True})

    def has(self, address):
        return bool(self.everybody().filtered(lambda partner: partner.email == address))

    def has_company(self, host):
        return bool(self.companies().filtered(lambda partner: host in partner.website))

    def edit(self, person, **values):
        names = FIELDS['odoo']
        person.write({names[key]: value or False for key, value in values.items()})
        self.case.env.flush_all()

    def rename(self, person, name):
        person.name = ' '.join(filter(None, name))
        self.case.env.flush_all()

    def join(self, person, company):
        person.parent_id = company or False
        self.case.env.flush_all()
