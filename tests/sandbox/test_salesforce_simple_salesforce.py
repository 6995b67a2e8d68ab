"""The sandbox serves simple-salesforce, which knows nothing of it.

The client insists on https and on hosts of Salesforce. A transport adapter, which requests provides
for this, sends all of that to the sandbox's port; sign-in included.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest, SalesforceResourceNotFound

from sandbox.salesforce.config import DEFAULT_SECRET, Options


class ToSandbox(HTTPAdapter):
    """Sends every request to the sandbox, whatever its host."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.scheme, self.place = urlsplit(url)[:2]

    def send(self, request, *args, **kwargs):
        request.url = urlunsplit((self.scheme, self.place, *urlsplit(request.url)[2:]))
        return super().send(request, *args, **kwargs)


@pytest.fixture
def session(sf_box, sf_control):
    made = requests.Session()
    made.trust_env = False
    made.mount("https://", ToSandbox(sf_box.url))
    return made


@pytest.fixture
def client(session):
    """Signed in with client credentials, as our own connector recommends."""
    return Salesforce(
        consumer_key=Options.client_id,
        consumer_secret=DEFAULT_SECRET,
        domain="example.my",
        session=session,
    )


def test_it_signs_in_with_a_signed_assertion(session, sf_control):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    sf_control.tell("config", {"certificate": public.decode()})
    found = Salesforce(
        username=Options.username,
        consumer_key=Options.client_id,
        privatekey=private,
        session=session,
    )
    assert found.query("SELECT COUNT() FROM Organization")["totalSize"] == 1


def test_it_creates_reads_updates_and_deletes(client):
    made = client.Account.create({"Name": "Nordwind"})
    assert made["success"] is True
    assert client.Account.update(made["id"], {"Phone": "+49 40 1"}) == 204
    assert client.Account.get(made["id"])["Phone"] == "+49 40 1"
    assert client.Account.delete(made["id"]) == 204
    with pytest.raises(SalesforceResourceNotFound):
        client.Account.get(made["id"])


def test_it_upserts_by_external_id_and_reads_by_it(client):
    assert client.Contact.upsert("Odoo_Id__c/7", {"LastName": "Weiß"}) == 201
    assert client.Contact.upsert("Odoo_Id__c/7", {"LastName": "Weiss"}) == 200
    assert client.Contact.get_by_custom_id("Odoo_Id__c", "7")["LastName"] == "Weiss"


def test_it_queries_page_by_page(client, sf_control):
    sf_control.tell("config", {"query_page": 4})
    for number in range(10):
        client.Account.create({"Name": f"A{number}"})
    first = client.query("SELECT Name FROM Account ORDER BY Name")
    assert (first["totalSize"], first["done"], len(first["records"])) == (10, False, 4)
    whole = client.query_all("SELECT Name FROM Account ORDER BY Name")
    assert [row["Name"] for row in whole["records"]] == [f"A{n}" for n in range(10)]
    gone = client.query("SELECT Id FROM Account LIMIT 1")["records"][0]["Id"]
    client.Account.delete(gone)
    query = "SELECT Id FROM Account WHERE IsDeleted = true"
    deleted = client.query_all(query, include_deleted=True)
    assert [row["Id"] for row in deleted["records"]] == [gone]


def test_it_describes_the_org_and_an_object(client):
    names = {row["name"] for row in client.describe()["sobjects"]}
    assert {"Account", "Contact", "Lead", "Opportunity", "Product2", "PricebookEntry"} <= names
    fields = {row["name"]: row for row in client.Contact.describe()["fields"]}
    assert fields["Odoo_Id__c"]["externalId"] is True
    assert client.limits()["DailyApiRequests"]["Max"] == 100_000


def test_it_learns_what_was_updated_and_deleted(client):
    kept, gone = (client.Account.create({"Name": name})["id"] for name in "AB")
    client.Account.delete(gone)
    end = datetime.now(timezone.utc) + timedelta(minutes=2)
    start = end - timedelta(hours=1)
    assert client.Account.updated(start, end)["ids"] == [kept]
    [row] = client.Account.deleted(start, end)["deletedRecords"]
    assert row["id"] == gone


def test_it_loads_rows_in_bulk_and_reads_each_outcome(client):
    rows = [{"Odoo_Id__c": str(n), "LastName": f"L{n}"} for n in range(450)]
    rows[3]["Email"] = "no address"
    [job] = client.bulk2.Contact.upsert(records=rows, external_id_field="Odoo_Id__c", wait=0.1)
    assert (job["numberRecordsTotal"], job["numberRecordsFailed"]) == (450, 1)
    failed = client.bulk2.Contact.get_failed_records(job["job_id"])
    assert "INVALID_EMAIL_ADDRESS" in failed and "no address" in failed
    done = client.bulk2.Contact.get_successful_records(job["job_id"])
    assert len(done.splitlines()) == 450
    assert client.query("SELECT COUNT() FROM Contact")["totalSize"] == 449


def test_a_refusal_reaches_it_with_code_and_fields(client):
    with pytest.raises(SalesforceMalformedRequest) as caught:
        client.Contact.create({"FirstName": "Ada"})
    [error] = caught.value.content
    assert error["errorCode"] == "REQUIRED_FIELD_MISSING"
    assert error["fields"] == ["LastName"]


def test_it_signs_in_again_when_its_session_has_ended(client, sf_control):
    sf_control.tell("auth", {"expire_access": True})
    time.sleep(0.01)
    assert client.query("SELECT Id FROM Account")["totalSize"] == 0
