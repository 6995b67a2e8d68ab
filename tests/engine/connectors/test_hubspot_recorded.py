"""The recorded calls: what the real service answered is read as what it meant."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from engine.connectors.hubspot import HubSpotConnector
from engine.connectors.hubspot_errors import error_of
from engine.connectors.hubspot_limits import rate_headers
from engine.connectors.hubspot_objects import object_type
from engine.connectors.hubspot_schema import field_of
from engine.connectors.hubspot_wire import BatchAnswer, PropertyList, RecordPage, WireRecord
from engine.errors import ConfigurationError, ContractError, DataError
from engine.http import HttpResponse


def answer(response):
    """A recorded answer as our HTTP client would hand it over."""
    body = response['body']
    text = body if isinstance(body, str) else json.dumps(body) if body is not None else ''
    headers = {name.lower(): value for name, value in response['headers'].items()}
    return HttpResponse(
        response['status'], headers, text.encode(), headers.get('x-hubspot-correlation-id')
    )


class Replay:
    """An HTTP client that gives one recorded answer, and remembers what it was asked."""

    def __init__(self, response):
        self.response = answer(response)
        self.asked = []

    def request(self, method, path, **call):
        self.asked.append((method, path, call))
        return self.response


def replay(response):
    return HubSpotConnector(Replay(response), {'api_version': 'v3', 'account_id': '1'})


def named(calls, *parts):
    found = [call for call in calls if all(part in call[0] for part in parts)]
    assert found, f'no recording is called {parts}'
    return found


def test_every_recorded_answer_is_understood(calls):
    for name, request, response in calls:
        got = answer(response)
        if got.status >= 400:
            error = error_of(got, collection=False)
            assert error.status == got.status, name
            assert error.request_id == got.request_id, name
        elif got.status != 204:
            understood(request, got)


def understood(request, got):
    path = urlsplit(request['uri']).path
    body = got.json()
    if 'properties' in path:
        assert len(PropertyList.model_validate(body).results) == len(body['results'])
    elif path.endswith(('batch/create', 'batch/read')):
        assert len(BatchAnswer.model_validate(body).results) == len(body['results'])
    elif 'results' in body:
        assert len(RecordPage.model_validate(body).results) == len(body['results'])
    else:
        assert WireRecord.model_validate(body).id == body['id']


def test_a_recorded_contact_is_read_with_its_values_and_times(calls):
    _name, _request, response = named(calls, 'contacts__find_by_id')[0]
    hub = replay({**response, 'body': {'results': [response['body']]}})
    record = hub.read('contacts', [response['body']['id']], ['email', 'phone'])
    found = record[response['body']['id']]
    assert found.values == {'email': response['body']['properties']['email']}
    assert found.updated_at.isoformat() == '2024-10-23T22:43:00.417000+00:00'
    assert not found.archived


def test_the_recorded_html_404_means_that_there_is_no_such_record(calls):
    _name, _request, response = named(calls, 'contacts__find_missing')[0]
    assert replay(response).api.request('GET', '/x', accept=(404,)).status == 404
    error = error_of(answer(response), collection=False, record='contact 7')
    assert isinstance(error, DataError)
    assert error.code == 'OBJECT_NOT_FOUND'
    assert 'Contact 7 is no longer in HubSpot' in error.user_message


def test_the_same_page_about_a_collection_speaks_of_the_address(calls):
    _name, _request, response = named(calls, 'contacts__find_missing')[0]
    error = error_of(answer(response))
    assert isinstance(error, ContractError)
    assert 'API version' in error.user_message


@pytest.mark.parametrize('part', ['find_by_id_no_scope', 'properties_no_scope'])
def test_a_recorded_lack_of_scopes_asks_a_person_to_grant_them(calls, part):
    for _name, _request, response in named(calls, part):
        if response['status'] != 403:
            continue
        error = error_of(answer(response))
        assert isinstance(error, ConfigurationError)
        assert error.error_class == 'auth'
        assert error.code == 'MISSING_SCOPES'
        assert 'scopes' in error.user_message


def test_a_recorded_lack_of_scopes_names_those_of_the_object_that_was_called(calls):
    (call,) = named(calls, 'companies__find_by_id_no_scope')[:1]
    error = error_of(answer(call[2]), path=urlsplit(call[1]['uri']).path)
    assert 'crm.objects.companies.read, crm.objects.companies.write;' in error.user_message
    (call,) = named(calls, 'contacts__properties_no_scope')[:1]
    assert 'contacts-read' in error_of(answer(call[2])).user_message


def test_recorded_properties_become_fields(calls):
    _name, _request, response = named(calls, 'contacts__properties')[0]
    definitions = PropertyList.model_validate(response['body']).results
    fields = {one.name: field_of(object_type('contacts'), one) for one in definitions}
    assert len(fields) == 354
    assert (fields['email'].type, fields['email'].unique) == ('email', True)
    assert fields['phone'].type == 'phone'
    assert fields['hs_object_id'].read_only
    assert fields['hs_email_domain'].read_only, 'calculated properties cannot be written'
    assert not fields['firstname'].read_only
    assert fields['hs_buying_role'].type == 'multi_enumeration'
    assert fields['hs_language'].options[0].value == 'af'
    assert {field.type for field in fields.values()} >= {'string', 'float', 'datetime', 'boolean'}


def test_the_recorded_listing_is_one_page_with_its_cursor(calls):
    _name, request, response = named(calls, 'contacts__list_first_with_props')[0]
    hub = replay(response)
    page = hub.list_page('contacts', ['email', 'firstname'])
    assert page.cursor == '51854903510'
    assert page.records[0].values['firstname'] == 'Maria'
    method, path, call = hub.http.asked[0]
    assert (method, path) == (request['method'], urlsplit(request['uri']).path)
    assert call['params']['properties'].startswith('email,firstname')


def test_the_recorded_batch_comes_in_another_order_and_loses_nobody(calls):
    _name, request, response = next(
        call for call in named(calls, 'batches__search') if call[1]['uri'].endswith('create')
    )
    asked = [row['properties']['email'] for row in request['body']['inputs']]
    got = [one.properties['email'] for one in BatchAnswer.model_validate(response['body']).results]
    assert got != asked, 'the recording proves that the order is not ours'
    assert sorted(got) == sorted(asked)


def test_recorded_headers_give_the_burst_and_the_day(calls):
    _name, _request, response = named(calls, 'companies__create')[0]
    readings = {one.bucket: one for one in rate_headers(answer(response).headers)}
    assert (readings['burst'].limit, readings['burst'].period) == (100, 10.0)
    assert (readings['burst'].remaining, readings['daily'].remaining) == (73, 249_696)
    assert readings['daily'].limit == 250_000


def test_recorded_search_headers_tell_the_day_only(calls):
    _name, _request, response = named(calls, 'contacts__search_by_email')[0]
    assert [one.bucket for one in rate_headers(answer(response).headers)] == ['daily']
