"""What every connector has to do, whatever the provider: one suite, inherited by each of them.

A provider's test class inherits :class:`Conformance` and brings a :class:`Stage`: the sandbox,
how a person changes something there, and which object and fields to use. Every test here proves
itself by the sandbox's own records and ledger, never by what the connector says alone.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest

from engine.contracts import Change, InboundEvent, WebhookRequest
from engine.errors import (
    AuthError,
    ContractError,
    DataError,
    RateLimitError,
    SignatureError,
    TransientError,
)


class Stage:
    """One provider on stage. ``contact`` and ``company`` name the remote objects; ``name_field``,
    ``mail_field`` and ``company_name_field`` their fields; ``bad_mail`` a value it refuses.
    """

    contact: str
    company: str
    name_field: str
    mail_field: str
    company_name_field: str
    bad_mail = 'no address'
    #: Our own field, and a well-formed id that no record has.
    external_id_field = 'odoo_external_id'
    unknown_id = '1'
    #: Seconds after which a poll surely finds what was written.
    poll_lag = 0.0

    def connector(self, **settings):
        """A connector in the state a set-up leaves: our external-id field is there."""
        raise NotImplementedError

    def bare_connector(self, **settings):
        """A connector before the set-up."""
        raise NotImplementedError

    def records(self, remote_object) -> dict[str, dict]:
        """Live records at the provider: id → ``{field: value}``."""
        raise NotImplementedError

    def external_ids(self, remote_object) -> list[str]:
        """The external ids of all live records, one entry a record."""
        raise NotImplementedError

    def write_calls(self) -> int:
        """How many calls that write reached the provider."""
        raise NotImplementedError

    def by_hand(self, remote_object, values) -> str:
        """A person creates a record; its id."""
        raise NotImplementedError

    def merge_by_hand(self, remote_object, winner, loser) -> str:
        """A person merges two records; the id that lives on."""
        raise NotImplementedError

    def lose_next_answer(self, times=1):
        """The provider does the next writes and breaks the connection instead of answering."""
        raise NotImplementedError

    def fail_next(self, status, times=1, **more):
        """The provider answers the next calls with an error status and does nothing."""
        raise NotImplementedError

    def revoke(self):
        """The credentials are refused from now on."""
        raise NotImplementedError

    def delivery(self, events=1) -> tuple[WebhookRequest, bytes, datetime]:
        """A signed delivery about contacts as the provider sends it, the secret, the time."""
        raise NotImplementedError


def change(key, **more):
    return Change(key=key, **more)


class Conformance:
    """The promises. The subclass provides a fixture ``stage``."""

    @pytest.fixture
    def hub(self, stage):
        return stage.connector()

    def person(self, stage, name, mail=None):
        return {stage.name_field: name} | ({stage.mail_field: mail} if mail else {})

    # --- connect and discover -----------------------------------------------------------------

    def test_the_account_says_who_it_is(self, hub):
        account = hub.account()
        assert account.account_id
        assert account.ui_url.startswith('https://')

    def test_every_object_describes_fields_that_say_what_may_be_done_with_them(self, hub):
        for remote_object in hub.objects:
            fields = {field.name: field for field in hub.describe(remote_object)}
            assert len(fields) > 5
            assert any(field.read_only for field in fields.values())
            assert all(field.label for field in fields.values())

    def test_the_external_id_field_is_created_once_and_found_afterwards(self, stage):
        hub = stage.bare_connector()
        assert not hub.has_external_id(stage.contact)
        hub.create_external_id(stage.contact)
        hub.create_external_id(stage.contact)
        assert hub.has_external_id(stage.contact)

    def test_a_record_has_a_page(self, hub, stage):
        url = hub.record_url(stage.contact, stage.unknown_id)
        assert url.startswith('https://') and stage.unknown_id in url

    # --- reading ------------------------------------------------------------------------------

    def test_read_answers_every_asked_id_and_none_where_there_is_no_record(self, hub, stage):
        known = stage.by_hand(stage.contact, self.person(stage, 'Ada'))
        found = hub.read(stage.contact, [known, stage.unknown_id], [stage.name_field])
        assert found.keys() == {known, stage.unknown_id}
        assert found[stage.unknown_id] is None
        assert found[known].values == {stage.name_field: 'Ada'}
        assert found[known].updated_at.tzinfo is not None

    def test_a_field_that_was_not_asked_for_is_absent_and_an_empty_one_is_none(self, hub, stage):
        known = stage.by_hand(stage.contact, self.person(stage, 'Ada'))
        (record,) = hub.read(stage.contact, [known], [stage.mail_field]).values()
        assert record.values == {stage.mail_field: None}

    def test_more_records_than_a_batch_are_read_and_written(self, hub, stage):
        count = hub.batch_size + 7
        changes = [change(f'k{n}', values=self.person(stage, f'P{n}')) for n in range(count)]
        outcomes = hub.write(stage.contact, changes)
        assert [one.key for one in outcomes] == [one.key for one in changes]
        assert {one.status for one in outcomes} == {'ok'}
        found = hub.read(stage.contact, [one.remote_id for one in outcomes], [stage.name_field])
        names = [found[one.remote_id].values[stage.name_field] for one in outcomes]
        assert names == [f'P{n}' for n in range(count)], 'every answer belongs to its change'

    def test_find_by_the_external_id_sees_what_was_written_a_moment_ago(self, hub, stage):
        (outcome,) = hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])
        found = hub.find(stage.contact, stage.external_id_field, ['k1', 'k2'], [stage.name_field])
        assert [one.remote_id for one in found['k1']] == [outcome.remote_id]
        assert found['k2'] == []

    def test_find_by_a_value_ignores_its_case_and_returns_all_matches(self, hub, stage):
        ids = {stage.by_hand(stage.company, {stage.company_name_field: 'Acme'}) for _ in range(2)}
        found = hub.find(
            stage.company, stage.company_name_field, ['ACME', 'none'], [stage.company_name_field]
        )
        assert {one.remote_id for one in found['ACME']} == ids
        assert found['none'] == []

    def test_the_listing_shows_every_record_once(self, hub, stage):
        ids = {stage.by_hand(stage.contact, self.person(stage, f'P{n}')) for n in range(230)}
        seen, cursor = [], None
        while True:
            page = hub.list_page(stage.contact, [stage.name_field], cursor)
            seen += [one.remote_id for one in page.records]
            if (cursor := page.cursor) is None:
                break
        assert sorted(seen) == sorted(ids)

    def test_a_poll_finds_what_was_modified_in_its_window_and_nothing_else(self, hub, stage):
        before = datetime.now(timezone.utc) - timedelta(seconds=5)
        known = stage.by_hand(stage.contact, self.person(stage, 'Ada'))
        after = datetime.now(timezone.utc) + timedelta(seconds=5)
        assert [one.remote_id for one in hub.poll_page(stage.contact, before, after).records] == [
            known
        ]
        assert not hub.poll_page(stage.contact, before - timedelta(days=1), before).records

    # --- writing ------------------------------------------------------------------------------

    def test_an_upsert_creates_once_and_then_updates(self, hub, stage):
        first = hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])[0]
        again = hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ida'))])[0]
        assert (first.created, again.created) == (True, False)
        assert first.remote_id == again.remote_id
        assert stage.records(stage.contact)[first.remote_id][stage.name_field] == 'Ida'
        assert stage.external_ids(stage.contact) == ['k1']

    def test_an_update_by_id_changes_the_fields_it_names_and_no_other(self, hub, stage):
        known = stage.by_hand(stage.contact, self.person(stage, 'Ada', 'ada@example.com'))
        outcome = hub.write(
            stage.contact, [change('k1', remote_id=known, values={stage.name_field: 'Ida'})]
        )[0]
        assert (outcome.status, outcome.remote_id, outcome.created) == ('ok', known, False)
        record = stage.records(stage.contact)[known]
        assert record[stage.name_field] == 'Ida'
        assert record[stage.mail_field] == 'ada@example.com'

    def test_none_empties_a_field(self, hub, stage):
        known = stage.by_hand(stage.contact, self.person(stage, 'Ada', 'ada@example.com'))
        hub.write(stage.contact, [change('k1', remote_id=known, values={stage.mail_field: None})])
        assert not stage.records(stage.contact)[known].get(stage.mail_field)

    def test_one_bad_record_holds_up_no_other_and_says_what_to_do(self, hub, stage):
        changes = [change(f'k{n}', values=self.person(stage, f'P{n}')) for n in range(20)]
        changes[7] = change('k7', values=self.person(stage, 'Eve', stage.bad_mail))
        outcomes = hub.write(stage.contact, changes)
        bad = outcomes.pop(7)
        assert {one.status for one in outcomes} == {'ok'}
        assert bad.status == 'failed'
        assert isinstance(bad.error, DataError)
        assert bad.error.field == stage.mail_field
        assert stage.bad_mail in bad.error.user_message and 'Eve' in bad.error.user_message
        assert sorted(stage.external_ids(stage.contact)) == sorted(
            f'k{n}' for n in range(20) if n != 7
        )

    def test_two_changes_of_one_record_in_one_call_are_both_applied_in_order(self, hub, stage):
        changes = [
            change('k1', values=self.person(stage, 'Ada')),
            change('k1', values=self.person(stage, 'Ida')),
            change('k2', values=self.person(stage, 'Eve')),
        ]
        outcomes = hub.write(stage.contact, changes)
        assert [one.status for one in outcomes] == ['ok'] * 3
        assert outcomes[0].remote_id == outcomes[1].remote_id
        assert stage.records(stage.contact)[outcomes[0].remote_id][stage.name_field] == 'Ida'

    def test_a_deletion_archives_the_record_and_may_be_repeated(self, hub, stage):
        (outcome,) = hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])
        gone = change('k1', operation='delete', remote_id=outcome.remote_id)
        assert hub.write(stage.contact, [gone])[0].status == 'ok'
        assert hub.write(stage.contact, [gone])[0].status == 'ok'
        assert stage.records(stage.contact) == {}

    def test_a_deletion_by_key_alone_finds_its_record(self, hub, stage):
        hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])
        changes = [change(key, operation='delete') for key in ('k1', 'k2')]
        assert {one.status for one in hub.write(stage.contact, changes)} == {'ok'}
        assert stage.records(stage.contact) == {}

    def test_an_answer_that_was_lost_creates_nothing_twice(self, hub, stage):
        stage.lose_next_answer()
        changes = [change(f'k{n}', values=self.person(stage, f'P{n}')) for n in range(5)]
        outcomes = hub.write(stage.contact, changes)
        assert {one.status for one in outcomes} <= {'ok', 'unknown'}
        outcomes = hub.write(stage.contact, changes)
        assert {one.status for one in outcomes} == {'ok'}
        assert sorted(stage.external_ids(stage.contact)) == [f'k{n}' for n in range(5)]

    def test_answers_that_stay_lost_leave_the_outcome_unknown(self, hub, stage):
        stage.lose_next_answer(times=50)
        (outcome,) = hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])
        assert outcome.status == 'unknown'
        assert isinstance(outcome.error, TransientError)
        assert stage.external_ids(stage.contact) == ['k1'], 'it had been applied'

    # --- trouble ------------------------------------------------------------------------------

    def test_a_rate_limit_says_for_how_long_and_writes_nothing(self, hub, stage):
        stage.fail_next(429)
        with pytest.raises(RateLimitError) as caught:
            hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])
        assert 0 < caught.value.retry_after < 3600
        assert stage.records(stage.contact) == {}

    def test_a_provider_that_breaks_down_during_a_write_leaves_the_outcome_unknown(
        self, hub, stage
    ):
        stage.fail_next(500, times=50, commit=True)
        (outcome,) = hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])
        assert outcome.status == 'unknown'
        assert stage.external_ids(stage.contact) == ['k1']

    def test_a_failure_that_passes_quickly_is_not_seen(self, hub, stage):
        stage.fail_next(503)
        (outcome,) = hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])
        assert outcome.status == 'ok'

    def test_a_provider_that_is_down_is_transient(self, hub, stage):
        stage.fail_next(503, times=50)
        with pytest.raises(TransientError):
            hub.account()

    def test_lost_credentials_are_told_as_such_and_nothing_is_written(self, hub, stage):
        stage.revoke()
        with pytest.raises(AuthError):
            hub.account()
        with pytest.raises(AuthError):
            hub.write(stage.contact, [change('k1', values=self.person(stage, 'Ada'))])
        assert stage.write_calls() == 0

    def test_a_merged_record_is_read_and_written_under_its_new_id(self, hub, stage):
        first, second = (
            stage.by_hand(stage.contact, self.person(stage, name)) for name in ('Ada', 'Ida')
        )
        survivor = stage.merge_by_hand(stage.contact, first, second)
        found = hub.read(stage.contact, [first, second], [stage.name_field])
        assert {one.remote_id for one in found.values()} == {survivor}
        (outcome,) = hub.write(
            stage.contact, [change('k1', remote_id=second, values={stage.name_field: 'Eve'})]
        )
        assert (outcome.status, outcome.remote_id) == ('ok', survivor)
        assert stage.records(stage.contact)[survivor][stage.name_field] == 'Eve'

    # --- receiving ----------------------------------------------------------------------------

    def test_a_delivery_is_verified_and_parsed(self, hub, stage):
        request, secret, now = stage.delivery()
        hub.verify(request, [b'another secret', secret], now)
        events = hub.parse(request)
        assert events and all(isinstance(one, InboundEvent) for one in events)
        assert all(one.error is None and one.remote_id for one in events)

    @pytest.mark.parametrize('spoilt', ['body', 'secret', 'time'])
    def test_a_delivery_that_is_not_signed_as_agreed_is_refused(self, hub, stage, spoilt):
        request, secret, now = stage.delivery()
        if spoilt == 'body':
            request = request.model_copy(update={'body': request.body + b' '})
        secrets = [b'another secret'] if spoilt == 'secret' else [secret]
        now += timedelta(hours=1) if spoilt == 'time' else timedelta()
        with pytest.raises(SignatureError):
            hub.verify(request, secrets, now)

    def test_the_same_delivery_twice_has_the_same_keys(self, hub, stage):
        request, _secret, _now = stage.delivery(events=3)
        first, again = hub.parse(request), hub.parse(request)
        assert [one.idempotency_key for one in first] == [one.idempotency_key for one in again]
        assert len({one.idempotency_key for one in first}) == len(first)

    @pytest.mark.parametrize('body', [b'', b'\xff', b'{"a"', b'"x"', b'[' * 100_000, b'[NaN]'])
    def test_a_body_that_cannot_be_read_is_a_contract_error(self, hub, stage, body):
        request, _secret, _now = stage.delivery()
        with pytest.raises(ContractError):
            hub.parse(request.model_copy(update={'body': body}))

    def test_events_can_be_stored_as_json(self, hub, stage):
        request, _secret, _now = stage.delivery()
        for one in hub.parse(request):
            json.dumps(one.payload, allow_nan=False)
