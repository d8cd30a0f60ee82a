"""Signing in by an identity provider of this test: what it vouches for counts, and nothing that only looks like it."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from jinyun.centre import accounts_api
from jinyun.centre.doorway import COOKIE
from jinyun.centre.oidc import TICKET, load
from jinyun.centre.registry import RegistryError
from tests.centre.asking import Asker, Place

CLIENT, SECRET = "jinyun-centre", "a secret of this test"


class Idp(http.server.ThreadingHTTPServer):
    """A small identity provider: it checks PKCE and the client's secret, and says what a test wants said."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.issuer = f"http://127.0.0.1:{self.server_address[1]}"
        self.key = RSAKey.generate_key(2048, {"kid": "k1"})
        self.signs_with: Any = self.key
        self.header: dict[str, Any] = {"alg": "RS256", "kid": "k1"}
        self.says: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}

    def authorise(self, where: str, user: str) -> str:
        """Do what a browser and its user would at the provider; return the query that comes back to the centre."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(where).query))
        assert where.startswith(self.issuer + "/authorise?") and asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT and asked["code_challenge_method"] == "S256" and "openid" in asked["scope"]
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked | {"user": user}
        return urllib.parse.urlencode({"code": code, "state": asked["state"]})

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """Answer at the token endpoint; None refuses."""
        asked = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(f"{CLIENT}:{urllib.parse.quote(SECRET)}".encode()).decode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or authorization != f"Basic {basic}" or form["redirect_uri"] != asked["redirect_uri"]:
            return None
        if challenge.rstrip(b"=").decode() != asked["code_challenge"]:
            return None
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "u-1", "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"],
                  "preferred_username": asked["user"], **self.says}  # fmt: skip
        signed = jwt.encode(self.header, claims, self.signs_with, algorithms=[self.header["alg"]])
        return {"access_token": "a", "token_type": "Bearer", "id_token": signed}


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Idp

    def _tell(self, told: dict[str, Any] | None) -> None:
        self.send_response(200 if told is not None else 400)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(told or {"error": "invalid_grant"}).encode())

    def do_GET(self) -> None:
        idp = self.server
        if self.path == "/keys":
            return self._tell({"keys": [idp.key.as_dict(private=False)]})
        self._tell({"issuer": idp.issuer, "authorization_endpoint": idp.issuer + "/authorise",
                    "token_endpoint": idp.issuer + "/token", "jwks_uri": idp.issuer + "/keys"})  # fmt: skip

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._tell(self.server.token(dict(urllib.parse.parse_qsl(body)), self.headers.get("Authorization", "")))

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing is said."""


@pytest.fixture(scope="module")
def idp() -> Iterator[Idp]:
    with Idp() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def place(idp: Idp, tmp_path_factory: pytest.TempPathFactory) -> Place:
    state = tmp_path_factory.mktemp("state")
    text = f'issuer = "{idp.issuer}"\nclient_id = "{CLIENT}"\nclient_secret = "{SECRET}"\nname = "统一身份认证"\n'
    (state / "oidc.toml").write_text(text, encoding="utf-8")
    found = Place(state)
    found.account("wang", "operator")
    return found


@pytest.fixture(autouse=True)
def honest(idp: Idp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_api, "TRIES", 1000)
    idp.says, idp.signs_with, idp.header = {}, idp.key, {"alg": "RS256", "kid": "k1"}


def begin(place: Place) -> tuple[str, str]:
    """Return (where the browser is sent, its ticket)."""
    answer = place.nobody.get("/api/v1/session/outside")
    assert answer.status_code == 302
    return answer.headers["location"], answer.cookies[TICKET]


def come_back(place: Place, query: str, ticket: str) -> Any:
    return place.nobody.get(f"/api/v1/session/outside/return?{query}", Cookie=f"{TICKET}={ticket}")


def sign_in(place: Place, idp: Idp, user: str) -> Any:
    where, ticket = begin(place)
    return come_back(place, idp.authorise(where, user), ticket)


