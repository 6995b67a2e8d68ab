"""The two accounts of the demo: what differs between HubSpot and Salesforce, for who looks at them.

A class an account. Promise: no other module of the demo asks which provider it talks of. Weakness:
only the objects of the default mappings that hold records in the demo.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .account import Account

PARTNER, LEAD = "res.partner", "crm.lead"
KINDS = ("companies", "contacts", "deals")


class HubSpot(Account):
    """HubSpot: associations, owners, signed webhooks, a token that does not end."""

    provider = "hubspot"
    label = "HubSpot"
    models: ClassVar = {"companies": PARTNER, "contacts": PARTNER, "deals": LEAD}
    own_id = "odoo_external_id"
    seed: ClassVar = {"contacts": 500, "companies": 120, "deals": 60, "seed": 1}

    @property
    def delivery(self) -> dict[str, Any]:
        """Classic subscriptions to everything, signed with the app's secret."""
        secret = {"client_secret": self.secret}
        return {"style": "classic", "max_batch": 100, "window_ms": 50, **secret}

    def credentials(self) -> dict[str, Any]:
        return {
            "app_id": str(self.facts["app_id"]),
            "access_token_input": self.token,
            "client_secret_input": self.secret,
        }

    def owners(self) -> list[dict]:
        return self.objects("owners")


class Salesforce(Account):
    """Salesforce: lookups, users, Outbound Messages, an app that signs in by itself."""

    provider = "salesforce"
    label = "Salesforce"
    models: ClassVar = {"Account": PARTNER, "Contact": PARTNER, "Lead": LEAD, "Opportunity": LEAD}
    own_id = "Odoo_Id__c"
    seed: ClassVar = {
        "accounts": 30, "contacts": 90, "leads": 10, "opportunities": 10, "seed": 7,
    }  # fmt: skip
    delivery: ClassVar = {"max_batch": 100, "window_ms": 50}
    #: Lookup field → the object that it leads to.
    lookups: ClassVar = {"AccountId": "Account"}

    def credentials(self) -> dict[str, Any]:
        return {
            "auth_method": "client_credentials",
            "client_id": self.facts["client_id"],
            "client_secret_input": self.secret,
        }

    def owners(self) -> list[dict]:
        return [
            {
                "id": row["id"],
                "email": row["properties"].get("Email", ""),
                "firstName": row["properties"].get("FirstName", ""),
                "lastName": row["properties"].get("LastName", ""),
            }
            for row in self.objects("User")
            if row["properties"].get("Username") != self.facts["username"]  # who sells nothing
        ]

    def shown(self, row: dict) -> dict:
        found = {
            kind: [{"id": row["properties"][name], "types": []}]
            for name, kind in self.lookups.items()
            if row["properties"].get(name) and row["type"] != kind
        }
        return {**row, "associations": found}
