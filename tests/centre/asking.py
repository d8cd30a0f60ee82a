"""A centre asked without a socket: by nobody, by somebody who signed in, by a key."""

from __future__ import annotations

import asyncio
import functools
from pathlib import Path
from typing import Any

import httpx

from jinyun import zone
from jinyun.centre import accounts, keys
from jinyun.centre.app import create
from jinyun.centre.doorway import COOKIE
from jinyun.centre.sheets import Sheet, Sheets
from jinyun.net import columns
from jinyun.zone import Zone

NOWHERE = "nats://127.0.0.1:9"
PASSWORD = "a long word for tests 7"


@functools.cache
def here() -> Zone:
    return zone.load(zone.find("science-city"))


def blank() -> Sheets:
    """A map on which nothing is drawn: drawing the zone's takes seconds, and these tests do not look at it."""
    sheets = object.__new__(Sheets)
    sheets.tiles, sheets.tag, sheets.overview = {}, "blank", Sheet(columns.pack({}, {}))
    return sheets


class Asker:
    """Somebody who asks one centre."""

    def __init__(self, app: Any, headers: dict[str, str] | None = None) -> None:
        self.app, self.headers = app, headers or {}
        self.cookie = ""

    def ask(self, method: str, address: str, body: Any = None, **headers: str) -> httpx.Response:
        async def go() -> httpx.Response:
            sent = {**self.headers, **{k.replace("_", "-"): v for k, v in headers.items()}}
            if self.cookie:
                sent["Cookie"] = f"{COOKIE}={self.cookie}"
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport, base_url="http://centre") as client:
                return await client.request(method, address, json=body, headers=sent)

        return asyncio.run(go())

    def get(self, address: str, **headers: str) -> httpx.Response:
        return self.ask("GET", address, **headers)


class Place:
    """A centre with a registry of its own."""

    def __init__(self, state: Path, public: bool = True) -> None:
        self.app = create(here(), state, NOWHERE, blank(), public=public)
        self.centre = self.app.state.centre
        self.registry = self.centre.registry
        self.nobody = Asker(self.app)

    def account(self, name: str, role: str, company: str | None = None) -> Asker:
        """Make an account and return it signed in, as its page would be."""
        accounts.create(self.registry, name, role, company, PASSWORD)
        asker = Asker(self.app, {"X-Jinyun": "1"})
        answer = asker.ask("POST", "/api/v1/session", {"name": name, "password": PASSWORD})
        assert answer.status_code == 200, answer.text
        asker.cookie = answer.cookies[COOKIE]
        return asker

    def key(self, account: str, *scopes: str, days: int = 1) -> Asker:
        made = keys.create(self.registry, account, "test", list(scopes), days)
        return Asker(self.app, {"Authorization": f"Bearer {made['key']}"})
