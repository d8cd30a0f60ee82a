"""The road at work: hears its units and the cloud on the broker, keeps signs, stops and signals, and says what they show.

``python -m jinyun.road`` is one such process. A sign follows its unit's own messages, in the moment they come; stops and
signals follow the cloud's frames. Without a broker it goes on, and every sign says that it knows nothing.
"""

from __future__ import annotations

import asyncio
import gc
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from jinyun import hdmap
from jinyun.hdmap import Map
from jinyun.net import columns, parts, topics
from jinyun.net.csae import batch
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.parent import end_asked
from jinyun.road.crossing.live import Crossings
from jinyun.road.crossing.sign import State
from jinyun.road.seen import look
from jinyun.road.signals.asked import Asked, AskedError
from jinyun.road.signals.live import Signals
from jinyun.road.stop.live import Stops
from jinyun.state import write_json
from jinyun.zone import Zone

LOOK_S = 0.005
"""What has come is looked at so often: a sign is half of this late on average."""
QUIET_US = 50_000
"""Where nothing comes, signs are looked at so often: silence must be noticed too."""
BEAT_US = 200_000
"""Signs are told so often even where nothing changed: who hears nothing for long knows that it is blind."""
FRAMES_PER_STEP = 5
"""Signals are looked at with every fifth frame, twice a second; stops with every tenth."""
TELL_US = 1_000_000
RETRY_S = 0.2
Table = Mapping[str, NDArray[Any]]


