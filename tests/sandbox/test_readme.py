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

ROOT = Path(__file__).resolve().parents[2]
FIELDS = {item.name for kind in (Limits, Options, Rules, Spec) for item in dataclasses.fields(kind)}
PARAMETERS = {name for parameters in FAULTS.values() for name in parameters}


@pytest.mark.parametrize(
    "word",
    sorted({*FAULTS, *PARAMETERS, *FIELDS, *KINDS, *NAMES, *ACCOUNT_KEYS, *CHANGE_KEYS}),
)
def test_the_manual_names_every_option(word):
    text = (ROOT / "sandbox" / "README.md").read_text(encoding="utf-8")
    assert f'"{word}"' in text or f"`{word}`" in text or f"`{word}:" in text


def test_the_manual_names_every_control_route(box):
    text = (ROOT / "sandbox" / "README.md").read_text(encoding="utf-8")
    for _method, path in Control(box.provider, box.ledger, box.faults).routes:
        assert f"/_sandbox/{path}" in text
