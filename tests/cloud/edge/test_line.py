"""The line between an edge and its centre is cut: the edge goes on, the centre has everything afterwards, in order, once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import nats
import pytest
from nats.aio.msg import Msg

from jinyun.cloud.edge.collecting import Collector, last_taken
from jinyun.cloud.edge.keeping import keep
from jinyun.net.block import Arrival
from jinyun.net.broker import Centre, Edges
from jinyun.record.messages import unpack
from jinyun.record.segment import Kind, blocks, listing
from jinyun.record.verifying import verify
from tests.conftest import Broker, free_port

pytestmark = pytest.mark.integration
ZONE, EDGE, SECRET = "test", "east", "common"
SUBJECT = f"jinyun.{ZONE}.obu.C1.up.bsm"


class Line:
    """A line of two ends that can be cut: bytes are carried both ways while it is whole."""

    def __init__(self, far_port: int) -> None:
        self.port, self._far_port = free_port(), far_port
        self._whole = True
        self._ends: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", self.port)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._far_port)
        self._ends |= {writer, far_writer}
        await asyncio.gather(self._carry(reader, far_writer), self._carry(far_reader, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            while self._whole and (data := await reader.read(65_536)):
                writer.write(data)
                await writer.drain()
        writer.close()

    def cut(self) -> None:
        self._whole = False
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def mend(self) -> None:
        self._whole = True

    def close(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    for _ in range(round(seconds / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{what} did not come within {seconds} s")


@asynccontextmanager
async def collecting(url: str, folder: Path) -> AsyncIterator[Collector]:
    stop = asyncio.Event()
    its = Collector(ZONE, url, folder)
    task = asyncio.create_task(its.run(stop))
    try:
        yield its
    finally:
        stop.set()
        await task


def recorded(folder: Path) -> list[Arrival]:
    found: list[Arrival] = []
    for path in listing(folder):
        for block in blocks(path):
            if block.kind == Kind.MESSAGES:
                found += unpack(block.content()).messages.arrivals()
    return found


def test_a_cut_line_costs_the_edge_nothing_and_the_centre_only_time(tmp_path: Path) -> None:
    async def scenario() -> None:
        leaf_port = free_port()
        line = Line(leaf_port)
        await line.open()
        edges, to_centre = Edges(f"127.0.0.1:{leaf_port}", SECRET), Centre(f"127.0.0.1:{line.port}", EDGE, SECRET)
        centre = Broker(free_port(), free_port(), tmp_path / "centre", name="centre", line=edges)
        edge = Broker(free_port(), free_port(), tmp_path / "edge", name="edge", line=to_centre)
        await asyncio.to_thread(centre.start)
        await asyncio.to_thread(edge.start)
        url = {its.name: f"nats://127.0.0.1:{its.nats_port}" for its in (centre, edge)}
        stop = asyncio.Event()
        keeper = asyncio.create_task(keep(ZONE, EDGE, url["edge"], stop))
        device, listener = await nats.connect(url["edge"]), await nats.connect(url["centre"])
        own = await nats.connect(url["edge"])
        heard: dict[str, list[bytes]] = {"edge": [], "centre": [], "down": []}

        def into(name: str) -> Callable[[Msg], Awaitable[None]]:
            async def take(message: Msg) -> None:
                heard[name].append(message.data)

            return take

        await listener.subscribe(SUBJECT, cb=into("centre"))
        await own.subscribe(SUBJECT, cb=into("edge"))
        await listener.subscribe(f"jinyun.{ZONE}.obu.*.down.*", cb=into("down"))
        sent = 0

        async def say(count: int) -> None:
            nonlocal sent
            for _ in range(count):
                await device.publish(SUBJECT, f"{sent}".encode())
                await device.publish(f"jinyun.{ZONE}.obu.C1.down.rsi", b"from the edge itself")
                sent += 1
            await device.flush()

        folder = tmp_path / "edges"
        try:
            async with collecting(url["centre"], folder) as its:
                await until(lambda: EDGE in its.edges, 20, "the edge's word")
                await say(300)
                await until(lambda: its.edges[EDGE].last == 300 and len(heard["centre"]) == 300, 20, "what was said")
                line.cut()
                await say(500)
                await until(lambda: len(heard["edge"]) == 800, 10, "what the edge says to its own street")
                assert its.edges[EDGE].last == 300 and len(heard["centre"]) == 300
                line.mend()
                await until(lambda: its.edges[EDGE].last == 800, 40, "what was kept")
                await say(50)  # live again
                await until(lambda: len(heard["centre"]) == 350, 10, "the live word")
                line.cut()
                await say(700)
            assert last_taken(folder / EDGE) in range(800, 851)
            line.mend()
            async with collecting(url["centre"], folder) as its:  # another life of the centre
                await until(lambda: EDGE in its.edges and its.edges[EDGE].last == 1550, 40, "the rest")
            assert heard["down"] == []  # who warns the edge's street is the edge
        finally:
            stop.set()
            await keeper
            for link in (device, listener, own):
                await link.close()
            line.close()
            edge.kill()
            centre.kill()
        assert [arrival.payload for arrival in recorded(folder / EDGE)] == [f"{n}".encode() for n in range(1550)]
        assert {arrival.subject for arrival in recorded(folder / EDGE)} == {SUBJECT}
        assert verify(folder / EDGE)["ok"]

    asyncio.run(scenario())
