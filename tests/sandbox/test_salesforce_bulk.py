"""Bulk API 2.0 ingest: every row of the CSV ends up in one of the three results."""

from __future__ import annotations

import csv
import io
import time

import pytest

ENDED = ("JobComplete", "Failed", "Aborted")


def open_job(sf, operation: str, kind: str = "Contact", **facts: str) -> dict:
    if operation == "upsert":
        facts.setdefault("externalIdFieldName", "Odoo_Id__c")
    body = {"object": kind, "operation": operation, "contentType": "CSV", **facts}
    answer = sf.post("/jobs/ingest", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(sf, job: dict, text: str):
    headers = {"Content-Type": "text/csv"}
    return sf.put(f"/jobs/ingest/{job['id']}/batches", data=text.encode(), headers=headers)


def close(sf, job: dict, state: str = "UploadComplete"):
    return sf.patch(f"/jobs/ingest/{job['id']}", json={"state": state})


def wait(sf, job: dict, *states: str) -> dict:
    limit = time.monotonic() + 20
    while time.monotonic() < limit:
        found = sf.get(f"/jobs/ingest/{job['id']}").json()
        if found["state"] in (states or ENDED):
            return found
        time.sleep(0.02)
    raise AssertionError(found)


def results(sf, job: dict) -> dict[str, list[dict]]:
    found = {}
    for name in ("successfulResults", "failedResults", "unprocessedrecords"):
        answer = sf.get(f"/jobs/ingest/{job['id']}/{name}")
        assert answer.headers["Content-Type"].startswith("text/csv")
        found[name] = list(csv.DictReader(io.StringIO(answer.text)))
    return found


def run(sf, operation: str, text: str, **facts: str) -> tuple[dict, dict[str, list[dict]]]:
    job = open_job(sf, operation, **facts)
    assert upload(sf, job, text).status_code == 201
    assert close(sf, job).json()["state"] == "UploadComplete"
    return wait(sf, job), results(sf, job)


def test_a_job_goes_through_its_states(sf, sf_control):
    sf_control.tell("config", {"bulk": {"delay_ms": 150, "chunk_ms": 500}})
    job = open_job(sf, "insert")
    assert job["state"] == "Open"
    assert job["contentUrl"].endswith(f"{job['id']}/batches")
    upload(sf, job, "LastName\nA\n")
    assert close(sf, job).json()["state"] == "UploadComplete"
    wait(sf, job, "InProgress")
    found = wait(sf, job)
    assert (found["state"], found["numberRecordsProcessed"]) == ("JobComplete", 1)
    assert found["jobType"] == "V2Ingest"


def test_each_row_has_its_outcome_and_keeps_its_columns(sf):
    sf.create("Account", Name="Acme", Odoo_Id__c="c1")
    old = sf.create("Contact", LastName="Old", Odoo_Id__c="1", Phone="5", Title="Boss")
    text = (
        "Odoo_Id__c,LastName,Email,Phone,Title,Account.Odoo_Id__c\n"
        "1,New,,#N/A,,c1\n"
        '2,"Müller, née Groß",m@example.org,,,\n'
        "3,,x@example.org,,,\n"
        "4,A,nobody,,,\n"
        "5,B,,,,c9\n"
    )
    job, found = run(sf, "upsert", text)
    assert (job["numberRecordsProcessed"], job["numberRecordsFailed"]) == (5, 3)
    done = {row["Odoo_Id__c"]: row for row in found["successfulResults"]}
    assert done["1"]["sf__Id"] == old
    assert [done[n]["sf__Created"] for n in "12"] == ["false", "true"]
    errors = {row["Odoo_Id__c"]: row["sf__Error"] for row in found["failedResults"]}
    assert errors["3"] == (
        "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --"
    )
    assert errors["4"].startswith("INVALID_EMAIL_ADDRESS:")
    assert errors["5"].startswith("INVALID_FIELD:Foreign key external ID: c9 not found")
    row = sf.read("Contact", old)
    assert (row["LastName"], row["Phone"], row["Title"]) == ("New", None, "Boss")
    assert row["AccountId"] is not None
    assert sf.read("Contact", done["2"]["sf__Id"])["LastName"] == "Müller, née Groß"


def test_one_external_id_twice_in_a_chunk_is_refused_both_times(sf):
    _job, found = run(sf, "upsert", "Odoo_Id__c,LastName\n1,A\n2,B\n1,C\n")
    assert [row["Odoo_Id__c"] for row in found["failedResults"]] == ["1", "1"]
    assert all(row["sf__Error"].startswith("DUPLICATE_VALUE:") for row in found["failedResults"])


@pytest.mark.parametrize("operation", ["update", "delete", "hardDelete"])
def test_rows_are_updated_and_deleted_by_id(sf, sf_control, operation):
    made = sf.create("Contact", LastName="A")
    text = f"Id,LastName\n{made},B\n" if operation == "update" else f"Id\n{made}\n"
    job, found = run(sf, operation, text)
    assert job["numberRecordsFailed"] == 0
    assert found["successfulResults"][0]["sf__Id"] == made
    record = sf_control.records("Contact")[made]
    assert record["archived"] == (operation != "update")
    assert record["erased"] == (operation == "hardDelete")


def test_a_semicolon_and_windows_line_ends_are_read(sf):
    text = "Odoo_Id__c;LastName\r\n1;A, B\r\n"
    job, _found = run(sf, "upsert", text, columnDelimiter="SEMICOLON", lineEnding="CRLF")
    assert job["numberRecordsFailed"] == 0
    assert sf.rows("SELECT LastName FROM Contact")[0]["LastName"] == "A, B"


def test_a_job_that_fails_leaves_rows_unprocessed(sf, sf_control):
    sf_control.tell("config", {"bulk": {"fail_after": 250}})
    text = "Odoo_Id__c,LastName\n" + "".join(f"{n},L{n}\n" for n in range(500))
    job, found = run(sf, "upsert", text)
    assert job["state"] == "Failed" and job["errorMessage"]
    counts = {name: len(rows) for name, rows in found.items()}
    assert counts == {"successfulResults": 250, "failedResults": 0, "unprocessedrecords": 250}
    assert found["unprocessedrecords"][0] == {"Odoo_Id__c": "250", "LastName": "L250"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("LastName,Nope\nA,1\n", "Field name not found : Nope"),
        ("LastName,Nope.Odoo_Id__c\nA,1\n", "Field name not found : Nope.Odoo_Id__c"),
        ("LastName,Phone\nA,1\nB\n", "1 columns in line 3"),
    ],
)
def test_a_table_that_cannot_be_read_fails_as_a_whole(sf, text, word):
    job, found = run(sf, "insert", text)
    assert job["state"] == "Failed" and word in job["errorMessage"]
    assert found["successfulResults"] == found["failedResults"] == []
    assert len(found["unprocessedrecords"]) == text.count("\n") - 1


