"""What the Salesforce connector promises beyond the suite every connector passes."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from test_salesforce_conformance import SalesforceStage

from engine.contracts import Change
from tests.sandbox_process import running


def stage_with(**options):
    box = running('salesforce')
    box.reset(limits={'enabled': False}, **options)
    return SalesforceStage(box)


@pytest.fixture
def stage():
    return stage_with()


@pytest.fixture
def hub(stage):
    return stage.bare_connector()


# --- without our field ------------------------------------------------------------------------


def test_without_our_field_a_record_is_created_plainly_and_sent_once():
    stage = stage_with(external_id='')
    hub = stage.bare_connector()
    changes = [Change(key=name, values={'LastName': name}, keyless=True) for name in ('a', 'b')]
    outcomes = hub.write('Contact', changes)
    assert [one.status for one in outcomes] == ['ok', 'ok'] and all(o.created for o in outcomes)
    assert stage.records('Contact')[outcomes[1].remote_id]['LastName'] == 'b'
    stage.lose_next_answer(times=3)
    (lost,) = hub.write('Contact', [Change(key='c', values={'LastName': 'c'}, keyless=True)])
    assert lost.status == 'unknown'
    assert len(stage.records('Contact')) == 3, 'it was not sent again'


# --- relations --------------------------------------------------------------------------------


def test_a_dropped_account_is_emptied_and_a_replaced_one_is_not(stage, hub):
    one, other = (stage.by_hand('Account', {'Name': name}) for name in 'ab')
    contact = stage.by_hand('Contact', {'LastName': 'Ada', 'AccountId': one})
    moved = Change(key='k', remote_id=contact, associations={'Account': (other,)},
                   dropped={'Account': (one,)})  # fmt: skip
    hub.write('Contact', [moved])
    assert stage.records('Contact')[contact]['AccountId'] == other
    hub.write('Contact', [Change(key='k', remote_id=contact, dropped={'Account': (other,)})])
    assert not stage.records('Contact')[contact].get('AccountId')


# --- conversion -------------------------------------------------------------------------------


@pytest.fixture
def converted(stage):
    """A converted lead, and what it became."""
    lead = stage.by_hand('Lead', {'LastName': 'Maes', 'Company': 'Maes NV'})
    stage.box.change('Lead', {'id': lead, 'action': 'convert'})
    values = stage.records('Lead')[lead]
    names = ('Opportunity', 'Contact', 'Account')
    return lead, {name: values[f'Converted{name}Id'] for name in names}


def test_a_converted_lead_says_what_it_became(stage, hub, converted):
    lead, became = converted
    (record,) = hub.read('Lead', [lead], ['LastName']).values()
    assert dict(record.became) == became
    fresh = stage.by_hand('Lead', {'LastName': 'New', 'Company': 'New NV'})
    assert not hub.read('Lead', [fresh], [])[fresh].became


def test_what_a_lead_became_leads_back_to_it(stage, hub, converted):
    lead, became = converted
    for made, remote_id in became.items():
        stranger = stage.unknown_id
        assert hub.origins('Lead', made, [remote_id, stranger]) == {remote_id: lead}


def test_a_converted_lead_refuses_changes_with_a_code_of_its_own(hub, converted):
    lead, _became = converted
    (outcome,) = hub.write('Lead', [Change(key='k', remote_id=lead, values={'Title': 'x'})])
    assert outcome.error.code == 'RECORD_CONVERTED'


# --- schema -----------------------------------------------------------------------------------


def test_a_schema_is_only_sent_when_it_has_changed(stage, hub):
    now = datetime.now(timezone.utc) + timedelta(seconds=5)
    assert hub.describe_since('Contact', None)
    assert hub.describe_since('Contact', now - timedelta(days=1))
    assert hub.describe_since('Contact', now) is None


def test_options_that_change_without_the_schema_are_asked_for_apart(hub):
    options = hub.options('Opportunity', ['OwnerId', 'StageName', 'Name'])
    assert options.keys() == {'OwnerId', 'StageName'}
    described = {field.name: field for field in hub.describe('Opportunity')}
    assert list(described['OwnerId'].options) == options['OwnerId']


def test_a_field_that_is_never_empty_is_demanded(hub):
    fields = {field.name: field for field in hub.describe('Opportunity')}
    assert fields['OwnerId'].demanded and not fields['OwnerId'].required
    assert fields['CloseDate'].demanded and fields['CloseDate'].required
    assert not fields['Amount'].demanded
