"""The cloud at work: reads the broker in windows, steps the twin each 100 ms, publishes frames and its own account.

``python -m jinyun.cloud`` is one such process. It survives the broker: while that is away it keeps its state, tries again
several times a second and says so.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import twin
from jinyun.cloud.decode import Decoder
from jinyun.cloud.episodes import Episodes
from jinyun.cloud.latency import Histogram
from jinyun.cloud.rawlog import RawLog
from jinyun.net import topics
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.shapes import SIGHTING, SIGNAL, Finding, Kind
from jinyun.state import write_json
from jinyun.zone import Zone

WINDOW_S = 0.02
STATUS_US = 1_000_000
RETRY_S = 0.2
DRAIN_QUIET_S = 0.3
DRAIN_LONGEST_S = 3.0
LATE_US = 1_000_000
SILENT_US = 5_000_000
"""An RSU is late, then silent, when nothing came for this long; the zone's profile may say otherwise."""


@dataclass(slots=True)
class Limits:
    """How long a device may say nothing, from the zone's profile."""

    late_us: int = LATE_US
    silent_us: int = SILENT_US


class Cloud:
    """One zone's cloud between two clocks: arrivals in, frames out; no socket of its own, so replay can drive it."""

    def __init__(self, zone: Zone, clock: str = "live", simulated: bool = True) -> None:
        self.zone = zone
        self.clock, self.simulated = clock, simulated
        self.decoder = Decoder(zone.project)
        self.twin = twin.State()
        self.episodes = Episodes()
        self.latency = Histogram()
        self.recent_latency = Histogram()
        self.limits = Limits()
        self.started_us = 0
        self.participants_max = 0
        self.by_kind: dict[str, int] = {}
        self.shed = 0
        self.meta: dict[str, object] = {
            "zone": zone.id,
            "clock": clock,
            "simulated": simulated,
            "origin": [zone.origin.lon, zone.origin.lat],
            "map": True,
        }
        self._sightings: list[NDArray[np.void]] = []
        self._signals: list[NDArray[np.void]] = []
        self._waiting_us: list[NDArray[np.int64]] = []
        self._rolled_us = 0

    def take(self, arrivals: list[Any]) -> None:
        """Decode a window of arrivals and keep it for the next tick."""
        if not arrivals:
            return
        decoded = self.decoder.decode(arrivals)
        self._sightings.append(decoded.sightings)
        self._signals.append(decoded.signals)
        self._waiting_us.append(decoded.receive_us)
        self.episodes.note(decoded.findings)

    def tick(self, now_us: int) -> bytes:
        """Step the twin to ``now_us`` and return the packed frame."""
        if not self.started_us:
            self.started_us = self._rolled_us = now_us
        sightings = np.concatenate(self._sightings) if self._sightings else np.empty(0, SIGHTING)
        signals = np.concatenate(self._signals) if self._signals else np.empty(0, SIGNAL)
        self._sightings, self._signals = [], []
        late_before = self.twin.tracks.late
        frame = twin.step(self.twin, sightings, signals, now_us)
        late = self.twin.tracks.late - late_before
        if late:
            reason = f"{late} sightings of one tick were over 0.5 s old; recorded, not shown"
            self.episodes.note([Finding("sighting.late", self.zone.id, "event_us", reason, now_us)])
        self.participants_max = max(self.participants_max, len(frame.tracks))
        names = {Kind.MOTOR: "motor", Kind.NON_MOTOR: "non_motor", Kind.PEDESTRIAN: "pedestrian"}
        counted = Counter(names.get(kind, "unknown") for kind in frame.tracks["kind"].tolist())
        self.by_kind = {name: counted.get(name, 0) for name in ("motor", "non_motor", "pedestrian", "unknown")}
        return twin.pack(frame, self.meta)

    def published(self, now_us: int) -> None:
        """Note that the frame holding everything taken so far is out: closes the latency of those messages."""
        for receive_us in self._waiting_us:
            delays = now_us - receive_us
            self.latency.add(delays)
            self.recent_latency.add(delays)
        self._waiting_us = []

    def account(self, now_us: int) -> dict[str, Any]:
        """Close the running second and return the status of ``docs/api.md`` (without the parts, which run knows)."""
        seconds = max((now_us - self._rolled_us) / 1e6, 1e-3)
        self._rolled_us = now_us
        decoder = self.decoder
        decoder.sources.roll(seconds)
        decoder.sources.forget(now_us)
        devices = self._devices(now_us)
        self.episodes.close_quiet(now_us)
        rates = dict.fromkeys(topics.MESSAGES, 0.0)
        for source in decoder.sources:
            for message, rate in source.rates.items():
                rates[message] = round(rates.get(message, 0.0) + rate, 1)
        recent, self.recent_latency = self.recent_latency, Histogram()
        return {
            "type": "status",
            "t_us": now_us,
            "zone": self.zone.id,
            "simulated": self.simulated,
            "clock": self.clock,
            "uptime_s": round((now_us - self.started_us) / 1e6, 1),
            "rates": rates,
            "received": dict(decoder.received),
            "refused": decoder.refused,
            "lost": decoder.lost,
            "late": self.twin.tracks.late,
            "duplicate": self.twin.tracks.duplicate,
            "shed": self.shed,
            "frames": self.twin.seq,
            "participants": sum(self.by_kind.values()),
            "participants_max": self.participants_max,
            "by_kind": self.by_kind,
            "latency_ms": {"p50": recent.percentile_ms(0.5), "p99": recent.percentile_ms(0.99)},
            "latency_total_ms": {"p50": self.latency.percentile_ms(0.5), "p99": self.latency.percentile_ms(0.99)},
            "devices": devices,
            "episodes": self.episodes.listing(),
        }

    def _devices(self, now_us: int) -> list[dict[str, Any]]:
        """Return the state of every RSU of the zone, of each other RSU or sensor that speaks, and of all cars as one."""
        sources = {(source.kind, source.device): source for source in self.decoder.sources}
        rows: list[dict[str, Any]] = []
        for rsu in self.zone.rsus:
            source = sources.pop(("rsu", rsu.id), None)
            x_m, y_m = self.zone.project(np.array([rsu.lon]), np.array([rsu.lat]))
            row = {
                "id": rsu.id,
                "kind": "rsu",
                "zh": rsu.name.zh,
                "en": rsu.name.en,
                "x_m": float(x_m[0]),
                "y_m": float(y_m[0]),
            }
            rows.append({**row, **self._state(source, now_us)})
        cars = []
        for source in sources.values():
            if source.kind == "obu":
                cars.append(source)
            elif len(rows) < 2000:
                row = {"id": source.device, "kind": source.kind, "zh": source.device, "en": source.device}
                rows.append({**row, "x_m": None, "y_m": None, **self._state(source, now_us)})
        if cars:
            newest = max(car.last_us for car in cars)
            speaking = sum(now_us - car.last_us <= self.limits.late_us for car in cars)
            rates = {"bsm": round(sum(car.rates.get("bsm", 0.0) for car in cars), 1)}
            rows.append(
                {
                    "id": "obu", "kind": "obu-group", "zh": f"网联车辆 {speaking}", "en": f"connected cars {speaking}",
                    "x_m": None, "y_m": None, "state": self._word(newest, now_us), "rates": rates,
                    "age_ms": (now_us - newest) // 1000, "clock_offset_ms": None, "lost": sum(car.lost for car in cars),
                }
            )  # fmt: skip
        return rows

    def _word(self, last_us: int, now_us: int) -> str:
        quiet = now_us - last_us
        return "online" if quiet <= self.limits.late_us else "late" if quiet <= self.limits.silent_us else "silent"

    def _state(self, source: Any, now_us: int) -> dict[str, Any]:
        if source is None:
            return {"state": "unknown", "rates": {}, "age_ms": None, "clock_offset_ms": None, "lost": 0}
        word = self._word(source.last_us, now_us)
        if word == "silent":
            reason = f"nothing received for {(now_us - source.last_us) / 1e6:.0f} s"
            self.episodes.note([Finding("device.silent", source.name, "link", reason, now_us, "fault")])
        return {
            "state": word,
            "rates": dict(source.rates),
            "age_ms": (now_us - source.last_us) // 1000,
            "clock_offset_ms": round(source.clock.offset_us / 1000, 1),
            "lost": source.lost,
        }


