"""The doorway of the centre (入口): says who asks, bounds what is sent, writes audited answers down before they leave.

A plain ASGI layer around the application: it adds nothing to a WebSocket once that is open, and streams pass through it as
they come.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from anyio import to_thread

from jinyun.centre import accounts, audit, keys
from jinyun.centre.access import NOBODY, Viewer
from jinyun.centre.registry import Registry, RegistryAway

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "jinyun_session"
LARGEST_BODY = 4 << 20
POLICY = "default-src 'self'; connect-src 'self' ws: wss:; frame-ancestors 'self'; base-uri 'none'; form-action 'self'"
ALWAYS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
AWAY, AGAIN_S = "the registry of accounts does not answer now: ask again in a moment", b"2"
FOR_GOOD = "public, max-age=31536000, immutable"


class Doorway:
    """The layer; ``public`` tells whether somebody who did not sign in is a public display or nobody."""

    def __init__(self, app: App, registry: Registry, public: bool) -> None:
        self.app, self.registry, self.nobody = app, registry, NOBODY if public else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        headers = {name: value for name, value in scope["headers"] if name in _READ}
        try:
            viewer, wrong = await self._who(headers)
        except RegistryAway:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1013, "reason": AWAY})
            else:
                await _Door(self, scope, receive, send).say(503, AWAY, (b"retry-after", AGAIN_S))
            return
        state["viewer"] = viewer
        state["token"] = _cookie(headers)
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        door = _Door(self, scope, receive, send)
        if wrong:
            await door.say(401, "the key does not count", (b"www-authenticate", b"Bearer"))
        elif _length(headers) > LARGEST_BODY:
            await door.say(413, f"more than {LARGEST_BODY >> 20} MiB")
        else:
            await self.app(scope, door.receive, door.send)

    async def _who(self, headers: dict[bytes, bytes]) -> tuple[Viewer | None, bool]:
        """Return (who asks, whether a key was shown that does not count)."""
        kind, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        if kind.lower() == "bearer":
            found = await to_thread.run_sync(keys.of_key, self.registry, key.strip()[:200])
            return found, found is None
        token = _cookie(headers)
        if token:
            found = await to_thread.run_sync(accounts.of_session, self.registry, token)
            return found or self.nobody, False
        return self.nobody, False


_READ = frozenset({b"cookie", b"authorization", b"content-length"})


def _length(headers: dict[bytes, bytes]) -> int:
    said = headers.get(b"content-length", b"")
    return int(said) if said.isdigit() and len(said) < 20 else 0


def _cookie(headers: dict[bytes, bytes]) -> str:
    try:
        found = SimpleCookie(headers.get(b"cookie", b"").decode("latin-1")).get(COOKIE)
    except CookieError:
        return ""
    return found.value[:100] if found is not None else ""


class _Door:
    """One request's way in and its answer's way out."""

    def __init__(self, doorway: Doorway, scope: Scope, receive: Receive, send: Send) -> None:
        self.doorway, self.scope, self._receive, self._send = doorway, scope, receive, send
        self.taken = 0
        self.shut = False

    async def receive(self) -> MutableMapping[str, Any]:
        message = await self._receive()
        self.taken += len(message.get("body", b""))
        if self.taken > LARGEST_BODY:  # sent in pieces, without saying how much it will be
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if self.shut:
            return
        if message["type"] == "http.response.start":
            if not await self._written(message["status"]):
                self.shut = True
                await self.say(503, "the audit log cannot be written: nothing is answered that must be in it")
                return
            message["headers"] = [*message.get("headers", []), *self._headers(message)]
        await self._send(message)

    def _headers(self, message: MutableMapping[str, Any]) -> list[tuple[bytes, bytes]]:
        given = {name.lower() for name, _ in message.get("headers", [])}
        added = [(name, value) for name, value in ALWAYS if name not in given]
        for_good = self.scope["path"].startswith("/assets/") and message["status"] == 200
        if for_good:
            added.append((b"cache-control", FOR_GOOD.encode()))
        elif b"cache-control" not in given:
            signed_in = self.scope["state"].get("viewer") not in (None, NOBODY)
            added.append((b"cache-control", b"no-store" if signed_in else b"no-cache"))
        return added

    async def _written(self, status: int) -> bool:
        """Write the answer down where it must be; return False where that fails."""
        state = self.scope["state"]
        audited = state.get("audited")
        if audited is None:
            return True
        viewer: Viewer = state["viewer"]
        act, route = audited
        subject = state.get("subject") or "?".join(
            filter(None, (self.scope["path"], self.scope.get("query_string", b"").decode("latin-1")))
        )
        deed = audit.Deed(
            viewer.account, viewer.role, viewer.company, viewer.via, act, route, subject, status, address(self.scope)
        )
        try:
            await to_thread.run_sync(audit.append, self.doorway.registry, deed)
        except Exception:  # whatever the database says: what must be audited and is not does not leave
            return False
        return True

    async def say(self, status: int, reason: str, *headers: tuple[bytes, bytes]) -> None:
        body = json.dumps({"reason": reason}).encode()
        said = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), *headers, *ALWAYS]
        await self._send({"type": "http.response.start", "status": status, "headers": said})
        await self._send({"type": "http.response.body", "body": body})


def address(scope: Scope) -> str:
    """Return where a request comes from."""
    client = scope.get("client")
    return str(client[0]) if client else ""
