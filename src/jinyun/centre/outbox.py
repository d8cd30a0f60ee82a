"""The outbox of notices (发件箱): a bounded queue and a worker for each channel, so that a slow one holds up nobody."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from anyio import to_thread
from nats.aio.client import Client as Link

from jinyun.centre import channels
from jinyun.centre.registry import Channel, Registry, RegistryAway
from jinyun.centre.registry.opening import now_us

WAITING = 200
"""Notices that may wait for one channel; beyond it the oldest is dropped, and that is noted."""
PAUSES_S = (1.0, 5.0, 30.0)
"""Before each further try."""
AWAY_S = 1.0
"""Before the registry is asked again that does not answer."""

Told = TypeVar("Told")
Sent = Callable[[int, str, dict[str, Any]], None]


class Outbox:
    """Delivers notices; ``sent`` is told what became of each."""

    def __init__(
        self,
        registry: Registry,
        link: Callable[[], Link | None],
        sent: Sent,
        pauses_s: tuple[float, ...] = PAUSES_S,
        waiting: int = WAITING,
    ) -> None:
        self.registry, self.link, self.sent, self.pauses_s, self.waiting = registry, link, sent, pauses_s, waiting
        self.dropped = 0
        self._queues: dict[str, deque[tuple[int, dict[str, Any]]]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}

    async def put(self, channel: str, id: int, what: dict[str, Any]) -> None:
        """Let a notice wait for its channel; never waits itself."""
        queue = self._queues.setdefault(channel, deque())
        queue.append((id, what))
        if len(queue) > self.waiting:
            old, _ = queue.popleft()
            self.dropped += 1
            await self._note(old, channel, "dropped", 0, "too many wait for the channel")
        worker = self._workers.get(channel)
        if worker is None or worker.done():
            self._workers[channel] = asyncio.create_task(self._work(channel, queue))

    def close(self) -> None:
        """Stop all workers."""
        for worker in self._workers.values():
            worker.cancel()

    async def settled(self) -> None:
        """Wait until nothing waits any more (for tests)."""
        await asyncio.gather(*self._workers.values(), return_exceptions=True)

    async def _work(self, channel: str, queue: deque[tuple[int, dict[str, Any]]]) -> None:
        while queue:
            id, what = queue.popleft()
            reason = ""
            for tries in range(1, len(self.pauses_s) + 2):
                try:
                    await self.deliver(channel, what)
                    await self._note(id, channel, "sent", tries, "")
                    break
                except channels.ChannelError as error:
                    reason = str(error)
                    if tries <= len(self.pauses_s):
                        await asyncio.sleep(self.pauses_s[tries - 1])
            else:
                await self._note(id, channel, "failed", len(self.pauses_s) + 1, reason)

    async def deliver(self, channel: str, what: dict[str, Any]) -> None:
        """Deliver now; raises ``ChannelError``."""
        kind, settings = await self._patiently(self._settings, channel)
        if kind == "webhook":
            await to_thread.run_sync(channels.post, settings, what)
        elif kind == "smtp":
            await to_thread.run_sync(channels.mail, settings, what)
        else:
            link = self.link()
            if link is None or not link.is_connected:
                raise channels.ChannelError("the broker is away")
            await link.publish(channels.subject(settings), json.dumps(what, ensure_ascii=False).encode())

    def _settings(self, channel: str) -> tuple[str, dict[str, Any]]:
        with self.registry.read() as session:
            found = session.get(Channel, channel)
        if found is None or not found.enabled:
            raise channels.ChannelError(f"no channel {channel} that is on")
        return found.kind, found.settings

    async def _note(self, id: int, channel: str, state: str, tries: int, why: str) -> None:
        outcome = {"state": state, "t_us": now_us(), "tries": tries, "why": why}
        await self._patiently(self.sent, id, channel, outcome)

    async def _patiently(self, ask: Callable[..., Told], *about: Any) -> Told:
        """Return what the registry says, however long it is away: what waits here is not lost for it."""
        while True:
            try:
                return await to_thread.run_sync(ask, *about)
            except RegistryAway:
                await asyncio.sleep(AWAY_S)
