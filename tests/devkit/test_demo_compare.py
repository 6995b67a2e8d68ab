"""The comparison at the end finds every way in which two sides can differ."""

import pytest

from devkit.demo import compare
from devkit.demo.accounts import HubSpot, Salesforce
from devkit.demo.sides import Sides


def line(odoo_field, remote_field, converter, **params):
    return {
        "odoo_field": odoo_field,
        "remote_field": remote_field,
        "converter": converter,
        "params": params,
    }


CONTACT_LINES = [
    line("name", "firstname+lastname", "full_name"),
    line("phone", "phone", "phone"),
    line("country_id.code", "country", "country"),
    line("parent_id", "associations.companies", "link"),
    line("user_id", "hubspot_owner_id", "owner"),
]
DEAL_LINES = [
    line("stage_id", "dealstage", "stage", map={"new": 1, "won": 4}, lost="closedlost"),
    line("expected_revenue", "amount", "decimal"),
    line("date_deadline", "closedate", "date_datetime"),
]


def link(number, kind, model, res_id, remote_id, **more):
    return {
        "id": number, "remote_object": kind, "res_model": model, "res_id": res_id,
        "remote_id": remote_id, "state": "in_sync", "deleted_at": False, "merged_into_id": False,
        **more,
    }  # fmt: skip


def remote(remote_id, archived=False, companies=(), **properties):
    types = [[{"label": None}, {"label": "Primary"}], [{"label": None}]]
    rows = [{"id": one, "types": types[min(n, 1)]} for n, one in enumerate(companies)]
    return {
        "id": remote_id,
        "archived": archived,
        "properties": properties,
        "associations": {"companies": rows} if rows else {},
    }


@pytest.fixture
def sides():
    """One contact of one company, and one deal; equal, though not written alike."""
    partners = {
        5: {"name": "Zoë  Ü", "phone": "+32 (0)9 123", "country_id": 20, "parent_id": 6,
            "user_id": 2, "email": "zoe@x.example"},
        6: {"name": "Acme", "email": False},
    }  # fmt: skip
    # Half past midnight in the account's time zone.
    deal = remote("70", dealstage="new", amount="10.50", closedate="2026-06-06T22:30:00.000Z")
    opportunity = {
        "stage_id": 1, "active": True, "expected_revenue": 10.5, "date_deadline": "2026-06-07",
    }  # fmt: skip
    return Sides(
        name="HubSpot",
        own_id="odoo_external_id",
        models=HubSpot.models,
        links=[
            link(1, "contacts", "res.partner", 5, "50"),
            link(2, "companies", "res.partner", 6, "60"),
            link(3, "deals", "crm.lead", 7, "70"),
        ],
        lines={"contacts": CONTACT_LINES, "companies": [], "deals": DEAL_LINES},
        odoo={
            "res.partner": partners,
            "crm.lead": {7: opportunity},
        },
        remote={
            "contacts": {
                "50": remote(
                    "50", companies=["60", "61"], firstname="Zoë", lastname="Ü", phone="0032 9 123",
                    country="Türkiye", hubspot_owner_id="800",
                )
            },
            "companies": {"60": remote("60")},
            "deals": {"70": deal},
        },
        countries={20: "Turkey"},
        users={2: "jo@x.example"},
        owners={"800": "jo@x.example"},
        time_zone="Europe/Brussels",
    )  # fmt: skip


def found(sides, failing=frozenset()):
    return [
        *compare.differences(sides, failing),
        *compare.unlinked(sides, failing),
        *compare.duplicates(sides, failing),
    ]


def test_what_people_would_call_equal_is_equal(sides):
    assert found(sides) == []


@pytest.mark.parametrize(
    ("model", "res_id", "field", "value"),
    [
        ("res.partner", 5, "name", "Zoe Ü"),
        ("res.partner", 5, "phone", "+32 9 124"),
        ("res.partner", 5, "country_id", False),
        ("res.partner", 5, "parent_id", False),
        ("res.partner", 5, "user_id", False),
        ("crm.lead", 7, "stage_id", 4),
        ("crm.lead", 7, "date_deadline", "2026-06-06"),
        ("crm.lead", 7, "date_deadline", False),
        ("crm.lead", 7, "expected_revenue", 10.49),
    ],
)
def test_a_difference_in_any_field_is_named(sides, model, res_id, field, value):
    sides.odoo[model][res_id][field] = value
    [sentence] = found(sides)
    assert f"{model} {res_id}, {field}" in sentence


def test_a_lost_deal_is_an_archived_opportunity(sides):
    sides.remote["deals"]["70"]["properties"]["dealstage"] = "closedlost"
    assert len(found(sides)) == 1
    sides.odoo["crm.lead"][7]["active"] = False
    assert found(sides) == []


def test_the_primary_company_counts_and_not_the_first(sides):
    rows = sides.remote["contacts"]["50"]["associations"]["companies"]
    rows.reverse()
    assert found(sides) == []


def test_a_company_merged_away_is_the_one_it_became(sides):
    sides.links.append(
        link(4, "companies", "res.partner", 8, "59", merged_into_id=2, deleted_at="2026-01-01")
    )
    sides.odoo["res.partner"][8] = {"name": "Acme (old)", "email": False}
    sides.odoo["res.partner"][5]["parent_id"] = 8
    assert found(sides) == []


