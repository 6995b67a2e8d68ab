"""What happened to rows: stamps, updated and deleted ids, merges, conversions, the recycle bin."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone

import pytest

from sandbox.salesforce import ids, moments


def at(**ago: float) -> str:
    return (datetime.now(timezone.utc) - timedelta(**ago)).isoformat()


def updated(sf, kind: str, start: str, end: str):
    return sf.get(f"/sobjects/{kind}/updated", params={"start": start, "end": end})


def deleted(sf, kind: str, start: str, end: str):
    return sf.get(f"/sobjects/{kind}/deleted", params={"start": start, "end": end})


def code(answer) -> str:
    return answer.json()[0]["errorCode"]


def stamp(sf, kind: str, record_id: str) -> int:
    return moments.parse(sf.read(kind, record_id)["SystemModstamp"])


# -- stamps


def test_rows_of_one_call_tie_in_whole_seconds(sf):
    sf.collection("POST", "Account", [{"Name": f"A{n}"} for n in range(50)])
    stamps = {row["SystemModstamp"] for row in sf.rows("SELECT SystemModstamp FROM Account")}
    assert len(stamps) == 1
    assert stamps.pop().endswith(".000+0000")


def test_a_stamp_may_be_older_than_the_moment_its_row_appears(sf, sf_control):
    """A long transaction takes its stamp when it begins: a poll without overlap would miss it."""
    sf_control.tell("config", {"stamp_lag_ms": 600_000})
    made = [sf.create("Account", Name=f"A{n}") for n in range(20)]
    before = (datetime.now(timezone.utc) - timedelta(seconds=30)).timestamp() * 1000
    late = [stamp(sf, "Account", record_id) < before for record_id in made]
    assert 1 < sum(late) <= 20


def test_a_stamp_never_goes_back(sf, sf_control):
    record_id = sf.create("Account", Name="A")
    first = stamp(sf, "Account", record_id)
    sf_control.tell("config", {"stamp_lag_ms": 600_000})
    for name in "BCDE":
        sf.patch(f"/sobjects/Account/{record_id}", json={"Name": name})
        assert stamp(sf, "Account", record_id) >= first


def test_a_change_of_the_system_moves_only_its_own_stamp(sf, sf_control):
    record_id = sf.create("Account", Name="A")
    time.sleep(1.1)
    sf_control.person("Account", id=record_id, action="touch")
    row = sf.read("Account", record_id)
    assert row["SystemModstamp"] > row["LastModifiedDate"]


def test_who_changed_a_row_is_on_it(sf, sf_control):
    record_id = sf.create("Account", Name="A")
    ours = sf.read("Account", record_id)["LastModifiedById"]
    sf_control.person("Account", id=record_id, properties={"Name": "B"})
    row = sf.read("Account", record_id)
    assert row["CreatedById"] == ours != row["LastModifiedById"]


# -- getUpdated, getDeleted


def test_updated_and_deleted_tell_ids_of_a_span(sf):
    kept, gone = sf.create("Account", Name="A"), sf.create("Account", Name="B")
    sf.delete(f"/sobjects/Account/{gone}")
    span = (at(hours=1), at(minutes=-2))
    assert updated(sf, "Account", *span).json()["ids"] == [kept]
    found = deleted(sf, "Account", *span).json()
    assert [row["id"] for row in found["deletedRecords"]] == [gone]
    assert updated(sf, "Account", at(hours=2), at(hours=1)).json()["ids"] == []
    earliest = moments.parse(found["earliestDateAvailable"])
    assert abs(earliest - (time.time() - 15 * 86400) * 1000) < 120_000


def test_seconds_of_a_span_are_ignored(sf, sf_control):
    row = {"id": ids.Ids.at("001", 7), "properties": {"Name": "A"}}
    row["properties"]["SystemModstamp"] = moments.text_of(
        (int(time.time()) - 86400) // 60 * 60_000 + 5000
    )
    sf_control.tell("import", {"Account": [row]})
    begin = (int(time.time()) - 86400) // 60 * 60
    start = datetime.fromtimestamp(begin + 50, timezone.utc).isoformat()
    end = datetime.fromtimestamp(begin + 110, timezone.utc).isoformat()
    assert updated(sf, "Account", start, end).json()["ids"] == [row["id"]]


@pytest.mark.parametrize(
    ("read", "start", "end"),
    [
        (updated, {"days": 31}, {}),
        (deleted, {"days": 16}, {}),
        (updated, {"minutes": 1}, {"minutes": 5}),
        (deleted, {"seconds": 0}, {"seconds": 0}),
    ],
)
def test_a_span_that_salesforce_does_not_keep_is_refused(sf, read, start, end):
    answer = read(sf, "Account", at(**start), at(**end))
    assert (answer.status_code, code(answer)) == (400, "INVALID_REPLICATION_DATE")
    assert updated(sf, "Account", "yesterday", at()).status_code == 400


def test_what_was_purged_is_only_in_the_delete_log(sf, sf_control):
    gone = sf.create("Account", Name="A", Odoo_Id__c="7")
    sf.delete(f"/sobjects/Account/{gone}")
    sf_control.person("Account", id=gone, action="purge")
    assert sf.rows(f"SELECT Id FROM Account WHERE Id = '{gone}'", "queryAll") == []
    found = deleted(sf, "Account", at(hours=1), at(minutes=-2)).json()
    assert [row["id"] for row in found["deletedRecords"]] == [gone]
    record = sf_control.records("Account")[gone]
    assert record["erased"] and "Name" not in record["properties"]


def test_the_recycle_bin_forgets_after_fifteen_days(sf, sf_control):
    def row(number: int, days: int) -> dict:
        moment = moments.text_of(int(time.time() - days * 86400) * 1000)
        fields = {"Name": "A", "SystemModstamp": moment}
        return {"id": ids.Ids.at("001", number), "archived": True, "properties": fields}

    old, young = row(7, 16), row(8, 14)
    sf_control.tell("import", {"Account": [old, young]})
    found = sf.rows("SELECT Id FROM Account", "queryAll")
    assert [one["Id"] for one in found] == [young["id"]]


def test_an_undeleted_row_is_back_under_its_id(sf, sf_control, soap):
    record_id = sf.create("Account", Name="A", Odoo_Id__c="7")
    sf.delete(f"/sobjects/Account/{record_id}")
    shown = sf_control.person("Account", id=record_id, action="undelete")
    assert shown["archived"] is False
    assert sf.get("/sobjects/Account/Odoo_Id__c/7").json()["Id"] == record_id
    assert sf.rows("SELECT IsDeleted FROM Account", "queryAll")[0]["IsDeleted"] is False


# -- merge


def test_a_merge_leaves_one_account_with_all_the_contacts(sf, sf_control):
    master, loser = sf.create("Account", Name="A"), sf.create("Account", Name="A Ltd", Phone="1")
    contact = sf.create("Contact", LastName="C", AccountId=loser)
    sf_control.person("Account", id=master, action="merge", other=loser, properties={"Phone": "2"})
    assert sf.read("Contact", contact)["AccountId"] == master
    assert (sf.read("Account", master)["Name"], sf.read("Account", master)["Phone"]) == ("A", "2")
    [row] = sf.rows("SELECT Id, MasterRecordId FROM Account WHERE IsDeleted = true", "queryAll")
    assert (row["Id"], row["MasterRecordId"]) == (loser, master)
    found = deleted(sf, "Account", at(hours=1), at(minutes=-2)).json()
    assert [one["id"] for one in found["deletedRecords"]] == [loser]
    assert sf_control.records("Account")[loser]["mergedInto"] == master


def test_a_merge_takes_two_others_at_most_and_never_itself(sf, sf_control):
    made = [sf.create("Contact", LastName=name) for name in "ABCD"]
    sf_control.person("Contact", id=made[0], action="merge", other=made[1:3])
    assert sf.soql("SELECT COUNT() FROM Contact").json()["totalSize"] == 2
    for other in ([], made[0], [made[3]] * 3, "003nope"):
        body = {"id": made[0], "action": "merge", "other": other}
        assert sf_control.post("/_sandbox/objects/Contact", json=body).status_code == 400
    deal = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-01"}
    deals = [sf.create("Opportunity", **deal) for _ in range(2)]
    body = {"id": deals[0], "action": "merge", "other": deals[1]}
    assert sf_control.post("/_sandbox/objects/Opportunity", json=body).status_code == 400


# -- conversion


def test_a_converted_lead_names_what_it_became(sf, sf_control):
    lead = sf.create(
        "Lead",
        LastName="Weiß",
        FirstName="Ada",
        Company="Nordwind",
        Email="ada@example.org",
        City="Hamburg",
        Odoo_Id__c="7",
    )
    sf_control.person("Lead", id=lead, action="convert")
    row = sf.read("Lead", lead)
    assert (row["IsConverted"], row["Status"]) == (True, "Closed - Converted")
    account = sf.read("Account", row["ConvertedAccountId"])
    contact = sf.read("Contact", row["ConvertedContactId"])
    deal = sf.read("Opportunity", row["ConvertedOpportunityId"])
    assert (account["Name"], account["BillingCity"]) == ("Nordwind", "Hamburg")
    assert (contact["Name"], contact["Email"]) == ("Ada Weiß", "ada@example.org")
    assert contact["AccountId"] == deal["AccountId"] == account["Id"]
    assert contact["Odoo_Id__c"] is None and row["Odoo_Id__c"] == "7"
    answer = sf.patch(f"/sobjects/Lead/{lead}", json={"Title": "T"})
    assert code(answer) == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_lead_is_converted_into_what_is_there_and_without_an_opportunity(sf, sf_control):
    account = sf.create("Account", Name="A")
    contact = sf.create("Contact", LastName="C", AccountId=account)
    lead = sf.create("Lead", LastName="L", Company="A")
    change = {"account_id": account, "contact_id": contact, "opportunity": False}
    sf_control.person("Lead", id=lead, action="convert", **change)
    row = sf.read("Lead", lead)
    assert (row["ConvertedAccountId"], row["ConvertedContactId"]) == (account, contact)
    assert row["ConvertedOpportunityId"] is None
    again = sf_control.post("/_sandbox/objects/Lead", json={"id": lead, "action": "convert"})
    assert again.status_code == 400


def test_a_refused_change_of_a_person_leaves_nothing_behind(sf, sf_control):
    before = sf_control.get("/_sandbox/state").json()["objects"]
    lead = sf.create("Lead", LastName="L", Company="x" * 255)
    sf_control.tell("config", {"validation_rules": [CLOSED]})
    body = {"id": lead, "action": "convert"}
    answer = sf_control.post("/_sandbox/objects/Lead", json=body)
    assert (answer.status_code, answer.json()["error"]) == (400, "Not today.")
    after = sf_control.get("/_sandbox/state").json()["objects"]
    assert {name: row for name, row in after.items() if row != before[name]} == {
        "Lead": {"live": 1, "archived": 0}
    }


CLOSED = {
    "object": "Opportunity",
    "field": "StageName",
    "pattern": "Closed",
    "message": "Not today.",
}
