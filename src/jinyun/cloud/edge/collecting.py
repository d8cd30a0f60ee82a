"""What the centre takes from its edges (补传汇集): each edge's log, in its order, once, into a record of that edge.

The centre asks the edge's own broker through the line, from the number after the last that it has. Which that is the record
itself tells: notes ``edge.taken`` name the last of a batch, and messages behind the last note are counted. So an end of either
side at any instant loses nothing and repeats nothing; what the edge had to let go for want of room is noted as ``edge.gap``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from jinyun.cloud.edge.keeping import STREAM, hello_subject
from jinyun.net.block import Arrival, Block
from jinyun.net.broker import edge_domain
from jinyun.net.client import link_to
from jinyun.net.topics import device_id_is_good
from jinyun.record.segment import Kind, SegmentError, blocks, listing
from jinyun.record.writing import Recorder
from jinyun.state import write_json

MOST_EDGES = 64
BATCH = 512
WAIT_S = 1.0
"""An asking for more is answered within this, or the line is taken to be cut."""
FALLING_SILENT_S = 5.0
"""An edge that was not heard for so long is behind a line that is cut."""
IDLE_S = 30.0
"""The edge's broker forgets an asking that nobody goes on with."""
_TICK_US = 100_000


@dataclass(slots=True)
class Taken:
    """How it stands with one edge: the last number taken, what the edge keeps, when it was heard and when something came."""

    edge: str
    last: int = 0
    kept: int = 0
    missed: int = 0
    heard_s: float = 0.0

    def as_json(self) -> dict[str, Any]:
        away = time.monotonic() - self.heard_s > FALLING_SILENT_S
        return {
            "edge": self.edge, "taken": self.last, "behind": max(0, self.kept - self.last), "missed": self.missed,
            "line": "cut" if away else "up",
        }  # fmt: skip


def last_taken(folder: Path) -> int:
    """Return the number of the last message that the record of an edge holds, 0 without a record."""
    behind = 0  # messages after the newest note
    for path in reversed(listing(folder)):
        since, noted = 0, None
        with contextlib.suppress(SegmentError):  # a torn end: what stands before it counts
            for block in blocks(path):
                if block.kind == Kind.MESSAGES:
                    since += block.count
                elif block.kind == Kind.NOTES:
                    for line in block.content().splitlines():
                        note = json.loads(line)
                        if note.get("kind") == "edge.taken":
                            noted, since = int(note["last"]), 0
        if noted is not None:
            return noted + since + behind
        behind += since
    return behind


class Collector:
    """One zone's centre: takes what its edges keep; :meth:`run` until it is stopped."""

    def __init__(self, zone: str, url: str, folder: Path) -> None:
        """Begin with no edge; the records go to folders of the edges' names in ``folder``."""
        self.zone, self.url, self.folder = zone, url, folder
        self.edges: dict[str, Taken] = {}
        self._link: Client | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Take until ``stop``; a broker or a line that is away is awaited."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._link = await link_to(self.url, "jinyun-edges")
        tasks: dict[str, asyncio.Task[None]] = {}

        async def hear(message: Msg) -> None:
            with contextlib.suppress(ValueError, KeyError, TypeError):
                told = json.loads(message.data)
                edge = str(told["edge"])
                if not device_id_is_good(edge) or message.subject != hello_subject(self.zone, edge):
                    return
                if edge not in self.edges and len(self.edges) < MOST_EDGES:
                    self.edges[edge] = Taken(edge)
                    tasks[edge] = asyncio.create_task(self._take_all(self.edges[edge], stop))
                its = self.edges[edge]
                its.kept, its.heard_s = int(told["last"]), time.monotonic()

        try:
            await self._link.subscribe(hello_subject(self.zone), cb=hear)
            while not stop.is_set():
                told = [its.as_json() for its in self.edges.values()]
                write_json(self.folder / "edges.json", {"t_us": time.time_ns() // 1000, "edges": told})
                for task in tasks.values():
                    if task.done():
                        await task  # a fault of ours ends the part, which is started anew
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), WAIT_S)
            await asyncio.gather(*tasks.values())
        finally:
            await self._link.close()

    async def _take_all(self, its: Taken, stop: asyncio.Event) -> None:
        folder = self.folder / its.edge
        recorder = Recorder(folder, {"zone": self.zone, "edge": its.edge})
        its.last = last_taken(folder)
        try:
            while not stop.is_set():
                with contextlib.suppress(NatsError, TimeoutError):
                    await self._follow(its, recorder, stop)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), 0.2)
        finally:
            recorder.close()

    async def _follow(self, its: Taken, recorder: Recorder, stop: asyncio.Event) -> None:
        """Take batch after batch while there is a line; raises ``NatsError`` or ``TimeoutError`` when it is cut."""
        assert self._link is not None
        js = self._link.jetstream(domain=edge_domain(its.edge), timeout=3)
        how = ConsumerConfig(
            ack_policy=AckPolicy.NONE, deliver_policy=DeliverPolicy.BY_START_SEQUENCE, opt_start_seq=its.last + 1,
            inactive_threshold=IDLE_S, mem_storage=True,
        )  # fmt: skip
        made = await js.add_consumer(STREAM, how)
        pull = await js.pull_subscribe_bind(made.name, STREAM)
        beginning = True
        try:
            while not stop.is_set():
                try:
                    batch = await pull.fetch(BATCH, timeout=WAIT_S)
                except TimeoutError:
                    if time.monotonic() - its.heard_s > FALLING_SILENT_S:
                        raise
                    continue
                if not await self._file(its, recorder, batch, beginning):
                    return  # something was lost on the way: it is asked for again
                beginning = False
        finally:
            with contextlib.suppress(NatsError, TimeoutError):
                await pull.unsubscribe()

    async def _file(self, its: Taken, recorder: Recorder, batch: list[Msg], beginning: bool) -> bool:
        """Write a batch; return whether all of it follows on what is there and is written.

        Only at the ``beginning`` of an asking a missing number means that the edge has let it go.
        """
        notes: list[dict[str, Any]] = []
        taken: list[Arrival] = []
        last, missed = its.last, 0
        for message in batch:
            number = message.metadata.sequence.stream
            if number != last + 1:
                if taken or not beginning or number <= last:
                    break
                missed = number - last - 1
                notes.append({"kind": "edge.gap", "edge": its.edge, "after": last, "before": number})
            taken.append(Arrival(round(message.metadata.timestamp.timestamp() * 1e6), message.subject, message.data))
            last = number
        if taken:
            now_us, lost = time.time_ns() // 1000, recorder.lost
            recorder.turn(Block.of(taken), now_us, (), (), 0, _TICK_US)
            await asyncio.to_thread(recorder.flush)
            if recorder.lost > lost:
                return False  # no room: the edge keeps it meanwhile
            its.last, its.missed = last, its.missed + missed
            notes.append({"kind": "edge.taken", "edge": its.edge, "last": last})
            recorder.turn(None, now_us, (), (), 0, _TICK_US, words=notes)
        return len(taken) == len(batch)