def test_a_company_archived_on_both_sides_stays_with_its_contact_in_odoo_only(sides):
    sides.links[1]["deleted_at"] = "2026-01-01"
    sides.remote["companies"]["60"]["archived"] = True
    sides.remote["contacts"]["50"]["associations"] = {}
    assert found(sides) == []


def test_a_record_that_one_side_lacks_is_named(sides):
    sides.remote["deals"]["70"]["archived"] = True
    assert found(sides) == ["deals 70 = crm.lead 7: HubSpot has no such record"]
    del sides.odoo["crm.lead"][7]
    assert found(sides) == ["deals 70 = crm.lead 7: Odoo has no such record"]


def test_a_record_nobody_has_linked_is_named_unless_it_waits_in_failures(sides):
    sides.remote["contacts"]["51"] = remote("51")
    assert found(sides) == ["HubSpot's contacts/51 is not in Odoo"]
    assert found(sides, {"contacts/51"}) == []


def test_what_waits_in_failures_need_not_be_equal_yet(sides):
    sides.odoo["res.partner"][5]["name"] = "Somebody else"
    assert found(sides, {"res.partner,5"}) == []
    assert found(sides, {"contacts/50"}) == []


def test_one_person_twice_is_a_duplicate_on_either_side(sides):
    sides.links.append(link(4, "contacts", "res.partner", 9, "52"))
    sides.odoo["res.partner"][9] = {**sides.odoo["res.partner"][5]}
    copy = {**sides.remote["contacts"]["50"], "id": "52"}
    sides.remote["contacts"]["52"] = copy
    assert found(sides) == ["Odoo has 2 contacts of zoe@x.example"]
    for one in ("50", "52"):
        sides.remote["contacts"][one]["properties"]["odoo_external_id"] = "ns-res.partner-5"
    assert "HubSpot has 2 contacts of ns-res.partner-5" in found(sides)


def test_a_converter_it_does_not_know_is_not_passed_over(sides):
    sides.lines["companies"].append(line("name", "name", "new_one"))
    with pytest.raises(KeyError):
        found(sides)


@pytest.fixture
def salesforce():
    """An opportunity of a person who works for a company, where opportunities are companies'."""
    account = {"id": "001A", "archived": False, "properties": {"Name": "Acme"}, "associations": {}}
    opportunity = {
        "id": "006A",
        "archived": False,
        "properties": {"CloseDate": "2026-06-07", "OwnerId": "005A", "Odoo_Id__c": "a"},
        "associations": {"Account": [{"id": "001A", "types": []}]},
    }
    lines = [
        line("date_deadline", "CloseDate", "date"),
        line("user_id", "OwnerId", "owner"),
        line("partner_id", "associations.Account", "link", through="commercial_partner_id"),
    ]
    return Sides(
        name="Salesforce",
        own_id="Odoo_Id__c",
        models=Salesforce.models,
        links=[
            link(1, "Account", "res.partner", 6, "001A"),
            link(2, "Opportunity", "crm.lead", 7, "006A"),
        ],
        lines={"Account": [], "Opportunity": lines},
        odoo={
            "res.partner": {
                5: {"name": "Zoë", "email": "", "commercial_partner_id": 6},
                6: {"name": "Acme", "email": "", "commercial_partner_id": 6},
            },
            "crm.lead": {7: {"date_deadline": "2026-06-07", "user_id": 2, "partner_id": 5}},
        },
        remote={"Account": {"001A": account}, "Opportunity": {"006A": opportunity}},
        countries={},
        users={2: "jo@x.example", 3: "ada@x.example"},
        owners={"005A": "integration@x.example", "005B": "ada@x.example"},
        time_zone="Europe/Brussels",
    )


def test_a_person_s_opportunity_is_that_of_the_company_where_only_companies_have_some(salesforce):
    assert found(salesforce) == []
    salesforce.odoo["res.partner"][5]["commercial_partner_id"] = 5
    [sentence] = found(salesforce)
    assert "partner_id: Odoo '', Salesforce 'Account/001A'" in sentence


def test_an_owner_whom_one_side_does_not_know_is_nobody_to_the_other(salesforce):
    assert found(salesforce) == []  # jo is no user there, the integration is none here
    salesforce.odoo["crm.lead"][7]["user_id"] = 3
    [sentence] = found(salesforce)
    assert "user_id: Odoo 'ada@x.example', Salesforce ''" in sentence
    salesforce.odoo["crm.lead"][7]["user_id"] = False
    salesforce.remote["Opportunity"]["006A"]["properties"]["OwnerId"] = "005B"
    [sentence] = found(salesforce)
    assert "user_id: Odoo '', Salesforce 'ada@x.example'" in sentence


def test_what_the_account_demands_and_odoo_lacks_is_the_mapping_s_default(salesforce):
    salesforce.odoo["crm.lead"][7]["date_deadline"] = False
    [sentence] = found(salesforce)
    assert "date_deadline" in sentence
    salesforce.lines["Opportunity"][0]["default"] = "+30d"
    assert found(salesforce) == []
    salesforce.odoo["crm.lead"][7]["date_deadline"] = "2026-06-08"
    assert len(found(salesforce)) == 1


def test_our_own_id_twice_at_salesforce_is_a_duplicate(salesforce):
    twin = {**salesforce.remote["Opportunity"]["006A"], "id": "006B"}
    salesforce.remote["Opportunity"]["006B"] = twin
    assert "Salesforce has 2 Opportunity of a" in found(salesforce)
