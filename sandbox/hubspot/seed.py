"""Made-up but realistic data: companies, people and deals of sixteen countries.

Promise: the same numbers and seed give the same records, ids included. In it: missing e-mails and
last names, two companies of one name, names in eight scripts, telephone numbers in many formats,
long names, people with and without a company. Options: :class:`Spec`. Weakness: addresses and names
are combined at random.
"""

from __future__ import annotations

import dataclasses
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from ..core import words
from ..core.clock import iso, parse_iso
from ..core.errors import no_unknown_keys, require
from ..core.words import COUNTRIES, Country
from .kinds import KINDS
from .owners import Owners
from .pipelines import DEAL_STAGES

BEGIN = parse_iso("2025-02-03T08:00:00Z")
DAY = 86_400_000
MAXIMUM = 1_000_000


@dataclass(frozen=True)
class Spec:
    """How many of each."""

    contacts: int = 500
    companies: int = 120
    deals: int = 60
    seed: int = 1


def parse(body: Any) -> Spec:
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


def generate(spec: Spec) -> dict[str, list[dict[str, Any]]]:
    """Records in the form that :class:`~sandbox.hubspot.loader.Loader` takes."""
    maker = _Maker(spec)
    companies = [maker.company(n) for n in range(spec.companies)]
    contacts = [maker.contact(n, companies) for n in range(spec.contacts)]
    deals = [maker.deal(n, companies) for n in range(spec.deals)]
    return {"companies": companies, "contacts": contacts, "deals": deals}


def _spelling(word: str) -> tuple[str, str]:
    """``Müller=mueller`` as the name and its Latin form."""
    name, _, latin = word.partition("=")
    return name, (latin or name).lower().replace(" ", "").replace("'", "")


