"""Made-up but realistic data: accounts, contacts, leads and opportunities of sixteen countries.

Promise: the same numbers and seed give the same records, ids included. In it: missing e-mails, two
accounts of one name, names in eight scripts, telephone numbers in many formats, people with and
without an account. Options: :class:`Spec`. Weakness: addresses and names are combined at random.
"""

from __future__ import annotations

import dataclasses
import random
from dataclasses import dataclass
from typing import Any

from ..core import words
from ..core.errors import no_unknown_keys, require
from ..core.words import COUNTRIES, Country
from .derive import STAGES
from .ids import Ids
from .moments import DAY_MS, day_of, parse, text_of
from .org import Org

BEGIN = parse("2025-02-03T08:00:00Z")
MAXIMUM = 1_000_000
#: Made-up rows have numbers below those that the org gives.
FIRST = 1


@dataclass(frozen=True)
class Spec:
    """How many of each."""

    accounts: int = 120
    contacts: int = 500
    leads: int = 60
    opportunities: int = 60
    seed: int = 1


def parse_spec(body: Any) -> Spec:
    """A spec of a control request; ``true`` or ``{}`` mean the defaults."""
    if body is True:
        return Spec()
    require(isinstance(body, dict), 'seed_data is an object such as {"contacts": 500}.')
    names = {item.name for item in dataclasses.fields(Spec)}
    no_unknown_keys(body, names, "seed_data")
    for name, value in body.items():
        number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAXIMUM
        require(number, f"seed_data: {name} must be a whole number up to {MAXIMUM}.")
    return Spec(**body)


def generate(org: Org, spec: Spec) -> dict[str, list[dict[str, Any]]]:
    """Records in the form that :class:`~sandbox.salesforce.loader.Loader` takes."""
    maker = _Maker(org, spec)
    accounts = [maker.account(n) for n in range(spec.accounts)]
    contacts = [maker.contact(n, accounts) for n in range(spec.contacts)]
    leads = [maker.lead(n) for n in range(spec.leads)]
    deals = [maker.opportunity(n, accounts) for n in range(spec.opportunities)]
    return {"Account": accounts, "Contact": contacts, "Lead": leads, "Opportunity": deals}


