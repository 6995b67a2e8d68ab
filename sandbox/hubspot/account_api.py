"""Account details and API usage.

Promise: fields of the account-info specification. Weakness: the usage of one app is the account's.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

from ..core.call import Answer
from ..core.clock import iso
from .account import Account
from .request import ApiRequest, ok


class AccountApi:
    """Handlers over an :class:`Account`."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def details(self, _request: ApiRequest) -> Answer:
        """``GET /account-info/details``."""
        options = self.account.options
        return ok(
            {
                "portalId": options.portal_id,
                "accountType": "STANDARD",
                "timeZone": options.time_zone,
                "companyCurrency": options.currency,
                "additionalCurrencies": options.currencies,
                "utcOffset": "+01:00",
                "utcOffsetMilliseconds": 3_600_000,
                "uiDomain": options.ui_domain,
                "dataHostingLocation": options.data_hosting,
            }
        )

    def usage(self, _request: ApiRequest) -> Answer:
        """``GET /account-info/api-usage/daily/private-apps``."""
        usage, now = self.account.limits.usage(), self.account.clock.now()
        tomorrow = datetime.now(timezone.utc).date() + timedelta(days=1)
        row = {
            "name": "private-apps-api-calls-daily",
            "usageLimit": usage["daily_limit"],
            "currentUsage": usage["daily"],
            "collectedAt": iso(now),
            "fetchStatus": "SUCCESS",
            "resetsAt": f"{tomorrow.isoformat()}T00:00:00.000Z",
        }
        return ok({"results": [row]})
