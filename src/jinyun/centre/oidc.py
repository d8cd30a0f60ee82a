"""Signing in by an outside identity provider (统一身份认证): OpenID Connect, the authorisation code with PKCE.

``oidc.toml`` in the zone's state folder names the provider; without it there is none. The provider says who somebody is, the
centre what that account may: an account must have been made here under the name that the chosen claim says, and no role comes
from outside. Sources: OpenID Connect Core 1.0, RFC 7636 (PKCE), RFC 9700 (best practice).
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
import tomllib
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, HTTPException, Query, Request, Response
from fastapi.responses import RedirectResponse
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jinyun.centre import accounts
from jinyun.centre.accounts_api import Tries, keep_session
from jinyun.centre.doorway import address
from jinyun.centre.registry import Registry, RegistryError

FILE = "oidc.toml"
BACK = "api/v1/session/outside/return"
TICKET = "jinyun_outside"
"""The cookie that ties an answer of the provider to the browser that asked."""
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""Of signatures by key pairs; none that a shared secret or nobody makes."""
WAIT_S, KNOWN_S, TIMEOUT_S, LEEWAY_S = 600.0, 3600.0, 10.0, 30
MOST_WAITING, MOST_BYTES = 2000, 1 << 20


class OidcError(Exception):
    """Somebody is not signed in by the provider, or it cannot be asked; the text says why, for the log."""


class Settings(BaseModel):
    """What ``oidc.toml`` holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str = Field(pattern=r"^https://|^http://(127\.0\.0\.1|localhost)[:/]")
    client_id: str = Field(min_length=1, max_length=256)
    client_secret: str = Field("", max_length=512)
    name: str = Field("OpenID Connect", max_length=64)
    """As the page calls it."""
    claim: str = Field("preferred_username", max_length=64)
    """Which claim is the account's name here."""
    scope: str = Field("openid profile", max_length=256)
    centre: str = Field("", max_length=256)
    """The centre's own address as browsers know it; "" takes it from the request."""


def load(folder: Path) -> Provider | None:
    """Return the provider that a zone's state folder names, None for none; raises :class:`RegistryError` with every fault."""
    path = folder / FILE
    if not path.exists():
        return None
    try:
        return Provider(Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise RegistryError(f"{path}: {wrong}") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RegistryError(f"{path}: {error}") from None


@dataclass(frozen=True, slots=True)
class _Waiting:
    nonce: str
    verifier: str
    back: str
    until_s: float


class Provider:
    """One identity provider, what it says of itself, and who is on the way to it. Its calls block."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._one = threading.Lock()
        self._waiting: dict[str, _Waiting] = {}
        self._about: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._known_s = 0.0

    def _learn(self, anew: bool = False) -> None:
        if not anew and self._keys is not None and time.monotonic() - self._known_s < KNOWN_S:
            return
        about = _asked(self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if about.get("issuer") != self.settings.issuer:
            raise OidcError(f"issuer: the provider calls itself {str(about.get('issuer'))[:200]!r}")
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
            if urllib.parse.urlsplit(str(about.get(name, ""))).scheme not in ("http", "https"):
                raise OidcError(f"{name}: the provider names none")
        try:
            self._keys = KeySet.import_key_set(_asked(str(about["jwks_uri"])))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcError(f"jwks_uri: {error}") from None
        self._about, self._known_s = about, time.monotonic()

    def begin(self, back: str) -> tuple[str, str]:
        """Return (where the browser goes, the ticket it keeps meanwhile); ``back`` is where the provider sends it to."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        with self._one:
            self._learn()
            now_s = time.monotonic()
            self._waiting = {key: its for key, its in self._waiting.items() if its.until_s > now_s}
            if len(self._waiting) >= MOST_WAITING:
                raise OidcError("too many are on the way to the provider")
            self._waiting[state] = _Waiting(nonce, verifier, back, now_s + WAIT_S)
            asked = {
                "response_type": "code", "client_id": self.settings.client_id, "redirect_uri": back,
                "scope": self.settings.scope, "state": state, "nonce": nonce, "code_challenge_method": "S256",
                "code_challenge": _url64(hashlib.sha256(verifier.encode()).digest()),
            }  # fmt: skip
            where = str(self._about["authorization_endpoint"])
        return f"{where}{'&' if '?' in where else '?'}{urllib.parse.urlencode(asked)}", state

    def finish(self, ticket: str, state: str, code: str) -> str:
        """Return the account's name that the provider vouches for; raises :class:`OidcError`. A state counts once."""
        with self._one:
            waiting = self._waiting.pop(state, None)
            if waiting is None or waiting.until_s < time.monotonic():
                raise OidcError("state: nobody waits for this answer")
            if not secrets.compare_digest(ticket, state):
                raise OidcError("state: another browser asked")
            self._learn()
            form = {
                "grant_type": "authorization_code", "code": code, "redirect_uri": waiting.back,
                "client_id": self.settings.client_id, "code_verifier": waiting.verifier,
            }  # fmt: skip
            told = _asked(str(self._about["token_endpoint"]), form, self.settings)
            claims = self._claims(str(told.get("id_token", "")), waiting.nonce)
        name = claims.get(self.settings.claim)
        if not isinstance(name, str) or not name:
            raise OidcError(f"{self.settings.claim}: the provider says nothing of it")
        return name

    def _claims(self, token: str, nonce: str) -> dict[str, Any]:
        """Return what an ID token says once its signature and its claims hold; unknown keys are asked for once more."""
        wanted = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S, iss={"essential": True, "value": self.settings.issuer}, exp={"essential": True},
            iat={"essential": True}, sub={"essential": True}, nonce={"essential": True, "value": nonce},
            aud={"essential": True, "value": self.settings.client_id},
        )  # fmt: skip
        for anew in (False, True):
            try:
                self._learn(anew)
                assert self._keys is not None
                claims: dict[str, Any] = jwt.decode(token, self._keys, algorithms=ALGORITHMS).claims
                break
            except (JoseError, ValueError) as error:
                if anew:
                    raise OidcError(f"id_token: {error}") from None
        try:
            wanted.validate(claims)
        except JoseError as error:
            raise OidcError(f"id_token: {error}") from None
        audience = claims["aud"]
        if isinstance(audience, list) and len(audience) > 1 and claims.get("azp") != self.settings.client_id:
            raise OidcError("id_token: azp: it is made for somebody else")
        return claims