class Road:
    """One zone's road between two clocks: messages in, messages out; no socket of its own."""

    def __init__(self, zone: Zone, map: Map) -> None:
        self.zone = zone
        self.crossings, self.signals, self.stops = Crossings.of(zone, map), Signals(zone, map), Stops(zone, map)
        self.asked = Asked()
        self.refused = 0
        self._joiner = parts.Joiner()
        self._frames = 0
        self._tracks: Table = {}
        self._subjects = topics.frame_subject(zone.id), topics.priority_subject(zone.id)
        self._beat_us = self._told_us = 0
        self._shown: tuple[Any, ...] = ()
        self._foretells = False

    @property
    def subjects(self) -> list[str]:
        """What is to be heard."""
        zone = self.zone.id
        units = [f"jinyun.{zone}.rsu.{unit}.up.rsm" for unit in sorted(self.crossings.units)]
        return [*units, "V2X//RSU//RSM//UP", *self._subjects]

    def is_slow(self, subject: str) -> bool:
        """Return whether a message is of those that signs do not wait for: the cloud's."""
        return subject in self._subjects

    def take(self, subject: str, payload: bytes, receive_us: int) -> list[tuple[str, bytes]]:
        """Take one message; return what is to be said, as (subject, payload). Signs are told by :meth:`beat`."""
        if subject == self._subjects[0]:
            return self._frame(payload)
        if subject == self._subjects[1]:
            try:
                self.asked.take(payload)
            except AskedError:
                self.refused += 1
            return []
        seen = look(subject, payload, receive_us, self.zone.project)
        if seen is None:
            self.refused += 1
            return []
        self.crossings.take(seen)
        return []

    def beat(self, now_us: int) -> list[tuple[str, bytes]]:
        """Return the signs where one of them changed, or where they have not been told for a while; and warnings."""
        states = self.crossings.states(now_us)
        shown = tuple((one.shows, one.waiting, one.crossing, one.reason) for one in states)
        said = [(topics.subject_of(topic), payload) for topic, payload in self.crossings.warnings(states, now_us)]
        if shown != self._shown or now_us - self._beat_us >= BEAT_US:
            self._shown, self._beat_us = shown, now_us
            said.insert(0, (topics.road_subject(self.zone.id, "crossing"), self._signs(states, now_us)))
        return said

    def _signs(self, states: list[State], now_us: int) -> bytes:
        told = self.crossings.told(states, self.signals.lights)
        return _json({"t_us": now_us, "simulated": self.zone.simulated, "crossings": told})

    def _frame(self, payload: bytes) -> list[tuple[str, bytes]]:
        whole = self._joiner.take(payload)
        if whole is None:
            return []
        try:
            meta, tables = columns.unpack(whole)
            tracks, signals, t_us = tables["tracks"], tables["signals"], int(meta["t_us"])
        except (columns.ColumnsError, KeyError, TypeError, ValueError):
            self.refused += 1
            return []
        self._frames += 1
        if self._frames % FRAMES_PER_STEP:
            return []
        self.signals.look(signals, t_us)
        wants = self.asked.at(t_us)
        reds = {key: word for key, (word, _) in self.signals.lights.items()}
        for node, some in self.crossings.wants(self.crossings.states(time.time_ns() // 1000), reds, t_us).items():
            wants.setdefault(node, []).extend(some)
        said = [(topics.subject_of(topic), order) for topic, order in self.signals.step(tracks, wants)]
        if t_us - self._told_us >= TELL_US or t_us < self._told_us:
            self._told_us = t_us
            self.stops.notice(tracks, t_us, self.signals.places, self.signals.network, self.signals.t_us)
            self._foretells = True
            said.append((topics.road_subject(self.zone.id, "signals"), self._told(self.signals.told())))
        return said

    def spare(self) -> list[tuple[str, bytes]]:
        """Use a spare moment for one vehicle's arrivals; return the boards where that was the last: no sign waits for all."""
        if not self._foretells or self.stops.foretell():
            return []
        self._foretells = False
        return [(topics.road_subject(self.zone.id, "stop"), self._told(self.stops.told()))]

    def _told(self, what: dict[str, Any]) -> bytes:
        return _json({"zone": self.zone.id, "simulated": self.zone.simulated, **what})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _say(reader: BlockReader | None, said: list[tuple[str, bytes]], now_us: int) -> None:
    if reader is not None:
        for nth, (subject, payload) in enumerate(said):
            for part in parts.cut(payload, (now_us + nth) & 0xFFFFFFFF):
                reader.publish(subject, part)


async def serve(zone: Zone, host: str, nats_port: int, state_dir: Path) -> None:
    """Run the road until SIGTERM."""
    stop = end_asked()
    batch.decode("rsmFrame", *batch.join([]))  # the kernels get ready before anybody waits for a sign
    road = Road(zone, hdmap.open(zone))
    gc.collect()
    gc.freeze()  # what lives by now is not looked through again and again, while a sign waits
    reader: BlockReader | None = None
    told_us = beat_us = 0
    while not stop.is_set():
        if reader is None or reader.closed.is_set():
            reader = await _connect(road, host, nats_port)
        await asyncio.sleep(LOOK_S)
        block = reader.take() if reader is not None else None
        arrivals = list(block.arrivals()) if block is not None else []
        for arrival in arrivals:
            if not road.is_slow(arrival.subject):
                road.take(arrival.subject, arrival.payload, arrival.receive_us)
        now_us = time.time_ns() // 1000
        if arrivals or now_us - beat_us >= QUIET_US or now_us < beat_us:
            beat_us = now_us
            _say(reader, road.beat(now_us), now_us)  # a sign waits for nobody
        for arrival in arrivals:
            if road.is_slow(arrival.subject):
                _say(reader, road.take(arrival.subject, arrival.payload, arrival.receive_us), now_us)
        _say(reader, road.spare(), now_us)
        if now_us - told_us >= TELL_US or now_us < told_us:
            told_us = now_us
            write_json(
                state_dir / "road.json", {"t_us": now_us, "refused": road.refused, **road.signals.network.told()}
            )
    if reader is not None:
        reader.close()


async def _connect(road: Road, host: str, port: int) -> BlockReader | None:
    try:
        return await open_reader(host, port, road.subjects, "jinyun-road")
    except (OSError, IngestError, TimeoutError):
        await asyncio.sleep(RETRY_S)
        return None
