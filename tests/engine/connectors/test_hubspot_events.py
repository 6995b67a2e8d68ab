"""Deliveries become events: recorded ones, documented ones, and whatever else somebody may send."""

from __future__ import annotations

import json
import random
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.connectors.hubspot_events import MAX_BYTES, MAX_EVENTS, parse
from engine.errors import ContractError

BASE = {
    'eventId': 7,
    'subscriptionId': 3,
    'portalId': 50249912,
    'appId': 1,
    'occurredAt': 1_751_360_059_094,
    'attemptNumber': 0,
}


def events(*elements, **settings):
    return parse(json.dumps(list(elements)).encode(), settings)


def event(**values):
    return events(BASE | values)[0]


# --- recorded ---------------------------------------------------------------------------------


def test_every_recorded_event_is_understood(recorded):
    for path in sorted((recorded / 'webhooks').glob('*.json')):
        found = parse(path.read_bytes(), {})
        assert found, path.name
        for one in found:
            assert one.error is None, (path.name, one.error)
            assert one.kind in ('change', 'association'), path.name
            assert one.remote_id.isdigit()


def test_the_recorded_creation_names_its_contact(recorded):
    found = parse((recorded / 'webhooks' / 'legacy_contact_create_2025.json').read_bytes(), {})
    assert {(one.remote_object, one.remote_id) for one in found} == {('contacts', '347163431125')}
    assert len({one.idempotency_key for one in found}) == len(found) == 5
    assert found[0].account == '145883449'
    assert found[0].occurred_at.isoformat() == '2025-07-01T08:54:19.094000+00:00'
    assert found[0].payload['propertyName'] == 'phone'


def test_the_recorded_generic_event_is_read_by_its_type_id(recorded):
    path = recorded / 'webhooks' / 'generic_contact_property_2026.json'
    (one,) = parse(path.read_bytes(), {})
    assert (one.event_type, one.kind, one.remote_object, one.remote_id) == (
        'object.propertyChange', 'change', 'contacts', '546500061938',
    )


def test_the_recorded_association_names_both_ends(recorded):
    (one,) = parse((recorded / 'webhooks' / 'association_change_2026.json').read_bytes(), {})
    assert (one.kind, one.remote_object, one.remote_id) == ('association', 'deals', '64058987777')
    assert one.related_ids == ('58061514894',)


# --- kinds ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('suffix', 'kind'),
    [
        ('creation', 'change'),
        ('propertyChange', 'change'),
        ('deletion', 'delete'),
        ('restore', 'restore'),
        ('privacyDeletion', 'purge'),
    ],
)
@pytest.mark.parametrize('singular', ['contact', 'company', 'deal'])
def test_a_classic_event_of_a_record(suffix, kind, singular):
    one = event(subscriptionType=f'{singular}.{suffix}', objectId=12)
    plural = {'contact': 'contacts', 'company': 'companies', 'deal': 'deals'}[singular]
    assert (one.kind, one.remote_object, one.remote_id) == (kind, plural, '12')


def test_the_documented_name_of_the_type_is_read_as_well():
    one = event(eventType='company.creation', objectId=12)
    assert (one.event_type, one.remote_object) == ('company.creation', 'companies')


@pytest.mark.parametrize('type_id', ['0-1', '0-2', '0-3', '2-143967026'])
def test_a_generic_event_names_its_object_or_keeps_its_type_id(type_id):
    one = event(subscriptionType='object.deletion', objectTypeId=type_id, objectId=12)
    names = {'0-1': 'contacts', '0-2': 'companies', '0-3': 'deals'}
    assert (one.kind, one.remote_object) == ('delete', names.get(type_id, type_id))


def test_a_merge_points_at_the_record_that_lives_on_and_names_the_others_the_primary_first():
    one = event(
        subscriptionType='contact.merge', primaryObjectId=1, mergedObjectIds=[2], newObjectId=3,
        numberOfPropertiesMoved=4,
    )
    assert (one.kind, one.remote_id, one.related_ids) == ('merge', '3', ('1', '2'))


