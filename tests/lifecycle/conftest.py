"""Databases to install into, to break and to throw away."""

import os
from dataclasses import dataclass

import pytest
from footprint import Footprint

from tests import odoo_database
from tests.odoo_database import OdooDatabase
from tests.sandbox_process import SandboxClient


@dataclass(frozen=True)
class Installed:
    """A database with the add-on; what it held before, and what Odoo logged meanwhile."""

    database: OdooDatabase
    before: Footprint
    log: str


@pytest.fixture(scope="session", autouse=True)
def _machine():
    missing = odoo_database.missing()
    if missing:
        pytest.skip(f"run by ./dev test, which sets {', '.join(missing)}")


@pytest.fixture(scope="session")
def keep():
    """Makes databases and drops them in the end."""
    made = []

    def make(template: str) -> OdooDatabase:
        made.append(OdooDatabase(template))
        return made[-1]

    yield make
    for database in made:
        database.drop()


@pytest.fixture(scope="session")
def installed(keep):
    """The add-on in a database without demo data. Copy it; never change it."""
    return _install(keep(os.environ["SAAS_SYNC_TEMPLATE"]))


@pytest.fixture(scope="session")
def installed_with_demo(keep):
    """The add-on in a database with demo data."""
    template = os.environ.get("SAAS_SYNC_TEMPLATE_DEMO")
    if not template:
        pytest.skip("SAAS_SYNC_TEMPLATE_DEMO names no database with demo data")
    return _install(keep(template))


def _install(database: OdooDatabase) -> Installed:
    before = Footprint.of(database)
    return Installed(database, before, database.install())


@pytest.fixture
def database(keep, installed):
    """A fresh copy of the database with the add-on."""
    return keep(installed.database.name)


@pytest.fixture
def sandbox():
    """A HubSpot account of its own, without rate limits."""
    box = SandboxClient("hubspot")
    box.reset(limits={"enabled": False})
    yield box
    box.stop()
