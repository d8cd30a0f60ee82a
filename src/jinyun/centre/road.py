"""What the road says (智慧道路), for pages: the newest word of its crossings and signals; each sign as it changes.

A sign is watched over a WebSocket that says something at least five times a second. Whoever hears nothing for a second knows
no more than that, and has to say so: the page does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, WebSocket
from nats.aio.msg import Msg

from jinyun.centre.access import EVERYBODY, Rule, declare
from jinyun.centre.live import until_one_ends
from jinyun.net import parts

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare(
    {
        "GET /api/v1/crossings": Rule(EVERYBODY),
        "GET /api/v1/crossings/{id}": Rule(EVERYBODY),
        "WS /api/v1/crossings/{id}/live": Rule(EVERYBODY),
        "GET /api/v1/signals/priority": Rule(EVERYBODY),
    }
)
FRESH_S = 0.6
"""A word of the crossings that is older says nothing of now."""
WATCHERS = 300
SEND_TIMEOUT_S = 2.0
BEAT_S = 0.2


class RoadWord:
    """The newest word of each kind (crossing, stop, signals, charging), and who waits for the next of the crossings."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[float, dict[str, Any]]] = {}
        self._joiners: dict[str, parts.Joiner] = {}
        self._changed = asyncio.Event()
        self.watchers = 0

    async def hear(self, message: Msg) -> None:
        """Take one message of ``jinyun.{zone}.road.*``; what is no JSON object is let go."""
        self.take(message.subject.rsplit(".", 1)[-1], message.data)

    def take(self, kind: str, payload: bytes) -> None:
        """Take one word of a kind."""
        whole = self._joiners.setdefault(kind, parts.Joiner()).take(payload) if len(self._joiners) < 64 else None
        if whole is None:
            return
        with contextlib.suppress(ValueError):
            told = json.loads(whole)
            if isinstance(told, dict):
                self._newest[kind] = time.monotonic(), told
                if kind == "crossing":
                    self._changed.set()
                    self._changed = asyncio.Event()

    def of(self, kind: str, within_s: float) -> dict[str, Any] | None:
        """Return the newest word of a kind, None where there is none so young."""
        at, told = self._newest.get(kind, (-1e9, {}))
        return told if time.monotonic() - at <= within_s else None

    async def news(self, longest_s: float) -> None:
        """Wait for the next word of the crossings, but not longer."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), longest_s)


def blind(id: str, zh: str, en: str) -> dict[str, Any]:
    """Return what is said of a crossing of which nothing is known."""
    return {
        "id": id, "zh": zh, "en": en, "shows": "fault", "reason": "road", "t_us": time.time_ns() // 1000, "waiting": 0,
        "crossing": 0, "car_s": None, "light": None, "light_s": None,
    }  # fmt: skip


def routes(centre: Centre) -> APIRouter:
    """Return the routes of crossings and signals."""
    router, names = APIRouter(), {crossing.id: crossing for crossing in centre.zone.crossings}

    def signs() -> dict[str, dict[str, Any]]:
        told = centre.road.of("crossing", FRESH_S)
        known = {one["id"]: one for one in told["crossings"]} if told is not None else {}
        return {id: known.get(id) or blind(id, one.zh, one.en) for id, one in names.items()}

    @router.get("/api/v1/crossings")
    def get_crossings() -> dict[str, Any]:
        """Return what the sign of every smart crossing shows now; ``fault`` with its reason where that is not known."""
        return {"zone": centre.zone.id, "simulated": centre.zone.simulated, "crossings": list(signs().values())}

    @router.get("/api/v1/crossings/{id}")
    def get_crossing(id: str) -> dict[str, Any]:
        """Return one smart crossing's sign; 404 where the zone has none of that id."""
        if id not in names:
            raise HTTPException(404, f"no smart crossing {id}: /api/v1/crossings lists them")
        return signs()[id]

    @router.get("/api/v1/signals/priority")
    def get_priority() -> dict[str, Any]:
        """Return where each signal is in its plan, who has been given way, and what became of all requests."""
        told = centre.road.of("signals", 5.0)
        return told or {"zone": centre.zone.id, "simulated": centre.zone.simulated, "t_us": None, "junctions": []}

    @router.websocket("/api/v1/crossings/{id}/live")
    async def live(socket: WebSocket, id: str) -> None:
        """Send one crossing's sign (JSON) as it changes, and several times a second where it does not."""
        await socket.accept()
        if id not in names or centre.road.watchers >= WATCHERS:
            await socket.close(1008 if id not in names else 1013, "no such crossing" if id not in names else "too many")
            return
        centre.road.watchers += 1

        async def send() -> None:
            while True:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await socket.send_text(json.dumps({**signs()[id], "simulated": centre.zone.simulated}))
                await centre.road.news(BEAT_S)

        async def listen() -> None:
            while (await socket.receive())["type"] != "websocket.disconnect":
                pass

        try:
            await until_one_ends(send(), listen())
        finally:
            centre.road.watchers -= 1

    return router
