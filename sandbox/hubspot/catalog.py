"""HubSpot-defined properties, one line each: ``name | label | type | field | group | flags``.

Flags: ``r`` read-only value, ``c`` calculated, ``h`` hidden, ``u`` unique, ``m`` multi-checkbox,
``x`` external options, ``f`` not on forms. Promise: names, types and groups are those of a real
portal. Weakness: a selection; a real portal has 350 contact properties.
"""

from __future__ import annotations

COMMON = """
hs_object_id | Record ID | number | number | {g} | r
hs_object_source | Record creation source | string | text | {g} | rh
hs_object_source_id | Record creation source ID | string | text | {g} | rh
hs_object_source_label | Record source | enumeration | select | {g} | rx
hs_object_source_user_id | Record creation source user ID | number | number | {g} | rh
hs_merged_object_ids | Merged record IDs | enumeration | checkbox | {g} | r
hs_unique_creation_key | Unique creation key | string | text | {g} | rhu
hs_created_by_user_id | Created by user ID | number | number | {g} | r
hs_updated_by_user_id | Updated by user ID | number | number | {g} | r
hs_all_owner_ids | All owner IDs | enumeration | select | {g} | rhx
hs_pipeline | Pipeline | enumeration | select | {g} | hx
hubspot_owner_id | Owner | enumeration | select | {g} | xf
hubspot_owner_assigneddate | Owner assigned date | datetime | date | {g} | r
hubspot_team_id | HubSpot team | enumeration | select | {g} | rx
notes_last_contacted | Last contacted | datetime | date | {g} | r
notes_last_updated | Last activity date | datetime | date | {g} | r
num_associated_deals | Number of associated deals | number | number | {g} | r
"""

CONTACTS = """
email | Email | string | text | contactinformation |
firstname | First Name | string | text | contactinformation |
lastname | Last Name | string | text | contactinformation |
salutation | Salutation | string | text | contactinformation |
jobtitle | Job Title | string | text | contactinformation |
phone | Phone Number | string | phonenumber | contactinformation |
mobilephone | Mobile Phone Number | string | phonenumber | contactinformation |
fax | Fax Number | string | phonenumber | contactinformation |
address | Street Address | string | text | contactinformation |
city | City | string | text | contactinformation |
state | State/Region | string | text | contactinformation |
hs_state_code | State/Region Code | string | text | contactinformation |
zip | Postal Code | string | text | contactinformation |
country | Country/Region | string | text | contactinformation |
hs_country_region_code | Country/Region Code | string | text | contactinformation |
company | Company Name | string | text | contactinformation |
website | Website URL | string | text | contactinformation |
industry | Industry | string | text | contactinformation |
annualrevenue | Annual Revenue | string | text | contactinformation |
date_of_birth | Date of birth | string | text | facebook_ads_properties |
work_email | Work email | string | text | facebook_ads_properties |
message | Message | string | textarea | contact_activity |
hs_language | Preferred language | enumeration | select | contactinformation |
hs_lead_status | Lead Status | enumeration | radio | sales_properties |
lifecyclestage | Lifecycle Stage | enumeration | radio | contactinformation | x
hs_buying_role | Buying Role | enumeration | checkbox | deal_information | m
hs_email_optout | Unsubscribed from all email | bool | booleancheckbox | emailinformation | r
hs_email_domain | Email Domain | string | text | contactinformation | rc
hs_email_bounce | Marketing emails bounced | number | number | emailinformation | r
hs_linkedin_url | LinkedIn URL | string | text | socialmediainformation |
twitterhandle | Twitter Username | string | text | contactinformation |
hs_whatsapp_phone_number | WhatsApp Phone Number | string | phonenumber | contactinformation |
numemployees | Number of Employees | enumeration | select | contactinformation |
followercount | Follower Count | number | number | socialmediainformation | f
closedate | Close Date | datetime | date | deal_information | f
total_revenue | Total Revenue | number | number | deal_information | r
associatedcompanyid | Primary Associated Company ID | number | number | contactinformation | hx
hs_additional_emails | Additional email addresses | enumeration | select | contactinformation | rch
hs_all_contact_vids | Merged record IDs | enumeration | select | contactinformation | rch
hs_calculated_merged_vids | Merged vids | enumeration | select | contactinformation | rch
hs_is_contact | Is a contact | bool | calculation_read_time | contactinformation | rch
hs_is_unworked | Contact unworked | bool | calculation_equation | sales_properties | r
hs_lifecyclestage_lead_date | Became a Lead Date | datetime | date | contactinformation | rh
hs_membership_has_accessed_private_content | Private content | number | calculation_equation | contactscripted | rc
hs_registered_member | Registered member | number | calculation_equation | contactscripted | rc
hs_currently_enrolled_in_prospecting_agent | In prospecting | bool | calculation_equation | contactinformation | rc
num_unique_conversion_events | Unique Forms | number | number | conversioninformation | rc
hubspot_owner_id | Contact owner | enumeration | select | sales_properties | xf
hubspot_owner_assigneddate | Owner assigned date | datetime | date | sales_properties | r
hubspot_team_id | HubSpot Team | enumeration | select | sales_properties | rx
notes_last_contacted | Last Contacted | datetime | date | contact_activity | r
notes_last_updated | Last Activity Date | datetime | date | contact_activity | r
num_associated_deals | Number of Associated Deals | number | number | deal_information | r
createdate | Create Date | datetime | date | contactinformation | r
hs_createdate | Object create date | datetime | date | contactinformation | rh
lastmodifieddate | Last Modified Date | datetime | date | contactinformation | r
hs_lastmodifieddate | Object last modified date | datetime | date | contactinformation | rh
"""  # noqa: E501 - one property, one line

