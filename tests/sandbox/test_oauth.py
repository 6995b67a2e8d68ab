"""OAuth: the code flow with PKCE, refresh, introspection, revocation, and every refusal."""

from __future__ import annotations

import base64
import hashlib
import re
from urllib.parse import parse_qs, urlsplit

import pytest

from sandbox.hubspot.config import Options

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=")
BACK = "http://127.0.0.1:8069/saas_sync/oauth/callback"
CLIENT = {"client_id": Options.client_id, "client_secret": Options.client_secret}
ENDPOINTS = ["/oauth/2026-03/token", "/oauth/v3/token", "/oauth/v1/token"]


@pytest.fixture
def app(api):
    """A client without a token of its own."""
    del api.headers["Authorization"]
    return api


def authorize(app, **change: str) -> str:
    query = {"client_id": Options.client_id, "redirect_uri": BACK, "state": "s&1"}
    query |= {"scope": "crm.objects.contacts.read oauth", "code_challenge": CHALLENGE.decode()}
    query |= {"code_challenge_method": "S256"} | change
    answer = app.get("/oauth/authorize", params=query, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    place = answer.headers["Location"]
    assert place.startswith(BACK)
    assert parse_qs(urlsplit(place).query)["state"] == ["s&1"]
    return parse_qs(urlsplit(place).query)["code"][0]


def redeem(app, code: str, endpoint: str = ENDPOINTS[0], **change: str):
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK}
    form |= {"code_verifier": VERIFIER} | CLIENT | change
    return app.post(endpoint, data=form)


def refresh(app, token: str, **change: str):
    form = {"grant_type": "refresh_token", "refresh_token": token} | CLIENT | change
    return app.post(ENDPOINTS[0], data=form)


def call(app, token: str, path: str = "/crm/v3/objects/contacts"):
    return app.get(path, headers={"Authorization": f"Bearer {token}"})


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_code_becomes_tokens_that_open_what_was_asked_for(endpoint, app):
    answer = redeem(app, authorize(app), endpoint)
    assert answer.status_code == 200
    body = answer.json()
    assert body["expires_in"] == 1800
    assert body["token_type"] == "bearer"
    if endpoint != "/oauth/v1/token":
        assert body["hub_id"] == Options.portal_id
        assert body["scopes"] == ["crm.objects.contacts.read", "oauth"]
    assert call(app, body["access_token"]).status_code == 200
    assert call(app, body["access_token"], "/crm/v3/objects/deals").status_code == 403


def test_oauth_apps_have_their_own_burst_and_no_daily_limit(app, control):
    token = redeem(app, authorize(app)).json()["access_token"]
    headers = call(app, token).headers
    assert headers["X-HubSpot-RateLimit-Max"] == "110"
    assert "X-HubSpot-RateLimit-Daily" not in headers


def test_a_code_works_once(app):
    assert redeem(app, "made up").json()["status"] == "BAD_AUTH_CODE"
    code = authorize(app)
    assert redeem(app, code).status_code == 200
    assert redeem(app, code).json()["status"] == "BAD_AUTH_CODE"


@pytest.mark.parametrize(
    ("change", "status", "error"),
    [
        ({"code_verifier": "w" * 64}, "BAD_CODE_VERIFIER", "invalid_grant"),
        ({"code_verifier": ""}, "BAD_CODE_VERIFIER", "invalid_grant"),
        ({"redirect_uri": BACK + "/"}, "BAD_REDIRECT_URI", "invalid_grant"),
        ({"client_secret": "wrong"}, "BAD_CLIENT_SECRET", "invalid_client"),
        ({"client_id": "wrong"}, "BAD_CLIENT_ID", "invalid_client"),
        ({"grant_type": "password"}, "BAD_GRANT_TYPE", "unsupported_grant_type"),
    ],
)
def test_a_wrong_part_is_refused(change, status, error, app):
    answer = redeem(app, authorize(app), **change)
    assert answer.status_code in (400, 401)
    assert (answer.json()["status"], answer.json()["error"]) == (status, error)


