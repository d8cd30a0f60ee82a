"""The TCP endpoint of GB/T 32960.3: vehicles and enterprise platforms connect, are kept within bounds and answered.

``dialogue`` decides what is answered; here are the sockets. A connection must log in within ``login_s`` and then send a whole
packet every ``idle_s``: bytes alone do not keep it. Whoever sends faster than its rate is read more slowly, so that TCP holds
it back; nothing is dropped. The standard itself has no transport security: ``tls`` adds it for those who can.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jinyun.net.gbt32960.dialogue import Accepted, Caller, Dialogue, Times
from jinyun.net.gbt32960.packet import GbtError, Packet
from jinyun.net.gbt32960.stream import MAX_FRAME, StreamReader
from jinyun.shapes import Finding

BLOCK = 16_384
"""Bytes read at a time: at most some tens of milliseconds of work between two looks at the others."""
FAILURES = 3
"""Wrong passwords on one connection before it is closed."""
TELL_S = 10.0
"""How long one connection's finding of one rule stands for its repetitions."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one endpoint bears. Rates are packets a second, with a burst of ``burst_s`` seconds' worth."""

    connections: int = 5000
    login_s: float = 30.0
    idle_s: float = 180.0
    max_frame: int = MAX_FRAME
    vehicle_rate: float = 20.0
    platform_rate: float = 5000.0
    burst_s: float = 10.0
    vins_per_platform: int = 100_000
    times: Times = field(default_factory=Times)


@dataclass(eq=False, slots=True)
class _Link:
    """One connection at the socket's side: its caller, when it must speak, how much it may say now."""

    caller: Caller
    writer: asyncio.StreamWriter
    deadline: float
    tokens: float
    filled_at: float
    told: dict[str, float] = field(default_factory=dict)
    task: asyncio.Task[None] | None = None