def _url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _asked(url: str, form: dict[str, str] | None = None, settings: Settings | None = None) -> dict[str, Any]:
    """Return the JSON object at an address, of a form that is posted; raises :class:`OidcError`."""
    request = urllib.request.Request(url, headers={"Accept": "application/json"})
    if form is not None:
        request.data = urllib.parse.urlencode(form).encode()
    if settings is not None and settings.client_secret:
        pair = ":".join(urllib.parse.quote(part, safe="") for part in (settings.client_id, settings.client_secret))
        request.add_header("Authorization", "Basic " + base64.b64encode(pair.encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            told = json.loads(answer.read(MOST_BYTES))
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise OidcError(f"{url}: {error}") from None
    if not isinstance(told, dict):
        raise OidcError(f"{url}: is no JSON object")
    return told


def routes(registry: Registry, provider: Provider | None) -> APIRouter:
    """Return the two routes of signing in from outside; 404 where there is no provider."""
    router = APIRouter(prefix="/api/v1/session", tags=["accounts"])
    tries = Tries()

    def own() -> Provider:
        if provider is None:
            raise HTTPException(404, "this centre has no identity provider")
        return provider

    def unhurried(request: Request) -> None:
        if wait_s := tries.wait_s(address(request.scope)):
            raise HTTPException(429, f"too many tries: wait {wait_s} s", {"Retry-After": str(wait_s)})

    @router.get("/outside", response_class=RedirectResponse, status_code=302)
    async def go(request: Request) -> Response:
        """Send the browser to the identity provider; 503 where that cannot be asked."""
        asked = own()
        unhurried(request)
        centre = asked.settings.centre or str(request.base_url)
        try:
            where, ticket = await to_thread.run_sync(asked.begin, centre.rstrip("/") + "/" + BACK)
        except OidcError as error:
            raise HTTPException(503, f"the identity provider cannot be asked: {error}"[:300]) from None
        answer = RedirectResponse(where, 302)
        answer.set_cookie(
            TICKET, ticket, max_age=int(WAIT_S), path="/", httponly=True, samesite="lax",
            secure=request.url.scheme == "https",
        )  # fmt: skip
        return answer

    @router.get("/outside/return", response_class=RedirectResponse, status_code=302)
    async def back(
        request: Request,
        state: Annotated[str, Query(max_length=128)] = "",
        code: Annotated[str, Query(max_length=4096)] = "",
    ) -> Response:
        """Take the provider's answer: sign in and go to the map, or to the page of signing in where it does not hold."""
        asked, where = own(), address(request.scope)
        try:
            name = await to_thread.run_sync(asked.finish, request.cookies.get(TICKET, ""), state, code)
        except OidcError:
            name = ""
        entered = await to_thread.run_sync(accounts.enter_vouched, registry, name, where)
        answer = RedirectResponse("../../../../" if entered else "../../../../signin?refused=1", 302)
        answer.delete_cookie(TICKET, path="/")
        if entered:
            keep_session(answer, entered, request)
        return answer

    return router
