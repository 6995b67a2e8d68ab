"""Whatever is sent, an answer of the API comes back and never a failure of the sandbox itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from sandbox.core.call import Call
from sandbox.salesforce.config import DEFAULT_TOKEN
from sandbox.salesforce.provider import Salesforce

WORDS = st.sampled_from(
    [
        "Account",
        "Contact",
        "Id",
        "Name",
        "Odoo_Id__c",
        "attributes",
        "type",
        "records",
        "allOrNone",
        "ids",
        "fields",
        "LastName",
        "Email",
        "CloseDate",
        "AnnualRevenue",
        "AccountId",
        "compositeRequest",
        "method",
        "url",
        "referenceId",
        "body",
        "GET",
        "/services/data/v66.0/limits",
        "@{a.b}",
        "object",
        "operation",
        "upsert",
        "externalIdFieldName",
        "state",
        "Metadata",
        "FullName",
        "Account.X__c",
        "Text",
        "001Qy0000000Q0uIAE",
        "",
    ]
)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), WORDS, st.text(max_size=8)
)
BODIES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=5)),
    max_leaves=12,
)
PATHS = [
    ("POST", "/sobjects/Account"),
    ("PATCH", "/sobjects/Contact/Odoo_Id__c/7"),
    ("PATCH", "/sobjects/Account/001Qy0000000Q0uIAE"),
    ("POST", "/composite"),
    ("POST", "/composite/sobjects"),
    ("PATCH", "/composite/sobjects"),
    ("POST", "/composite/sobjects/Account"),
    ("PATCH", "/composite/sobjects/Account/Odoo_Id__c"),
    ("POST", "/jobs/ingest"),
    ("POST", "/tooling/sobjects/CustomField"),
]


@pytest.fixture(scope="module")
def provider():
    made = Salesforce()
    yield made
    made.postman.stop()


def call(method: str, path: str, body: bytes, **query: str) -> Call:
    path = f"/services/data/v66.0{path}"
    headers = {"authorization": f"Bearer {DEFAULT_TOKEN}", "content-type": "application/json"}
    return Call(method, path, path, "http://h", MultiDict(query), headers, body, path)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=st.sampled_from(PATHS), body=BODIES, wrap=st.booleans())
def test_any_json_is_answered(provider, where, body, wrap):
    if wrap:
        body = {"records": [{"attributes": {"type": "Account"}, "Odoo_Id__c": body, "Name": body}]}
    answer = provider.handle(call(*where, json.dumps(body).encode()))
    assert answer.status < 500
    json.loads(answer.body or b"null")


@settings(max_examples=40, deadline=None)
@given(where=st.sampled_from(PATHS), body=st.binary(max_size=40))
def test_any_bytes_are_answered(provider, where, body):
    assert provider.handle(call(*where, body)).status < 500


@settings(max_examples=60, deadline=None)
@given(
    path=st.sampled_from(["/sobjects/Account/updated", "/sobjects/Account/deleted", "/query"]),
    words=st.dictionaries(
        st.sampled_from(["start", "end", "q", "ids", "fields"]),
        st.one_of(
            st.text(max_size=30),
            st.sampled_from(
                [
                    "2026-13-01T00:00:00Z",
                    "2026-01-01T99:00:00Z",
                    "9999-12-31T23:59:59+99:99",
                    "SELECT Id FROM Account WHERE CreatedDate = 9999-99-99T00:00:00Z",
                    "SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS:99999999999",
                    "SELECT Id FROM Account WHERE CreatedDate = LAST_N_MONTHS:99999999",
                    "SELECT Name FROM Account ORDER BY BillingAddress",
                    "SELECT MAX(BillingAddress) FROM Account",
                    "SELECT SUM(Name) FROM Account",
                    "SELECT Id FROM Account WHERE Parent.Parent.Parent.Name > 'a'",
                    "SELECT Id FROM Account WHERE Name IN (1, null)",
                    "SELECT Id FROM Account WHERE Name > null",
                    "SELECT COUNT(Id), FIELDS(ALL) FROM Account LIMIT 1",
                    "SELECT (SELECT COUNT() FROM Contacts) FROM Account",
                    "SELECT Id FROM Account WHERE BillingAddress = null",
                    "SELECT Name FROM Account GROUP BY Name ORDER BY COUNT(Id)",
                    "SELECT Id, (SELECT Id, (SELECT Id FROM Contacts) FROM Contacts) FROM Account",
                ]
            ),
        ),
    ),
)
def test_any_question_is_answered(provider, path, words):
    with provider.lock:
        provider.handle(call("POST", "/sobjects/Account", b'{"Name": "A", "BillingCity": "B"}'))
    assert provider.handle(call("GET", path, b"", **words)).status < 500
