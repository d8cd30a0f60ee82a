"""A real endpoint on a free port of this machine, and raw sockets that speak to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from jinyun.net.gbt32960 import Packet, client, decode
from jinyun.net.gbt32960.client import Client
from jinyun.net.gbt32960.dialogue import Accepted
from jinyun.net.gbt32960.server import Server, serve
from jinyun.shapes import Finding
from tests.net.gbt32960.packets import VIN

HOST = "127.0.0.1"
OTHER = "LTEST000000000002"


@dataclass
class Endpoint:
    """A server, and what it handed on and reported."""

    server: Server
    accepted: list[Accepted] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    ends: list[Client | Raw] = field(default_factory=list)

    @property
    def counters(self) -> dict[str, int]:
        return self.server.dialogue.counters

    @property
    def names(self) -> list[str]:
        return [accepted.packet.name for accepted in self.accepted]

    def rules(self) -> list[str]:
        return [finding.rule for finding in self.findings]

    async def client(self, vin: str = VIN, **options: Any) -> Client:
        options = {"port": self.server.port, "answer_s": 20.0} | options
        self.ends.append(car := await client.connect(HOST, vin=vin, **options))
        return car

    async def raw(self) -> Raw:
        self.ends.append(bare := Raw(*await asyncio.open_connection(HOST, self.server.port)))
        return bare


@dataclass
class Raw:
    """A bare socket."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def say(self, frame: bytes) -> None:
        self.writer.write(frame)
        await self.writer.drain()

    async def ask(self, frame: bytes) -> bytes:
        """Send a frame and return the next one that comes."""
        await self.say(frame)
        return await self.next()

    async def next(self) -> bytes:
        head = await self.reader.readexactly(24)
        return head + await self.reader.readexactly(int.from_bytes(head[22:24], "big") + 1)

    async def packet(self, frame: bytes) -> Packet:
        return decode(await self.ask(frame))

    async def ended(self) -> bool:
        """Wait until the other side ends the connection; whether it said nothing before."""
        with contextlib.suppress(ConnectionResetError):
            return await self.reader.read() == b""
        return True

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(OSError):
            await self.writer.wait_closed()


@asynccontextmanager
async def endpoint(**options: Any) -> AsyncIterator[Endpoint]:
    """Give a listening server; everything is taken unless ``accept`` says otherwise."""
    accepted: list[Accepted] = []
    findings: list[Finding] = []

    def accept(packet: Accepted) -> bool:
        accepted.append(packet)
        return True

    server = await serve(HOST, 0, options.pop("accept", accept), report=findings.append, **options)
    place = Endpoint(server, accepted, findings)
    try:
        yield place
    finally:
        await server.close()
        for end in place.ends:
            await end.close()


def play(scene: Coroutine[Any, Any, None]) -> None:
    """Run a scene, for at most a minute."""

    async def bounded() -> None:
        async with asyncio.timeout(60):
            await scene

    asyncio.run(bounded())


async def until(condition: Callable[[], Any]) -> None:
    """Wait until ``condition`` is true; the scene's own bound ends it otherwise."""
    while not condition():
        await asyncio.sleep(0.005)