def test_a_merge_without_a_new_id_points_at_the_primary_record():
    one = event(subscriptionType='company.merge', primaryObjectId=1, mergedObjectIds=[2, 5])
    assert (one.remote_id, one.related_ids) == ('1', ('2', '5'))


def test_a_generic_association_names_the_object_it_comes_from():
    one = event(
        subscriptionType='object.associationChange', fromObjectTypeId='0-2', toObjectTypeId='0-1',
        fromObjectId=1, toObjectId=2, associationTypeId=280, associationRemoved=True,
    )
    assert (one.kind, one.remote_object, one.remote_id) == ('association', 'companies', '1')
    assert one.related_ids == ('2',)


def test_a_classic_association_is_read_from_its_from_side():
    one = event(
        subscriptionType='contact.associationChange', associationType='COMPANY_TO_CONTACT',
        fromObjectId=1, toObjectId=2, associationRemoved=False,
    )
    assert (one.remote_object, one.remote_id) == ('companies', '1')


@pytest.mark.parametrize(
    'type_', ['conversation.creation', 'conversation.newMessage', 'event.completed', 'a.b', 'x']
)
def test_what_we_have_no_use_for_is_ignored_with_its_reason(type_):
    one = event(subscriptionType=type_, objectId=12)
    assert (one.kind, one.error) == ('ignored', None)
    assert type_ in one.reason


def test_an_event_of_another_account_is_ignored_and_says_whose_it_is():
    (one,) = events(BASE | {'subscriptionType': 'contact.creation', 'objectId': 1}, account_id='9')
    assert one.kind == 'ignored'
    assert '50249912' in one.reason and '9' in one.reason


def test_an_event_of_our_account_is_kept():
    element = BASE | {'subscriptionType': 'contact.creation', 'objectId': 1}
    assert events(element, account_id='50249912')[0].kind == 'change'


# --- what does not fit ------------------------------------------------------------------------


@pytest.mark.parametrize(
    'values',
    [
        {'objectId': 12},
        {'subscriptionType': '', 'objectId': 12},
        {'subscriptionType': 'x' * 129, 'objectId': 12},
        {'subscriptionType': 5, 'objectId': 12},
        {'subscriptionType': 'contact.creation'},
        {'subscriptionType': 'contact.creation', 'objectId': 'abc'},
        {'subscriptionType': 'contact.creation', 'objectId': 1.5},
        {'subscriptionType': 'contact.creation', 'objectId': True},
        {'subscriptionType': 'contact.creation', 'objectId': -1},
        {'subscriptionType': 'contact.creation', 'objectId': 10**20},
        {'subscriptionType': 'contact.creation', 'objectId': '١٢'},
        {'subscriptionType': 'contact.creation', 'objectId': 1, 'occurredAt': 10**19},
        {'subscriptionType': 'contact.creation', 'objectId': 1, 'occurredAt': 'yesterday'},
        {'subscriptionType': 'object.creation', 'objectId': 1},
        {'subscriptionType': 'object.creation', 'objectId': 1, 'objectTypeId': '../../x'},
        {'subscriptionType': 'contact.merge', 'mergedObjectIds': 'x'},
        {'subscriptionType': 'contact.merge', 'mergedObjectIds': []},
        {'subscriptionType': 'contact.associationChange', 'toObjectId': 2},
    ],
)
def test_an_element_that_does_not_fit_is_kept_with_its_error(values):
    good = BASE | {'subscriptionType': 'contact.creation', 'objectId': 1}
    bad, other = events(BASE | values, good)
    assert bad.error and bad.reason == bad.error
    assert bad.kind == 'ignored'
    assert bad.payload == BASE | values
    assert other.error is None, 'one bad element holds up nobody else'


STRANGE = ['\0', 'a\0b', '\ud800', 'a\udc00b', '\udc00\ud800']


