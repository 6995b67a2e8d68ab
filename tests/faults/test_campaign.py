"""The random campaign in its short form: one slice, verified in full. The long one: `./dev faults`.

And what the campaign itself promises: its plan comes from the seed, and its checks can fail.
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.faults import catalog, invariants, load, logs, slice  # noqa: F401 (registers the kinds)
from tests.faults.book import Book, Record
from tests.faults.campaign import Campaign

SECONDS = 45


@pytest.mark.long
def test_a_slice_of_faults_under_load_leaves_every_invariant_true():
    """Two people at work, half a hundred faults, calm: both sides hold what they must."""
    campaign = Campaign(seed=1)
    campaign.run(SECONDS, slice_seconds=SECONDS)
    [outcome] = campaign.outcomes
    assert not outcome.violations, "\n\n".join(map(str, outcome.violations))
    assert outcome.records, "nobody did any work"
    assert outcome.faults, "nothing was broken"


def test_the_plan_is_a_pure_function_of_the_seed():
    for make in (catalog.plan, lambda *words: load.plan(*words[:2], "odoo", words[2])):
        assert make(7, 2, 60) == make(7, 2, 60)
        assert make(7, 2, 60) != make(8, 2, 60)
        assert make(7, 2, 60) != make(7, 3, 60)


def test_a_server_that_is_not_ours_is_never_stopped():
    planned = catalog.plan(1, 1, 3600, may_stop=False)
    assert not [one.kind for one in planned if catalog.KINDS[one.kind].stops_postgres]
    assert [one.kind for one in catalog.plan(1, 1, 3600) if catalog.KINDS[one.kind].stops_postgres]


# --- the checks can fail --------------------------------------------------------------------------


def both(**values):
    """Both sides with one person each; `archived` at the account, all else in Odoo."""
    archived = values.pop("archived", False)
    ours = {"city": "", "zip": "", "function": "", "active": True, **values}
    return SimpleNamespace(
        odoo={"res.partner": {1: ours}, "crm.lead": {}},
        remote={"contacts": {"101": {"archived": archived}}, "deals": {}},
    )


@pytest.fixture
def book():
    book = Book()
    book.add(Record("contacts", "person1@faults.example", 1, "101", base={"city": "Gent"}))
    return book


def verdict(book, found) -> list[str]:
    return [one.invariant for one in book.violations(found)]


def test_a_field_nobody_wrote_must_not_change(book):
    assert verdict(book, both(city="Gent")) == []
    assert verdict(book, both(city="Brugge")) == ["I3 no update is lost"]


def test_an_acknowledged_write_must_be_there_and_an_unacknowledged_one_may(book):
    book.note(book.records, "odoo", {"city": "A"}, True)
    book.note(book.records, "odoo", {"city": "B"}, False)
    [record] = book.records
    assert record.allowed("city") == {"A", "B"}
    assert verdict(book, both(city="Gent")) == ["I3 no update is lost"]


def test_of_two_sides_either_last_word_may_stand(book):
    for side, value in (("odoo", "A"), ("account", "B"), ("odoo", "C")):
        book.note(book.records, side, {"city": value}, True)
    [record] = book.records
    assert record.allowed("city") == {"B", "C"}


def test_what_was_deleted_must_be_gone_on_both_sides(book):
    book.records[0].deleted = True
    assert verdict(book, both(active=False, archived=True)) == []
    assert verdict(book, both(active=False)) == ["I3 what was deleted is gone on both sides"]


def test_an_unacknowledged_deletion_happened_on_both_sides_or_on_none(book):
    book.records[0].deleted = False
    assert verdict(book, both()) == []
    assert verdict(book, both(archived=True)) == ["I3 what was deleted is gone on both sides"]


def test_a_record_that_was_acknowledged_must_exist_on_both_sides(book):
    book.records[0].remote_id = None
    assert verdict(book, both(city="Gent")) == ["I3 nothing is lost"]


def test_a_claim_that_was_lost_must_not_come_back():
    assert not list(invariants.fencing([(1, "a"), (1, "a"), (1, "b"), (2, "a")]))
    [found] = invariants.fencing([(1, "a"), (1, "b"), (1, "a")])
    assert "lane 1" in found.evidence


def test_more_calls_than_the_limit_in_any_window_are_seen():
    def calls(*seconds):
        return [{"time": f"2026-01-01T00:00:{one:06.3f}Z", "path": "/crm/"} for one in seconds]

    assert not list(invariants.rate(calls(1, 2, 3, 11.5), 3))
    assert list(invariants.rate(calls(1, 2, 3, 10.5), 3))


def test_two_records_of_one_of_our_ids_are_seen():
    def call(remote_id):
        row = {"id": remote_id, "properties": {"odoo_external_id": "x-1"}}
        return {"method": "POST", "committed": True, "status": 201, "response_body": row,
                "path": "/crm/v3/objects/contacts/batch/upsert"}  # fmt: skip

    def batch(*ids):
        return [{**call(one), "response_body": {"results": [call(one)["response_body"]]}}
                for one in ids]  # fmt: skip

    assert not list(invariants.doubles(batch("1", "1"), {}))
    assert list(invariants.doubles(batch("1", "2"), {}))
    assert not list(invariants.doubles(batch("1", "3"), {"1": "2", "2": "3"})), "it was merged"
    assert list(invariants.doubles(batch("1", "4"), {"1": "2", "2": "3"}))


LINE = "2026-01-01 00:00:00,000 1 {level} db odoo.addons.saas_sync.models.x: {text}\n"
TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/a/addons/saas_sync/models/x.py", line 1, in y\n{end}\n'
)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (LINE.format(level="INFO", text="all is well"), 0),
        (LINE.format(level="INFO", text="token s3cret"), 1),
        (LINE.format(level="ERROR", text="went wrong"), 1),
        (LINE.format(level="INFO", text="x") + TRACE.format(end="KeyError: 'x'"), 1),
        (LINE.format(level="ERROR", text="x") + TRACE.format(
            end="psycopg2.OperationalError: server closed the connection unexpectedly"), 0),
    ],
)  # fmt: skip
def test_the_log_is_searched_for_secrets_tracebacks_and_errors_of_ours(text, count):
    assert len(list(logs.complaints(text, ["s3cret"]))) == count
