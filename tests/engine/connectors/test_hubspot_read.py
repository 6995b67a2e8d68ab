"""Reading from the HubSpot sandbox: what the ledger saw, and what came back."""

from __future__ import annotations

import json

import pytest
from conftest import client, connector

from engine.errors import ConfigurationError, ContractError, DataError, TransientError
from engine.http import HttpResponse

HOUR = '2026-05-01T10:00:00.000Z'


def person(box, **properties):
    return box.change('contacts', {'properties': properties})['id']


def calls(box, after, part=''):
    return [call for call in box.ledger(after) if part in call['path']]


# --- by id ------------------------------------------------------------------------------------


def test_a_hundred_and_one_records_cost_two_reads(box, hub):
    rows = [{'id': str(n), 'properties': {'firstname': f'P{n}'}} for n in range(1, 102)]
    box.call('POST', 'import', {'contacts': rows})
    after = box.last_n()
    found = hub.read('contacts', [row['id'] for row in rows], ['firstname'])
    assert {one.values['firstname'] for one in found.values()} == {f'P{n}' for n in range(1, 102)}
    assert len(calls(box, after)) == 2


def test_an_archived_record_comes_back_as_such_and_costs_one_call_more(box, hub):
    live, dead = person(box, firstname='Ada'), person(box, firstname='Ida')
    box.change('contacts', {'id': dead, 'action': 'delete'})
    after = box.last_n()
    found = hub.read('contacts', [live, dead], ['firstname'], ['companies'])
    assert not found[live].archived
    assert found[dead].archived and found[dead].values == {'firstname': 'Ida'}
    reads = calls(box, after, 'batch/read')
    archived = [one for one in reads if one['query'].get('archived') in ('true', ['true'])]
    assert len(archived) == 1
    assert archived[0]['request_body']['inputs'] == [{'id': dead}], 'only the missing one'


def test_an_erased_record_is_gone(box, hub):
    known = person(box, firstname='Ada', email='ada@example.com')
    box.change('contacts', {'id': known, 'action': 'gdpr_delete'})
    assert hub.read('contacts', [known], ['firstname']) == {known: None}


def test_a_merged_record_names_those_it_came_from(box, hub):
    first, second = person(box, firstname='Ada'), person(box, firstname='Ida')
    third = box.change('contacts', {'id': first, 'action': 'merge', 'other': second})['id']
    found = hub.read('contacts', [second], ['firstname'])
    assert found[second].remote_id == third
    assert set(found[second].merged_ids) == {first, second}


def test_a_merged_record_and_its_survivor_may_be_asked_for_together(box, hub):
    first, second = person(box, firstname='Ada'), person(box, firstname='Ida')
    third = box.change('contacts', {'id': first, 'action': 'merge', 'other': second})['id']
    found = hub.read('contacts', [first, third, second], ['firstname'], ['companies'])
    assert {one.remote_id for one in found.values()} == {third}


def test_a_merged_record_is_found_by_a_single_read_where_the_batch_does_not_know_it(box, hub):
    first, second = person(box, firstname='Ada'), person(box, firstname='Ida')
    third = box.change('contacts', {'id': first, 'action': 'merge', 'other': second})['id']
    real = hub.http.request

    def forgetful(method, path, *, json=None, **call):
        if path.endswith('batch/read'):
            rows = [row for row in json['inputs'] if row['id'] not in (first, second)]
            json = {**json, 'inputs': rows or [{'id': '1'}]}
        return real(method, path, json=json, **call)

    hub.http.request = forgetful
    found = hub.read('contacts', [second, '77'], ['firstname'])
    assert (found[second].remote_id, found['77']) == (third, None)


def test_a_property_that_does_not_exist_is_absent_from_the_values(box, hub):
    known = person(box, firstname='Ada')
    (record,) = hub.read('contacts', [known], ['firstname', 'no_such_property']).values()
    assert record.values == {'firstname': 'Ada'}


