"""The sandbox serves jsforce, which knows nothing of it; the script is in `clients`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from devkit import node_clients
from devkit.layout import this_checkout
from sandbox.salesforce.config import DEFAULT_SECRET, Options

HERE = Path(__file__).resolve().parent / "clients"


@pytest.fixture(scope="module")
def seen(sf_box) -> dict:
    """What jsforce saw of a new org whose pages have six rows."""
    layout = this_checkout()
    if not node_clients.installed(layout):
        pytest.skip(node_clients.lacking() or "jsforce is not installed: run ./dev test once")
    provider = sf_box.provider
    with provider.lock:
        provider.reset({"query_page": 6})
    words = ["node", str(HERE / "jsforce_client.cjs"), sf_box.url]
    done = subprocess.run(
        [*words, Options.client_id, DEFAULT_SECRET],
        env={**os.environ, "NODE_PATH": str(node_clients.folder(layout) / "node_modules")},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_it_creates_reads_updates_and_deletes(seen):
    assert seen["crud"] == {
        "made": True,
        "changed": True,
        "phone": "+49 40 1",
        "gone": True,
        "after": "NOT_FOUND",
    }


def test_it_upserts_one_and_many_and_is_told_of_each_row(seen):
    assert seen["upsert"] == {
        "created": [True, False],
        "same": True,
        "many": ["ok", "REQUIRED_FIELD_MISSING"],
    }


def test_it_queries_page_by_page_with_parents_and_counts(seen):
    assert seen["query"] == {
        "total": 10,
        "pages": [6, 4],
        "found": ["L9", "L7"],
        "owner": "Odoo Integration",
        "count": 5,
    }


def test_it_describes_the_org_and_reads_the_limits(seen):
    found = seen["describe"]
    assert {"Account", "Contact", "Lead", "Opportunity"} <= set(found["names"])
    assert (found["external"], found["org"], found["usage"]) == (True, Options.org_id, 100_000)


def test_it_learns_what_was_updated_and_deleted(seen):
    assert seen["replicate"] == {"updated": True, "deleted": True}


def test_it_loads_rows_in_bulk_and_reads_each_outcome(seen):
    expected = {"successful": 299, "failed": ["REQUIRED_FIELD_MISSING"], "unprocessed": 0}
    assert seen["bulk"] == expected


def test_clients_are_pinned_without_a_lock_file():
    """A lock file would name a package host, which is the reader's own business."""
    pinned = json.loads((HERE / "package.json").read_text(encoding="utf-8"))["dependencies"]
    assert all(version[0].isdecimal() for version in pinned.values()), pinned
    assert {path.name for path in HERE.iterdir()} == {"package.json", "jsforce_client.cjs"}
