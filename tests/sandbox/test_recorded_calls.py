"""The sandbox answers recorded calls as the real service did, in shape and in what decides."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
#: Newer answers carry the record's address; the recordings are of 2024.
NEWER = {"url"}
NAMES = [
    "companies__create",
    "companies__delete",
    "companies__find_by_id",
    "companies__patch_name",
    "contacts__find_by_id",
    "contacts__find_missing_user_by_email",
    "contacts__find_missing_user_by_email_bang",
    "contacts__find_test_user_by_email",
    "contacts__find_test_user_by_email_bang",
    "contacts__list_first_no_props",
    "contacts__list_first_with_props",
    "contacts__patch_last_name",
    "contacts__search",
    "contacts__search_by_email",
    "contacts__search_by_string",
    "lifecycle__companies___delete",
    "lifecycle__companies__create",
    "lifecycle__contacts__batches__search",
    "lifecycle__contacts__batches__search_archive",
    "lifecycle__contacts__find",
    "lifecycle__contacts__find_by",
    "lifecycle__contacts__find_by_delete",
    "lifecycle__contacts__find_delete",
    "lifecycle__contacts__patch_last_name",
    "lifecycle__contacts__patch_last_name_delete",
    "users__list_first",
]


def calls_of(path: Path) -> list[dict]:
    return json.loads(path.read_text(encoding="utf-8"))


def records_in(call: dict) -> list[dict]:
    body = call["response"]["body"]
    if not isinstance(body, dict):
        return []
    return [row for row in body.get("results", [body]) if "properties" in row]


def kind_of(uri: str) -> str:
    return urlsplit(uri).path.split("/")[4]


@pytest.fixture(scope="session")
def universe(recorded) -> dict[str, tuple[str, dict]]:
    """Every record that was ever answered: id -> (object type, its fullest form)."""
    found: dict[str, tuple[str, dict]] = {}
    for path in sorted((recorded / "vcr").glob("*.json")):
        for call in calls_of(path):
            if "/objects/" not in call["request"]["uri"]:
                continue
            for row in records_in(call):
                _kind, before = found.get(row["id"], ("", {"properties": {}}))
                properties = row["properties"] | before["properties"]
                merged = row | {"properties": properties}
                found[row["id"]] = (kind_of(call["request"]["uri"]), merged)
    return found


def existing(calls: list[dict], universe: dict[str, tuple[str, dict]]) -> dict[str, list[dict]]:
    """Records that were there before the first call, by object type."""
    text = json.dumps(calls)
    made = {
        row["id"] for call in calls if call["response"]["status"] == 201 for row in records_in(call)
    }
    wanted: dict[str, list[dict]] = {}
    for record_id, (kind, row) in universe.items():
        if record_id in text and record_id not in made:
            wanted.setdefault(kind, []).append(row)
    return wanted


class Comparison:
    """Compares answers; learns which id stands for which."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}

    def translate(self, value: object) -> object:
        text = json.dumps(value)
        for theirs, ours in self.ids.items():
            text = text.replace(theirs, ours)
        return json.loads(text)

    def value(self, theirs: object, ours: object, where: str) -> None:
        if isinstance(theirs, dict):
            assert isinstance(ours, dict), where
            assert set(ours) - NEWER == set(theirs), where
            for name in theirs:
                self.value(theirs[name], ours[name], f"{where}.{name}")
        elif isinstance(theirs, list):
            assert len(theirs) == len(ours), where
            for position, (one, other) in enumerate(zip(theirs, ours, strict=True)):
                self.value(one, other, f"{where}[{position}]")
        elif isinstance(theirs, str):
            self.text(theirs, ours, where)
        else:
            assert theirs == ours, where

    def text(self, theirs: str, ours: str, where: str) -> None:
        for pattern in (MOMENT, UUID):
            if pattern.fullmatch(theirs):
                assert pattern.fullmatch(ours), where
                return
        if theirs.isdecimal() and len(theirs) > 9:
            assert self.ids.setdefault(theirs, ours) == ours, where
            return
        assert re.sub(r"https?://[^/]+", "", theirs) == re.sub(r"https?://[^/]+", "", ours), where


def by_email(rows: list[dict]) -> list[dict]:
    return sorted(rows, key=lambda row: row["properties"].get("email", ""))


