"""The standard objects, one line a field: see :mod:`sandbox.salesforce.fields`.

``@Billing | Billing`` stands for the nine fields of an address. Promise: names, types, lengths and
flags are those of recorded describes (Account, Contact, Lead, Opportunity) or of the object
reference (the others). Weakness: a selection; a real Account has more.
"""

from __future__ import annotations

SETS = {
    "source": "Web;Phone Inquiry;Partner Referral;Purchased List;Other",
    "rating": "Hot;Warm;Cold",
    "account_type": (
        "Prospect;Customer - Direct;Customer - Channel;Channel Partner / Reseller;"
        "Installation Partner;Technology Partner;Other"
    ),
    "deal_type": (
        "Existing Customer - Upgrade;Existing Customer - Replacement;"
        "Existing Customer - Downgrade;New Customer"
    ),
    "lead_status": (
        "Open - Not Contacted*;Working - Contacted;Closed - Converted;Closed - Not Converted"
    ),
    "stages": (
        "Prospecting;Qualification;Needs Analysis;Value Proposition;Id. Decision Makers;"
        "Perception Analysis;Proposal/Price Quote;Negotiation/Review;Closed Won;Closed Lost"
    ),
    "forecast": "Omitted;Pipeline;BestCase;MostLikely;Forecast;Closed",
    "forecast_name": "Omitted;Pipeline;Best Case;Commit;Closed",
    "geo": (
        "Address;NearAddress;Block;Street;ExtendedZip;Zip;Neighborhood;City;County;State;Unknown"
    ),
    "industry": (
        "Agriculture;Apparel;Banking;Biotechnology;Chemicals;Communications;Construction;"
        "Consulting;Education;Electronics;Energy;Engineering;Entertainment;Environmental;Finance;"
        "Food & Beverage;Government;Healthcare;Hospitality;Insurance;Machinery;Manufacturing;"
        "Media;Not For Profit;Recreation;Retail;Shipping;Technology;Telecommunications;"
        "Transportation;Utilities;Other"
    ),
}

SYSTEM = """
Id | {label} ID | id(18) | rndi
IsDeleted | Deleted | boolean | rnd
CreatedDate | Created Date | datetime | rnd
CreatedById | Created By ID | reference(User:CreatedBy) | rnd
LastModifiedDate | Last Modified Date | datetime | rnd
LastModifiedById | Last Modified By ID | reference(User:LastModifiedBy) | rnd
SystemModstamp | System Modstamp | datetime | rnd
"""

ADDRESS = """
{prefix}Street | {label}Street | textarea(255)
{prefix}City | {label}City | string(40)
{prefix}State | {label}State/Province | string(80)
{prefix}PostalCode | {label}Zip/Postal Code | string(20)
{prefix}Country | {label}Country | string(80)
{prefix}Latitude | {label}Latitude | double(18,15)
{prefix}Longitude | {label}Longitude | double(18,15)
{prefix}GeocodeAccuracy | {label}Geocode Accuracy | picklist(40) | p | {{geo}}
{prefix}Address | {label}Address | address | r
"""

ACCOUNT = """
MasterRecordId | Master Record ID | reference(Account:MasterRecord) | r
Name | Account Name | string(255) | nk
Type | Account Type | picklist(40) | | {account_type}
ParentId | Parent Account ID | reference(Account:Parent)
@Billing | Billing
@Shipping | Shipping
Phone | Account Phone | phone(40)
Fax | Account Fax | phone(40)
AccountNumber | Account Number | string(40)
Website | Website | url(255)
PhotoUrl | Photo URL | url(255) | r
Sic | SIC Code | string(20)
Industry | Industry | picklist(40) | | {industry}
AnnualRevenue | Annual Revenue | currency(18,0)
NumberOfEmployees | Employees | int
Ownership | Ownership | picklist(40) | | Public;Private;Subsidiary;Other
TickerSymbol | Ticker Symbol | string(20)
Description | Account Description | textarea(32000) | f
Rating | Account Rating | picklist(40) | | {rating}
Site | Account Site | string(80)
OwnerId | Owner ID | reference(User:Owner) | nd
AccountSource | Account Source | picklist(40) | | {source}
"""

CONTACT = """
MasterRecordId | Master Record ID | reference(Contact:MasterRecord) | r
AccountId | Account ID | reference(Account:Account)
LastName | Last Name | string(80) | n
FirstName | First Name | string(40)
Salutation | Salutation | picklist(40) | | Mr.;Ms.;Mrs.;Dr.;Prof.
Name | Full Name | string(121) | rnk
@Other | Other
@Mailing | Mailing
Phone | Business Phone | phone(40)
Fax | Business Fax | phone(40)
MobilePhone | Mobile Phone | phone(40)
HomePhone | Home Phone | phone(40)
OtherPhone | Other Phone | phone(40)
AssistantPhone | Asst. Phone | phone(40)
ReportsToId | Reports To ID | reference(Contact:ReportsTo)
Email | Email | email(80) | i
Title | Title | string(128)
Department | Department | string(80)
AssistantName | Assistant's Name | string(40)
LeadSource | Lead Source | picklist(255) | | {source}
Birthdate | Birthdate | date
Description | Contact Description | textarea(32000) | f
OwnerId | Owner ID | reference(User:Owner) | nd
EmailBouncedReason | Email Bounced Reason | string(255)
EmailBouncedDate | Email Bounced Date | datetime
IsEmailBounced | Is Email Bounced | boolean | rnd
PhotoUrl | Photo URL | url(255) | r
"""

