"""What an org has before anybody does anything: itself, its users, stages, statuses, a price book.

Promise: the same seed gives the same ids. Weakness: one profile, two users.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .derive import STAGES, at_birth, follow
from .records import Record
from .store import Store

LEAD_STATUSES = (
    ("Open - Not Contacted", True, False),
    ("Working - Contacted", False, False),
    ("Closed - Converted", False, True),
    ("Closed - Not Converted", False, False),
)
SETTINGS = {
    "TimeZoneSidKey": "Europe/Brussels",
    "LocaleSidKey": "en_US",
    "EmailEncodingKey": "UTF-8",
    "LanguageLocaleKey": "en_US",
    "UserType": "Standard",
}


@dataclass(frozen=True)
class Users:
    """Ids of the integration user and of a person at the screens."""

    integration: str
    person: str


def found(store: Store) -> Users:
    """Fill an empty store."""
    maker = _Founder(store)
    profile = maker.make("Profile", Name="System Administrator", UserType="Standard")
    own = maker.user(profile.id, "Odoo", "Integration", store.options.username, "odoo")
    person = maker.user(profile.id, "Ada", "Vermeulen", "ada@sandbox.example", "ada")
    maker.organization(own.id)
    for position, (name, row) in enumerate(STAGES.items(), 1):
        maker.stage(position, name, row)
    for position, (name, default, converted) in enumerate(LEAD_STATUSES, 1):
        names = {"MasterLabel": name, "ApiName": name, "SortOrder": position}
        maker.make("LeadStatus", **names, IsDefault=default, IsConverted=converted)
    maker.make("Pricebook2", Name="Standard Price Book", IsActive=True, IsStandard=True)
    name = f"X{profile.id}"
    maker.make("PermissionSet", Name=name, Label=name, IsOwnedByProfile=True, ProfileId=profile.id)
    return Users(own.id, person.id)


class _Founder:
    def __init__(self, store: Store) -> None:
        self.store = store

    def make(self, kind: str, **values: Any) -> Record:
        sobject = self.store.schema.objects[kind.lower()]
        given = at_birth(sobject, values, "") | values
        given |= follow(self.store, kind, None, given)
        return self.store.create(sobject, given, "")

    def user(self, profile: str, first: str, last: str, username: str, alias: str) -> Record:
        names = {"FirstName": first, "LastName": last, "Username": username, "Email": username}
        return self.make("User", **names, Alias=alias, ProfileId=profile, IsActive=True, **SETTINGS)

    def organization(self, user: str) -> None:
        options = self.store.options
        now = self.store.clock.now() // 1000 * 1000
        values = {
            "Id": options.org_id,
            "Name": "Sandbox of saas_sync",
            "Country": "BE",
            "InstanceName": "SBX1",
            "IsSandbox": True,
            "OrganizationType": "Developer Edition",
            "DefaultLocaleSidKey": "en_US",
            "TimeZoneSidKey": "Europe/Brussels",
            "LanguageLocaleKey": "en_US",
            "IsDeleted": False,
            "CreatedDate": now,
            "LastModifiedDate": now,
            "SystemModstamp": now,
            "CreatedById": user,
            "LastModifiedById": user,
        }
        self.store.enter(Record("Organization", options.org_id, values))

    def stage(self, position: int, name: str, row: tuple[float, bool, bool, str, str]) -> None:
        probability, closed, won, category, label = row
        names = {"MasterLabel": name, "ApiName": name, "SortOrder": position, "IsActive": True}
        forecast = {"ForecastCategory": category, "ForecastCategoryName": label}
        ends = {"IsClosed": closed, "IsWon": won, "DefaultProbability": probability}
        self.make("OpportunityStage", **names, **forecast, **ends)