COMPANIES = """
name | Company name | string | text | companyinformation |
domain | Company Domain Name | string | text | companyinformation |
website | Website URL | string | text | companyinformation |
phone | Phone Number | string | phonenumber | companyinformation |
address | Street Address | string | text | companyinformation |
address2 | Street Address 2 | string | text | companyinformation |
city | City | string | text | companyinformation |
state | State/Region | string | text | companyinformation |
zip | Postal Code | string | text | companyinformation |
country | Country/Region | string | text | companyinformation |
hs_country_code | Country Code | string | text | companyinformation |
description | Description | string | textarea | companyinformation |
industry | Industry | enumeration | select | companyinformation |
type | Type | enumeration | radio | companyinformation |
lifecyclestage | Lifecycle Stage | enumeration | radio | companyinformation | x
hs_lead_status | Lead Status | enumeration | radio | companyinformation |
numberofemployees | Number of Employees | number | number | companyinformation |
annualrevenue | Annual Revenue | number | number | companyinformation |
founded_year | Year Founded | string | text | companyinformation |
is_public | Is Public | bool | booleancheckbox | companyinformation |
timezone | Time Zone | string | text | companyinformation |
linkedin_company_page | LinkedIn Company Page | string | text | socialmediainformation |
twitterhandle | Twitter Handle | string | text | socialmediainformation |
hs_parent_company_id | Parent Company | number | number | companyinformation | r
hs_num_child_companies | Number of child companies | number | number | companyinformation | r
num_associated_contacts | Number of Associated Contacts | number | number | companyinformation | r
hs_additional_domains | Additional Domains | enumeration | checkbox | companyinformation | rx
createdate | Create Date | datetime | date | companyinformation | r
hs_createdate | Object create date | datetime | date | companyinformation | rh
hs_lastmodifieddate | Last Modified Date | datetime | date | companyinformation | r
"""

DEALS = """
dealname | Deal Name | string | text | dealinformation |
amount | Amount | number | number | dealinformation |
pipeline | Pipeline | enumeration | select | dealinformation | x
dealstage | Deal Stage | enumeration | radio | dealinformation | x
closedate | Close Date | datetime | date | dealinformation |
description | Deal Description | string | textarea | dealinformation |
dealtype | Deal Type | enumeration | radio | dealinformation |
hs_priority | Priority | enumeration | select | dealinformation |
hs_next_step | Next step | string | text | dealinformation |
deal_currency_code | Currency | enumeration | select | dealinformation | x
amount_in_home_currency | Home amount | number | calculation_equation | dealinformation | rc
hs_forecast_amount | Forecast amount | number | calculation_equation | dealinformation | rc
hs_manual_forecast_category | Forecast category | enumeration | select | dealinformation |
closed_lost_reason | Closed Lost Reason | string | textarea | dealinformation |
closed_won_reason | Closed Won Reason | string | textarea | dealinformation |
hs_is_closed | Is Deal Closed? | bool | calculation_equation | dealinformation | rc
hs_is_closed_won | Is Closed Won | bool | calculation_equation | dealinformation | rc
hs_deal_stage_probability | Deal probability | number | number | dealinformation | r
days_to_close | Days to close | number | calculation_equation | dealinformation | rc
num_associated_contacts | Number of Associated Contacts | number | number | dealinformation | r
createdate | Create Date | datetime | date | dealinformation | r
hs_createdate | Object create date | datetime | date | dealinformation | rh
hs_lastmodifieddate | Last Modified Date | datetime | date | dealinformation | r
"""

TICKETS = """
subject | Ticket name | string | text | ticketinformation |
content | Ticket description | string | textarea | ticketinformation |
hs_pipeline_stage | Ticket status | enumeration | radio | ticketinformation | x
hs_ticket_priority | Priority | enumeration | select | ticketinformation |
createdate | Create date | datetime | date | ticketinformation | r
hs_createdate | Object create date | datetime | date | ticketinformation | rh
hs_lastmodifieddate | Last modified date | datetime | date | ticketinformation | r
"""

PRODUCTS = """
name | Name | string | text | productinformation |
description | Product description | string | textarea | productinformation |
hs_sku | SKU | string | text | productinformation |
price | Unit price | number | number | productinformation |
hs_cost_of_goods_sold | Unit cost | number | number | productinformation |
hs_folder | Folder | string | text | productinformation |
hs_recurring_billing_period | Term | string | text | productinformation |
createdate | Create Date | datetime | date | productinformation | r
hs_createdate | Object create date | datetime | date | productinformation | rh
hs_lastmodifieddate | Last Modified Date | datetime | date | productinformation | r
"""

