"""The ledger is read as it is: what was confirmed counts, whatever the status of the batch."""

import pytest

from devkit.demo import books

OBJECTS = "/crm/objects/2026-09"


def entry(method, path, status=200, request=None, response=None):
    return {
        "method": method,
        "path": path,
        "status": status,
        "request_body": request,
        "response_body": response,
    }


@pytest.mark.parametrize(
    ("method", "path", "sort"),
    [
        ("POST", f"{OBJECTS}/contacts/batch/read", "reads"),
        ("GET", f"{OBJECTS}/contacts", "reads"),
        ("POST", "/crm/associations/2026-09/contacts/companies/batch/read", "reads"),
        ("POST", f"{OBJECTS}/contacts/search", "searches"),
        ("POST", f"{OBJECTS}/contacts/batch/upsert", "writes"),
        ("PATCH", "/crm/v3/objects/deals/7", "writes"),
        ("DELETE", f"{OBJECTS}/contacts/9", "writes"),
        ("POST", "/crm/associations/2026-09/contacts/companies/batch/create", "links"),
        ("POST", "/crm/properties/2026-09/contacts", "setup"),
        ("POST", "/oauth/2026-03/token", "setup"),
    ],
)
def test_every_call_is_of_one_sort(method, path, sort):
    assert books.sort_of(method, path) == sort


def test_of_a_mixed_answer_the_confirmed_records_count():
    mixed = entry(
        "POST", f"{OBJECTS}/contacts/batch/update", 207, None, {"results": [{"id": "1"}, {"id": 2}]}
    )
    assert set(books.written(mixed)) == {("contacts", "1"), ("contacts", "2")}


def test_an_archived_batch_counts_what_was_asked_for_since_it_answers_nothing():
    asked = {"inputs": [{"id": "4"}, {"id": "5"}]}
    archive = entry("POST", "/crm/v3/objects/deals/batch/archive", 204, asked)
    assert set(books.written(archive)) == {("deals", "4"), ("deals", "5")}


def test_a_refused_or_cut_call_has_written_nothing():
    for status in (400, 409, None):
        refused = entry("POST", f"{OBJECTS}/contacts/batch/update", status, None, {"message": "no"})
        assert list(books.written(refused)) == []


def test_a_record_written_twice_is_one_record():
    answer = {"id": "7", "properties": {}}
    twice = [entry("PATCH", f"{OBJECTS}/deals/7", 200, None, answer)] * 2
    calls = books.classify(twice)
    assert (calls.writes, calls.written, calls.total) == (2, {("deals", "7")}, 2)


def test_answers_of_429_are_counted_beside_their_sort():
    calls = books.classify([entry("POST", f"{OBJECTS}/contacts/batch/read", 429)])
    assert (calls.reads, calls.limited) == (1, 1)


def test_only_what_hubspot_accepted_is_a_change():
    linked = "/crm/associations/2026-09/contacts/companies/batch/create"
    assert books.is_change(entry("POST", linked, 201))
    assert books.is_change(entry("PATCH", f"{OBJECTS}/deals/7", 200, None, {"id": "7"}))
    assert not books.is_change(entry("PATCH", f"{OBJECTS}/deals/7", 400, None, {"message": "no"}))
    assert not books.is_change(entry("POST", linked, 429))
    assert not books.is_change(entry("POST", f"{OBJECTS}/deals/batch/read", 200))


SALESFORCE = "/services/data/v66.0"
CONTACT, ACCOUNT = "003000000000001AAA", "001000000000001AAA"


@pytest.mark.parametrize(
    ("method", "path", "sort"),
    [
        ("GET", f"{SALESFORCE}/queryAll", "reads"),
        ("POST", f"{SALESFORCE}/composite/sobjects/Contact", "reads"),
        ("PATCH", f"{SALESFORCE}/composite/sobjects/Contact/Odoo_Id__c", "writes"),
        ("PATCH", f"{SALESFORCE}/composite/sobjects", "writes"),
        ("POST", f"{SALESFORCE}/composite/sobjects", "writes"),
        ("DELETE", f"{SALESFORCE}/composite/sobjects", "writes"),
        ("GET", f"{SALESFORCE}/sobjects/Contact/describe", "setup"),
        ("POST", f"{SALESFORCE}/tooling/sobjects/CustomField", "setup"),
        ("POST", "/services/oauth2/token", "setup"),
    ],
)
def test_every_call_to_salesforce_is_of_one_sort(method, path, sort):
    assert books.sort_of(method, path) == sort


def test_of_a_collection_the_rows_that_succeeded_count_by_what_their_ids_say():
    rows = [
        {"id": CONTACT, "success": True, "errors": []},
        {"success": False, "errors": [{"statusCode": "INVALID_EMAIL_ADDRESS"}]},
        {"id": ACCOUNT, "success": True, "errors": []},
    ]
    mixed = entry("PATCH", f"{SALESFORCE}/composite/sobjects", 200, None, rows)
    assert set(books.written(mixed)) == {("Contact", CONTACT), ("Account", ACCOUNT)}
    refused = entry("PATCH", f"{SALESFORCE}/composite/sobjects", 200, None, rows[1:2])
    assert not books.is_change(refused)


def test_a_row_that_is_deleted_by_itself_is_named_by_its_path():
    deleted = entry("DELETE", f"{SALESFORCE}/sobjects/Contact/{CONTACT}", 204)
    assert set(books.written(deleted)) == {("Contact", CONTACT)}


def test_a_call_over_the_limit_of_the_day_is_counted():
    over = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "…"}]
    calls = books.classify([entry("GET", f"{SALESFORCE}/queryAll", 403, None, over)])
    assert (calls.reads, calls.limited) == (1, 1)