class Server:
    """A listening endpoint, made by :func:`serve`; ``account`` tells how it fares."""

    def __init__(self, dialogue: Dialogue, limits: Limits, now_us: Callable[[], int]) -> None:
        self.dialogue, self.limits = dialogue, limits
        self.port = 0
        self._now_us = now_us
        self._links: set[_Link] = set()
        self._listening: asyncio.Server | None = None

    def account(self) -> dict[str, Any]:
        """Return the counters and who is connected, as JSON."""
        platforms = sum(bool(link.caller.platform) for link in self._links)
        return {"connections": len(self._links), "platforms": platforms, "vehicles": len(self.dialogue.holders),
                "counters": dict(self.dialogue.counters)}  # fmt: skip

    async def listen(self, host: str, port: int, tls: ssl.SSLContext | None) -> None:
        self._listening = await asyncio.start_server(self._connected, host, port, limit=BLOCK, backlog=1024, ssl=tls)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close the endpoint and every connection, each after its answers have gone out."""
        assert self._listening is not None
        self._listening.close()
        tasks = [link.task for link in self._links if link.task]
        for link in list(self._links):
            link.caller.ended = True
            link.writer.close()
        if tasks:
            await asyncio.wait(tasks, timeout=5.0)
        for link in list(self._links):
            link.writer.transport.abort()

    # -- one connection ---------------------------------------------------------------------------------------------------

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        counters, now = self.dialogue.counters, _now()
        peer = writer.get_extra_info("peername") or ("unknown", 0)
        caller = Caller(f"{peer[0]}:{peer[1]}")
        link = _Link(caller, writer, now + self.limits.login_s, 0.0, now, task=asyncio.current_task())
        link.tokens = self._rate(link) * self.limits.burst_s
        counters["connected"] += 1
        if len(self._links) >= self.limits.connections:
            counters["turned_away"] += 1
            self._tell(link, "connection.many", "link", f"{len(self._links)} connections are open already")
            writer.close()
            return
        self._links.add(link)
        try:
            await self._talk(link, reader)
        except TimeoutError:
            counters["silent"] += 1
            what = "no packet in time" if caller.known else "no login in time"
            self._tell(link, "link.silent", "link", f"{what}; closed")
        except GbtError as error:
            self._tell(link, "stream.garbage", "stream", f"{error}; closed")
        except OSError:
            pass  # it is gone: vehicles go out of reach every day
        finally:
            caller.ended = True
            self.dialogue.leave(caller)
            self._links.discard(link)
            writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(1.0):
                    await writer.wait_closed()
            writer.transport.abort()

    async def _talk(self, link: _Link, reader: asyncio.StreamReader) -> None:
        stream = StreamReader(self.limits.max_frame)
        caller, counters = link.caller, self.dialogue.counters
        while not caller.ended:
            async with asyncio.timeout_at(link.deadline):
                data = await reader.read(BLOCK)
                await link.writer.drain()
            if not data:
                return
            skipped, refused = stream.skipped, stream.refused
            try:
                for frame in stream.feed(data):
                    await self._turn(link)
                    was_known = caller.known
                    answer = await self.dialogue.answer(caller, frame, self._now_us())
                    if answer:
                        link.writer.write(answer)
                    if caller.known:
                        link.deadline = _now() + self.limits.idle_s
                    elif was_known:
                        link.deadline = _now() + self.limits.login_s
                    if caller.failures >= FAILURES:
                        return
            finally:
                counters["skipped_bytes"] += stream.skipped - skipped
                counters["refused"] += stream.refused - refused
                if stream.refused > refused:
                    place, _, reason = stream.reason.partition(": ")
                    self._tell(link, "packet.refused", place, reason)
                elif stream.skipped > skipped:
                    self._tell(link, "stream.garbage", "stream", f"{stream.skipped} bytes so far belong to no packet")

    def _rate(self, link: _Link) -> float:
        return self.limits.platform_rate if link.caller.platform else self.limits.vehicle_rate

    async def _turn(self, link: _Link) -> None:
        """Wait until the connection may send one more packet."""
        rate = self._rate(link)
        now = _now()
        link.tokens = min(rate * self.limits.burst_s, link.tokens + rate * (now - link.filled_at)) - 1.0
        link.filled_at = now
        if link.tokens < 0.0:
            self.dialogue.counters["held_back"] += 1
            self._tell(link, "rate.exceeded", "link", f"over {rate:g} packets/s; read more slowly")
            await asyncio.sleep(-link.tokens / rate)

    def _tell(self, link: _Link, rule: str, place: str, reason: str) -> None:
        """Report a finding about a connection, but the same one not again within :data:`TELL_S`."""
        now = _now()
        if now - link.told.get(rule, -TELL_S) >= TELL_S:
            link.told[rule] = now
            self.dialogue.report(Finding(rule, link.caller.name, place, reason, self._now_us()))


def _now() -> float:
    return asyncio.get_running_loop().time()


async def serve(
    host: str,
    port: int,
    accept: Callable[[Accepted], bool],
    *,
    report: Callable[[Finding], None] = lambda _: None,
    allowed: Callable[[str], bool] = lambda _: True,
    verify: Callable[[str, bytes], bool] | None = None,
    activate: Callable[[Packet], tuple[int, int]] | None = None,
    limits: Limits = Limits(),
    tls: ssl.SSLContext | None = None,
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000,
) -> Server:
    """Return an endpoint that listens on ``host`` and ``port`` (0: any free one); raises ``OSError`` where it cannot.

    ``accept`` is given every packet that is taken and says whether it is in safe hands; see
    :class:`~jinyun.net.gbt32960.dialogue.Dialogue` for it and the other callables.
    """
    dialogue = Dialogue(
        accept, report, allowed=allowed, verify=verify, activate=activate, times=limits.times,
        most_vins=limits.vins_per_platform,
    )  # fmt: skip
    server = Server(dialogue, limits, now_us)
    await server.listen(host, port, tls)
    return server