def test_an_aborted_job_leaves_the_rest_undone(sf, sf_control):
    sf_control.tell("config", {"bulk": {"delay_ms": 0, "chunk_ms": 300}})
    job = open_job(sf, "insert")
    upload(sf, job, "LastName\n" + "".join(f"L{n}\n" for n in range(2000)))
    close(sf, job)
    wait(sf, job, "InProgress")
    assert close(sf, job, "Aborted").json()["state"] == "Aborted"
    found = results(sf, job)
    done = len(found["successfulResults"])
    assert done + len(found["unprocessedrecords"]) == 2000
    assert len(found["unprocessedrecords"]) > 0
    assert sf.soql("SELECT COUNT() FROM Contact").json()["totalSize"] == done


def test_a_job_is_uploaded_once_and_closed_once(sf):
    job = open_job(sf, "insert")
    assert upload(sf, job, "LastName\nA\n").status_code == 201
    assert upload(sf, job, "LastName\nB\n").status_code == 400
    assert sf.get(f"/jobs/ingest/{job['id']}/failedResults").status_code == 400
    close(sf, job)
    wait(sf, job)
    assert close(sf, job).status_code == 400
    assert close(sf, job, "Aborted").status_code == 400
    assert [row["id"] for row in sf.get("/jobs/ingest").json()["records"]] == [job["id"]]
    assert sf.delete(f"/jobs/ingest/{job['id']}").status_code == 204
    assert sf.get(f"/jobs/ingest/{job['id']}").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"object": "Nope", "operation": "insert"},
        {"object": "Contact", "operation": "merge"},
        {"object": "Contact", "operation": "upsert"},
        {"object": "Contact", "operation": "upsert", "externalIdFieldName": "Phone"},
        {"object": "Contact", "operation": "insert", "contentType": "XML"},
        {"object": "Contact", "operation": "insert", "columnDelimiter": "SPACE"},
    ],
)
def test_a_job_that_makes_no_sense_is_refused(sf, body):
    assert sf.post("/jobs/ingest", json=body).status_code == 400


def test_rows_of_a_job_are_told_of(sf, sf_control, soap):
    run(sf, "insert", "LastName\n" + "".join(f"L{n}\n" for n in range(30)))
    assert sf_control.flush()
    assert sum(body.count(b"<Notification>") for _headers, body in soap.requests) == 30


def test_a_reset_ends_what_runs(sf, sf_control):
    sf_control.tell("config", {"bulk": {"delay_ms": 200}})
    job = open_job(sf, "insert")
    upload(sf, job, "LastName\nA\n")
    close(sf, job)
    sf_control.tell("reset")
    time.sleep(0.4)
    assert sf.soql("SELECT COUNT() FROM Contact").json()["totalSize"] == 0
