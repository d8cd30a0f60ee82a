"""A worker (工作节点): a process that owns partitions of the map and runs their fusion, started by anything on any machine.

It asks for the leases of the partitions that are its when they are shared out evenly among the workers that it hears; who
gets them the broker decides. An owner takes its partition's windows in their order without gaps, tells its beliefs at each
tick while it holds the lease, and keeps a checkpoint a second. A new owner reads it and asks for the windows since.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import hashlib
import json
import os
import platform
import time
from dataclasses import dataclass, field
from functools import lru_cache, partial

import numpy as np
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.kv import KeyValue
from numpy.typing import NDArray

from jinyun.cloud.engine import lease, senders, wire
from jinyun.cloud.engine.checkpoints import Checkpoints, FencedError, open_store
from jinyun.cloud.engine.lease import ASK_S, Lease
from jinyun.cloud.engine.line import Heard, Line
from jinyun.cloud.engine.partition import Partition
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.twin import TICK_US
from jinyun.net import parts
from jinyun.net.client import link_to
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING

KEEP_S = 2.0
"""A checkpoint this often."""
ALIVE_S = 0.3
LOOK_S = 0.05
"""What was won or lost is looked at this often."""
DEAD_S = 1.0
"""A worker that was not heard for so long is left out when partitions are shared out."""
AGAIN_S = 0.1
"""Missed windows are asked for when nothing went on for so long, and again this often."""
MOST_MISSED = 300
"""A gap of more windows, six seconds of them, is left as it is: nobody keeps them for long, and the street has moved on.