@pytest.mark.parametrize('text', STRANGE)
@pytest.mark.parametrize('name', ['propertyValue', 'changeSource', 'sourceId'])
def test_what_somebody_typed_into_a_field_costs_no_delivery(name, text):
    """A contact's note held an escaped NUL: the whole delivery was refused with 400 ten times, and
    HubSpot dropped the ninety-nine other events in it."""
    note = BASE | {'subscriptionType': 'contact.propertyChange', 'objectId': 1}
    one, other = events(note | {name: text}, note | {'objectId': 2})
    assert (one.error, one.kind, one.remote_id) == (None, 'change', '1')
    assert one.payload[name] == text
    assert json.loads(json.dumps(one.payload).encode()) == note | {name: text}
    assert (other.error, other.remote_id) == (None, '2')


@pytest.mark.parametrize('text', STRANGE)
@pytest.mark.parametrize(
    'name', ['subscriptionType', 'propertyName', 'associationType', 'objectId', 'objectTypeId',
             'fromObjectId', 'mergedObjectIds', 'occurredAt', 'eventId']
)
def test_such_a_character_in_what_we_read_costs_that_one_element(name, text):
    good = BASE | {'subscriptionType': 'contact.creation', 'objectId': 1}
    bad, other = events(good | {name: [text] if name == 'mergedObjectIds' else text}, good)
    assert bad.error and bad.kind == 'ignored' and other.error is None
    assert name in bad.error
    bad.event_type.encode()
    bad.error.encode()
    assert '\0' not in bad.event_type + bad.error
    assert len(bad.idempotency_key) == 64


@pytest.mark.parametrize('text', STRANGE)
@pytest.mark.parametrize('nested', [True, False])
def test_such_a_character_in_a_key_costs_that_one_element(text, nested):
    good = BASE | {'subscriptionType': 'contact.creation', 'objectId': 1}
    bad, other = events(good | ({'more': [{text: 1}]} if nested else {text: 1}), good)
    assert bad.error and bad.kind == 'ignored' and other.error is None
    bad.error.encode()


@pytest.mark.parametrize('text', STRANGE)
def test_an_element_that_is_only_such_a_text_is_kept_with_its_error(text):
    (one,) = events(text)
    assert one.error and one.payload == text


def test_misfits_that_differ_in_such_a_character_have_keys_of_their_own():
    found = events(*({'subscriptionType': text} for text in [*STRANGE, '\ufffd']))
    assert len({one.idempotency_key for one in found}) == len(found)


@pytest.mark.parametrize('element', [None, 1, 'text', [], [{}], True, {}])
def test_an_element_that_is_no_event_is_kept_with_its_error(element):
    (one,) = events(element)
    assert one.error and one.payload == element


def test_a_null_is_read_as_absent():
    one = event(subscriptionType='contact.creation', objectId=1, propertyName=None, appId=None)
    assert one.error is None


@pytest.mark.parametrize('body', [b'5', b'"x"', b'null', b'true'])
def test_a_body_that_is_no_array_is_refused(body):
    with pytest.raises(ContractError) as caught:
        parse(body, {})
    assert caught.value.code == 'BAD_SHAPE'


def test_a_single_object_is_taken_as_an_array_of_one():
    body = json.dumps(BASE | {'subscriptionType': 'deal.creation', 'objectId': 1}).encode()
    assert [one.remote_object for one in parse(body, {})] == ['deals']


def test_an_empty_array_has_no_events():
    assert parse(b'[]', {}) == []


def test_limits_of_size_and_number():
    with pytest.raises(ContractError) as caught:
        parse(b' ' * (MAX_BYTES + 1), {})
    assert caught.value.code == 'TOO_LARGE'
    with pytest.raises(ContractError) as caught:
        parse(b'[' + b','.join([b'1'] * (MAX_EVENTS + 1)) + b']', {})
    assert caught.value.code == 'TOO_LARGE'
    assert len(parse(b'[' + b','.join([b'1'] * MAX_EVENTS) + b']', {})) == MAX_EVENTS


