"""The manual names everything that can be set."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from sandbox.core.control import Control
from sandbox.core.delivery_settings import NAMES
from sandbox.core.faults import KINDS as FAULTS
from sandbox.hubspot.config import Limits, Options, Rules
from sandbox.hubspot.kinds import KINDS
from sandbox.hubspot.people import KEYS as CHANGE_KEYS
from sandbox.hubspot.seed import Spec
from sandbox.hubspot.webhooks import ACCOUNT_KEYS
from sandbox.salesforce import config as salesforce
from sandbox.salesforce.outbound import MESSAGE_KEYS
from sandbox.salesforce.people import KEYS as SALESFORCE_CHANGE_KEYS
from sandbox.salesforce.provider import AUTH_KEYS, Salesforce
from sandbox.salesforce.schema import OBJECTS
from sandbox.salesforce.seed import Spec as SalesforceSpec

ROOT = Path(__file__).resolve().parents[2]
FIELDS = {item.name for kind in (Limits, Options, Rules, Spec) for item in dataclasses.fields(kind)}
PARAMETERS = {name for parameters in FAULTS.values() for name in parameters}
SALESFORCE = {
    *(item.name for item in dataclasses.fields(salesforce.Options)),
    *(item.name for item in dataclasses.fields(salesforce.Limits)),
    *(item.name for item in dataclasses.fields(salesforce.Bulk)),
    *(item.name for item in dataclasses.fields(SalesforceSpec)),
    *(name for parameters in Salesforce.fault_kinds.values() for name in parameters),
    *Salesforce.fault_kinds,
    *(row[0] for row in OBJECTS),
    *MESSAGE_KEYS,
    *SALESFORCE_CHANGE_KEYS,
    *AUTH_KEYS,
}


@pytest.mark.parametrize(
    "word",
    sorted({*FAULTS, *PARAMETERS, *FIELDS, *KINDS, *NAMES, *ACCOUNT_KEYS, *CHANGE_KEYS}),
)
def test_the_manual_names_every_option(word):
    text = (ROOT / "sandbox" / "README.md").read_text(encoding="utf-8")
    assert f'"{word}"' in text or f"`{word}`" in text or f"`{word}:" in text


@pytest.mark.parametrize("word", sorted(SALESFORCE))
def test_the_manual_of_salesforce_names_every_option(word):
    text = (ROOT / "sandbox" / "README.md").read_text(encoding="utf-8")
    own = text.partition("## Salesforce")[2] + text.partition("### Faults")[2]
    assert f'"{word}"' in own or f"`{word}`" in own


def test_the_manual_names_every_control_route(box):
    text = (ROOT / "sandbox" / "README.md").read_text(encoding="utf-8")
    for _method, path in Control(box.provider, box.ledger, box.faults).routes:
        assert f"/_sandbox/{path}" in text
