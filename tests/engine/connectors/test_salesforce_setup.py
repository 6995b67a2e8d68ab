"""What an administrator of Salesforce is given, and told: the package, the version, the limits."""

from __future__ import annotations

import json
from xml.etree import ElementTree

import pytest

from engine.connectors.salesforce import SalesforceConnector
from engine.connectors.salesforce_package import package_files
from engine.connectors.salesforce_sign_in import SIGN_IN, audience
from engine.errors import ConfigurationError
from engine.http_types import HttpResponse
from engine.sign_in import Client

METADATA = '{http://soap.sforce.com/2006/04/metadata}'
OBJECTS = {'Contact': ('Email',), 'Account': ()}


class Answers:
    """An HTTP client that gives one answer and remembers what it was asked."""

    def __init__(self, body):
        self.body, self.asked = json.dumps(body).encode(), []

    def request(self, method, path, **_call):
        self.asked.append((method, path))
        return HttpResponse(200, {'content-type': 'application/json'}, self.body)


def connector(body, version='v66.0'):
    return SalesforceConnector(Answers(body), {'api_version': version})


def offered(*numbers):
    return [{'version': f'{one}.0', 'label': 'x', 'url': '/x'} for one in numbers]


# --- the package ----------------------------------------------------------------------------------


def files():
    return package_files(
        name='x', target_url='https://x/secret', redirect_url='', auth='', properties=OBJECTS
    )


def test_the_package_holds_the_field_of_every_object_and_who_may_see_it():
    trees = {
        path: ElementTree.fromstring(text)
        for path, text in files().items()
        if not path.endswith('.txt')
    }
    assert set(trees) == {
        'package.xml', 'objects/Account.object', 'objects/Contact.object',
        'permissionsets/Odoo_Sync.permissionset',
    }  # fmt: skip
    for name in OBJECTS:
        field = trees[f'objects/{name}.object'].find(f'{METADATA}fields')
        told = {child.tag.removeprefix(METADATA): child.text for child in field}
        assert (told['fullName'], told['externalId'], told['unique']) == (
            'Odoo_Id__c', 'true', 'true')  # fmt: skip
    members = {one.text for one in trees['package.xml'].iter(f'{METADATA}members')}
    assert members == {'Account.Odoo_Id__c', 'Contact.Odoo_Id__c', 'Odoo_Sync'}
    allowed = {
        one.text
        for one in trees['permissionsets/Odoo_Sync.permissionset'].iter(f'{METADATA}field')
    }
    assert allowed == {'Account.Odoo_Id__c', 'Contact.Odoo_Id__c'}


def test_the_package_holds_no_secret():
    assert 'secret' not in ' '.join(files().values())


# --- the version ----------------------------------------------------------------------------------


def test_a_version_that_is_offered_and_young_is_nothing_to_speak_of():
    hub = connector(offered(*range(31, 69)))
    assert hub.notice() == ''
    assert hub.http.asked == [('GET', '/services/data')]


def test_a_version_that_ends_soon_is_told_while_there_is_time():
    sentence = connector(offered(*range(60, 74))).notice()
    assert '7 releases old' in sentence and 'newer' in sentence


@pytest.mark.parametrize('body', [offered(67, 68), offered(31, 65), [], [{'version': 'x'}]])
def test_a_version_that_is_not_offered_is_refused_with_what_is(body):
    with pytest.raises(ConfigurationError) as caught:
        connector(body).notice()
    assert 'v66.0' in caught.value.user_message


# --- the limits -----------------------------------------------------------------------------------


def test_what_is_left_of_the_day_is_read():
    (reading,) = connector({'DailyApiRequests': {'Max': 15000, 'Remaining': 14998}}).limits()
    assert (reading.bucket, reading.limit, reading.remaining) == ('daily', 15000, 14998)


@pytest.mark.parametrize(
    'body', [{}, {'DailyApiRequests': None}, {'DailyApiRequests': {'Max': 'x', 'Remaining': 1}},
             {'DailyApiRequests': {'Max': 0, 'Remaining': 0}}, {'DailyApiRequests': []}],
)  # fmt: skip
def test_limits_that_cannot_be_read_are_no_limits(body):
    assert connector(body).limits() == []


# --- the ways to a token --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('address', 'expected'),
    [
        ('https://login.salesforce.com', 'login'),
        ('https://acme.my.salesforce.com', 'login'),
        ('https://test.salesforce.com', 'test'),
        ('https://acme--uat.sandbox.my.salesforce.com', 'test'),
        ('https://test.salesforce.com.example.org', 'login'),
    ],
)
def test_an_assertion_is_for_the_page_at_which_the_user_would_sign_in(address, expected):
    assert audience(address) == f'https://{expected}.salesforce.com'


def test_each_way_asks_for_what_it_needs_and_shows_no_secret():
    client = Client('app', 'secret-1', 'me@example.com', 'secret-2', 'secret-3')
    assert 'secret' not in repr(client)
    form = SIGN_IN.form('client_credentials', client, '', None)
    assert form == {
        'grant_type': 'client_credentials', 'client_id': 'app', 'client_secret': 'secret-1',
    }  # fmt: skip
    assert SIGN_IN.form('oauth', client, '', None)['refresh_token'] == 'secret-3'
    with pytest.raises(ConfigurationError):
        SIGN_IN.form('token', client, '', None)
