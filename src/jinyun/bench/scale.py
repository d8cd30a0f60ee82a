"""Scale: the fusion in partitions of the map on one, two and four workers, beside the same fusion in one process.

The scene of :mod:`.fusion` is told by the clock to workers on a broker of their own, all on this machine. A rate (sightings a
second) is sustained when of its ticks 99 % are one whole picture within ``LIMIT_MS`` of the tick's end. The overhead is what
all processes but the broker spend on the same scene over what the single process spends, which fuses by the clock as well: who
wakes ten times a second finds its memory colder than who never rests.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from jinyun.bench.brokered import brokered
from jinyun.bench.fusion import T0_US, Scene
from jinyun.bench.machine import describe
from jinyun.cloud import tracking
from jinyun.cloud.engine.line import Heard, Line
from jinyun.cloud.engine.spread import Spread
from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.twin import TICK_US

WORKERS = (1, 2, 4)
SIZES = (2000, 4000, 8000, 12_000, 16_000, 24_000, 32_000)
TILING = Tiling(parts=8, tile_m=1000.0, rim_m=40.0)
LIMIT_MS = 100.0
SECONDS = 8.0
SETTLE_TICKS = 30
"""Ticks of each rate before any is counted: everybody is new."""
START_S = 120.0
COMPARED = 4000
ZONE = "scale"


@dataclass(slots=True)
class Fared:
    """How one number of participants fared."""

    rate_per_s: float
    p99_ms: float
    whole: float  # share of ticks with every partition in time
    cpu_s_per_tick: float  # of the workers and of the cloud's end
    copies: float  # how often a sighting is told


def measure(seconds: float = SECONDS) -> dict[str, Any]:
    """Return ``rate_N``, ``p99_ms_N`` of N workers, ``overhead_vs_local`` and what the growth of the rate was.

    ``seconds`` is how long each rate runs. Also ``local_cpu_ms`` and ``cpu_ms_N`` a tick at ``compared_participants``.
    """
    figures: dict[str, float] = {"compared_participants": COMPARED}
    local = [local_ms()]
    for count in WORKERS:
        fared = asyncio.run(_grow(count, seconds, local))
        best = [its for its in fared.values() if its.whole >= 0.99 and its.p99_ms <= LIMIT_MS]
        figures[f"rate_{count}"] = max((its.rate_per_s for its in best), default=0.0)
        figures[f"p99_ms_{count}"] = max(best, key=lambda its: its.rate_per_s).p99_ms if best else float("nan")
        figures[f"cpu_ms_{count}"] = fared[COMPARED].cpu_s_per_tick * 1000
        figures["copies"] = fared[COMPARED].copies
    figures["local_cpu_ms"] = float(np.mean(local))  # before and after the one worker's: a machine has its moods
    figures["overhead_vs_local"] = figures["cpu_ms_1"] / figures["local_cpu_ms"] - 1
    return {"bench": "scale", "machine": describe(), "figures": figures, "peers": {}}


def local_ms(count: int = COMPARED, ticks: int = 40) -> float:
    """Return the mean CPU time of a tick of the same scene in one process, by the clock, in ms."""
    scene, tracks = Scene(count), tracking.Tracks()
    spent, start = 0.0, time.monotonic()
    for n in range(SETTLE_TICKS + ticks):
        now_us = T0_US + n * TICK_US
        scene.step(TICK_US / 1e6)
        seen = scene.sightings(now_us)
        time.sleep(max(0.0, start + n * TICK_US / 1e6 - time.monotonic()))
        began = time.process_time()
        tracking.take(tracks, seen, now_us)
        tracking.published(tracks, now_us)
        spent += (time.process_time() - began) * (n >= SETTLE_TICKS)
    return spent / ticks * 1000


async def _grow(workers: int, seconds: float, local: list[float]) -> dict[int, Fared]:
    """Return how each number of participants fared, up to the first that did not."""
    fared: dict[int, Fared] = {}
    for size in SIZES:
        with _cluster(workers) as (port, processes):
            its = fared[size] = await _run(port, processes, Scene(size), seconds)
        if size == COMPARED and len(local) == 1:
            local.append(local_ms())
        print(
            f"{workers} workers, {size} participants: {its.rate_per_s:.0f}/s, p99 {its.p99_ms:.0f} ms, "
            f"{100 * its.whole:.1f} % whole", file=sys.stderr,
        )  # fmt: skip
        if size > COMPARED and (its.whole < 0.99 or its.p99_ms > LIMIT_MS):
            break
    return fared


@contextmanager
def _cluster(workers: int) -> Iterator[tuple[int, list[psutil.Process]]]:
    with tempfile.TemporaryDirectory() as folder, brokered(Path(folder), ZONE) as where:
        port = where.nats_port
        argv = [sys.executable, "-m", "jinyun.cloud.engine", "--zone", ZONE, "--nats-url", f"nats://127.0.0.1:{port}"]
        argv += ["--parts", str(TILING.parts), "--tile-m", str(TILING.tile_m), "--rim-m", str(TILING.rim_m)]
        running = [subprocess.Popen([*argv, "--name", f"w{n}"]) for n in range(workers)]
        try:
            yield port, [psutil.Process(process.pid) for process in running]
        finally:
            for process in running:
                process.kill()
                process.wait()


class Awaited(Spread):
    """The cloud's end that says when a partition has spoken: who waits for a picture need not look again and again."""

    def __init__(self, line: Line) -> None:
        super().__init__(ZONE, TILING, line.say)
        self.spoken = asyncio.Event()
        self.listen(line)

    def hear_beliefs(self, message: Heard) -> None:
        super().hear_beliefs(message)
        self.spoken.set()

    async def whole(self, now_us: int, seconds: float) -> bool:
        """Wait until every partition has said what it believes at a tick, or for so long; return which."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self.complete(now_us):
                    self.spoken.clear()
                    await self.spoken.wait()
        return self.complete(now_us)


async def _run(port: int, processes: list[psutil.Process], scene: Scene, seconds: float) -> Fared:
    line = Line(f"nats://127.0.0.1:{port}", "cloud")
    spread = Awaited(line)
    keeping = asyncio.create_task(line.keep())
    took_ms: list[float] = []
    whole = told = tick = counted = 0
    spent = began_cpu = 0.0
    began = time.monotonic()
    counting = False
    try:
        while counted < seconds * 10:
            tick += 1
            now_us = T0_US + tick * TICK_US
            scene.step(TICK_US / 1e6)
            seen = scene.sightings(now_us)
            await asyncio.sleep(max(0.0, began + tick * 0.1 - time.monotonic()))
            cpu = time.process_time()
            at = time.monotonic()
            spread.tell(seen, now_us)
            done = await spread.whole(now_us, 2 * LIMIT_MS / 1000)
            spread.picture(now_us)
            spent += (time.process_time() - cpu) * counting
            if not counting:
                settled = tick - told if done else 0
                told = told if done else tick
                counting = settled >= SETTLE_TICKS
                began_cpu = _cpu_s(processes)
                if time.monotonic() - began > START_S:
                    break  # never whole: too much for these workers
                continue
            counted += 1
            whole += done
            took_ms.append((time.monotonic() - at) * 1000)
        spent += _cpu_s(processes) - began_cpu
    finally:
        keeping.cancel()
        await asyncio.gather(keeping, return_exceptions=True)
    rate = spread.rows / tick * 10
    copies = spread.copies / max(1, spread.rows)
    if not counted:
        return Fared(rate, float("inf"), 0.0, float("nan"), copies)
    return Fared(rate, float(np.percentile(took_ms, 99)), whole / counted, spent / counted, copies)


def _cpu_s(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)