LEAD = """
MasterRecordId | Master Record ID | reference(Lead:MasterRecord) | r
LastName | Last Name | string(80) | n
FirstName | First Name | string(40)
Salutation | Salutation | picklist(40) | | Mr.;Ms.;Mrs.;Dr.;Prof.;Mx.
Name | Full Name | string(121) | rnk
Title | Title | string(128)
Company | Company | string(255) | n
@ |
Phone | Phone | phone(40)
MobilePhone | Mobile Phone | phone(40)
Fax | Fax | phone(40)
Email | Email | email(80) | i
Website | Website | url(255)
PhotoUrl | Photo URL | url(255) | r
Description | Description | textarea(32000) | f
LeadSource | Lead Source | picklist(255) | | {source}
Status | Status | picklist(255) | nd | {lead_status}
Industry | Industry | picklist(255) | | {industry}
Rating | Rating | picklist(255) | | {rating}
AnnualRevenue | Annual Revenue | currency(18,0)
NumberOfEmployees | Employees | int
OwnerId | Owner ID | reference(Group/User:Owner) | nd
IsConverted | Converted | boolean | ond
ConvertedDate | Converted Date | date | r
ConvertedAccountId | Converted Account ID | reference(Account:ConvertedAccount) | r
ConvertedContactId | Converted Contact ID | reference(Contact:ConvertedContact) | r
ConvertedOpportunityId | Converted Opportunity ID | reference(Opportunity:ConvertedOpportunity) | r
EmailBouncedReason | Email Bounced Reason | string(255) | u
EmailBouncedDate | Email Bounced Date | datetime | u
"""

OPPORTUNITY = """
AccountId | Account ID | reference(Account:Account)
IsPrivate | Private | boolean | nd
Name | Name | string(120) | nik
Description | Description | textarea(32000) | f
StageName | Stage | picklist(255) | n | {stages}
Amount | Amount | currency(18,2)
Probability | Probability (%) | percent(3,0) | d
ExpectedRevenue | Expected Amount | currency(18,2) | r
TotalOpportunityQuantity | Quantity | double(18,2)
CloseDate | Close Date | date | n
Type | Opportunity Type | picklist(255) | | {deal_type}
NextStep | Next Step | string(255)
LeadSource | Lead Source | picklist(255) | | {source}
IsClosed | Closed | boolean | rnd
IsWon | Won | boolean | rnd
ForecastCategory | Forecast Category | picklist(40) | rnp | {forecast}
ForecastCategoryName | Forecast Category | picklist(255) | dp | {forecast_name}
HasOpportunityLineItem | Has Line Item | boolean | rnd
Pricebook2Id | Price Book ID | reference(Pricebook2:Pricebook2) | d
OwnerId | Owner ID | reference(User:Owner) | nd
ContactId | Contact ID | reference(Contact) | o
HasOpenActivity | Has Open Activity | boolean | rndf
HasOverdueTask | Has Overdue Task | boolean | rndf
"""

PRODUCT2 = """
Name | Product Name | string(255) | nki
ProductCode | Product Code | string(255)
Description | Product Description | textarea(4000) | f
IsActive | Active | boolean | nd
Family | Product Family | picklist(40) | | None;Hardware;Software;Services
ExternalId | External ID | string(255)
DisplayUrl | Display URL | url(1000)
QuantityUnitOfMeasure | Quantity Unit Of Measure | picklist(180) | | Each
StockKeepingUnit | Product SKU | string(180)
IsArchived | Archived | boolean | rnd
"""

PRICEBOOK2 = """
Name | Price Book Name | string(255) | nk
IsActive | Active | boolean | nd
IsArchived | Archived | boolean | rnd
Description | Description | string(255)
IsStandard | Is Standard Price Book | boolean | rnd
"""

PRICEBOOKENTRY = """
Name | Product Name | string(255) | rk
Pricebook2Id | Price Book ID | reference(Pricebook2:Pricebook2) | on
Product2Id | Product ID | reference(Product2:Product2) | on
UnitPrice | List Price | currency(18,2) | n
IsActive | Active | boolean | nd
UseStandardPrice | Use Standard Price | boolean | nd
ProductCode | Product Code | string(255) | r
IsArchived | Archived | boolean | rnd
"""

USER = """
Username | Username | string(80) | ni
LastName | Last Name | string(80) | n
FirstName | First Name | string(40)
Name | Full Name | string(121) | rnk
CompanyName | Company Name | string(80)
Title | Title | string(80)
Department | Department | string(80)
Email | Email | email(128) | ni
Phone | Phone | phone(40)
Alias | Alias | string(8) | n
IsActive | Active | boolean | nd
UserType | User Type | picklist(40) | rp | Standard;PowerPartner;CsnOnly;Guest
ProfileId | Profile ID | reference(Profile:Profile) | n
TimeZoneSidKey | Time Zone | picklist(40) | np | Europe/Brussels;Europe/London;America/New_York;GMT
LocaleSidKey | Locale | picklist(40) | np | en_US;en_GB;fr_BE;nl_BE;de_DE
EmailEncodingKey | Email Encoding | picklist(40) | np | UTF-8;ISO-8859-1
LanguageLocaleKey | Language | picklist(40) | np | en_US;fr;nl_NL;de
"""
