"""The project template: what ``hs project upload`` gets."""

import json

import pytest

from engine.connectors.hubspot_project import project_files

TARGET = 'https://erp.example.com/saas_sync/webhook/abc'
REDIRECT = 'https://erp.example.com/saas_sync/oauth/callback'


def files(auth='static', **properties):
    return project_files(
        name='my-erp', target_url=TARGET, redirect_url=REDIRECT, auth=auth,
        properties=properties or {'contacts': ['email', 'firstname'], 'deals': ['amount']},
    )


def loaded(path, **options):
    return json.loads(files(**options)[path])


def test_the_files_are_where_the_command_line_looks_for_them():
    assert set(files()) == {
        'hsproject.json', 'README.md', 'src/app/app-hsmeta.json',
        'src/app/webhooks/webhooks-hsmeta.json',
    }
    assert loaded('hsproject.json')['srcDir'] == 'src'


def test_a_static_app_has_no_redirect_and_an_oauth_app_has_ours():
    static = loaded('src/app/app-hsmeta.json')['config']['auth']
    assert (static['type'], 'redirectUrls' in static) == ('static', False)
    assert 'oauth' not in static['requiredScopes']
    oauth = loaded('src/app/app-hsmeta.json', auth='oauth')['config']['auth']
    assert (oauth['type'], oauth['redirectUrls']) == ('oauth', [REDIRECT])


@pytest.mark.parametrize('name', ['contacts', 'companies', 'deals'])
def test_the_scopes_cover_what_the_connector_calls(name):
    scopes = set(loaded('src/app/app-hsmeta.json')['config']['auth']['requiredScopes'])
    assert {f'crm.objects.{name}.read', f'crm.objects.{name}.write'} <= scopes
    assert {f'crm.schemas.{name}.read', f'crm.schemas.{name}.write'} <= scopes
    assert 'crm.objects.owners.read' in scopes


def test_every_mapped_property_and_every_kind_of_event_is_subscribed():
    config = loaded('src/app/webhooks/webhooks-hsmeta.json')['config']
    assert config['settings'] == {'targetUrl': TARGET, 'maxConcurrentRequests': 10}
    rows = config['subscriptions']['crmObjects']
    assert all(row['active'] for row in rows)
    changes = {
        (row['objectType'], row['propertyName']) for row in rows
        if row['subscriptionType'] == 'object.propertyChange'
    }
    assert changes == {('contact', 'email'), ('contact', 'firstname'), ('deal', 'amount')}
    kinds = {row['subscriptionType'] for row in rows if row['objectType'] == 'deal'}
    assert kinds == {
        f'object.{event}' for event in
        ('creation', 'deletion', 'merge', 'restore', 'associationChange', 'propertyChange')
    }
    hub_events = [row['subscriptionType'] for row in config['subscriptions']['hubEvents']]
    assert hub_events == ['contact.privacyDeletion']


def test_what_cannot_be_subscribed_is_left_out():
    names = ['hs_lastmodifieddate', 'associations.contacts', 'name', 'name']
    config = loaded('src/app/webhooks/webhooks-hsmeta.json', companies=names)['config']
    found = [row.get('propertyName') for row in config['subscriptions']['crmObjects']]
    assert list(filter(None, found)) == ['name']
    assert config['subscriptions']['hubEvents'] == []


@pytest.mark.parametrize('auth', ['static', 'oauth'])
def test_the_guide_names_the_steps_and_the_address(auth):
    text = files(auth)['README.md']
    assert TARGET in text and 'hs project upload' in text
    assert (REDIRECT in text) == (auth == 'oauth')
    assert max(map(len, text.splitlines())) <= 110
