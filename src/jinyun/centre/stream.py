"""News as server-sent events (事件流): findings and notices as they open, change and close, numbered so that none is missed.

A reader that comes back names the last number it had (``Last-Event-ID``) and gets what came since, as far as it is kept;
``reset`` tells it where that is not all.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException, Query, Request
from fastapi.responses import StreamingResponse

from jinyun.centre.access import Role, Viewer, asking

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

KEPT = 2000
READERS = 200
BEAT_S = 15.0
"""A line that says nothing is sent when nothing happens, so that a dead connection is noticed."""


class News:
    """The last pieces of news, and who waits for the next."""

    def __init__(self) -> None:
        self.pieces: deque[tuple[int, str, dict[str, Any]]] = deque(maxlen=KEPT)
        self.number = 0
        self.readers = 0
        self._changed = asyncio.Event()
        self._known: dict[int, tuple[int, bool]] = {}

    def tell(self, kind: str, what: dict[str, Any]) -> None:
        """Add one piece of news; call from the loop's own thread."""
        self.number += 1
        self.pieces.append((self.number, kind, what))
        self._changed.set()
        self._changed = asyncio.Event()

    def take(self, status: dict[str, Any]) -> None:
        """Tell which episodes of findings opened or closed since the last status."""
        listed = status.get("episodes", ())
        known = {}
        for episode in listed:
            before = self._known.get(episode["id"])
            known[episode["id"]] = (episode["opened_us"], episode["open"])
            if before != known[episode["id"]]:
                self.tell("finding", episode)
        self._known = known

    async def since(self, number: int, viewer: Viewer, kinds: frozenset[str]) -> AsyncIterator[str]:
        """Yield what came after ``number`` as lines of the stream, for ever."""
        if number > self.number or (self.pieces and number < self.pieces[0][0] - 1):
            yield f"event: reset\nid: {self.number}\ndata: {{}}\n\n"
            number = self.number if number > self.number else self.pieces[0][0] - 1
        while True:
            changed = self._changed
            for at, kind, what in list(self.pieces):
                if at > number and (not kinds or kind in kinds) and _shown(kind, what, viewer):
                    yield f"event: {kind}\nid: {at}\ndata: {json.dumps(what, ensure_ascii=False)}\n\n"
            number = self.number
            if changed.is_set():
                continue
            try:
                async with asyncio.timeout(BEAT_S):
                    await changed.wait()
            except TimeoutError:
                yield ": still here\n\n"


def _shown(kind: str, what: dict[str, Any], viewer: Viewer) -> bool:
    if kind == "finding":
        return True
    return viewer.role is not Role.PUBLIC and viewer.may_see(what.get("company"))


def routes(centre: Centre) -> APIRouter:
    """Return the route of the news."""
    router = APIRouter(prefix="/api/v1", tags=["zone"])
    news = centre.news

    @router.get(
        "/stream",
        response_class=StreamingResponse,
        responses={
            200: {
                "content": {
                    "text/event-stream": {
                        "schema": {"type": "string"},
                        "example": 'event: finding\nid: 42\ndata: {"rule": "device.silent", "source": "rsu/R3"}\n\n',
                    }
                }
            }
        },
    )
    async def get_stream(
        request: Request,
        viewer: Annotated[Viewer, Depends(asking)],
        kinds: Annotated[str, Query(max_length=100, description="finding,notice,event; empty: all")] = "",
        last: Annotated[int | None, Query(ge=0, le=2**53, description="in place of Last-Event-ID")] = None,
        seconds: Annotated[float, Query(ge=0, le=86_400, description="end by itself after so long; 0: never")] = 0,
        last_event_id: Annotated[str | None, Header(max_length=20)] = None,
    ) -> StreamingResponse:
        """Send news as it comes (server-sent events): ``finding`` to everybody, ``notice`` and ``event`` to who may see it."""
        if news.readers >= READERS:
            raise HTTPException(503, "too many readers", {"Retry-After": "30"})
        told = int(last_event_id) if last_event_id and last_event_id.isdecimal() and last_event_id.isascii() else last
        wanted = frozenset(word.strip() for word in kinds.split(",") if word.strip())
        start = news.number if told is None else told

        async def lines() -> AsyncIterator[str]:
            news.readers += 1
            try:
                yield f"retry: 2000\nid: {min(start, news.number)}\n\n"
                async with asyncio.timeout(seconds or None):
                    async for line in news.since(start, viewer, wanted):
                        yield line
            except TimeoutError:
                return
            finally:
                news.readers -= 1

        return StreamingResponse(
            lines(), media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )

    return router
