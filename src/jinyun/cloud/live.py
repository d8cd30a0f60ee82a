"""One zone's cloud between two clocks: arrivals in, frames and its account out; no socket of its own, so replay drives it."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import account, tracking, twin
from jinyun.cloud.advising import Advising, Answer
from jinyun.cloud.apps.book import EPISODE
from jinyun.cloud.counsel import AtOnce, Counsel
from jinyun.cloud.decode import Decoder
from jinyun.cloud.engine.spread import WAIT_US, Spread
from jinyun.cloud.episodes import Episodes
from jinyun.cloud.foretold import foretold_s
from jinyun.cloud.lanes import Located
from jinyun.cloud.latency import Histogram, Hops
from jinyun.cloud.link import Links
from jinyun.cloud.prediction import Paths, roadway
from jinyun.cloud.quality.claims import Claims
from jinyun.cloud.quality.scorecard import Scorecard
from jinyun.cloud.quality.truth import SignalTruth
from jinyun.cloud.shedding import Shedding
from jinyun.cloud.window import Decoded
from jinyun.hdmap import Map
from jinyun.net import topics
from jinyun.net.block import Block
from jinyun.rows import joined
from jinyun.shapes import SIGHTING, SIGNAL, Finding, Frame, Kind
from jinyun.zone import Zone

WINDOW_US, LONG_WINDOW_US = 20_000, 50_000
"""Messages are taken into the picture this often, and so while more than :data:`MANY` participants are in it."""
MANY = 8_000
"""What a window costs beside its messages grows with who is in the picture; longer ones leave time for more of them."""
ASKED_US = 1_000_000
"""The picture is asked this often whether the road sees who reports itself."""
BEHIND_US = 1_000_000
"""A cloud that is farther behind than this leaves its windows and takes what waits at once."""
ADVICE_KEPT_US = 1_000_000
"""Advice leaves the frames when the applications have said nothing for so long."""


class Cloud:
    """One zone's cloud between two clocks: arrivals in, frames out; no socket of its own, so replay can drive it."""

    def __init__(
        self,
        zone: Zone,
        clock: str = "live",
        simulated: bool = True,
        map: Map | None = None,
        folder: Path | None = None,
    ) -> None:
        """Begin with nothing seen; ``map`` is the zone's precise map, None where the messages come from elsewhere.

        ``folder`` is where the scorecard's minutes are kept, None nowhere. With a map the applications are asked about each
        frame, at once, and the next one carries their advice; :meth:`ask_beside` lets another process do it, which answers
        when it can. ``located`` and ``paths`` are those of the frame that was answered last, in its order.
        """
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
        self.claims = Claims(self._name_of, map)
        self.scorecard = Scorecard(zone, self._name_of, folder)
        self.truth = SignalTruth(zone, map, self._name_of)
        self.advising = Advising(zone, map, roadway(map), self._name_of) if map is not None else None
        self.spread: Spread | None = None
        self._seen: list[NDArray[np.void]] = []  # sightings that the partitions are still to be told
        self._due_us: list[int] = []  # ticks whose frame has not been made
        self.counsel: Counsel | None = None
        if self.advising is not None:
            self.counsel = AtOnce(self.advising, self.decoder.sources.at)
        self._roads = self.advising.road.roads if self.advising is not None else None
        self._foretold_s: NDArray[np.float64] | None = None
        self._advice: NDArray[np.void] = np.empty(0, EPISODE)
        self._advised_us = 0
        self.located: Located | None = None
        self.paths: Paths | None = None
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
        self.hops = Hops()
        self.shedding = Shedding()
        self._arrived: list[Block] = []
        self._signals: list[NDArray[np.void]] = []
        self._waiting_us: list[NDArray[np.int64]] = []
        self._fused_us: list[NDArray[np.int64]] = []
        self._rolled_us = 0
        self.window_us = WINDOW_US
        self._until_us = 0
        self._asked_us = 0
        self._unjudged = False
        self._decoded: tuple[Decoded, int] | None = None
        self._frame_made: Frame | None = None

    def ask_beside(self, counsel: Counsel) -> None:
        """Let ``counsel`` ask the applications from now on, instead of asking them here; it needs a map as they do."""
        self.counsel, self.advising = counsel, None

    def fuse_in(self, spread: Spread) -> None:
        """Let partitions fuse from now on, wherever they are; a frame then follows its instant by what they take."""
        self.spread = spread

    def _name_of(self, row: int) -> str:
        source = self.decoder.sources.at(row)
        return source.name if source else "?"

    def advance(self, block: Block | None, now_us: int) -> list[bytes]:
        """Take what arrived, let the zone's clock run to ``now_us`` and return the packed frames that fell due."""
        frames = self.fuse(block, now_us)
        self.judge()
        return frames

    def fuse(self, block: Block | None, now_us: int) -> list[bytes]:
        """Do as :meth:`advance`, but leave what nobody waits for to :meth:`judge`, which the next window begins with else.

        Windows end at whole multiples of :attr:`window_us` and a message belongs to the window of its receipt, so the same
        messages give the same frames, live and from a record. A cloud that is far behind takes what waits as one window,
        and says so.
        """
        if block is not None and len(block):
            self._arrived.append(block)
        if not self.started_us:
            first = int(block.receive_us[0]) if block is not None and len(block) else now_us
            self.started_us = self._rolled_us = min(first, now_us)
            self._until_us = self.started_us // WINDOW_US * WINDOW_US
        behind_us = now_us - self._until_us
        if behind_us > BEHIND_US or behind_us < -self.window_us:
            if self._until_us > self.started_us // WINDOW_US * WINDOW_US and self._arrived:
                reason = f"{behind_us / 1e6:.1f} s between two windows; what waited is taken as one"
                self.episodes.note([Finding("cloud.behind", self.zone.id, "clock", reason, now_us)])
            self._until_us = now_us // self.window_us * self.window_us - self.window_us
        frames = []
        while self._until_us + self.window_us <= now_us:
            self.judge()
            self._until_us += self.window_us
            self._window(self._until_us)
            if self.spread is not None:
                self.spread.tell(joined(self._seen, SIGHTING), self._until_us)
                self._seen = []
            if self._until_us % twin.TICK_US == 0:
                self._due_us.append(self._until_us)
            self._unjudged = True
            while self._due_us and self._ready(self._due_us[0]):
                self._look_at_last()
                frames.append(self._frame(self._due_us.pop(0)))
                self.window_us = LONG_WINDOW_US if self.twin.tracks.count > MANY else WINDOW_US
        return frames

    def judge(self) -> None:
        """Do the rest of a window's work, after its picture is out: ask the applications, judge who said and saw what."""
        if not self._unjudged:
            return
        self._unjudged = False
        if self._decoded is not None:
            (decoded, end_us), self._decoded = self._decoded, None
            self.episodes.note(self.truth.take(decoded.spats, decoded.maps, end_us))
            self.scorecard.take(decoded.sightings)
            if self.counsel is not None:
                self.episodes.note(self.counsel.take(decoded, end_us))
        self._hear()
        self.episodes.note(self.claims.go_on() + self.scorecard.go_on())
        self._look_at_last()

    def _window(self, end_us: int) -> None:
        """Decode the messages received before ``end_us`` and take them into the picture as of then."""
        waiting = Block.join(self._arrived) if self._arrived else None
        self._arrived = []
        if waiting is None:
            return
        count = int(np.searchsorted(waiting.receive_us, end_us))
        if count < len(waiting):
            self._arrived = [waiting.part(count, len(waiting))]
        if not count:
            return
        began = time.perf_counter()
        decoded = self.decoder.read(waiting.part(0, count))
        decoded_at = time.perf_counter()
        late_before = self.twin.tracks.late
        self.episodes.note(self.claims.take(decoded.sightings, end_us))
        self._decoded = decoded, end_us
        sightings = self.shedding.keep(decoded.sightings)
        if self.spread is None:
            tracking.take(self.twin.tracks, sightings, end_us)
        else:
            self._seen.append(sightings)
        self._signals.append(decoded.signals)
        self.episodes.note(decoded.findings)
        self.replies += decoded.replies
        ended = time.perf_counter()
        late = self.twin.tracks.late - late_before
        if late:
            reason = f"{late} sightings of one window were over 0.5 s old; recorded, not shown"
            self.episodes.note([Finding("sighting.late", self.zone.id, "event_us", reason, end_us)])
        self._waiting_us.append(decoded.receive_us)
        self._fused_us.append(decoded.receive_us)
        self.hops.spent(decoded_at - began, ended - decoded_at, len(decoded.receive_us))
        if self.clock == "live":
            self.shedding.lagged(time.time_ns() / 1e9 - end_us / 1e6)

    def _ready(self, t_us: int) -> bool:
        """Return whether a tick's frame can be made: at once, or when all partitions have spoken or had their time."""
        return self.spread is None or self.spread.complete(t_us) or self._until_us - t_us >= WAIT_US

    def _fused(self, signals: NDArray[np.void], end_us: int) -> Frame:
        if self.spread is None:
            return twin.step(self.twin, np.empty(0, SIGHTING), signals, end_us)
        tracks, findings = self.spread.picture(end_us)
        self.episodes.note(findings)
        return twin.framed(self.twin, tracks, signals, end_us)

    def _frame(self, end_us: int) -> bytes:
        signals = joined(self._signals, SIGNAL)
        self._signals = []
        self._hear()
        frame = self._fused(signals, end_us)
        advised_us = 0
        if self.counsel is not None:
            if end_us - self._advised_us > ADVICE_KEPT_US:
                self._advice, self._advised_us = self._advice[:0], 0
            advised_us = self._advised_us
            frame = replace(frame, advice=self._advice)
        self._frame_made = frame
        self.participants_max = max(self.participants_max, len(frame.tracks))
        counted = np.bincount(frame.tracks["kind"], minlength=max(Kind) + 1)
        named = {"motor": Kind.MOTOR, "non_motor": Kind.NON_MOTOR, "pedestrian": Kind.PEDESTRIAN}
        self.by_kind = {name: int(counted[kind]) for name, kind in named.items()}
        self.by_kind["unknown"] = len(frame.tracks) - sum(self.by_kind.values())
        return twin.pack(frame, {**self.meta, "advised_us": advised_us})

    def _look_at_last(self) -> None:
        """Ask the applications about the frame made last, and hold the signals and the claims against it."""
        frame, self._frame_made = self._frame_made, None
        if frame is None:
            return
        if self.counsel is not None:
            self.episodes.note(self.counsel.ask(frame, self._foretold_s))
            self._hear()
        self.episodes.note(self.truth.frame(frame))
        if frame.t_us - self._asked_us >= ASKED_US:
            self._asked_us = frame.t_us
            if self._roads is not None:
                self._foretold_s = foretold_s(self.truth.stations, self.truth.predictions, self._roads)
            judged = self.shedding.share >= 1.0  # nobody by a picture that leaves out what was said
            if judged:
                self.episodes.note(self.claims.begin(frame.tracks, frame.t_us))
                known = self.twin.tracks if self.spread is None else self.spread.senders.known()
                self.episodes.note(self.scorecard.begin(known, self.decoder.sources, frame.t_us))

    def _hear(self) -> None:
        """Take the applications' answer if it is there."""
        answer = self.counsel.answer() if self.counsel is not None else None
        if answer is not None:
            self._take(answer)

    def _take(self, answer: Answer) -> None:
        self.located, self.paths, self._advice = answer.located, answer.paths, answer.open
        self._advised_us = answer.t_us
        self.replies += answer.messages
        self.episodes.note(answer.findings)
        self.hops.predicted(answer.predict_s)
        self.hops.advised(answer.advise_s)

    def fused(self, now_us: int) -> None:
        """Note that the picture holds everything taken so far: closes the first part of those messages' way."""
        for receive_us in self._fused_us:
            self.hops.fused(now_us - receive_us)
        self._fused_us = []

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
        for row in decoder.forget(now_us):
            self.claims.forget(row)
            self.scorecard.forget(row)
            if self.counsel is not None:
                self.counsel.forget(row)
        findings: list[Finding] = []
        devices = self.links.devices(decoder.sources, now_us, findings)
        for device in devices:
            if device["id"] in decoder.units:
                device["told"] = decoder.units[device["id"]]
        self.episodes.note(findings)
        self.episodes.close_quiet(now_us)
        recent, self.recent_latency = self.recent_latency, Histogram()
        if self.shedding.share < 1.0:
            reason = (
                f"{100 * self.shedding.share:.0f} % of ordinary motor vehicles' sightings are taken: too little time"
            )
            self.episodes.note([Finding("cloud.shedding", self.zone.id, "load", reason, now_us)])
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
            "shed": self.shed + self.shedding.shed,
            "taken_share": round(self.shedding.share, 3),
            "flooded": decoder.flooded,
            "unknown_extensions": decoder.unknown_extensions,
            "frames": self.twin.seq,
            "participants": sum(self.by_kind.values()),
            "participants_max": self.participants_max,
            "by_kind": self.by_kind,
            "latency_ms": {"p50": recent.percentile_ms(0.5), "p99": recent.percentile_ms(0.99)},
            "latency_total_ms": {"p50": self.latency.percentile_ms(0.5), "p99": self.latency.percentile_ms(0.99)},
            "hops_ms": self.hops.told(),
            "applications": self.counsel.account() if self.counsel is not None else [],
            "advising": self.counsel.told() if self.counsel is not None else None,
            "workers": self.spread.told(now_us) if self.spread is not None else [],
            "devices": devices,
            "episodes": self.episodes.listing(),
        }
