"""Signing in to the Salesforce sandbox: four grants, rotation, and what ends a session."""

from __future__ import annotations

import base64
import json
import time
from datetime import datetime, timedelta, timezone
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from werkzeug.datastructures import MultiDict

from sandbox.core.call import Call
from sandbox.salesforce.auth import Tokens
from sandbox.salesforce.config import DEFAULT_SECRET, Options
from sandbox.salesforce.errors import ApiError
from sandbox.salesforce.oauth_api import JWT_BEARER, s256

TOKEN = "/services/oauth2/token"
CLIENT = {"client_id": Options.client_id, "client_secret": DEFAULT_SECRET}
VERIFIER = "v" * 60
BACK = "https://odoo.example/callback"


def works(sf, token: str) -> bool:
    answer = sf.get("/limits", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


def refused(answer) -> tuple[str, str]:
    assert answer.status_code == 400, answer.text
    return answer.json()["error"], answer.json()["error_description"]


def code(sf, **query: str) -> str:
    asked = {"response_type": "code", "client_id": Options.client_id, "redirect_uri": BACK}
    asked |= {"code_challenge": s256(VERIFIER), "state": "s"} | query
    answer = sf.get("/services/oauth2/authorize", params=asked, allow_redirects=False)
    assert answer.status_code == 302, answer.text
    back = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert back["state"] == ["s"]
    return back["code"][0]


def redeem(sf, given: str, **form: str):
    asked = {"grant_type": "authorization_code", "code": given, "redirect_uri": BACK}
    return sf.post(TOKEN, data=asked | CLIENT | {"code_verifier": VERIFIER} | form)


def refresh(sf, token: str):
    return sf.post(TOKEN, data={"grant_type": "refresh_token", "refresh_token": token, **CLIENT})


# -- client credentials


def test_client_credentials_bring_an_access_token_and_no_refresh_token(sf, sf_box):
    answer = sf.post(TOKEN, data={"grant_type": "client_credentials", **CLIENT}).json()
    assert answer["instance_url"] == sf_box.url
    assert answer["token_type"] == "Bearer"
    assert "refresh_token" not in answer
    assert works(sf, answer["access_token"])


def test_credentials_may_come_in_a_header(sf):
    pair = f"{Options.client_id}:{DEFAULT_SECRET}".encode()
    headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    answer = sf.post(TOKEN, data={"grant_type": "client_credentials"}, headers=headers)
    assert works(sf, answer.json()["access_token"])


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"client_id": "no"}, "invalid_client_id"),
        ({"client_secret": "no"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "unsupported_grant_type"),
    ],
)
def test_what_is_wrong_with_a_token_request_is_said(sf, form, error):
    asked = {"grant_type": "client_credentials", **CLIENT} | form
    assert refused(sf.post(TOKEN, data=asked))[0] == error