@pytest.mark.parametrize("name", NAMES)
def test_answers_a_recorded_call_as_the_real_service_did(name, recorded, universe, api, control):
    calls = calls_of(recorded / "vcr" / f"{name}.json")
    before = existing(calls, universe)
    if "list_first" in name and "contacts" in before:
        # The recorded portal had more contacts, or there would have been no next page.
        before["contacts"].append(
            {"id": "59999999999", "properties": {"email": "next@example.org"}}
        )
    if "search" in name and "batches" not in name:
        rows = [row for kind, row in universe.values() if kind == "contacts"]
        before["contacts"] = [row for row in rows if row["properties"]["firstname"][:5] == "Test "]
    control.tell("config", {"app_id": 4169410})
    control.tell("import", before)
    comparison = Comparison()
    for call in calls:
        replay(comparison, api, call)


def replay(comparison: Comparison, api, call: dict) -> None:
    uri = urlsplit(comparison.translate(call["request"]["uri"]))
    target = uri.path + (f"?{uri.query}" if uri.query else "")
    body = comparison.translate(call["request"]["body"])
    ours = api.request(call["request"]["method"], target, json=body)
    theirs = call["response"]
    assert ours.status_code == theirs["status"], ours.text
    compare_headers(theirs["headers"], ours.headers)
    if theirs["body"] is None:
        assert ours.content == b""
    elif isinstance(theirs["body"], str):
        assert ours.text == theirs["body"]
    else:
        answered = ours.json()
        if target.endswith("/batch/create"):
            theirs["body"]["results"] = by_email(theirs["body"]["results"])
            answered["results"] = by_email(answered["results"])
        comparison.value(theirs["body"], answered, target)


def compare_headers(theirs: dict[str, str], ours: dict[str, str]) -> None:
    names = {name.lower() for name in theirs if name.startswith("X-")}
    assert {name.lower() for name in ours if name.lower().startswith("x-")} == names
    assert theirs.get("Content-Type") == ours.get("Content-Type")
    assert UUID.fullmatch(ours["X-HubSpot-Correlation-Id"])


@pytest.mark.parametrize(
    "name", ["contacts__find_by_id_no_scope", "companies__find_by_id_no_scope"]
)
def test_a_missing_scope_is_refused_as_recorded(name, recorded, api, control):
    call = calls_of(recorded / "vcr" / f"{name}.json")[0]
    control.tell("auth", {"tokens": {"narrow": {"scopes": ["oauth"]}}})
    path = urlsplit(call["request"]["uri"]).path
    ours = api.get(path, headers={"Authorization": "Bearer narrow"})
    theirs = call["response"]["body"]
    assert ours.status_code == call["response"]["status"]
    assert set(ours.json()) == set(theirs)
    for key in ("status", "message", "category", "links"):
        assert ours.json()[key] == theirs[key]
    needed = ours.json()["errors"][0]["context"]["requiredGranularScopes"]
    assert set(needed) <= set(theirs["errors"][0]["context"]["requiredGranularScopes"])
    assert "X-HubSpot-RateLimit-Max" not in ours.headers


@pytest.mark.parametrize("kind", ["contacts", "companies"])
def test_properties_without_scope_are_refused_as_recorded(kind, recorded, api, control):
    call = calls_of(recorded / "vcr" / f"{kind}__properties_no_scope.json")[0]
    control.tell("auth", {"tokens": {"narrow": {"scopes": ["oauth"]}}})
    ours = api.get(f"/crm/v3/properties/{kind}", headers={"Authorization": "Bearer narrow"})
    theirs = call["response"]["body"]
    portal = str(control.get("/_sandbox/state").json()["portal_id"])
    assert ours.status_code == 403
    assert set(ours.json()) == set(theirs)
    assert ours.json()["message"] == theirs["message"].replace("<HUBSPOT_PORTAL_ID>", portal)
    compare_headers(call["response"]["headers"], ours.headers)


def test_property_definitions_are_those_recorded(recorded, api):
    theirs = calls_of(recorded / "vcr" / "contacts__properties.json")[0]["response"]["body"]
    recorded_rows = {row["name"]: row for row in theirs["results"]}
    ours = {row["name"]: row for row in api.get("/crm/v3/properties/contacts").json()["results"]}
    common = set(ours) & set(recorded_rows)
    assert len(common) > 50
    for name in sorted(common):
        row = recorded_rows[name]
        optional = {"referencedObjectType", "calculationFormula", "archived", "showCurrencySymbol"}
        assert set(ours[name]) == set(row) - optional | {"createdAt", "updatedAt"}, name
        for key in ("type", "fieldType", "groupName", "calculated", "hidden"):
            assert ours[name][key] == row[key], (name, key)
        read_only = row["modificationMetadata"]["readOnlyValue"]
        assert ours[name]["modificationMetadata"]["readOnlyValue"] == read_only, name