async def serve(zone: Zone, host: str, nats_port: int, state_dir: Path, record: Path | None, simulated: bool) -> None:
    """Run the cloud until SIGTERM; then take what is still on its way, write the totals and return."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    cloud = Cloud(zone, simulated=simulated)
    log = RawLog(record) if record else None
    reader: BlockReader | None = None
    tick_us = time.time_ns() // 1000 // twin.TICK_US * twin.TICK_US
    status_us = tick_us - STATUS_US  # the first word follows the first frame
    quiet_since = time.monotonic()
    stopping_since: float | None = None
    while True:
        if reader is None or reader.closed.is_set():
            reader = await _connect(zone, host, nats_port, cloud, stop)
        await asyncio.sleep(WINDOW_S)
        arrivals = reader.take() if reader else []
        if arrivals:
            quiet_since = time.monotonic()
            cloud.take(arrivals)
            if log is not None:
                log.append(arrivals)
        if reader is not None:
            cloud.shed = reader.shed
        now_us = time.time_ns() // 1000
        if now_us - tick_us >= twin.TICK_US or now_us < tick_us - twin.TICK_US:
            tick_us = now_us // twin.TICK_US * twin.TICK_US
            packed = cloud.tick(now_us)
            if reader is not None:
                reader.publish(topics.frame_subject(zone.id), packed)
            cloud.published(time.time_ns() // 1000)
        if now_us - status_us >= STATUS_US or now_us < status_us:
            status_us = now_us
            _tell(cloud, reader, now_us, state_dir)
        if stop.is_set():
            stopping_since = stopping_since or time.monotonic()
            quiet = time.monotonic() - quiet_since
            if quiet > DRAIN_QUIET_S or time.monotonic() - stopping_since > DRAIN_LONGEST_S:
                break
    cloud.tick(time.time_ns() // 1000)
    cloud.published(time.time_ns() // 1000)
    _tell(cloud, reader, time.time_ns() // 1000, state_dir)
    if log is not None:
        log.close()
    if reader is not None:
        reader.close()


def _tell(cloud: Cloud, reader: BlockReader | None, now_us: int, state_dir: Path) -> None:
    account = cloud.account(now_us)
    if reader is not None:
        reader.publish(topics.status_subject(cloud.zone.id), json.dumps(account, ensure_ascii=False).encode())
    write_json(state_dir / "cloud.json", account)


async def _connect(zone: Zone, host: str, port: int, cloud: Cloud, stop: asyncio.Event) -> BlockReader | None:
    """Return a connected reader, or None after one try that failed (the caller's loop goes on and tries again)."""
    try:
        return await open_reader(host, port, topics.up_subjects(zone.id), "jinyun-cloud")
    except (OSError, IngestError, TimeoutError) as error:
        now_us = time.time_ns() // 1000
        reason = f"no broker at {host}:{port} ({error or type(error).__name__}); trying again"
        cloud.episodes.note([Finding("broker.away", "broker", "link", reason, now_us, "fault")])
        if not stop.is_set():
            await asyncio.sleep(RETRY_S)
        return None