def test_the_modification_time_is_the_property_that_the_object_uses(box, hub):
    for kind, name in (('contacts', 'lastmodifieddate'), ('companies', 'hs_lastmodifieddate')):
        row = {'id': '5', 'properties': {name: HOUR}}
        box.call('POST', 'import', {kind: [row]})
        (record,) = hub.read(kind, ['5'], []).values()
        assert record.updated_at.isoformat() == '2026-05-01T10:00:00+00:00'


def test_nothing_asked_is_nothing_called(box, hub):
    after = box.last_n()
    assert hub.read('contacts', [], ['firstname']) == {}
    assert hub.find('contacts', 'odoo_external_id', [], ['firstname']) == {}
    assert not calls(box, after)


@pytest.mark.parametrize('kind', ['garbage', 'html', 'empty', 'truncated'])
def test_an_answer_that_cannot_be_read_is_transient_and_concludes_nothing(box, hub9, kind):
    known = person(box, firstname='Ada')
    box.faults({'kind': kind, 'match': 'batch/read'})
    with pytest.raises((TransientError, ContractError)):
        hub9.read('contacts', [known], ['firstname'])


def test_an_answer_without_results_concludes_nothing(hub9):
    class Empty:
        def request(self, method, path, **call):
            from engine.http import HttpResponse

            return HttpResponse(200, {'content-type': 'application/json'}, b'{"status":"PENDING"}')

    hub9.http = Empty()
    with pytest.raises(ContractError):
        hub9.read('contacts', ['1'], ['firstname'])


def test_a_missing_scope_names_it_and_asks_a_person(box):
    box.call('POST', 'auth', {'tokens': {'tok': {'app_id': 7, 'scopes': ['oauth']}}})

    class Token:
        def header(self):
            return 'Bearer tok'

        def refresh(self, stale):
            return False

    hub = connector(box, http=client(box, token=Token()))
    with pytest.raises(ConfigurationError) as caught:
        hub.read('contacts', ['1'], ['firstname'])
    assert caught.value.code == 'MISSING_SCOPES'
    assert 'scopes' in caught.value.user_message


# --- associations -----------------------------------------------------------------------------


def test_associations_come_with_the_primary_one_first(box, hub):
    known = person(box, firstname='Ada')
    firms = [box.change('companies', {'properties': {'name': n}})['id'] for n in ('A', 'B', 'C')]
    for firm in firms:
        body = {'id': known, 'action': 'associate', 'to': {'type': 'companies', 'id': firm}}
        box.change('contacts', body | {'primary': firm == firms[2]})
    (record,) = hub.read('contacts', [known], [], ['companies', 'deals']).values()
    assert record.associations['companies'][0] == firms[2]
    assert set(record.associations['companies']) == set(firms)
    assert record.associations['deals'] == ()


def test_the_pseudo_field_of_a_mapping_reads_associations_too(box, hub):
    known = person(box, firstname='Ada')
    (record,) = hub.read('contacts', [known], ['firstname', 'associations.companies']).values()
    assert record.values == {'firstname': 'Ada'}
    assert record.associations == {'companies': ()}


def test_associations_of_many_records_are_read_in_one_call(box, hub):
    rows = [{'id': str(n), 'properties': {'firstname': 'x'}} for n in range(1, 251)]
    box.call('POST', 'import', {'contacts': rows})
    after = box.last_n()
    hub.read('contacts', [row['id'] for row in rows], [], ['companies'])
    assert len(calls(box, after, 'associations')) == 1


# --- by value ---------------------------------------------------------------------------------


def test_find_by_our_key_does_not_ask_search(box, hub):
    after = box.last_n()
    hub.find('contacts', 'odoo_external_id', ['a', 'b'], ['firstname'])
    assert not calls(box, after, 'search')


def test_find_by_email_sees_a_secondary_address_and_ignores_case(box, hub):
    first = person(box, firstname='Ada', email='ada@example.com')
    second = person(box, firstname='Ida', email='ida@example.com')
    third = box.change('contacts', {'id': first, 'action': 'merge', 'other': second})['id']
    asked = ['IDA@example.com', 'ada@example.com', 'no@example.com']
    found = hub.find('contacts', 'email', asked, ['firstname'])
    assert [one.remote_id for one in found['ada@example.com']] == [third]
    assert [one.remote_id for one in found['IDA@example.com']] == [third]
    assert found['no@example.com'] == []
    assert found['ada@example.com'][0].values == {'firstname': 'Ada'}