class _Maker:
    def __init__(self, spec: Spec) -> None:
        self.rng = random.Random(spec.seed)
        self.owners = list(Owners(BEGIN).rows)
        self.weights = [country.weight for country in COUNTRIES]
        self.countries: dict[str, Country] = {}
        #: Contacts by the id of their company.
        self.staff: dict[str | None, list[dict[str, Any]]] = defaultdict(list)

    def _country(self) -> Country:
        return self.rng.choices(COUNTRIES, self.weights)[0]

    def _frame(self, kind: str, n: int, properties: dict[str, Any]) -> dict[str, Any]:
        born = BEGIN + n * 7_919_000 + self.rng.randrange(1000)
        touched = born + self.rng.randrange(0, 200 * DAY)
        source = {"hs_object_source": "CRM_UI", "hs_object_source_label": "CRM_UI"}
        return {
            "id": str(KINDS[kind].first_id - 100_000_000 + n * 3),
            "properties": {name: value for name, value in (properties | source).items() if value},
            "createdAt": iso(born),
            "updatedAt": iso(touched),
        }

    def _place(self, country: Country) -> dict[str, str]:
        city, postcode, street = self.rng.choice(country.places).split("/")
        found = {"city": city, "zip": postcode, "address": street, "country": country.name}
        return {name: value for name, value in found.items() if self.rng.random() < 0.93}

    def _phone(self, country: Country) -> str:
        pattern = self.rng.choice(country.phones)
        return "".join(str(self.rng.randrange(10)) if c == "#" else c for c in pattern)

    def company(self, n: int) -> dict[str, Any]:
        """Numbers 3 and 4 bear the same name in two cities."""
        country = COUNTRIES[0] if n in (3, 4) else self._country()
        trade = self.rng.choice(list(words.TRADES))
        stem = "Nordwind" if n in (3, 4) else self.rng.choice(words.TRADES[trade])
        form = "GmbH" if n in (3, 4) else self.rng.choice(country.forms)
        name = "Nordwind Spedition GmbH" if n in (3, 4) else self._company_name(n, stem, country)
        domain = f"{_ascii(stem)}-{n}.{country.code.lower()}.example"
        properties = {
            "name": name if n in (3, 4) else f"{name} {form}",
            "domain": domain if self.rng.random() < 0.9 else None,
            "industry": trade,
            "phone": self._phone(country) if self.rng.random() < 0.8 else None,
            "numberofemployees": str(self.rng.choice((3, 12, 48, 150, 900, 12_000))),
            "annualrevenue": str(self.rng.choice(("250000", "1500000.50", "98000000", ""))),
            "lifecyclestage": self.rng.choice(("lead", "opportunity", "customer")),
            "hubspot_owner_id": self.rng.choice([*self.owners, ""]),
            **self._place(country),
        }
        row = self._frame("companies", n, properties)
        self.countries[row["id"]] = country
        return row

    def _company_name(self, n: int, stem: str, country: Country) -> str:
        family = _spelling(self.rng.choice(country.last))[0]
        # A number every few companies keeps names apart without looking made up.
        pattern = self.rng.choice(("{stem} {family}", "{family} {stem}", "{stem} {number}"))
        return pattern.format(stem=stem, family=f"{family} {n}", number=100 + n)

    def contact(self, n: int, companies: list[dict[str, Any]]) -> dict[str, Any]:
        """Every twelfth has no e-mail, every fortieth no last name."""
        company = self.rng.choice(companies) if companies and self.rng.random() < 0.62 else None
        country = self.countries[company["id"]] if company else self._country()
        first, last, local = self._person(n, country)
        domain = company["properties"].get("domain") if company else None
        domain = domain or f"mail{n % 7}.example"
        properties = {
            "firstname": first,
            "lastname": last if n % 40 != 39 else None,
            "email": f"{local}.{n}@{domain}" if n % 12 != 11 else None,
            "phone": self._phone(country) if self.rng.random() < 0.75 else None,
            "mobilephone": self._phone(country) if self.rng.random() < 0.3 else None,
            "jobtitle": self.rng.choice(words.TITLES) if self.rng.random() < 0.7 else None,
            "company": company["properties"]["name"] if company else None,
            "lifecyclestage": self.rng.choice(("subscriber", "lead", "customer", "opportunity")),
            "hubspot_owner_id": self.rng.choice([*self.owners, ""]),
            **self._place(country),
        }
        row = self._frame("contacts", n, properties)
        if company:
            row["associations"] = {"companies": [company["id"]]}
        self.staff[company["id"] if company else None].append(row)
        return row

    def _person(self, n: int, country: Country) -> tuple[str, str, str]:
        if n % 170 == 169:
            return words.LONG_NAMES[n // 170 % len(words.LONG_NAMES)]
        first, first_latin = _spelling(self.rng.choice(country.first))
        last, last_latin = _spelling(self.rng.choice(country.last))
        return first, last, f"{first_latin}.{last_latin}"

    def deal(self, n: int, companies: list[dict[str, Any]]) -> dict[str, Any]:
        """With a company mostly, and a contact of it where there is one."""
        stage, _label, probability = self.rng.choice(DEAL_STAGES)
        company = self.rng.choice(companies) if companies and n % 10 else None
        links: dict[str, list[str]] = {"companies": [company["id"]]} if company else {}
        people = self.staff.get(company["id"] if company else None, [])
        if people:
            links["contacts"] = [self.rng.choice(people)["id"]]
        amount = self.rng.choice(("1200", "4999.99", "15000", "87250.5", "1250000", ""))
        closes = BEGIN + self.rng.randrange(300, 900) * DAY + self.rng.randrange(DAY)
        title = self.rng.choice(words.PROJECTS)
        properties = {
            "dealname": f"{company['properties']['name']} - {title}" if company else f"{title} {n}",
            "pipeline": "default",
            "dealstage": stage,
            "amount": amount,
            "closedate": iso(closes),
            "dealtype": self.rng.choice(("newbusiness", "existingbusiness")),
            "hubspot_owner_id": self.rng.choice([*self.owners, ""]),
            "hs_deal_stage_probability": probability,
            "hs_is_closed": str(probability in ("0.0", "1.0")).lower(),
            "hs_is_closed_won": str(probability == "1.0").lower(),
            "closed_lost_reason": "Chose another supplier" if stage == "closedlost" else None,
        }
        row = self._frame("deals", n, properties)
        row["associations"] = links
        return row


def _ascii(stem: str) -> str:
    table = str.maketrans({"ü": "ue", "ö": "oe", "ä": "ae", "ß": "ss"})
    return stem.lower().translate(table)