# --- keys -------------------------------------------------------------------------------------

IDS = st.integers(0, 10**12)
NOTES = st.fixed_dictionaries(
    {
        'subscriptionType': st.sampled_from(
            ['contact.creation', 'company.propertyChange', 'object.propertyChange', 'deal.merge',
             'deal.associationChange', 'conversation.creation', 'who.knows']
        ),
        'eventId': IDS,
        'portalId': IDS,
        'occurredAt': st.integers(0, 4 * 10**12),
    },
    optional={
        'objectId': IDS,
        'objectTypeId': st.sampled_from(['0-1', '0-2', '2-5']),
        'propertyName': st.text(string.ascii_lowercase, max_size=5),
        'propertyValue': st.text(string.printable),
        'fromObjectId': IDS,
        'toObjectId': IDS,
        'primaryObjectId': IDS,
        'mergedObjectIds': st.lists(IDS, max_size=3),
        'newObjectId': IDS,
    },
)


def keys(notes):
    return [one.idempotency_key for one in events(*notes)]


@given(st.lists(NOTES, max_size=8), st.randoms())
def test_keys_do_not_depend_on_the_delivery_they_come_in(notes, rng):
    order = list(range(len(notes)))
    rng.shuffle(order)
    again = [notes[position] | {'attemptNumber': rng.randrange(9)} for position in order]
    first = keys(notes)
    assert keys(again) == [first[position] for position in order]


@given(NOTES)
def test_ids_as_text_and_as_number_are_one_notification(note):
    if events(note)[0].error:
        return
    as_text = {key: str(value) if key.endswith('Id') else value for key, value in note.items()}
    assert keys([note]) == keys([as_text])


@pytest.mark.parametrize(
    ('name', 'other'),
    [
        ('eventId', 8),
        ('portalId', 8),
        ('occurredAt', 8),
        ('objectId', 8),
        ('objectTypeId', '0-2'),
        ('propertyName', 'other'),
        ('subscriptionType', 'object.creation'),
    ],
)
def test_whatever_tells_two_notifications_apart_changes_the_key(name, other):
    note = BASE | {
        'subscriptionType': 'object.propertyChange', 'objectId': 1, 'objectTypeId': '0-1',
        'propertyName': 'email',
    }
    assert len(set(keys([note, note | {name: other}]))) == 2


@given(st.binary(max_size=300))
def test_any_bytes_give_events_or_a_contract_error(body):
    try:
        found = parse(body, {'account_id': '1'})
    except ContractError:
        return
    assert isinstance(found, list)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    | st.text(st.sampled_from('.1\0\ud800\udc00'), max_size=3),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
NAMES = ['subscriptionType', 'eventType', 'eventId', 'portalId', 'occurredAt', 'objectId',
         'objectTypeId', 'propertyName', 'associationType', 'fromObjectId', 'toObjectId',
         'fromObjectTypeId', 'newObjectId', 'primaryObjectId', 'mergedObjectIds', 'attemptNumber']


@given(st.lists(st.dictionaries(st.sampled_from(NAMES), ANYTHING | st.just('contact.merge'))))
def test_any_values_under_the_known_names_give_one_event_each(elements):
    try:
        found = parse(json.dumps(elements).encode(), {})
    except ContractError as error:
        assert error.code == 'BAD_JSON'
        return
    assert len(found) == len(elements)
    for one in found:
        assert len(one.idempotency_key) == 64
        assert one.kind == 'ignored' or (one.remote_id and one.remote_object)


def test_a_shuffled_delivery_with_duplicates_has_one_key_for_each_notification():
    rng = random.Random(3)
    notes = [
        BASE | {'eventId': n, 'subscriptionType': 'contact.creation', 'objectId': n}
        for n in range(100)
    ]
    sent = notes + rng.sample(notes, 25)
    rng.shuffle(sent)
    assert len(set(keys(sent))) == 100
