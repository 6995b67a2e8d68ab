"""One row at a time: by id, by external id, with what Salesforce checks before it saves."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from sandbox.salesforce import ids
from sandbox.salesforce.config import Options
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.locks import Locks

DEAL = {"Name": "D", "StageName": "Prospecting", "CloseDate": "2026-12-01"}


def code(answer) -> str:
    return answer.json()[0]["errorCode"]


def test_a_row_is_created_read_changed_and_deleted(sf):
    made = sf.post("/sobjects/Account", json={"Name": " Nordwind ", "AnnualRevenue": "12.4"})
    assert made.status_code == 201
    record_id = made.json()["id"]
    assert made.headers["Location"].endswith(record_id)
    row = sf.read("Account", record_id)
    assert (row["Name"], row["AnnualRevenue"], row["Phone"]) == ("Nordwind", 12.0, None)
    assert sf.patch(f"/sobjects/Account/{record_id[:15]}", json={"Phone": "1"}).status_code == 204
    assert sf.read("Account", record_id[:15])["Phone"] == "1"
    assert sf.delete(f"/sobjects/Account/{record_id}").status_code == 204
    assert sf.get(f"/sobjects/Account/{record_id}").status_code == 404
    again = sf.delete(f"/sobjects/Account/{record_id}")
    assert (again.status_code, code(again)) == (404, "ENTITY_IS_DELETED")


def test_only_the_fields_asked_for_are_shown(sf):
    record_id = sf.create("Account", Name="A")
    row = sf.get(f"/sobjects/Account/{record_id}?fields=name,BillingAddress").json()
    assert set(row) == {"attributes", "Id", "Name", "BillingAddress"}
    answer = sf.get(f"/sobjects/Account/{record_id}?fields=Nope")
    assert (answer.status_code, code(answer)) == (400, "INVALID_FIELD")


def test_an_address_is_a_compound_of_its_parts(sf):
    record_id = sf.create("Contact", LastName="A", MailingCity="Gent", MailingCountry="Belgium")
    row = sf.read("Contact", record_id)
    assert row["MailingAddress"]["city"] == "Gent"
    assert row["OtherAddress"] is None
    answer = sf.patch(f"/sobjects/Contact/{record_id}", json={"MailingAddress": {"city": "Aalst"}})
    assert code(answer) == "INVALID_FIELD_FOR_INSERT_UPDATE"


@pytest.mark.parametrize(
    ("kind", "fields", "expected", "names"),
    [
        ("Contact", {"FirstName": "A"}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ("Lead", {}, "REQUIRED_FIELD_MISSING", ["LastName", "Company"]),
        ("Contact", {"LastName": ""}, "REQUIRED_FIELD_MISSING", ["LastName"]),
        ("Contact", {"LastName": "x" * 81}, "STRING_TOO_LONG", ["LastName"]),
        ("Contact", {"LastName": "A", "Email": "nobody"}, "INVALID_EMAIL_ADDRESS", ["Email"]),
        (
            "User",
            {"LanguageLocaleKey": "xx"},
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            ["LanguageLocaleKey"],
        ),
        ("Account", {"Name": "A", "Nope": 1}, "INVALID_FIELD", None),
        ("Contact", {"LastName": "A", "Name": "B"}, "INVALID_FIELD_FOR_INSERT_UPDATE", ["Name"]),
        ("Account", {"Name": "A", "AnnualRevenue": 1e18}, "NUMBER_OUTSIDE_VALID_RANGE", None),
        ("Account", {"Name": "A", "AnnualRevenue": "much"}, "JSON_PARSER_ERROR", None),
        ("Account", {"Name": 5}, "JSON_PARSER_ERROR", None),
        ("Opportunity", DEAL | {"CloseDate": "tomorrow"}, "JSON_PARSER_ERROR", None),
        ("Contact", {"LastName": "A", "AccountId": "x"}, "MALFORMED_ID", ["AccountId"]),
        (
            "Contact",
            {"LastName": "A", "AccountId": ids.Ids.at("001", 5)},
            "INVALID_CROSS_REFERENCE_KEY",
            [],
        ),
        ("Contact", {"LastName": "A", "Account": {"Odoo_Id__c": "9"}}, "INVALID_FIELD", []),
    ],
)
def test_what_a_row_cannot_hold_is_refused_by_name(sf, kind, fields, expected, names):
    answer = sf.post(f"/sobjects/{kind}", json=fields)
    assert (answer.status_code, code(answer)) == (400, expected)
    if names is not None:
        assert answer.json()[0]["fields"] == names


def test_an_unrestricted_picklist_takes_a_new_value(sf):
    record_id = sf.create("Opportunity", **DEAL | {"StageName": "In Progress"})
    assert sf.read("Opportunity", record_id)["StageName"] == "In Progress"


def test_a_stage_decides_probability_and_whether_it_is_won(sf):
    record_id = sf.create("Opportunity", **DEAL, Amount=200)
    before = sf.read("Opportunity", record_id)
    assert (before["Probability"], before["IsClosed"], before["ExpectedRevenue"]) == (
        10.0,
        False,
        20.0,
    )
    sf.patch(f"/sobjects/Opportunity/{record_id}", json={"StageName": "Closed Won"})
    after = sf.read("Opportunity", record_id)
    assert (after["Probability"], after["IsWon"], after["IsClosed"]) == (100.0, True, True)
    assert after["ExpectedRevenue"] == 200.0


def test_an_upsert_creates_then_updates(sf):
    path = "/sobjects/Account/Odoo_Id__c/7"
    first = sf.patch(path, json={"Name": "A"})
    assert (first.status_code, first.json()["created"]) == (201, True)
    second = sf.patch(path, json={"Name": "B"})
    assert (second.status_code, second.json()["created"]) == (200, False)
    assert second.json()["id"] == first.json()["id"]
    assert sf.get(path).json()["Name"] == "B"
    assert sf.delete(path).status_code == 204
    assert sf.get(path).status_code == 404


def test_an_old_version_answers_an_update_without_a_body(sf):
    sf.version = "v45.0"
    path = "/sobjects/Account/Odoo_Id__c/7"
    assert "created" not in sf.patch(path, json={"Name": "A"}).json()
    again = sf.patch(path, json={"Name": "B"})
    assert (again.status_code, again.content) == (204, b"")


def test_an_external_id_may_hold_a_slash(sf):
    assert sf.patch("/sobjects/Account/Odoo_Id__c/a%2Fb", json={"Name": "A"}).status_code == 201
    assert sf.rows("SELECT Odoo_Id__c FROM Account")[0]["Odoo_Id__c"] == "a/b"


def test_an_upsert_that_must_not_create_is_404(sf):
    answer = sf.patch("/sobjects/Account/Odoo_Id__c/7?updateOnly=true", json={"Name": "A"})
    assert answer.status_code == 404
    assert sf.soql("SELECT COUNT() FROM Account").json()["totalSize"] == 0


def test_an_upsert_refuses_its_own_key_in_the_body(sf):
    answer = sf.patch("/sobjects/Account/Odoo_Id__c/7", json={"Odoo_Id__c": "7", "Name": "A"})
    assert (answer.status_code, code(answer)) == (400, "INVALID_FIELD")


def test_an_external_id_is_unique_in_any_case(sf):
    sf.create("Account", Name="A", Odoo_Id__c="abc")
    answer = sf.post("/sobjects/Account", json={"Name": "B", "Odoo_Id__c": "ABC"})
    assert (answer.status_code, code(answer)) == (400, "DUPLICATE_VALUE")


def test_a_deleted_row_gives_its_external_id_free(sf):
    old = sf.create("Account", Name="A", Odoo_Id__c="7")
    sf.delete(f"/sobjects/Account/{old}")
    new = sf.patch("/sobjects/Account/Odoo_Id__c/7", json={"Name": "B"})
    assert new.status_code == 201 and new.json()["id"] != old


def test_a_relationship_is_set_by_external_id(sf):
    account = sf.create("Account", Name="A", Odoo_Id__c="7")
    contact = sf.create("Contact", LastName="C", Account={"Odoo_Id__c": "7"})
    assert sf.read("Contact", contact)["AccountId"] == account
    sf.patch(f"/sobjects/Contact/{contact}", json={"Account": None})
    assert sf.read("Contact", contact)["AccountId"] is None


def test_a_price_needs_a_standard_price_first(sf):
    standard = sf.rows("SELECT Id FROM Pricebook2 WHERE IsStandard = true")[0]["Id"]
    own = sf.create("Pricebook2", Name="Own")
    product = sf.create("Product2", Name="P", ProductCode="P1")
    entry = {"Product2Id": product, "UnitPrice": 9.99, "IsActive": True}
    answer = sf.post("/sobjects/PricebookEntry", json={**entry, "Pricebook2Id": own})
    assert code(answer) == "STANDARD_PRICE_NOT_DEFINED"
    sf.create("PricebookEntry", **entry, Pricebook2Id=standard)
    made = sf.create("PricebookEntry", **entry, Pricebook2Id=own)
    assert sf.read("PricebookEntry", made)["Name"] == "P"
    answer = sf.post("/sobjects/PricebookEntry", json={**entry, "Pricebook2Id": own})
    assert code(answer) == "DUPLICATE_VALUE"


def test_a_write_to_a_newer_row_than_the_caller_knows_is_412(sf, sf_control):
    old = {"Name": "A", "LastModifiedDate": "2026-01-02T00:00:00.000+0000"}
    row = {"id": ids.Ids.at("001", 9), "properties": old}
    sf_control.tell("import", {"Account": [row]})
    path = f"/sobjects/Account/{row['id']}"
    known = {"If-Unmodified-Since": "Thu, 01 Jan 2026 00:00:00 GMT"}
    answer = sf.patch(path, json={"Name": "B"}, headers=known)
    assert (answer.status_code, code(answer)) == (412, "PRECONDITION_FAILED")
    known = {"If-Unmodified-Since": "Fri, 02 Jan 2026 00:00:00 GMT"}
    assert sf.patch(path, json={"Name": "B"}, headers=known).status_code == 204


def test_a_read_of_what_the_caller_knows_is_304(sf):
    path = f"/sobjects/Account/{sf.create('Account', Name='A')}"
    later = {"If-Modified-Since": formatdate(time.time() + 5, usegmt=True)}
    answer = sf.get(path, headers=later)
    assert (answer.status_code, answer.content) == (304, b"")


def test_an_account_takes_its_contacts_along(sf, sf_control):
    account = sf.create("Account", Name="A")
    contact = sf.create("Contact", LastName="C", AccountId=account)
    sf.delete(f"/sobjects/Account/{account}")
    assert sf.get(f"/sobjects/Contact/{contact}").status_code == 404
    sf_control.person("Account", id=account, action="undelete")
    assert sf.read("Contact", contact)["AccountId"] == account


def test_an_account_with_a_won_opportunity_stays(sf):
    account = sf.create("Account", Name="A")
    sf.create("Opportunity", **DEAL | {"StageName": "Closed Won"}, AccountId=account)
    answer = sf.delete(f"/sobjects/Account/{account}")
    assert (answer.status_code, code(answer)) == (400, "DELETE_FAILED")


def test_what_nobody_may_write_is_refused(sf):
    user = sf.rows("SELECT Id FROM User")[0]["Id"]
    assert code(sf.delete(f"/sobjects/User/{user}")) == "INSUFFICIENT_ACCESS_OR_READONLY"
    answer = sf.post("/sobjects/OpportunityStage", json={"MasterLabel": "New"})
    assert code(answer) == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    assert sf.put("/sobjects/Account", json={}).status_code == 405


def test_an_owner_who_left_is_refused(sf):
    user = sf.rows("SELECT Id FROM User WHERE Alias = 'ada'")[0]["Id"]
    sf.patch(f"/sobjects/User/{user}", json={"IsActive": False})
    answer = sf.post("/sobjects/Account", json={"Name": "A", "OwnerId": user})
    assert code(answer) == "INACTIVE_OWNER_OR_USER"


def test_a_post_may_say_that_it_is_a_patch(sf):
    record_id = sf.create("Account", Name="A")
    answer = sf.post(f"/sobjects/Account/{record_id}?_HttpMethod=PATCH", json={"Name": "B"})
    assert answer.status_code == 204
    assert sf.read("Account", record_id)["Name"] == "B"


def test_a_validation_rule_and_a_duplicate_rule_speak_for_the_admin(sf, sf_control):
    rule = {"object": "Account", "field": "Phone", "pattern": r"^\+", "message": "Begin with +."}
    match = {"object": "Contact", "match": ["Email"]}
    sf_control.tell("config", {"validation_rules": [rule], "duplicate_rules": [match]})
    answer = sf.post("/sobjects/Account", json={"Name": "A", "Phone": "040"})
    [error] = answer.json()
    assert error["errorCode"] == "FIELD_CUSTOM_VALIDATION_EXCEPTION"
    assert (error["message"], error["fields"]) == ("Begin with +.", ["Phone"])
    first = sf.create("Contact", LastName="A", Email="a@example.org")
    twin = {"LastName": "B", "Email": "A@example.org"}
    [error] = sf.post("/sobjects/Contact", json=twin).json()
    assert error["errorCode"] == "DUPLICATES_DETECTED"
    [found] = error["duplicateResult"]["matchResults"][0]["matchRecords"]
    assert found["record"]["Id"] == first
    saved = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true"}
    assert sf.post("/sobjects/Contact", json=twin, headers=saved).status_code == 201
    sf_control.tell("config", {"duplicate_rules": [match | {"block": True}]})
    [error] = sf.post("/sobjects/Contact", json=twin, headers=saved).json()
    assert error["duplicateResult"]["allowSave"] is False
    shown = error["duplicateResult"]["matchResults"][0]["matchRecords"][0]["record"]
    assert shown["Email"] == "a@example.org"


def test_a_locked_row_and_the_rows_below_it_are_refused(sf, sf_control):
    account = sf.create("Account", Name="A")
    contact = sf.create("Contact", LastName="C", AccountId=account)
    sf_control.person("Account", id=account, action="lock")
    for path in (f"/sobjects/Account/{account}", f"/sobjects/Contact/{contact}"):
        answer = sf.patch(path, json={"Phone": "1"})
        assert (answer.status_code, code(answer)) == (400, "UNABLE_TO_LOCK_ROW")
    sf_control.person("Account", id=account, action="unlock")
    assert sf.patch(f"/sobjects/Contact/{contact}", json={"Phone": "1"}).status_code == 204


def test_a_call_keeps_its_rows_from_others(sf, sf_control):
    sf_control.tell("config", {"lock_hold_ms": 60_000})
    account = sf.create("Account", Name="A")
    rows = [{"LastName": name, "AccountId": account} for name in "CD"]
    assert [row["success"] for row in sf.collection("POST", "Contact", rows)] == [True, True]
    answer = sf.post("/sobjects/Contact", json={"LastName": "E", "AccountId": account})
    assert code(answer) == "UNABLE_TO_LOCK_ROW"


def test_a_lock_is_given_up_in_time():
    clock = Hand()
    locks = Locks(Options(lock_hold_ms=100), clock)
    locks.take(["001"], "one call")
    clock.moment = 99
    with pytest.raises(ApiError, match="UNABLE_TO_LOCK_ROW"):
        locks.take(["001"], "another")
    clock.moment = 100
    locks.take(["001"], "another")


class Hand:
    """A clock that is moved by hand."""

    moment = 0

    def now(self) -> int:
        return self.moment


def test_ids_have_the_checksum_of_recorded_ones():
    for known in ("0015500001QdRaYAAV", "0035500001H9dBaAAJ", "0065500000KQ12XAAT"):
        assert ids.long_id(known[:15]) == known
        assert ids.long_id(known.upper()) == known
    assert ids.long_id("001") is None
    assert ids.long_id("0015500001QdRaY555") is None