def test_a_value_that_is_no_address_does_not_hide_the_others(box, hub9):
    known = person(box, firstname='Ada', email='ada@example.com')
    real = hub9.http.request

    def refusing(method, path, *, json=None, **call):
        if (json or {}).get('idProperty') == 'email':
            raise DataError('Email address x is invalid')
        return real(method, path, json=json, **call)

    hub9.http.request = refusing
    found = hub9.find('contacts', 'email', ['ada@example.com', 'x'], ['firstname'])
    assert [one.remote_id for one in found['ada@example.com']] == [known]
    assert found['x'] == []


def test_find_by_a_value_believes_the_record_and_not_the_index(box, hub9):
    known = box.change('companies', {'properties': {'name': 'Old'}})['id']
    box.call('POST', 'config', {'search_lag_ms': 60_000})
    box.change('companies', {'id': known, 'properties': {'name': 'New'}})
    assert hub9.find('companies', 'name', ['Old'], ['name']) == {'Old': []}
    both = hub9.find('companies', 'name', ['Old', 'New'], ['name'])
    assert both['Old'] == []
    assert [one.remote_id for one in both['New']] == [known], 'found by the old, known by the new'


def test_many_long_values_are_searched_within_the_limits_of_a_body(box, hub):
    names = [f'Company with a rather long name number {n:03}' for n in range(130)]
    rows = [{'id': str(n + 1), 'properties': {'name': name}} for n, name in enumerate(names)]
    box.call('POST', 'import', {'companies': rows})
    found = hub.find('companies', 'name', names, ['name', 'domain'])
    assert all(len(found[name]) == 1 for name in names)


def test_more_matches_than_a_page_are_all_found(box, hub9):
    rows = [{'id': str(n), 'properties': {'name': 'Acme'}} for n in range(1, 451)]
    box.call('POST', 'import', {'companies': rows})
    assert len(hub9.find('companies', 'name', ['acme'], ['name'])['acme']) == 450


@pytest.mark.parametrize('after', ['NTI1Cg%3D%3D', '-200', '２００', '1' * 5000])
def test_a_search_that_pages_by_something_else_than_a_number_breaks_its_contract(hub9, after):
    """A page after 'NTI1Cg==' ended in a ValueError: a bug of ours, with a traceback, instead of
    a sentence on what HubSpot did."""
    real = hub9.http.request

    def paging_by_text(method, path, **call):
        if not path.endswith('/search'):
            return real(method, path, **call)
        body = {'total': 900, 'results': [], 'paging': {'next': {'after': after[:250]}}}
        return HttpResponse(200, {'content-type': 'application/json'}, json.dumps(body).encode())

    hub9.http.request = paging_by_text
    with pytest.raises(ContractError) as caught:
        hub9.find('companies', 'name', ['Acme'], ['name'])
    assert caught.value.code == 'UNKNOWN_ANSWER'
    assert 'HubSpot' in caught.value.user_message


# --- the listing ------------------------------------------------------------------------------


def test_the_listing_of_archived_records_shows_them_and_only_them(box, hub):
    live, dead = person(box, firstname='Ada'), person(box, firstname='Ida')
    box.change('contacts', {'id': dead, 'action': 'delete'})
    page = hub.list_page('contacts', ['firstname'], archived=True)
    assert [(one.remote_id, one.archived) for one in page.records] == [(dead, True)]
    assert [one.remote_id for one in hub.list_page('contacts', []).records] == [live]


def test_a_long_list_of_properties_goes_into_a_body_instead_of_the_address(box, hub):
    known = person(box, firstname='Ada')
    fields = ['firstname'] + [f'property_that_is_not_there_{n}' for n in range(400)]
    after = box.last_n()
    (record,) = hub.list_page('contacts', fields).records
    assert (record.remote_id, record.values) == (known, {'firstname': 'Ada'})
    listing, read = calls(box, after)
    assert 'properties' not in listing['query']
    assert read['path'].endswith('/batch/read')