def test_credentials_in_the_address_are_refused(app):
    answer = app.post(f"{ENDPOINTS[0]}?client_secret={Options.client_secret}", data=CLIENT)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "other"},
        {"redirect_uri": "javascript:alert(1)"},
        {"code_challenge_method": "plain"},
    ],
)
def test_a_wrong_authorization_request_does_not_redirect(change, app):
    query = {"client_id": Options.client_id, "redirect_uri": BACK, "code_challenge": "x"}
    answer = app.get("/oauth/authorize", params=query | change, allow_redirects=False)
    assert answer.status_code == 400


def test_only_registered_redirects_are_followed_when_there_are_any(app, control):
    control.tell("config", {"redirect_uris": ["https://other.example/back"]})
    query = {"client_id": Options.client_id, "redirect_uri": BACK}
    answer = app.get("/oauth/authorize", params=query, allow_redirects=False)
    assert answer.status_code == 400


def test_refresh_gives_another_access_token_and_the_same_refresh_token(app):
    first = redeem(app, authorize(app)).json()
    second = refresh(app, first["refresh_token"]).json()
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] == first["refresh_token"]
    assert call(app, second["access_token"]).status_code == 200


def test_rotation_ends_the_old_refresh_token(app, control):
    control.tell("config", {"rotate_refresh_token": True})
    first = redeem(app, authorize(app)).json()["refresh_token"]
    second = refresh(app, first).json()["refresh_token"]
    assert second != first
    assert refresh(app, first).json()["status"] == "BAD_REFRESH_TOKEN"
    assert refresh(app, second).status_code == 200


def test_an_access_token_expires(app, control):
    token = redeem(app, authorize(app)).json()["access_token"]
    assert control.tell("auth", {"expire_access": True}) == {"expired": 1}
    answer = call(app, token)
    assert answer.status_code == 401
    assert answer.json()["category"] == "EXPIRED_AUTHENTICATION"
    assert re.search(r"expired \d+ minute\(s\) ago", answer.json()["message"])


def test_the_lifetime_can_be_shortened(app, control):
    control.tell("config", {"access_token_s": 0})
    body = redeem(app, authorize(app)).json()
    assert body["expires_in"] == 0
    assert call(app, body["access_token"]).status_code == 401


def test_a_revoked_refresh_token_is_refused_in_the_documented_words(app):
    body = redeem(app, authorize(app)).json()
    form = {"token": body["refresh_token"], "token_type_hint": "refresh_token"} | CLIENT
    assert app.post("/oauth/2026-03/token/revoke", data=form).status_code == 200
    answer = refresh(app, body["refresh_token"])
    assert answer.status_code == 400
    assert answer.json()["error"] == "invalid_grant"
    assert answer.json()["status"] == "BAD_REFRESH_TOKEN"
    assert answer.json()["error_description"] == "refresh token is invalid, expired or revoked"
    # Its access token lives on.
    assert call(app, body["access_token"]).status_code == 200


def test_introspection_tells_what_a_token_is(app):
    body = redeem(app, authorize(app)).json()

    def ask(token: str) -> dict:
        return app.post("/oauth/2026-03/token/introspect", data={"token": token} | CLIENT).json()

    found = ask(body["access_token"])
    assert (found["active"], found["hub_id"]) == (True, Options.portal_id)
    assert 0 < found["expires_in"] <= 1800
    assert ask(body["refresh_token"])["token_use"] == "refresh_token"
    assert ask("unknown") == {"active": False}


@pytest.mark.parametrize("header", [None, "Bearer unknown", "Basic abc", "Bearer"])
def test_a_call_without_a_known_token_is_401(header, app):
    answer = app.get("/crm/v3/owners", headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json()["category"] == "INVALID_AUTHENTICATION"


def test_owners_have_a_scope_of_their_own(app, control):
    control.tell("auth", {"tokens": {"narrow": {"scopes": ["crm.objects.contacts.read"]}}})
    assert call(app, "narrow", "/crm/v3/owners").status_code == 403


def test_a_read_scope_does_not_write(app, control):
    control.tell("auth", {"tokens": {"reader": {"scopes": ["crm.objects.contacts.read"]}}})
    headers = {"Authorization": "Bearer reader"}
    body = {"properties": {"firstname": "A"}}
    assert app.post("/crm/v3/objects/contacts", json=body, headers=headers).status_code == 403
    assert app.post("/crm/v3/objects/contacts/search", json={}, headers=headers).status_code == 200
