"""Objects that describe the org itself, one line a field: see :mod:`sandbox.salesforce.fields`.

Promise: what a connector asks before it starts: the organization, stages, lead statuses, and what a
permission set grants on a new field. Weakness: read by SOQL as any object, few of their fields.
"""

from __future__ import annotations

ORGANIZATION = """
Name | Name | string(80) | nk
Country | Country | string(80)
InstanceName | Instance Name | string(5) | r
IsSandbox | Is Sandbox | boolean | rnd
OrganizationType | Edition | picklist(40) | r
DefaultLocaleSidKey | Locale | picklist(40)
TimeZoneSidKey | Time Zone | picklist(40)
LanguageLocaleKey | Language | picklist(40)
NamespacePrefix | Namespace Prefix | string(15) | r
"""

PROFILE = """
Name | Name | string(255) | nk
UserType | User Type | picklist(40) | r
"""

OPPORTUNITYSTAGE = """
MasterLabel | Master Label | string(255) | rk
ApiName | API Name | string(255) | r
IsActive | Is Active | boolean | rnd
SortOrder | Sort Order | int | r
IsClosed | Closed | boolean | rnd
IsWon | Won | boolean | rnd
ForecastCategory | Forecast Category | picklist(40) | rp | {forecast}
ForecastCategoryName | Forecast Category Name | picklist(255) | rp | {forecast_name}
DefaultProbability | Probability (%) | percent(3,0) | r
"""

LEADSTATUS = """
MasterLabel | Master Label | string(255) | rk
ApiName | API Name | string(255) | r
SortOrder | Sort Order | int | r
IsDefault | Is Default | boolean | rnd
IsConverted | Is Converted | boolean | rnd
"""

PERMISSIONSET = """
Name | Permission Set Name | string(80) | nk
Label | Permission Set Label | string(80) | n
Description | Description | string(255)
IsOwnedByProfile | Is Owned By Profile | boolean | rnd
ProfileId | Profile ID | reference(Profile:Profile) | r
"""

PERMISSIONSETASSIGNMENT = """
PermissionSetId | PermissionSet ID | reference(PermissionSet:PermissionSet) | on
AssigneeId | Assignee ID | reference(User:Assignee) | on
"""

FIELDPERMISSIONS = """
ParentId | Parent ID | reference(PermissionSet:Parent) | on
SobjectType | Sobject Type | string(40) | on
Field | Field Name | string(255) | on
PermissionsRead | Read Access | boolean | nd
PermissionsEdit | Edit Access | boolean | nd
"""

CUSTOMFIELD = """
DeveloperName | Field Name | string(80) | rnk
TableEnumOrId | Entity | string(80) | rn
FullName | Full Name | string(255) | rn
"""
