"""One zone's cloud between two clocks: arrivals in, frames and its account out; no socket of its own, so replay drives it."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import account, twin
from jinyun.cloud.decode import Decoder
from jinyun.cloud.episodes import Episodes
from jinyun.cloud.latency import Histogram
from jinyun.cloud.link import Links
from jinyun.net import topics
from jinyun.net.block import Block
from jinyun.shapes import SIGHTING, SIGNAL, Finding, Kind
from jinyun.zone import Zone


class Cloud:
    """One zone's cloud between two clocks: arrivals in, frames out; no socket of its own, so replay can drive it."""

    def __init__(self, zone: Zone, clock: str = "live", simulated: bool = True) -> None:
        self.zone = zone
        self.clock, self.simulated = clock, simulated
        most_hz = {
            kind: zone.profile[f"link.{kind}_most_hz"].value
            for kind in topics.DEVICE_KINDS
            if f"link.{kind}_most_hz" in zone.profile
        }
        self.decoder = Decoder(zone.project, most_hz if clock == "live" else None)
        self.twin = twin.State()
        self.episodes = Episodes()
        self.latency = Histogram()
        self.recent_latency = Histogram()
        self.links = Links(zone)
        self.started_us = 0
        self.participants_max = 0
        self.by_kind: dict[str, int] = {}
        self.shed = 0
        self.replies: list[tuple[str, bytes]] = []
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

    def take(self, block: Block) -> None:
        """Decode a window of messages and keep it for the next tick."""
        decoded = self.decoder.read(block)
        self._sightings.append(decoded.sightings)
        self._signals.append(decoded.signals)
        self._waiting_us.append(decoded.receive_us)
        self.episodes.note(decoded.findings)
        self.replies += decoded.replies

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
        decoder.forget(now_us)
        findings: list[Finding] = []
        devices = self.links.devices(decoder.sources, now_us, findings)
        for device in devices:
            if device["id"] in decoder.units:
                device["told"] = decoder.units[device["id"]]
        self.episodes.note(findings)
        self.episodes.close_quiet(now_us)
        recent, self.recent_latency = self.recent_latency, Histogram()
        return {
            "type": "status",
            "t_us": now_us,
            "zone": self.zone.id,
            "simulated": self.simulated,
            "clock": self.clock,
            "uptime_s": round((now_us - self.started_us) / 1e6, 1),
            "rates": decoder.sources.total_rates(),
            "received": dict(decoder.received),
            "refused": decoder.refused,
            "lost": decoder.sources.tally(account.LOST),
            "late": self.twin.tracks.late,
            "duplicate": self.twin.tracks.duplicate,
            "shed": self.shed,
            "flooded": decoder.flooded,
            "unknown_extensions": decoder.unknown_extensions,
            "frames": self.twin.seq,
            "participants": sum(self.by_kind.values()),
            "participants_max": self.participants_max,
            "by_kind": self.by_kind,
            "latency_ms": {"p50": recent.percentile_ms(0.5), "p99": recent.percentile_ms(0.99)},
            "latency_total_ms": {"p50": self.latency.percentile_ms(0.5), "p99": self.latency.percentile_ms(0.99)},
            "devices": devices,
            "episodes": self.episodes.listing(),
        }
