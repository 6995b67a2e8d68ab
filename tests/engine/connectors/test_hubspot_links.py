"""The associations of written records, proved by reading them back from the sandbox."""

from __future__ import annotations

import json

import pytest

from engine.connectors.hubspot_associations import Pair, associate
from engine.connectors.hubspot_objects import object_type
from engine.contracts import Change
from engine.errors import DataError, RateLimitError, TransientError
from engine.http import HttpResponse


def change(key, **more):
    return Change(key=key, **more)


def firms(box, *names):
    return [box.change('companies', {'properties': {'name': name}})['id'] for name in names]


def test_associations_are_made_once_the_record_has_its_id_and_the_first_is_primary(box, hub):
    first, second = firms(box, 'A', 'B')
    (outcome,) = hub.write(
        'contacts', [change('k1', values={'firstname': 'Ada'},
                            associations={'companies': (second, first)})]
    )
    assert outcome.status == 'ok' and outcome.created
    (record,) = hub.read('contacts', [outcome.remote_id], [], ['companies']).values()
    assert record.associations['companies'] == (second, first)


def test_another_primary_company_takes_the_place_of_the_first(box, hub):
    first, second = firms(box, 'A', 'B')
    (made,) = hub.write('contacts', [change('k1', associations={'companies': (first, second)})])
    hub.write('contacts', [
        change('k1', remote_id=made.remote_id, associations={'companies': (second, first)})
    ])
    (record,) = hub.read('contacts', [made.remote_id], [], ['companies']).values()
    assert record.associations['companies'] == (second, first)


def test_dropped_associations_go_and_the_others_stay(box, hub):
    first, second = firms(box, 'A', 'B')
    (made,) = hub.write('contacts', [change('k1', associations={'companies': (first, second)})])
    drop = change('k1', remote_id=made.remote_id, dropped={'companies': (first,)})
    assert hub.write('contacts', [drop])[0].status == 'ok'
    assert hub.write('contacts', [drop])[0].status == 'ok', 'twice does no harm'
    (record,) = hub.read('contacts', [made.remote_id], [], ['companies']).values()
    assert record.associations['companies'] == (second,)


def test_what_is_wanted_again_is_not_dropped(box, hub):
    (firm,) = firms(box, 'A')
    both = change('k1', associations={'companies': (firm,)}, dropped={'companies': (firm,)})
    after = box.last_n()
    (made,) = hub.write('contacts', [both])
    assert not [call for call in box.writes(after) if call['path'].endswith('/archive')]
    (record,) = hub.read('contacts', [made.remote_id], [], ['companies']).values()
    assert record.associations['companies'] == (firm,)


def test_a_deal_is_tied_to_its_company_and_contact(box, hub):
    (firm,) = firms(box, 'A')
    person = box.change('contacts', {'properties': {'firstname': 'Ada'}})['id']
    values = {'dealname': 'D', 'dealstage': 'appointmentscheduled', 'pipeline': 'default'}
    wanted = {'companies': (firm,), 'contacts': (person,)}
    (made,) = hub.write('deals', [change('k1', values=values, associations=wanted)])
    (record,) = hub.read('deals', [made.remote_id], [], ['companies', 'contacts']).values()
    assert record.associations == wanted
    (company,) = hub.read('companies', [firm], [], ['deals']).values()
    assert company.associations['deals'] == (made.remote_id,)


def test_an_association_that_cannot_be_made_fails_its_record_only_and_keeps_its_id(box, hub):
    (firm,) = firms(box, 'A')
    outcomes = hub.write('contacts', [
        change('k1', values={'firstname': 'Ada'}, associations={'companies': ('999',)}),
        change('k2', values={'firstname': 'Ida'}, associations={'companies': (firm,)}),
    ])
    assert [one.status for one in outcomes] == ['failed', 'ok']
    assert outcomes[0].remote_id and outcomes[0].created
    assert isinstance(outcomes[0].error, DataError)
    assert '999' in outcomes[0].error.user_message
    (record,) = hub.read('contacts', [outcomes[1].remote_id], [], ['companies']).values()
    assert record.associations['companies'] == (firm,)


