"""The wheel: everything that Odoo needs of the add-on, and nothing that only we need."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from devkit.layout import this_checkout

ROOT = "odoo/addons/saas_sync/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    run = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=this_checkout().checkout,
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    [path] = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel):
    return zipfile.ZipFile(wheel).namelist()


def test_it_is_named_and_numbered_as_the_manifest_says(wheel):
    assert wheel.name.startswith("odoo_addon_saas_sync-19.0.1.0.0-")


def test_it_installs_only_below_odoo_addons(names):
    strangers = [n for n in names if not n.startswith(ROOT) and ".dist-info/" not in n]
    assert strangers == []


def test_it_holds_every_file_that_git_has_of_the_parts_odoo_reads(names):
    checkout = this_checkout().checkout
    listed = subprocess.run(
        ["git", "ls-files", "models", "wizards", "controllers", "engine", "views", "data",
         "security", "static", "i18n", "__init__.py", "__manifest__.py", "hooks.py"],
        cwd=checkout, capture_output=True, text=True,
    )  # fmt: skip
    if listed.returncode:
        pytest.skip("the checkout is no git repository")
    tracked = [name for name in listed.stdout.splitlines() if (checkout / name).exists()]
    assert [name for name in tracked if ROOT + name not in names] == []


def test_it_holds_nothing_of_the_development(names):
    parts = {n.removeprefix(ROOT).split("/")[0] for n in names if n.startswith(ROOT)}
    assert not parts & {"tests", "devkit", "sandbox", "bench", "dev", ".dev", ".ci", "docs"}
    assert not [n for n in names if "__pycache__" in n or n.endswith(".pyc")]


def test_odoo_installs_the_add_on_from_the_wheel_alone(wheel, keep, tmp_path):
    """From `site-packages`, without an addons path that leads to the checkout."""
    site, empty = tmp_path / "site", tmp_path / "addons"
    zipfile.ZipFile(wheel).extractall(site)
    empty.mkdir()
    database = keep(os.environ["SAAS_SYNC_TEMPLATE"])
    paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    database.odoo(
        f"--addons-path={empty}", "-i", "saas_sync", "--stop-after-init", "--no-http",
        environment={"PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert database.value("SELECT latest_version FROM ir_module_module WHERE name = 'saas_sync'")
    assert (
        database.value("SELECT count(*) FROM ir_cron WHERE cron_name LIKE 'SaaS Sync: worker%'")
        == 4
    )
    assert Path(site / ROOT / "data" / "neutralize.sql").is_file()