# -- JWT bearer


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def certificate(key, sf_control):
    """A self-signed certificate, uploaded."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "odoo")])
    now = datetime.now(timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    text = made.public_bytes(serialization.Encoding.PEM).decode()
    sf_control.tell("config", {"certificate": text})
    return text


def assertion(key, **changes: object) -> str:
    claims = {
        "iss": Options.client_id,
        "sub": Options.username,
        "aud": "https://login.salesforce.com",
        "exp": int(time.time()) + 170,
    }
    parts = [{"alg": "RS256"}, claims | changes]
    text = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in parts
    )
    signature = key.sign(text, padding.PKCS1v15(), hashes.SHA256())
    return (text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")).decode()


def bearer(sf, text: str):
    return sf.post(TOKEN, data={"grant_type": JWT_BEARER, "assertion": text})


def test_an_assertion_signed_by_the_uploaded_certificate_signs_in(sf, key, certificate):
    answer = bearer(sf, assertion(key)).json()
    assert works(sf, answer["access_token"])
    assert "refresh_token" not in answer


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"iss": "other"}, "client identifier"),
        ({"aud": "https://evil.example"}, "audience"),
        ({"exp": 1}, "expired"),
        ({"exp": 4_000_000_000}, "lives too long"),
        ({"exp": None}, "invalid assertion"),
        ({"sub": "nobody@example.org"}, "hasn't approved"),
    ],
)
def test_an_assertion_that_claims_something_else_is_refused(sf, key, certificate, changes, word):
    error, text = refused(bearer(sf, assertion(key, **changes)))
    assert error == "invalid_grant" and word in text


def test_an_assertion_of_another_key_or_without_a_certificate_is_refused(sf, key, sf_control):
    assert "no certificate" in refused(bearer(sf, assertion(key)))[1]
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = other.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    sf_control.tell("config", {"certificate": public.decode()})
    assert "signature" in refused(bearer(sf, assertion(key)))[1]
    assert refused(bearer(sf, "a.b.c"))[0] == "invalid_grant"


def test_a_user_whom_nobody_approved_is_refused(sf, key, certificate, sf_control):
    sf_control.tell("config", {"preauthorized": False})
    expected = ("invalid_grant", "user hasn't approved this consumer")
    assert refused(bearer(sf, assertion(key))) == expected


# -- authorization code with PKCE


def test_a_code_and_its_verifier_bring_both_tokens(sf):
    answer = redeem(sf, code(sf)).json()
    assert works(sf, answer["access_token"])
    assert refresh(sf, answer["refresh_token"]).status_code == 200


def test_a_code_works_once(sf):
    given = code(sf)
    assert redeem(sf, given).status_code == 200
    assert refused(redeem(sf, given))[0] == "invalid_grant"


def test_a_code_needs_its_verifier_and_its_address(sf):
    assert refused(redeem(sf, code(sf), code_verifier="x" * 60))[0] == "invalid_grant"
    wrong = redeem(sf, code(sf), redirect_uri="https://evil.example")
    assert refused(wrong)[0] == "redirect_uri_mismatch"


def test_nobody_is_sent_to_an_unknown_address_or_without_a_challenge(sf, sf_control):
    sf_control.tell("config", {"redirect_uris": [BACK]})
    asked = {"response_type": "code", "client_id": Options.client_id, "redirect_uri": BACK}
    path = "/services/oauth2/authorize"
    assert refused(sf.get(path, params=asked))[0] == "invalid_request"
    asked |= {"code_challenge": s256(VERIFIER), "redirect_uri": "https://evil.example"}
    assert refused(sf.get(path, params=asked))[0] == "redirect_uri_mismatch"


def test_without_the_scope_there_is_no_refresh_token(sf):
    assert "refresh_token" not in redeem(sf, code(sf, scope="api")).json()


# -- rotation


def test_each_refresh_brings_another_refresh_token(sf):
    first = redeem(sf, code(sf)).json()["refresh_token"]
    second = refresh(sf, first).json()["refresh_token"]
    third = refresh(sf, second).json()["refresh_token"]
    assert len({first, second, third}) == 3


def test_a_refresh_token_that_comes_twice_ends_the_whole_grant(sf):
    """What concurrent workers, or a retry after a time-out, would do to the customer."""
    granted = redeem(sf, code(sf)).json()
    other = redeem(sf, code(sf)).json()
    newer = refresh(sf, granted["refresh_token"]).json()
    assert works(sf, newer["access_token"])
    assert refused(refresh(sf, granted["refresh_token"]))[0] == "invalid_grant"
    assert refused(refresh(sf, newer["refresh_token"]))[0] == "invalid_grant"
    assert not works(sf, newer["access_token"])
    assert not works(sf, granted["access_token"])
    assert works(sf, other["access_token"])


def test_without_rotation_the_refresh_token_stays(sf, sf_control):
    sf_control.tell("config", {"rotate_refresh_token": False})
    token = redeem(sf, code(sf)).json()["refresh_token"]
    assert "refresh_token" not in refresh(sf, token).json()
    assert refresh(sf, token).status_code == 200


def test_the_fifth_grant_drops_the_first(sf):
    grants = [redeem(sf, code(sf)).json() for _ in range(5)]
    assert [works(sf, row["access_token"]) for row in grants] == [False, True, True, True, True]


# -- ends


def test_a_session_ends_and_says_so(sf, sf_control):
    token = sf.post(TOKEN, data={"grant_type": "client_credentials", **CLIENT}).json()[
        "access_token"
    ]
    assert sf_control.tell("auth", {"expire_access": True}) == {"expired": 1}
    answer = sf.get("/limits", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")


def test_a_session_lives_as_long_as_it_is_used():
    clock = Hand()
    tokens = Tokens(Options(session_s=100), clock, "005")
    headers = {"authorization": f"Bearer {tokens.open('api')}"}
    call = Call("GET", "/", "/", "", MultiDict(), headers, b"")
    for _ in range(3):
        clock.moment += 99_000
        assert tokens.authenticate(call).user == "005"
    clock.moment += 100_000
    with pytest.raises(ApiError, match="INVALID_SESSION_ID"):
        tokens.authenticate(call)


class Hand:
    """A clock that is moved by hand."""

    moment = 0

    def now(self) -> int:
        return self.moment


def test_tokens_are_revoked_and_introspected(sf):
    granted = redeem(sf, code(sf)).json()
    path = "/services/oauth2/introspect"
    asked = {"token": granted["access_token"], **CLIENT}
    assert sf.post(path, data=asked).json()["active"] is True
    revoked = sf.post("/services/oauth2/revoke", data={"token": granted["refresh_token"]})
    assert revoked.status_code == 200
    assert sf.post(path, data=asked).json() == {"active": False}


def test_the_identity_names_the_org_and_the_user(sf):
    granted = sf.post(TOKEN, data={"grant_type": "client_credentials", **CLIENT}).json()
    path = urlsplit(granted["id"]).path
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    found = sf.get(path, headers=headers).json()
    assert (found["organization_id"], found["username"]) == (Options.org_id, Options.username)
    assert sf.get(path, headers={"Authorization": "Bearer no"}).status_code == 403


def test_the_weather_refuses_tokens_and_calls_in_salesforces_words(sf, sf_control):
    blocked = {"error": "invalid_client", "error_description": "app must be installed into org"}
    sf_control.tell("auth", {"refuse_tokens": blocked})
    answer = sf.post(TOKEN, data={"grant_type": "client_credentials", **CLIENT})
    assert answer.json() == blocked
    disabled = {"errorCode": "API_DISABLED_FOR_ORG", "message": "API is not enabled"}
    sf_control.tell("auth", {"refuse_tokens": None, "refuse_calls": disabled})
    answer = sf.get("/limits")
    assert (answer.status_code, answer.json()) == (403, [disabled])
    sf_control.tell("auth", {"refuse_calls": None})
    assert sf.get("/limits").status_code == 200


def test_no_secret_of_a_sign_in_is_in_the_ledger(sf, sf_control):
    granted = redeem(sf, code(sf)).json()
    refresh(sf, granted["refresh_token"])
    text = sf_control.get("/_sandbox/ledger").text
    for secret in (granted["access_token"], granted["refresh_token"], DEFAULT_SECRET, VERIFIER):
        assert secret not in text