class _Maker:
    def __init__(self, org: Org, spec: Spec) -> None:
        self.rng = random.Random(spec.seed)
        self.owner = org.users.person
        self.weights = [country.weight for country in COUNTRIES]
        self.countries: dict[str, Country] = {}

    def _country(self) -> Country:
        return self.rng.choices(COUNTRIES, self.weights)[0]

    def _frame(self, prefix: str, n: int, properties: dict[str, Any]) -> dict[str, Any]:
        born = BEGIN + n * 7_919_000 // 1000 * 1000
        touched = text_of(born + self.rng.randrange(0, 200) * DAY_MS)
        moments = {"CreatedDate": text_of(born), "LastModifiedDate": touched}
        whole = properties | moments | {"OwnerId": self.owner, "SystemModstamp": touched}
        given = {name: value for name, value in whole.items() if value not in (None, "")}
        return {"id": Ids.at(prefix, FIRST + n), "properties": given}

    def _place(self, country: Country, prefix: str) -> dict[str, str]:
        city, postcode, street = self.rng.choice(country.places).split("/")
        found = {"City": city, "PostalCode": postcode, "Street": street, "Country": country.name}
        return {prefix + name: text for name, text in found.items() if self.rng.random() < 0.93}

    def _phone(self, country: Country) -> str:
        pattern = self.rng.choice(country.phones)
        return "".join(str(self.rng.randrange(10)) if c == "#" else c for c in pattern)

    def _maybe(self, share: float, value: Any) -> Any:
        return value if self.rng.random() < share else None

    def _company(self, n: int, country: Country) -> tuple[str, str]:
        """Name and stem; numbers 3 and 4 bear the same name in two cities."""
        if n in (3, 4):
            return "Nordwind Spedition GmbH", "Nordwind"
        stem = self.rng.choice(words.TRADES[self.rng.choice(list(words.TRADES))])
        family = _spelling(self.rng.choice(country.last))[0]
        return f"{stem} {family} {n} {self.rng.choice(country.forms)}", stem

    def account(self, n: int) -> dict[str, Any]:
        country = COUNTRIES[0] if n in (3, 4) else self._country()
        name, stem = self._company(n, country)
        website = f"https://www.{_ascii(stem)}-{n}.{country.code.lower()}.example"
        properties = {
            "Name": name,
            "Website": self._maybe(0.9, website),
            "Phone": self._maybe(0.8, self._phone(country)),
            "Type": self.rng.choice(("Prospect", "Customer - Direct", "Other", None)),
            "Industry": self.rng.choice(("Manufacturing", "Transportation", "Retail", None)),
            "NumberOfEmployees": self.rng.choice((3, 12, 48, 150, 900, 12_000)),
            "AnnualRevenue": self.rng.choice((250_000, 1_500_000, 98_000_000, None)),
            **self._place(country, "Billing"),
        }
        row = self._frame("001", n, properties)
        self.countries[row["id"]] = country
        return row

    def contact(self, n: int, accounts: list[dict[str, Any]]) -> dict[str, Any]:
        """Every twelfth has no e-mail."""
        account = self.rng.choice(accounts) if accounts and self.rng.random() < 0.8 else None
        country = self.countries[account["id"]] if account else self._country()
        properties = self._person(n, country) | {
            "AccountId": account["id"] if account else None,
            "Department": self._maybe(0.3, "Logistics"),
            **self._place(country, "Mailing"),
        }
        return self._frame("003", n, properties)

    def lead(self, n: int) -> dict[str, Any]:
        country = self._country()
        properties = self._person(n + 7_000, country) | {
            "Company": self._company(n + 700, country)[0],
            "Status": self.rng.choice(("Open - Not Contacted", "Working - Contacted")),
            "LeadSource": self.rng.choice(("Web", "Phone Inquiry", None)),
            **self._place(country, ""),
        }
        return self._frame("00Q", n, properties)

    def _person(self, n: int, country: Country) -> dict[str, Any]:
        first, first_latin = _spelling(self.rng.choice(country.first))
        last, last_latin = _spelling(self.rng.choice(country.last))
        if n % 170 == 169:
            first, last, _local = words.LONG_NAMES[n // 170 % len(words.LONG_NAMES)]
        address = f"{_ascii(first_latin)}.{_ascii(last_latin)}.{n}@mail{n % 7}.example"
        return {
            "FirstName": first[:40],
            "LastName": last[:80],
            "Email": address if n % 12 != 11 else None,
            "Phone": self._maybe(0.75, self._phone(country)),
            "MobilePhone": self._maybe(0.3, self._phone(country)),
            "Title": self._maybe(0.7, self.rng.choice(words.TITLES)),
        }

    def opportunity(self, n: int, accounts: list[dict[str, Any]]) -> dict[str, Any]:
        """With an account mostly."""
        account = self.rng.choice(accounts) if accounts and n % 10 else None
        title = self.rng.choice(words.PROJECTS)
        closes = day_of(BEGIN + self.rng.randrange(300, 900) * DAY_MS)
        properties = {
            "Name": f"{account['properties']['Name']} - {title}"[:120]
            if account
            else f"{title} {n}",
            "AccountId": account["id"] if account else None,
            "StageName": self.rng.choice(list(STAGES)),
            "Amount": self.rng.choice((1200, 4999.99, 15_000, 87_250.5, 1_250_000, None)),
            "CloseDate": closes.isoformat(),
        }
        return self._frame("006", n, properties)


def _spelling(word: str) -> tuple[str, str]:
    """``Müller=mueller`` as the name and its Latin form."""
    name, _, latin = word.partition("=")
    return name, (latin or name).lower().replace(" ", "").replace("'", "")


def _ascii(stem: str) -> str:
    table = str.maketrans({"ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss"})
    return "".join(c for c in stem.lower().translate(table) if c.isascii() and c.isalnum()) or "x"
