"""The record in the centre (回放): what there is, any frame of it, and a player of one's own for every viewer.

A viewer's player sends recorded frames in the form of the live ones, marked as a replay; others go on seeing the live picture.
It is told with words: ``play SPEED``, ``pause``, ``seek T_US``, ``step N`` (frames, also backwards).
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, HTTPException, Query, Response, WebSocket

from jinyun.centre.access import ZONE, Role, Rule, declare
from jinyun.centre.live import until_one_ends
from jinyun.net import columns
from jinyun.record.frames import Packed
from jinyun.record.playing import Reel
from jinyun.state import read_json

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare(
    {
        "GET /api/v1/record": Rule((*ZONE, Role.TESTER), "supervision"),
        "GET /api/v1/record/frame": Rule(ZONE, "supervision"),
        "WS /api/v1/replay": Rule(ZONE, "supervision"),
    }
)
TICK_US = 100_000
MOST_HZ = 20.0
"""Frames a second that are sent at most: faster than that the player leaps over some."""
MOST_SPEED = 600.0
LATEST_US = 2**52
SEND_TIMEOUT_S = 10.0
RENEWED_S = 5.0
Instant = Annotated[int, Query(ge=0, le=LATEST_US, description="microseconds of UTC")]


def marked(frame: Packed) -> bytes:
    """Return a recorded frame with the word that it is a replay in its head."""
    meta, tables = columns.unpack(frame.data)
    label = {"zh": "记录回放", "en": "from the record"}
    return columns.pack(tables, meta | {"clock": "replay", "recorded": True, "label": label})


class Player:
    """Where a viewer is in the record, and how fast it goes on."""

    def __init__(self, reel: Reel, t_us: int) -> None:
        self.reel, self.t_us, self.speed = reel, t_us, 0.0
        self.changed = asyncio.Event()

    def told(self, text: str) -> str | None:
        """Do what a viewer says; return what is wrong with it, None where it is understood."""
        word, _, rest = text.strip().partition(" ")
        try:
            value = float(rest) if rest else 0.0
        except ValueError:
            return f"{rest[:40]!r} is no number"
        if not math.isfinite(value) or abs(value) > LATEST_US:
            return f"{rest[:40]!r} is no number that can be played"
        if word == "play":
            self.speed = min(max(value or 1.0, 0.01), MOST_SPEED)
        elif word == "pause":
            self.speed = 0.0
        elif word == "seek":
            self.t_us = int(value)
        elif word == "step":
            self.speed = 0.0
            self._step(int(max(min(value or 1, 1000), -1000)))
        else:
            return f"{word[:40]!r} is not play, pause, seek or step"
        self.changed.set()
        return None

    def _step(self, count: int) -> None:
        for _ in range(abs(count)):
            found = self.reel.after(self.t_us) if count > 0 else self.reel.at(self.t_us - 1)
            if found is None:
                return
            self.t_us = found.t_us

    def frame(self) -> Packed | None:
        """Return the frame of where it is: the last one until then, or the first of all."""
        return self.reel.at(self.t_us) or self.reel.after(self.t_us)

    def go_on(self, passed_s: float) -> Packed | None:
        """Move on by what has passed and return the frame to show, None where none is new; a gap is leapt over."""
        before_us = self.t_us
        target_us = before_us + int(passed_s * self.speed * 1e6)
        found = self.reel.at(target_us)
        if found is None or found.t_us <= before_us:
            following = self.reel.after(before_us)
            if following is None:
                self.speed = 0.0
                return None
            if following.t_us - before_us <= 2_000_000:
                self.t_us = target_us if target_us < following.t_us else following.t_us
                return None if target_us < following.t_us else following
            found = following
            target_us = following.t_us
        self.t_us = max(target_us, found.t_us)
        return found


def routes(centre: Centre) -> APIRouter:
    """Return the routes of the record."""
    router = APIRouter(tags=["record"])
    reels: dict[Path, tuple[float, Reel]] = {}

    def reel() -> Reel:
        where = read_json(centre.state_dir / "recording.json")
        folder = Path(where["folder"]) if isinstance(where, dict) and "folder" in where else None
        if folder is None or not folder.is_dir():
            raise HTTPException(404, "this zone has no record")
        now = time.monotonic()
        known = reels.get(folder)
        if known is None:
            reels.clear()
            reels[folder] = now, Reel(folder)
        elif now - known[0] > RENEWED_S:
            known[1].renew()
            reels[folder] = now, known[1]
        return reels[folder][1]

    @router.get("/api/v1/record")
    def get_record() -> dict[str, Any]:
        """Return which span is recorded, where it has gaps, and whether the record is a ring."""
        found = reel()
        first_us, last_us = found.span_us
        ring = (read_json(centre.state_dir / "recording.json") or {}).get("ring")
        gaps = [{"from_us": a, "to_us": b} for a, b in found.gaps()[:1000]]
        return {"zone": centre.zone.id, "from_us": first_us, "to_us": last_us, "gaps": gaps, "ring": ring}

    @router.get("/api/v1/record/frame", response_class=Response)
    def get_frame(t_us: Instant) -> Response:
        """Return the recorded frame of an instant (the last until then) in the form of the live ones; 404 for none."""
        found = reel().at(t_us)
        if found is None:
            raise HTTPException(404, "nothing was recorded until then")
        return Response(
            marked(found), media_type="application/octet-stream", headers={"X-Frame-Time-Us": str(found.t_us)}
        )

    @router.websocket("/api/v1/replay")
    async def replay(socket: WebSocket, t_us: int = 0) -> None:
        """Play the record to one viewer: frames (binary) and where it is (text); it is told with words."""
        await socket.accept()
        try:
            own = await asyncio.to_thread(lambda: Reel(reel().folder))
        except HTTPException as error:
            await socket.close(4404, str(error.detail)[:100])
            return
        player = Player(own, t_us or own.span_us[0])
        await until_one_ends(_listen(socket, player), _play(socket, player))

    return router


async def _listen(socket: WebSocket, player: Player) -> None:
    while (heard := await socket.receive())["type"] != "websocket.disconnect":
        wrong = player.told((heard.get("text") or "")[:200])
        if wrong is not None:
            await socket.send_text(json.dumps({"type": "replay", "wrong": wrong}))


async def _play(socket: WebSocket, player: Player) -> None:
    loop = asyncio.get_running_loop()
    shown, renewed = await asyncio.to_thread(player.frame), loop.time()
    while True:
        async with asyncio.timeout(SEND_TIMEOUT_S):
            if shown is not None:
                await socket.send_bytes(await asyncio.to_thread(marked, shown))
            where = {"type": "replay", "t_us": shown.t_us if shown else player.t_us, "speed": player.speed}
            await socket.send_text(json.dumps(where))
        began = loop.time()
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(player.changed.wait(), 1 / MOST_HZ if player.speed else None)
            if player.changed.is_set():
                player.changed.clear()
                shown = await asyncio.to_thread(player.frame)
                break
            now = loop.time()
            if now - renewed > RENEWED_S:
                renewed = now
                await asyncio.to_thread(player.reel.renew)
            shown = await asyncio.to_thread(player.go_on, now - began)
            began = now
            if shown is not None or not player.speed:
                break
