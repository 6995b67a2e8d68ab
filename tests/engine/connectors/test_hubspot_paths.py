"""The paths of every API version, as HubSpot's OpenAPI collection spells them."""

import pytest

from engine.connectors.hubspot_paths import DEFAULT_API_VERSION, SUPPORTED_VERSIONS, Paths
from engine.errors import ConfigurationError

EXPECTED = {
    '2026-09': {
        'records': '/crm/objects/2026-09/contacts',
        'record': '/crm/objects/2026-09/contacts/17',
        'batch': '/crm/objects/2026-09/contacts/batch/upsert',
        'search': '/crm/objects/2026-09/contacts/search',
        'associations': '/crm/associations/2026-09/contacts/companies/batch/associate/default',
        'property': '/crm/properties/2026-09/contacts/email',
        'pipelines': '/crm/pipelines/2026-09/deals',
        'owners': '/crm/owners/2026-09',
        'account': '/account-info/2026-09/details',
    },
    'v3': {
        'records': '/crm/v3/objects/contacts',
        'record': '/crm/v3/objects/contacts/17',
        'batch': '/crm/v3/objects/contacts/batch/upsert',
        'search': '/crm/v3/objects/contacts/search',
        'associations': '/crm/v4/associations/contacts/companies/batch/associate/default',
        'property': '/crm/v3/properties/contacts/email',
        'pipelines': '/crm/v3/pipelines/deals',
        'owners': '/crm/v3/owners',
        'account': '/account-info/v3/details',
    },
}
EXPECTED['2026-03'] = {
    name: path.replace('2026-09', '2026-03') for name, path in EXPECTED['2026-09'].items()
}


def spelled(version):
    paths = Paths(version)
    return {
        'records': paths.records('contacts'),
        'record': paths.record('contacts', '17'),
        'batch': paths.batch('contacts', 'upsert'),
        'search': paths.search('contacts'),
        'associations': paths.associations('contacts', 'companies', 'associate/default'),
        'property': paths.property('contacts', 'email'),
        'pipelines': paths.pipelines('deals'),
        'owners': paths.owners(),
        'account': paths.account(),
    }


@pytest.mark.parametrize('version', SUPPORTED_VERSIONS)
def test_every_path_is_the_documented_one(version):
    assert spelled(version) == EXPECTED[version]


def test_the_default_version_is_the_newest_and_is_supported():
    assert DEFAULT_API_VERSION == SUPPORTED_VERSIONS[0] == '2026-09'


def test_an_unknown_version_is_refused_with_the_choices():
    with pytest.raises(ConfigurationError) as caught:
        Paths('2031-03')
    assert all(version in caught.value.user_message for version in SUPPORTED_VERSIONS)


def test_ids_and_names_cannot_leave_their_place_in_the_path():
    paths = Paths()
    assert paths.record('contacts', '../../x?y=1').endswith('/contacts/..%2F..%2Fx%3Fy%3D1')
    assert '/a%2Fb/search' in paths.search('a/b')