def test_the_associations_of_a_record_that_was_refused_are_left_alone(box, hub):
    (firm,) = firms(box, 'A')
    known = box.change('contacts', {'properties': {'firstname': 'Ada'}})['id']
    refused = change(
        'k1', remote_id=known, values={'email': 'no address'}, associations={'companies': (firm,)}
    )
    (outcome,) = hub.write('contacts', [refused])
    assert (outcome.status, outcome.error.field) == ('failed', 'email')
    (record,) = hub.read('contacts', [known], [], ['companies']).values()
    assert record.associations['companies'] == ()


def test_a_rate_limit_at_the_associations_fails_their_records_as_such(box, hub9):
    (firm,) = firms(box, 'A')
    box.faults({'kind': 'http_429', 'match': 'associations'})
    outcomes = hub9.write('contacts', [
        change('k1', values={'firstname': 'Ada'}, associations={'companies': (firm,)}),
        change('k2', values={'firstname': 'Ida'}),
    ])
    assert [one.status for one in outcomes] == ['failed', 'ok']
    assert isinstance(outcomes[0].error, RateLimitError)


def test_the_associations_of_a_hundred_records_are_two_calls(box, hub9):
    first, second = firms(box, 'A', 'B')
    after = box.last_n()
    wanted = {'companies': (first, second)}
    hub9.write('contacts', [change(f'k{n}', associations=wanted) for n in range(100)])
    made = [call for call in box.writes(after) if 'associations' in call['path']]
    assert len(made) == 2, 'one for the primary ones, one for the others'


class Associating:
    """A HubSpot that makes some associations and says nothing of the others.

    ``spell`` turns an association it made into the rows of its answer.
    """

    def __init__(self, made, spell):
        self.made, self.spell = made, spell

    def request(self, method, path, *, json: dict, **call):
        asked = [(row['from']['id'], row['to']['id']) for row in json['inputs']]
        rows = [row for pair in asked if pair in self.made for row in self.spell(*pair)]
        return HttpResponse(200, {'content-type': 'application/json'}, _body(rows))


def _body(rows):
    return json.dumps({'results': rows}).encode()


def one_way(from_id, to_id):
    return [{'from': {'id': from_id}, 'to': {'id': to_id}}]


def other_way(from_id, to_id):
    return one_way(to_id, from_id)


def both_ways(from_id, to_id):
    return one_way(from_id, to_id) + one_way(to_id, from_id)


def named_ends(from_id, to_id):
    return [{'fromObjectId': from_id, 'toObjectId': to_id, 'labels': []}]


@pytest.mark.parametrize('primary', [True, False])
@pytest.mark.parametrize('spell', [one_way, other_way, both_ways, named_ends])
def test_an_association_does_not_confirm_its_mirror_image(hub9, spell, primary):
    """Contact 5 of company 7 and contact 7 of company 5 were in one batch; HubSpot made only the
    first. Known by their unordered ids, each confirmed the other, and the second was never made."""
    hub9.http = Associating({('5', '7')}, spell)
    pairs = [Pair('5', '7', primary), Pair('7', '5', primary), Pair('8', '8', primary)]
    failed = associate(hub9.api, object_type('contacts'), 'companies', pairs)
    assert set(failed) == set(pairs[1:])
    assert all(isinstance(error, TransientError) for error in failed.values())


def test_a_row_that_names_one_end_confirms_nothing(hub9):
    """Contact 8 of company 8: one end alone was enough to be taken for both."""
    hub9.http = Associating({('8', '8')}, lambda from_id, to_id: [{'from': {'id': from_id}}])
    pair = Pair('8', '8')
    assert set(associate(hub9.api, object_type('contacts'), 'companies', [pair])) == {pair}