LINE_ITEMS = """
name | Name | string | text | lineiteminformation |
quantity | Quantity | number | number | lineiteminformation |
price | Unit price | number | number | lineiteminformation |
discount | Unit discount | number | number | lineiteminformation |
amount | Net price | number | calculation_equation | lineiteminformation | rc
hs_sku | SKU | string | text | lineiteminformation |
hs_product_id | Product ID | number | number | lineiteminformation |
hs_recurring_billing_period | Term | string | text | lineiteminformation |
createdate | Create Date | datetime | date | lineiteminformation | r
hs_createdate | Object create date | datetime | date | lineiteminformation | rh
hs_lastmodifieddate | Last Modified Date | datetime | date | lineiteminformation | r
"""

USERS = """
hs_email | Email | string | text | userinformation | r
hs_given_name | Given name | string | text | userinformation | r
hs_family_name | Family name | string | text | userinformation | r
hs_internal_user_id | User ID | number | number | userinformation | r
hs_job_title | Job title | string | text | userinformation |
hs_createdate | Object create date | datetime | date | userinformation | rh
hs_lastmodifieddate | Object last modified date | datetime | date | userinformation | rh
"""

ROWS = {
    "contacts": ("contactinformation", CONTACTS),
    "companies": ("companyinformation", COMPANIES),
    "deals": ("dealinformation", DEALS),
    "tickets": ("ticketinformation", TICKETS),
    "products": ("productinformation", PRODUCTS),
    "line_items": ("lineiteminformation", LINE_ITEMS),
    "users": ("userinformation", USERS),
}

_STAGES = (
    "subscriber=Subscriber lead=Lead marketingqualifiedlead=Marketing_Qualified_Lead "
    "salesqualifiedlead=Sales_Qualified_Lead opportunity=Opportunity customer=Customer "
    "evangelist=Evangelist other=Other"
)
_LEADS = (
    "NEW=New OPEN=Open IN_PROGRESS=In_Progress OPEN_DEAL=Open_Deal UNQUALIFIED=Unqualified "
    "ATTEMPTED_TO_CONTACT=Attempted_to_Contact CONNECTED=Connected BAD_TIMING=Bad_Timing"
)
_INDUSTRIES = (
    "ACCOUNTING AUTOMOTIVE BANKING BIOTECHNOLOGY CHEMICALS COMPUTER_SOFTWARE CONSTRUCTION "
    "CONSUMER_GOODS EDUCATION_MANAGEMENT ELECTRICAL_ELECTRONIC_MANUFACTURING FARMING "
    "FOOD_PRODUCTION FURNITURE HOSPITAL_HEALTH_CARE HOSPITALITY IMPORT_AND_EXPORT "
    "INFORMATION_TECHNOLOGY_AND_SERVICES INSURANCE LOGISTICS_AND_SUPPLY_CHAIN MACHINERY "
    "MANAGEMENT_CONSULTING MECHANICAL_OR_INDUSTRIAL_ENGINEERING PHARMACEUTICALS PRINTING "
    "REAL_ESTATE RENEWABLES_ENVIRONMENT RETAIL TELECOMMUNICATIONS TEXTILES WHOLESALE "
    "WINE_AND_SPIRITS"
)
_PRIORITIES = "low=Low medium=Medium high=High"

#: (object type or None for all, property) -> ``value=Label`` words; underscores are spaces.
OPTIONS = {
    (None, "lifecyclestage"): _STAGES,
    (None, "hs_lead_status"): _LEADS,
    ("contacts", "hs_language"): (
        "ar=Arabic de=German el=Greek en=English es=Spanish fr=French it=Italian ja=Japanese "
        "nl=Dutch pl=Polish pt=Portuguese ru=Russian vi=Vietnamese zh=Chinese"
    ),
    ("contacts", "hs_buying_role"): (
        "BLOCKER=Blocker BUDGET_HOLDER=Budget_Holder CHAMPION=Champion "
        "DECISION_MAKER=Decision_Maker END_USER=End_User EXECUTIVE_SPONSOR=Executive_Sponsor "
        "INFLUENCER=Influencer LEGAL_AND_COMPLIANCE=Legal_and_Compliance OTHER=Other"
    ),
    ("contacts", "numemployees"): "1-5 5-25 25-50 50-100 100-500 500-1000 1000+",
    ("companies", "industry"): _INDUSTRIES,
    (
        "companies",
        "type",
    ): "PROSPECT=Prospect PARTNER=Partner RESELLER=Reseller VENDOR=Vendor OTHER",
    ("deals", "dealtype"): "newbusiness=New_Business existingbusiness=Existing_Business",
    ("deals", "hs_priority"): _PRIORITIES,
    (
        "deals",
        "hs_manual_forecast_category",
    ): "OMIT=Not_forecasted PIPELINE BEST_CASE COMMIT CLOSED",
    ("tickets", "hs_ticket_priority"): "LOW=Low MEDIUM=Medium HIGH=High URGENT=Urgent",
}
