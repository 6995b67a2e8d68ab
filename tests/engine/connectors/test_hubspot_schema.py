"""Discovery and our unique property, against the sandbox."""

from __future__ import annotations

import pytest
from conftest import connector

from engine.connectors.hubspot_objects import object_type
from engine.connectors.hubspot_schema import field_of, type_of
from engine.connectors.hubspot_wire import Property
from engine.errors import DataError


def fields(hub, remote_object):
    return {field.name: field for field in hub.describe(remote_object)}


def test_the_account_tells_what_a_connection_has_to_know(box):
    box.call('POST', 'config', {'ui_domain': 'app-eu1.hubspot.com', 'data_hosting': 'eu1'})
    account = connector(box).account()
    assert account.account_id == str(box.info['portal_id'])
    assert account.ui_url == 'https://app-eu1.hubspot.com'
    assert (account.time_zone, account.currency) == ('Europe/Brussels', 'EUR')


def test_a_record_url_leads_to_the_right_data_centre(box):
    hub = connector(box, ui_url='https://app-eu1.hubspot.com/', account_id='7')
    assert hub.record_url('companies', '12') == (
        'https://app-eu1.hubspot.com/contacts/7/record/0-2/12'
    )


def test_contacts_say_what_may_be_done_with_each_property(hub):
    found = fields(hub, 'contacts')
    assert (found['email'].type, found['email'].unique) == ('email', True)
    assert found['phone'].type == 'phone'
    assert found['message'].type == 'text'
    assert found['firstname'].max_length == 65_536
    assert found['lastmodifieddate'].read_only and found['lastmodifieddate'].type == 'datetime'
    assert found['hs_buying_role'].type == 'multi_enumeration'
    assert 'lead' in {option.value for option in found['lifecyclestage'].options}
    assert found['odoo_external_id'].unique
    assert not found['firstname'].required


def test_associations_are_fields_of_their_own(hub):
    for name, others in (
        ('contacts', {'companies', 'deals'}),
        ('companies', {'contacts', 'deals'}),
        ('deals', {'companies', 'contacts'}),
    ):
        found = [field for field in hub.describe(name) if field.type == 'association']
        assert {field.name for field in found} == {f'associations.{other}' for other in others}


def test_owners_are_options_with_their_address_the_deactivated_ones_too(box, hub):
    box.change('owners', {'properties': {'email': 'new@example.com', 'firstName': 'Nia'}})
    options = fields(hub, 'deals')['hubspot_owner_id'].options
    by_mail = {option.meta['email']: option for option in options}
    assert by_mail['new@example.com'].label == 'Nia'
    assert not by_mail['new@example.com'].meta['archived']
    assert len({option.value for option in options}) == len(options)


def test_stages_say_their_pipeline_and_what_they_mean(hub):
    found = fields(hub, 'deals')
    stages = {option.value: option.meta for option in found['dealstage'].options}
    assert stages['closedwon']['isClosed'] == 'true'
    assert stages['closedwon']['pipeline'] == 'default'
    assert float(stages['appointmentscheduled']['probability']) == 0.2
    orders = [option.meta['display_order'] for option in found['dealstage'].options]
    assert orders == sorted(orders)
    assert [option.value for option in found['pipeline'].options] == ['default']
    assert found['dealname'].required


def test_the_fields_are_ordered_by_their_label(hub9):
    labels = [field.label.lower() for field in hub9.describe('companies')]
    assert labels == sorted(labels)


# --- our unique property ----------------------------------------------------------------------


def definition(**more):
    return {
        'name': 'odoo_external_id', 'label': 'x', 'type': 'string', 'fieldType': 'text',
        'groupName': 'contactinformation', **more,
    }


def test_the_property_is_unique_and_in_a_group_of_the_object(box, hub):
    for name in hub.objects:
        found = hub.api.request('GET', hub.api.paths.property(name, 'odoo_external_id')).json()
        assert found['hasUniqueValue'] is True
        assert found['groupName'] == object_type(name).group
        assert (found['type'], found['fieldType']) == ('string', 'text')


def test_a_property_of_that_name_that_is_not_unique_is_told_with_its_remedy(box):
    hub = connector(box)
    hub.api.request('POST', hub.api.paths.properties('contacts'), json=definition())
    assert not hub.has_external_id('contacts')
    with pytest.raises(DataError) as caught:
        hub.create_external_id('contacts')
    assert caught.value.code == 'EXTERNAL_ID_NOT_UNIQUE'
    assert 'Delete it in HubSpot' in caught.value.user_message


def test_an_archived_property_is_brought_back(box):
    hub = connector(box)
    hub.create_external_id('contacts')
    path = hub.api.paths.property('contacts', 'odoo_external_id')
    hub.api.request('DELETE', path)
    assert not hub.has_external_id('contacts')
    hub.create_external_id('contacts')
    assert hub.has_external_id('contacts')


def test_the_limit_of_unique_properties_is_told_with_its_remedy(box):
    hub = connector(box)
    for number in range(10):
        body = definition(name=f'unique_{number}', hasUniqueValue=True)
        hub.api.request('POST', hub.api.paths.properties('contacts'), json=body)
    with pytest.raises(DataError) as caught:
        hub.create_external_id('contacts')
    assert caught.value.code == 'EXTERNAL_ID_NOT_CREATED'
    assert 'ten unique properties' in caught.value.user_message


def test_another_name_may_be_chosen(box):
    hub = connector(box, external_id_field='erp_key')
    hub.create_external_id('contacts')
    assert hub.has_external_id('contacts')
    assert not connector(box).has_external_id('contacts')


# --- types ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('wire', 'field_type', 'expected'),
    [
        ('string', 'text', 'string'),
        ('string', 'textarea', 'text'),
        ('string', 'phonenumber', 'phone'),
        ('phone_number', 'phonenumber', 'phone'),
        ('number', 'number', 'float'),
        ('bool', 'booleancheckbox', 'boolean'),
        ('enumeration', 'booleancheckbox', 'boolean'),
        ('enumeration', 'radio', 'enumeration'),
        ('enumeration', 'checkbox', 'multi_enumeration'),
        ('date', 'date', 'date'),
        ('datetime', 'calculation_rollup', 'datetime'),
        ('object_coordinates', 'text', 'other'),
        ('json', 'text', 'other'),
    ],
)
def test_every_type_of_a_real_portal_has_our_word(wire, field_type, expected):
    made = Property.model_validate({'name': 'x', 'type': wire, 'fieldType': field_type})
    assert type_of(made) == expected
    assert field_of(object_type('contacts'), made).wire_type == f'{wire}/{field_type}'


def test_a_calculated_property_cannot_be_written():
    made = Property.model_validate({'name': 'x', 'type': 'string', 'calculated': True})
    assert field_of(object_type('contacts'), made).read_only
