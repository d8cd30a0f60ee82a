"""Workers as processes on a real broker, fed with a street in real time; what they say beside what one process would."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.engine.line import Line
from jinyun.cloud.engine.partition import Partition
from jinyun.cloud.engine.spread import WAIT_US, Spread
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.twin import TICK_US
from tests.cloud.engine.street import EPOCH_US, WINDOW_US, Cars
from tests.conftest import Broker

ZONE = "test"
TILING = Tiling(parts=6, tile_m=400.0, rim_m=40.0)


@dataclass
class Told:
    """One tick as it was put together: which partitions spoke, and the picture."""

    t_us: int
    silent: list[str]
    picture: NDArray[np.void]


@dataclass
class Cluster:
    """A street that runs by the clock, its cloud's end, and the workers."""

    url: str
    cars: Cars = field(default_factory=lambda: Cars(60, 600.0))
    workers: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)
    windows: list[tuple[int, NDArray[np.void]]] = field(default_factory=list)
    spread: Spread | None = None
    steps: int = 0

    def start(self, name: str, url: str = "", before: Sequence[str] = ()) -> None:
        """Start a worker, where it needs another ``url`` for the broker by that, with ``before`` in front of its command."""
        argv = [*before, sys.executable, "-m", "jinyun.cloud.engine", "--zone", ZONE]
        argv += ["--nats-url", url or self.url, "--name", name]
        tiling = ["--parts", str(TILING.parts), "--tile-m", str(TILING.tile_m), "--rim-m", str(TILING.rim_m)]
        self.workers[name] = subprocess.Popen([*argv, *tiling])

    def alone(self) -> Callable[[int], NDArray[np.void]]:
        """Return what partitions that were never disturbed say at each tick, computed here from the same windows."""
        whole = {part: Partition(part) for part in range(TILING.parts)}
        said: dict[int, NDArray[np.void]] = {}
        for t_us, sightings in self.windows:
            rows, bounds = TILING.split(sightings["x_m"], sightings["y_m"])
            tick = t_us % TICK_US == 0
            for part, its in whole.items():
                mine = rows[bounds[part] : bounds[part + 1]]
                if len(mine) or tick:
                    its.take(sightings[mine], t_us)
            if tick:
                said[t_us] = np.concatenate([its.beliefs(TILING) for its in whole.values()])
        return lambda t_us: said[t_us]

    async def run(self, seconds: float, until: Callable[[], bool] = lambda: False) -> None:
        """Let the street run for ``seconds``, or until something is so."""
        assert self.spread is not None
        began, first = time.monotonic(), self.steps
        waiting: list[int] = []
        while self.steps - first < seconds * 50 and not until():
            self.steps += 1
            t_us = EPOCH_US + self.steps * WINDOW_US
            sightings = self.cars.sightings(t_us)
            self.windows.append((t_us, sightings))
            self.spread.tell(sightings, t_us)
            if t_us % TICK_US == 0:
                waiting.append(t_us)
            while waiting and (self.spread.complete(waiting[0]) or t_us - waiting[0] >= WAIT_US):
                picture, findings = self.spread.picture(waiting[0])
                self.told.append(Told(waiting.pop(0), [finding.source for finding in findings], picture))
            await asyncio.sleep(max(0.0, began + (self.steps - first) * 0.02 - time.monotonic()))

    def shared_by(self, *names: str) -> bool:
        """Return whether these workers, and nobody else, own all partitions between them."""
        assert self.spread is not None
        now = self.spread.workers(time.time_ns() // 1000)
        owned = sorted(part for its in now for part in its.parts)
        return {its.name for its in now if its.parts} == set(names) and owned == list(range(TILING.parts))

    def whole(self) -> bool:
        """Return whether the last ticks came from all partitions."""
        return len(self.told) > 3 and not any(told.silent for told in self.told[-3:])


@asynccontextmanager
async def cluster(broker: Broker, workers: int, others: Sequence[Broker] = ()) -> AsyncIterator[Cluster]:
    """Run workers beside a broker, or beside that and ``others`` of one clustered broker; they are ended with it."""
    its = Cluster(",".join(f"nats://127.0.0.1:{node.nats_port}" for node in (broker, *others)))
    line = Line(f"nats://127.0.0.1:{broker.nats_port}", "cloud")
    its.spread = Spread(ZONE, TILING, line.say)
    its.spread.listen(line)
    keeping = asyncio.create_task(line.keep())
    try:
        for number in range(workers):
            its.start(f"w{number + 1}")
        yield its
    finally:
        for process in its.workers.values():
            process.kill()
            process.wait()
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
