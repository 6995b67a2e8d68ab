"""SOQL: what the parser takes and refuses, and what the rows say."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.soql import Aggregate, Compare, Junction, parse
from sandbox.salesforce.soql_dates import span

# -- the parser


def test_reads_every_clause():
    query = parse(
        "SELECT Id, Account.Name, COUNT(Id) total FROM Contact c WHERE Name LIKE 'a%' AND (Title = "
        "null OR NOT Email IN ('x', 'y')) GROUP BY Id ORDER BY Name DESC NULLS LAST, Id LIMIT 5 "
        "OFFSET 2"
    )
    assert (query.source, query.alias, query.limit, query.offset) == ("Contact", "c", 5, 2)
    assert query.items[1].parts == ("Account", "Name")
    assert query.items[2] == Aggregate("COUNT", query.items[2].path, "total")
    assert query.where.op == "AND"
    assert query.where.items[1].items[1].op == "NOT"
    assert [(key.descending, key.nulls_last) for key in query.order] == [
        (True, True),
        (False, False),
    ]


def test_keywords_are_read_in_any_case():
    query = parse("select Id from Account where Name='a' order by Name asc limit 1")
    assert isinstance(query.where, Compare)
    assert query.limit == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SELECT",
        "SELECT FROM Account",
        "SELECT Id Account",
        "SELECT Id FROM Account WHERE",
        "SELECT Id FROM Account WHERE Name",
        "SELECT Id FROM Account WHERE Name = ",
        "SELECT Id FROM Account WHERE Name = 'a",
        'SELECT Id FROM Account WHERE Name = "a"',
        "SELECT Id FROM Account WHERE Name = 'a\\q'",
        "SELECT Id FROM Account WHERE Name IN ()",
        "SELECT Id FROM Account LIMIT x",
        "SELECT Id FROM Account; DELETE",
        "SELECT Id FROM Account HAVING Id = 'a'",
        "SELECT toLabel(Type) FROM Account",
        # Neither has precedence, so they cannot stand side by side.
        "SELECT Id FROM Account WHERE Name = 'a' AND Type = 'b' OR Type = 'c'",
    ],
)
def test_refuses_what_salesforce_refuses(text):
    with pytest.raises(ApiError) as caught:
        parse(text)
    assert caught.value.code == "MALFORMED_QUERY"


@given(st.text(max_size=40))
def test_a_quoted_text_comes_out_as_it_went_in(text):
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    query = parse(f"SELECT Id FROM Account WHERE Name = '{quoted}' AND Type = 'x'")
    assert isinstance(query.where, Junction)
    assert query.where.items[0].values[0].value == text


@given(st.text(alphabet="SELECTFROMWHERE Idname'()=,<>!.0123\\%\n", max_size=60))
def test_any_text_is_parsed_or_refused(text):
    try:
        parse(text)
    except ApiError as error:
        assert error.code == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("TODAY", "2026-11-18", "2026-11-18"),
        ("YESTERDAY", "2026-11-17", "2026-11-17"),
        ("THIS_WEEK", "2026-11-15", "2026-11-21"),
        ("LAST_MONTH", "2026-10-01", "2026-10-31"),
        ("NEXT_QUARTER", "2027-01-01", "2027-03-31"),
        ("THIS_YEAR", "2026-01-01", "2026-12-31"),
        ("LAST_N_DAYS:3", "2026-11-15", "2026-11-18"),
        ("NEXT_N_DAYS:2", "2026-11-19", "2026-11-20"),
        ("LAST_N_MONTHS:2", "2026-09-01", "2026-10-31"),
        ("LAST_90_DAYS", "2026-08-20", "2026-11-18"),
    ],
)
def test_a_date_literal_is_a_span_of_days(text, first, last):
    found = span(text, date(2026, 11, 18))
    assert found == (date.fromisoformat(first), date.fromisoformat(last))


# -- the rows


@pytest.fixture
def people(sf):
    """Four contacts, two accounts."""
    nord, sued = (
        sf.create("Account", Name="Nord", AnnualRevenue=5),
        sf.create("Account", Name="Süd"),
    )
    rows = [
        {"LastName": "Alt", "Email": "alt@example.org", "AccountId": nord, "Title": "CEO"},
        {"LastName": "alster", "AccountId": nord, "Birthdate": "1980-02-29"},
        {"LastName": "Berg", "Email": "berg@example.org", "AccountId": sued, "Title": "100%_x"},
        {"LastName": "O'Neil", "Description": "\\ back"},
    ]
    answers = sf.collection("POST", "Contact", rows)
    return {"nord": nord, "sued": sued, "ids": [row["id"] for row in answers]}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("LastName = 'ALT'", ["Alt"]),
        ("LastName LIKE 'al%'", ["Alt", "alster"]),
        ("LastName LIKE '_lt'", ["Alt"]),
        ("Title LIKE '100\\%\\_x'", ["Berg"]),
        ("LastName = 'O\\'Neil'", ["O'Neil"]),
        ("Email = null", ["alster", "O'Neil"]),
        ("Email != null", ["Alt", "Berg"]),
        ("Email != 'alt@example.org'", ["alster", "Berg", "O'Neil"]),
        ("LastName IN ('Alt', 'berg')", ["Alt", "Berg"]),
        ("LastName NOT IN ('Alt', 'berg')", ["alster", "O'Neil"]),
        ("NOT (LastName LIKE 'a%')", ["Berg", "O'Neil"]),
        ("Account.Name = 'nord' AND Title = 'CEO'", ["Alt"]),
        ("Account.Name = 'nord' AND (Title = null OR Email = null)", ["alster"]),
        ("Account.AnnualRevenue >= 5.0", ["Alt", "alster"]),
        ("Birthdate < 1990-01-01", ["alster"]),
        ("CreatedDate = TODAY AND IsDeleted = false", ["Alt", "alster", "Berg", "O'Neil"]),
        ("CreatedDate < LAST_N_DAYS:3", []),
        ("SystemModstamp > 2020-01-01T00:00:00Z AND LastName > 'b'", ["Berg", "O'Neil"]),
        ("AccountId IN (SELECT Id FROM Account WHERE Name = 'Süd')", ["Berg"]),
        ("Contact.LastName = 'Alt'", ["Alt"]),
    ],
)
def test_conditions_find_what_they_say(sf, people, where, expected):
    found = sf.rows(f"SELECT LastName FROM Contact WHERE {where} ORDER BY Id")
    assert [row["LastName"] for row in found] == expected


def test_ids_of_either_length_are_the_same_id(sf, people):
    first = people["ids"][0]
    for text in (first, first[:15]):
        assert [row["Id"] for row in sf.rows(f"SELECT Id FROM Contact WHERE Id = '{text}'")] == [
            first
        ]
        rows = sf.rows(f"SELECT Id FROM Contact WHERE AccountId = '{people['nord'][:15]}'")
        assert len(rows) == 2


def test_a_walk_by_stamp_and_id_meets_every_row_once(sf):
    """The keyset that polling uses: rows of one call tie in SystemModstamp."""
    sf.collection("POST", "Account", [{"Name": f"A{n}"} for n in range(50)])
    seen, stamp, last = [], "2020-01-01T00:00:00Z", "000000000000000"
    while True:
        rows = sf.rows(
            f"SELECT Id, SystemModstamp FROM Account WHERE SystemModstamp > {stamp} OR "
            f"(SystemModstamp = {stamp} AND Id > '{last}') ORDER BY SystemModstamp, Id LIMIT 7"
        )
        if not rows:
            break
        seen += [row["Id"] for row in rows]
        stamp, last = rows[-1]["SystemModstamp"].replace("+0000", "Z"), rows[-1]["Id"]
    assert len(seen) == len(set(seen)) == 50


def test_rows_come_in_the_order_asked_for_with_nulls_first(sf, people):
    rows = sf.rows("SELECT Email FROM Contact ORDER BY Email")
    assert [row["Email"] for row in rows] == [None, None, "alt@example.org", "berg@example.org"]
    rows = sf.rows("SELECT Email FROM Contact ORDER BY Email DESC NULLS LAST LIMIT 2 OFFSET 1")
    assert [row["Email"] for row in rows] == ["alt@example.org", None]


def test_parents_and_children_are_nested(sf, people):
    [row] = sf.rows("SELECT Account.Name, Account.Owner.Name FROM Contact WHERE LastName = 'Alt'")
    assert row["Account"]["Name"] == "Nord"
    assert row["Account"]["Owner"]["Name"] == "Odoo Integration"
    assert row["Account"]["attributes"]["type"] == "Account"
    [row] = sf.rows("SELECT Account.Name FROM Contact WHERE LastName = 'O\\'Neil'")
    assert row["Account"] is None
    rows = sf.rows("SELECT Name, (SELECT LastName FROM Contacts) FROM Account ORDER BY Name")
    assert [row["Contacts"]["totalSize"] for row in rows] == [2, 1]


def test_counts_and_aggregates(sf, people):
    assert sf.soql("SELECT COUNT() FROM Contact WHERE Email = null").json() == {
        "totalSize": 2,
        "done": True,
        "records": [],
    }
    [row] = sf.rows("SELECT COUNT(Id), COUNT(Email) mails, MAX(LastName) FROM Contact")
    assert (row["expr0"], row["mails"], row["expr1"]) == (4, 2, "alster")
    rows = sf.rows(
        "SELECT AccountId, COUNT(Id) n FROM Contact WHERE AccountId != null GROUP BY AccountId"
    )
    assert {row["AccountId"]: row["n"] for row in rows} == {people["nord"]: 2, people["sued"]: 1}


def test_query_all_sees_the_recycle_bin_and_query_does_not(sf, people):
    gone = people["ids"][0]
    sf.delete(f"/sobjects/Contact/{gone}")
    assert gone not in [row["Id"] for row in sf.rows("SELECT Id FROM Contact")]
    rows = sf.rows("SELECT Id, IsDeleted FROM Contact WHERE IsDeleted = true", "queryAll")
    assert [(row["Id"], row["IsDeleted"]) for row in rows] == [(gone, True)]


def test_fields_all_needs_a_limit(sf, people):
    [row] = sf.rows("SELECT FIELDS(ALL) FROM Contact LIMIT 1")
    assert {"Odoo_Id__c", "MailingAddress", "SystemModstamp"} <= set(row)
    answer = sf.soql("SELECT FIELDS(ALL) FROM Contact")
    assert answer.json()[0]["errorCode"] == "MALFORMED_QUERY"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("SELECT Nope FROM Account", "INVALID_FIELD"),
        ("SELECT Nope.Name FROM Account", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id, (SELECT Id FROM Nope) FROM Account", "INVALID_TYPE"),
        ("SELECT Id FROM Account WHERE Description = 'long texts'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE SystemModstamp = '2020-01-01T00:00:00Z'", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name = 5", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account WHERE AnnualRevenue LIKE '5%'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account WHERE CreatedDate = SOMEDAY", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY"),
        ("SELECT COUNT(Id), FIELDS(ALL) FROM Account LIMIT 1", "MALFORMED_QUERY"),
        ("SELECT (SELECT COUNT() FROM Contacts) FROM Account", "MALFORMED_QUERY"),
        ("SELECT COUNT_DISTINCT(BillingAddress) FROM Account", "MALFORMED_QUERY"),
        ("SELECT SUM(Name) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account ORDER BY BillingAddress", "MALFORMED_QUERY"),
        ("SELECT Id FROM Account WHERE BillingAddress = null", "INVALID_FIELD"),
        ("SELECT Id FROM Account WHERE Name INCLUDES ('a')", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Id FROM Account WHERE CreatedDate = LAST_N_DAYS:99999999999", "MALFORMED_QUERY"),
    ],
)
def test_a_query_that_makes_no_sense_is_refused_with_its_code(sf, text, code):
    sf.create("Account", Name="A")
    answer = sf.soql(text)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_page_is_read_to_its_end_and_a_stale_locator_is_refused(sf, sf_control):
    sf_control.tell("config", {"query_page": 3})
    sf.collection("POST", "Account", [{"Name": f"A{n}"} for n in range(7)])
    page = sf.soql("SELECT Name FROM Account ORDER BY Name").json()
    names, first = [row["Name"] for row in page["records"]], page["nextRecordsUrl"]
    while not page["done"]:
        page = sf.get(page["nextRecordsUrl"]).json()
        names += [row["Name"] for row in page["records"]]
    assert names == [f"A{n}" for n in range(7)]
    for _ in range(10):
        sf.soql("SELECT Name FROM Account")
    answer = sf.get(first)
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_an_address_that_is_too_long_is_414(sf):
    names = ",".join(f"'{'x' * 40}{n}'" for n in range(500))
    assert sf.soql(f"SELECT Id FROM Account WHERE Name IN ({names})").status_code == 414
