"""Live fan-out: one frame to every viewer, each with one slot that always holds the newest.

A slow viewer skips frames; it never slows another viewer or the cloud, and costs one frame of memory. A viewer that says
``deltas`` is sent frames without what it has already (:mod:`.deltas`).
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Coroutine
from typing import Any

from jinyun.centre.deltas import Deltas, Offer
from jinyun.cloud.findings import worded

MAX_VIEWERS = 500
REPLAY_HOLDS_S = 2.0
"""While frames of a replay come, and this long after the last, they are shown instead of the live ones."""


async def until_one_ends(*ways: Coroutine[Any, Any, None]) -> None:
    """Go all ways of a socket at once until one of them ends, and end the others.

    How they end is not asked: a viewer that went away in the middle of a frame is no error of ours.
    """
    tasks = [asyncio.create_task(way) for way in ways]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


_CLOCK = re.compile(r"clock (\d{1,12}(?:\.\d{1,12})?)")


class Slot:
    """What one viewer is to be sent next: the newest frame and the newest status."""

    __slots__ = ("answer", "base", "frame", "ready", "short", "text")

    def __init__(self) -> None:
        self.frame: Offer | None = None
        self.short = False  # whether it wants frames without what it has
        self.base = -1  # the key it has
        self.text: str | None = None
        self.answer: str | None = None
        self.ready = asyncio.Event()

    def asked(self, text: str) -> None:
        """Take what the viewer says: ``clock NUMBER`` is answered with the centre's time, ``deltas`` asks for short frames."""
        if text == "deltas":
            self.short = True
        found = _CLOCK.fullmatch(text)
        if found:
            self.answer = f'{{"type":"clock","asked":{found[1]},"t_us":{time.time_ns() // 1000}}}'
            self.ready.set()

    async def next(self) -> tuple[str | None, bytes | None, str | None]:
        """Wait for news and return (status, frame, answer), each None where there is none."""
        await self.ready.wait()
        self.ready.clear()
        text, self.text = self.text, None
        offer, self.frame = self.frame, None
        answer, self.answer = self.answer, None
        return text, None if offer is None else self._form(offer), answer

    def _form(self, offer: Offer) -> bytes:
        """Return the form of a frame that this viewer can read, and keep in mind which key it has then."""
        if self.short and offer.short is not None and offer.base == self.base:
            return offer.short
        if offer.short is None:
            self.base = offer.base
        return offer.whole


class Hub:
    """The viewers, and the newest of everything for whoever comes next."""

    def __init__(self) -> None:
        self.viewers: set[Slot] = set()
        self.frame: Offer | None = None
        self.text: str | None = None
        self.frame_at = 0.0
        self._deltas = Deltas()
        self._replay_at = -1e9

    def join(self) -> Slot | None:
        """Return a new viewer's slot, filled with what is known; None when there are too many."""
        if len(self.viewers) >= MAX_VIEWERS:
            return None
        slot = Slot()
        slot.text, slot.frame = self.text, self.frame
        if slot.text or slot.frame:
            slot.ready.set()
        self.viewers.add(slot)
        return slot

    def leave(self, slot: Slot) -> None:
        self.viewers.discard(slot)

    def show(self, frame: bytes, replay: bool = False) -> None:
        """Give every viewer a new frame; a live one yields to a replay that is running."""
        now = time.monotonic()
        if replay:
            self._replay_at = now
        elif now - self._replay_at < REPLAY_HOLDS_S:
            return
        wanted = any(slot.short for slot in self.viewers)
        offer = self._deltas.offer(frame) if wanted else Offer(frame, None, -1)
        self.frame, self.frame_at = offer, now
        for slot in self.viewers:
            slot.frame = offer
            slot.ready.set()

    def tell(self, text: str) -> None:
        """Give every viewer a new status."""
        self.text = text
        for slot in self.viewers:
            slot.text = text
            slot.ready.set()


FRESH_S = 3.0
"""A status older than this says nothing of now."""
OF_REPLAY = ("rates", "received", "refused", "lost", "late", "duplicate", "latency_ms", "episodes", "by_kind", "clock")
"""What a viewer of a replay is told of the recording instead of the live street."""


def _worded(status: dict[str, Any]) -> dict[str, Any]:
    return status | {"episodes": worded(status.get("episodes", ()))}


class Account:
    """The status for viewers: the cloud's last word, plus what only the starter knows of the parts."""

    def __init__(self) -> None:
        self.cloud: dict[str, Any] = {}
        self.replay: dict[str, Any] = {}
        self.heard_at = self.replay_at = -1e9

    def take(self, status: dict[str, Any]) -> None:
        self.cloud, self.heard_at = _worded(status), time.monotonic()

    def take_replay(self, status: dict[str, Any]) -> None:
        self.replay, self.replay_at = _worded(status), time.monotonic()

    def compose(
        self, parts: list[dict[str, Any]], viewers: int, version: str, zone: str, simulated: bool
    ) -> dict[str, Any]:
        """Return the status as pages get it; rates and latency of a silent cloud are not repeated as if they were new."""
        status: dict[str, Any] = {"type": "status", "zone": zone, "simulated": simulated, **self.cloud}
        fresh = time.monotonic() - self.heard_at < FRESH_S
        if not fresh:
            status["rates"] = {}
            status["latency_ms"] = {"p50": None, "p99": None}
        if time.monotonic() - self.replay_at < FRESH_S:
            status |= {key: self.replay[key] for key in OF_REPLAY if key in self.replay}
        status |= {
            "t_us": time.time_ns() // 1000,
            "parts": parts,
            "viewers": viewers,
            "version": version,
            "cloud_fresh": fresh,
        }
        return status