def is_refused(answer: Any) -> bool:
    return answer.status_code == 302 and "refused" in answer.headers["location"] and COOKIE not in answer.cookies


def test_somebody_the_provider_vouches_for_is_signed_in_with_the_role_of_the_account_here(
    place: Place, idp: Idp
) -> None:
    answer = sign_in(place, idp, "wang")
    assert answer.status_code == 302 and answer.headers["location"] == "../../../../"
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "samesite=strict" in cookie.lower()
    asker = Asker(place.app)
    asker.cookie = answer.cookies[COOKIE]
    told = asker.get("/api/v1/session").json()
    assert (told["account"], told["role"], told["outside"]) == ("wang", "operator", "统一身份认证")
    law = place.account("law", "regulator")
    entries = law.get("/api/v1/audit?q=outside").json()["entries"]
    assert entries[0]["account"] == "wang" and entries[0]["outcome"] == 200


def test_who_has_no_account_here_or_a_stopped_one_stays_outside(place: Place, idp: Idp) -> None:
    assert is_refused(sign_in(place, idp, "stranger"))
    admin = place.account("boss", "admin")
    place.account("li", "tester")
    assert not is_refused(sign_in(place, idp, "li"))
    assert admin.ask("PATCH", "/api/v1/accounts/li", {"disabled": True}).status_code == 200
    assert is_refused(sign_in(place, idp, "li"))


@pytest.mark.parametrize(
    "says",
    [
        {"nonce": "of another sign-in"}, {"aud": "another-client"}, {"iss": "https://elsewhere.example"},
        {"exp": 1_700_000_000}, {"aud": [CLIENT, "another"], "azp": "another"}, {"preferred_username": None},
    ],
)  # fmt: skip
def test_a_token_for_somebody_else_or_of_another_time_lets_nobody_in(
    place: Place, idp: Idp, says: dict[str, Any]
) -> None:
    idp.says = says
    assert is_refused(sign_in(place, idp, "wang"))


def test_a_token_that_another_key_or_a_shared_secret_signed_lets_nobody_in(place: Place, idp: Idp) -> None:
    idp.signs_with = RSAKey.generate_key(2048, {"kid": "k1"})
    assert is_refused(sign_in(place, idp, "wang"))
    idp.signs_with, idp.header = OctKey.import_key(SECRET), {"alg": "HS256", "kid": "k1"}
    assert is_refused(sign_in(place, idp, "wang"))


def test_an_answer_counts_once_and_in_the_browser_that_asked(place: Place, idp: Idp) -> None:
    where, ticket = begin(place)
    _, another = begin(place)
    assert is_refused(come_back(place, idp.authorise(where, "wang"), another))
    where, ticket = begin(place)
    query = idp.authorise(where, "wang")
    assert not is_refused(come_back(place, query, ticket))
    assert is_refused(come_back(place, query, ticket))
    assert is_refused(come_back(place, "state=made-up&code=x", "made-up"))


def test_one_address_may_not_ask_without_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(accounts_api, "TRIES", 1)
    assert place.nobody.get("/api/v1/session/outside").status_code == 429


def test_keys_that_the_provider_changed_are_learnt(place: Place, idp: Idp) -> None:
    assert not is_refused(sign_in(place, idp, "wang"))
    before, idp.key = idp.key, RSAKey.generate_key(2048, {"kid": "k2"})
    idp.signs_with, idp.header = idp.key, {"alg": "RS256", "kid": "k2"}
    try:
        assert not is_refused(sign_in(place, idp, "wang"))
    finally:
        idp.key = before


def test_a_centre_without_a_provider_says_so_and_bad_settings_name_their_field(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    (tmp_path / "oidc.toml").write_text('issuer = "http://id.example"\nclient_id = "x"\nclient = "y"\n')
    with pytest.raises(RegistryError, match=r"issuer: .*client: "):
        load(tmp_path)
    (tmp_path / "oidc.toml").unlink()
    assert Place(tmp_path).nobody.get("/api/v1/session/outside").status_code == 404