A new owner is behind by the age of the checkpoint and the time in which there was no owner."""
BEHIND = 25
"""So many windows waiting, a worker takes them as one at the next tick."""
MOST_WAITING = 10_000
BREATH_S = 0.02
"""After so long at a stretch a worker looks up: who does not ask in time loses its leases."""


@dataclass(slots=True)
class Share:
    """One partition as its owner works on it."""

    partition: Partition
    epoch: int
    book: Checkpoints
    said: int  # by which the line knows that we listen to it
    waiting: dict[int, wire.Turn] = field(default_factory=dict)
    joiner: parts.Joiner = field(default_factory=parts.Joiner)
    asked_s: float = 0.0  # when missed windows were asked for last
    moved_s: float = 0.0  # when a window was taken last
    kept_s: float = 0.0
    keeping: asyncio.Task[int] | None = None  # the checkpoint that is being written
    gathered: list[NDArray[np.void]] = field(default_factory=list)  # windows to be taken as one
    begun: bool = False  # whether the windows follow on the state without a gap


class Worker:
    """The partitions that this process owns, and those it would."""

    def __init__(self, zone: str, url: str, name: str, tiling: Tiling) -> None:
        """Begin with nothing owned; ``url`` names the broker, the nodes of a clustered one with commas between them."""
        self.zone, self.url, self.name, self.tiling = zone, url, name, tiling
        self.shares: dict[int, Share] = {}
        self.leases: dict[int, Lease] = {}
        self.heard: dict[str, float] = {}
        self.fenced = 0
        self._told_alive_s = 0.0
        self._left: dict[int, Share] = {}  # partitions that were ours
        self._away = False  # the broker was away: what it held in memory is gone
        self._line = Line(url, f"jinyun-worker-{name}")
        self._link: Client | None = None  # for what is kept and asked for
        self._news = asyncio.Event()  # windows came
        self._store: KeyValue | None = None

    async def run(self, stop: asyncio.Event) -> None:
        """Work until ``stop``; a broker that is away is awaited."""
        _warm(self.tiling)
        gc.collect()
        gc.freeze()  # what lives by now is not looked through again and again
        name = f"jinyun-worker-{self.name}"
        self._link = link = await link_to(self.url, name, 0.1, ping_s=1, reconnected_cb=self._back)
        tasks = [asyncio.create_task(self._line.keep())]
        self._line.listen(wire.alive_subject(self.zone), self._heard)
        while not stop.is_set() and not await self._found():
            await asyncio.sleep(0.2)
        self.leases = {part: Lease(self._line, self.zone, part) for part in range(self.tiling.parts)}
        tasks += [asyncio.create_task(self._ask()), asyncio.create_task(self._fuse())]
        finding: asyncio.Task[bool] | None = None
        try:
            while not stop.is_set():
                for task in tasks:
                    if task.done():
                        task.result()  # a fault of ours: the worker ends by it
                if finding is not None and finding.done():
                    finding = None
                if self._away and finding is None:  # a log without a leader answers nobody: nothing here waits for it
                    finding = asyncio.create_task(self._found())
                self._say_alive()
                await self._own()
                await asyncio.sleep(LOOK_S)
        finally:
            for task in tasks[1:]:
                task.cancel()
            for share in list(self.shares.values()):
                with contextlib.suppress(FencedError, NatsError, TimeoutError):
                    if share.keeping is not None:
                        await share.keeping
                    await share.book.keep(share.partition, share.epoch)
            for its in self.leases.values():
                its.give_back()
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await link.close()

    async def _ask(self) -> None:
        """Ask for the leases that should be ours, and go on asking for those that are."""
        began_s = time.monotonic()
        while True:
            for part, its in self.leases.items():
                its.keep(self._wants(part, began_s))
            await asyncio.sleep(ASK_S)

    async def _fuse(self) -> None:
        """Take the windows that came, partition by partition."""
        while True:
            await self._news.wait()
            self._news.clear()
            began_s = time.monotonic()
            for share in list(self.shares.values()):
                if not share.waiting:
                    continue
                await self._go_on(share)
                if time.monotonic() - began_s > BREATH_S:
                    await asyncio.sleep(0)
                    began_s = time.monotonic()

    async def _back(self) -> None:
        self._away = True

    async def _found(self) -> bool:
        """Make what the broker keeps for the workers, where it is not there; return whether it is."""
        assert self._link is not None
        try:
            await lease.found(self._link, self.zone, self.tiling.parts)
            self._store = await open_store(self._link, self.zone)
        except (NatsError, TimeoutError, OSError):
            return False
        self._away = False
        return True

    def _wants(self, part: int, began_s: float) -> bool:
        """Return whether this worker should own a partition, by those that are heard; it is a wish, and no more than that."""
        now = time.monotonic()
        if now - began_s < 2 * ALIVE_S:
            return False  # listen first who is there
        alive = frozenset({self.name, *(name for name, at in self.heard.items() if now - at < DEAD_S)})
        return share_out(alive, self.tiling.parts)[part] == self.name

    def _heard(self, message: Heard) -> None:
        with contextlib.suppress(ValueError, KeyError, TypeError):
            self.heard[str(json.loads(message.payload)["name"])] = time.monotonic()
            if len(self.heard) > 1000:
                self.heard = {name: at for name, at in self.heard.items() if time.monotonic() - at < DEAD_S}

    def _say_alive(self) -> None:
        now = time.monotonic()
        if now - self._told_alive_s < ALIVE_S:
            return
        self._told_alive_s = now
        told = {"name": self.name, "parts": sorted(self.shares), "host": platform.node(), "pid": os.getpid()}
        self._line.say(wire.alive_subject(self.zone), json.dumps(told).encode())

    async def _own(self) -> None:
        """Take up what was won, let go what was lost, keep checkpoints that are due."""
        for part, its in self.leases.items():
            if its.held and part not in self.shares:
                await self._take_up(part)
            elif not its.held and part in self.shares:
                self._let_go(part)
        for part, share in list(self.shares.items()):
            if share.keeping is not None:
                if not share.keeping.done():
                    continue
                fault, share.keeping = share.keeping.exception(), None
                if isinstance(fault, FencedError):
                    self.fenced += 1
                    self._let_go(part)
                    continue
                if fault is not None and not isinstance(fault, (NatsError, TimeoutError)):
                    raise fault  # a broker that is away is no fault of ours: the lease ends by itself
            if share.begun and time.monotonic() - share.kept_s > KEEP_S:
                share.kept_s = time.monotonic()
                share.keeping = asyncio.create_task(share.book.keep(share.partition, share.epoch))

    async def _take_up(self, part: int) -> None:
        assert self._link is not None and self._store is not None
        left = self._left.get(part)
        if left is not None and self.leases[part].unled:  # our line was away, and nobody can have got it since
            left.said = self._listen(part)
            self.shares[part] = self._left.pop(part)
            return
        book = Checkpoints(self._store, part)
        try:
            kept, epoch = await book.take_over()
        except (FencedError, NatsError, TimeoutError):
            return
        said = self._listen(part)
        left = self._left.pop(part, None)
        if left is not None and (kept is None or (epoch, kept.number) < (left.epoch, left.partition.number)):
            kept, epoch = left.partition, left.epoch  # nobody had it meanwhile: what we had is the newest
        self.shares[part] = Share(kept or Partition(part), epoch if kept else 0, book, said)

    def _listen(self, part: int) -> int:
        return self._line.listen(wire.in_subject(self.zone, part), partial(self._told, part))

    def _let_go(self, part: int) -> None:
        share = self.shares.pop(part)
        if share.keeping is not None:
            share.keeping.cancel()
            share.keeping = None
        self._left[part] = share
        self._line.end(share.said)

    def _told(self, part: int, message: Heard) -> None:
        """Take one window of a partition, or what of it came in parts."""
        share = self.shares.get(part)
        if share is None:
            return
        whole = share.joiner.take(message.payload)
        if whole is None:
            return
        with contextlib.suppress(wire.WireError):
            turn = wire.unpack(whole)
            if turn.epoch != share.epoch:
                if turn.epoch < share.epoch:
                    return
                share.partition, share.epoch, share.waiting, share.begun = Partition(part), turn.epoch, {}, False
                share.partition.number = turn.number - 1
            if len(share.waiting) >= MOST_WAITING:
                share.waiting.clear()  # asked for again where it still matters
            share.waiting[turn.number] = turn
            self._news.set()

    async def _go_on(self, share: Share) -> None:
        its, waiting = share.partition, share.waiting
        for number in [number for number in waiting if number <= its.number]:
            del waiting[number]
        if waiting and min(waiting) - its.number > MOST_MISSED:
            its.number = min(waiting) - 1
        while share.waiting is waiting and (turn := waiting.pop(its.number + 1, None)) is not None:
            tick = turn.t_us % TICK_US == 0
            share.begun, share.moved_s = True, time.monotonic()
            if not tick and len(waiting) > BEHIND:
                share.gathered.append(turn.rows)
                its.number += 1
                continue
            its.take(np.concatenate([*share.gathered, turn.rows]) if share.gathered else turn.rows, turn.t_us)
            share.gathered = []
            if tick:
                self._tell(share, turn)
            if waiting:
                await asyncio.sleep(0)  # who catches up must not lose its leases over it
        if not waiting:
            return
        now = time.monotonic()
        if now - max(share.asked_s, share.moved_s) > AGAIN_S:
            share.asked_s = now
            wish = {"part": its.part, "epoch": share.epoch, "after": its.number, "before": min(waiting)}
            self._line.say(wire.again_subject(self.zone), json.dumps(wish).encode())

    def _tell(self, share: Share, turn: wire.Turn) -> None:
        its = share.partition
        if not self.leases[its.part].held:
            return

        def say(subject: str, rows: NDArray[np.void], number: int) -> None:
            told = wire.pack(wire.Turn(its.part, share.epoch, share.book.fence, its.number, turn.t_us, rows))
            for payload in parts.cut(told, number):
                self._line.say(subject, payload)

        say(wire.out_subject(self.zone, its.part), its.beliefs(self.tiling), its.number)
        if turn.t_us % senders.TOLD_US == 0:
            for n, rows in enumerate(senders.told(its.tracks)):
                say(wire.senders_subject(self.zone, its.part), rows, 2 * its.number + n)


def _warm(tiling: Tiling) -> None:
    """Load the compiled loops before anything waits for them: a lease is shorter than that takes."""
    its, sighting = Partition(0), np.zeros(2, SIGHTING)
    sighting["participant"], sighting["by"], sighting["event_us"] = (1, 2), (SEEN_BY_ITSELF, SEEN_BY_ROAD), 1
    for t_us in (20_000, 40_000):
        its.take(sighting, t_us)
        its.beliefs(tiling)
    Partition.restored(its.checkpoint())


@lru_cache(64)
def share_out(names: frozenset[str], count: int) -> tuple[str, ...]:
    """Return which worker should own each of ``count`` partitions: evenly, and moving few when one comes or goes."""
    least, over = divmod(count, len(names))  # so many each, and so many own one more
    owner, owned = [""] * count, dict.fromkeys(names, 0)
    for _, name, part in sorted((_weight(name, part), name, part) for name in names for part in range(count)):
        if not owner[part] and (owned[name] < least or (owned[name] == least and over)):
            owner[part] = name
            over -= owned[name] == least
            owned[name] += 1
    return tuple(owner)


def _weight(name: str, part: int) -> bytes:
    return hashlib.blake2b(f"{part} {name}".encode(), digest_size=8).digest()
