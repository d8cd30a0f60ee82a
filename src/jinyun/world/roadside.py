"""Roadside units: SPAT and RSM ten times a second, MAP once (T/CSAE 53-2020), each unit at its own instant.

A unit merges its sensors into RSM of at most 16 participants each; when it sees nobody it still says so, as a message
with itself as the only participant. ``pos`` of a participant is the middle of its body, ``secMark`` the instant of the
measurement; the message leaves later by the sensors' latency.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map, mapdata_parts
from jinyun.net import csae, topics
from jinyun.net.csae import batch
from jinyun.road.signals.control import Change
from jinyun.road.signals.order import Order
from jinyun.shapes import Kind
from jinyun.world.cars import position_confidence, whole
from jinyun.world.clock import Clock, second_mark
from jinyun.world.faults import Fault, Faults
from jinyun.world.motion import STEP_S, Snapshot
from jinyun.world.sending import Message, encoded
from jinyun.world.sensing import Seen, Sensors
from jinyun.world.signals import Signals
from jinyun.world.street import Street
from jinyun.zone import Zone

MOST_PARTICIPANTS = 16
"""Participants in one RSM (T/CSAE 53 ParticipantList)."""
SLOTS = 10
MAP_STEPS = 10
LEAST_LATENCY_S = 0.005
SOURCES = {"selfinfo": 1, "video": 3, "microwaveRadar": 4, "lidar": 6, "integrated": 7}
"""Indices in SourceType."""
TEN_CENTIMETRES = 12
"""Index in PositionConfidence: a surveyed mast."""
OFFSET_REACH = np.array([2048, 8192, 32768, 131072, 2097152, 8388608])
"""What each alternative of PositionOffsetLL holds, in 1e-7 degrees."""


class Roadside:
    """All roadside units of the zone."""

    def __init__(
        self,
        zone: Zone,
        map: Map,
        seed: int,
        weather: str = "clear",
        faults: Mapping[str, Fault] | None = None,
        controlled: bool = False,
    ) -> None:
        """``controlled``: whether the road may change running steps of the signals (:mod:`jinyun.road.signals`)."""
        self._zone_id, self._project, self._region = zone.id, zone.project, zone.map.region
        self._names = [rsu.id for rsu in zone.rsus]
        self._ids = np.array([int.from_bytes(name.ljust(8).encode(), "big") for name in self._names], np.uint64)
        self._sensors = Sensors(zone, seed, weather)
        places = np.array([(rsu.x_m, rsu.y_m) for rsu in zone.rsus])
        self._faults = Faults(self._names, places, faults or {})
        self._sources = np.array([SOURCES[source] for source in self._sensors.sources], np.int64)
        self._confidence = np.array([position_confidence(float(sd)) for sd in self._sensors.position_sd_m], np.int64)
        self._rng = np.random.default_rng([seed, 3])
        units = len(zone.rsus)
        self._after_s = np.array([unit * 7 % SLOTS * (STEP_S / SLOTS) for unit in range(units)], np.float64)
        lon, lat = self._project.inverse([rsu.x_m for rsu in zone.rsus], [rsu.y_m for rsu in zone.rsus])
        self._lon, self._lat = whole(lon * 1e7), whole(lat * 1e7)
        types = [[zone.sensor_types[s.type] for s in rsu.sensors] for rsu in zone.rsus]
        self._latency_s = np.array([max((t.latency_ms for t in its), default=0.0) for its in types]) / 1000
        self._latency_sd_s = np.array([max((t.latency_sd_ms for t in its), default=0.0) for its in types]) / 1000
        self._count = {kind: np.zeros(units, np.int64) for kind in ("rsm", "spat", "map")}
        self._topic = {
            kind: [topics.up_topic(zone.id, "rsu", name, kind) for name in self._names] for kind in self._count
        }
        self._step = 0
        self._maps: dict[int, list[bytes]] = {}
        lit: list[tuple[int, int, str]] = []
        for unit, rsu in enumerate(zone.rsus):
            if rsu.junction is None:
                continue
            row = map.junction_row(rsu.junction)
            if map.junctions["steps"][row] > 0:
                lit.append((unit, row, rsu.junction))
            self._maps[unit] = [csae.encode("mapFrame", part) for part in mapdata_parts(map, row)]
        self._lit_units = np.array([unit for unit, _, _ in lit], np.int64)
        self._lights = [light for _, _, light in lit]
        profile = zone.profile if controlled else None
        self._signals = Signals(map, [row for _, row, _ in lit], profile)

    @property
    def senders(self) -> list[str]:
        """The names of the connections these units send on."""
        return self._names

    def messages(
        self, street: Street, now: Snapshot, clock: Clock, heard: NDArray[np.bool_] | None = None
    ) -> list[Message]:
        """Return what the units send in the 100 ms after the snapshot.

        ``heard`` tells which units somebody hears, where that is known: the others look, but make no messages.
        """
        self._step += 1
        return [*self.rsm(now, clock, heard), *self._spat(street, now, clock, heard), *self._map(now, clock, heard)]

    def visible(self, now: Snapshot) -> NDArray[np.bool_]:
        """Return who of the snapshot could be seen by any sensor: in range and field of view, and hidden by nothing."""
        seen = np.zeros(len(now.number), np.bool_)
        seen[self._sensors.visible(now)[1]] = True
        return seen

    def lights(self, street: Street) -> tuple[NDArray[Any], ...]:
        """Return (node, phase, light, seconds left) of every phase as it is now, as columns."""
        told = self._signals.told(*street.signal_steps(self._lights))
        return self._signals.node[told.junction], told.phase, told.light, told.ends_s

    def change(self, street: Street, now_s: float, orders: Iterable[Order | Change]) -> int:
        """Let controllers change their running steps as the road asks; return how many of the orders were taken.

        ``now_s`` is the street's time, at which the orders are so.
        """
        steps, left = street.signal_steps(self._lights)
        self._signals.look(now_s, steps)
        taken = 0
        for order in orders:
            row = self._signals.row_of(order.node)
            given = None if row < 0 else self._signals.admit(now_s, row, order.step, left[row], order.left_s, order.why)
            if given is not None:
                street.api.trafficlight.setPhaseDuration(self._lights[row], given)
                taken += 1
        return taken

    def _map(self, now: Snapshot, clock: Clock, heard: NDArray[np.bool_] | None) -> list[Message]:
        found = []
        for unit, parts in self._maps.items():
            if (self._step + 3 * unit) % MAP_STEPS == 0 and (heard is None or heard[unit]):
                due = clock.due_s(now.time_s + float(self._after_s[unit]))
                for part in parts:
                    count = int(self._next_counts("map", np.array([unit]))[0])
                    found.append(
                        Message(due, self._names[unit], "map", self._topic["map"][unit], _numbered(part, count))
                    )
        return found

    def _spat(self, street: Street, now: Snapshot, clock: Clock, heard: NDArray[np.bool_] | None) -> list[Message]:
        of = None if heard is None else np.flatnonzero(heard[self._lit_units])
        units = self._lit_units if of is None else self._lit_units[of]
        if not len(units):
            return []
        after = (self._after_s + STEP_S / 2) % STEP_S  # half-way between the unit's RSM
        at_s = (now.time_s + after[units]).tolist()
        steps, left = street.signal_steps(self._lights)
        self._signals.look(now.time_s, steps)
        counts = self._next_counts("spat", units).tolist()
        wrong = self._faults.clock_us[units].tolist()
        stamps = [clock.utc_us(at) + its for at, its in zip(at_s, wrong, strict=True)]
        columns = self._signals.spat(steps, left, after[self._lit_units], stamps, counts, self._region, of)
        frames = encoded("spatFrame", columns)
        return [
            Message(clock.due_s(at), self._names[unit], "spat", self._topic["spat"][unit], frame)
            for unit, at, frame in zip(units.tolist(), at_s, frames, strict=True)
        ]

    def rsm(self, now: Snapshot, clock: Clock, heard: NDArray[np.bool_] | None = None) -> list[Message]:
        """Return what the units' sensors report in the 100 ms after the snapshot, of those that are ``heard``."""
        seen = self._faults.turned(self._sensors.look(now, self._after_s[self._sensors.unit], heard))
        late = self._latency_s + self._rng.standard_normal(len(self._names)) * self._latency_sd_s
        own = np.bincount(seen.unit, minlength=len(self._names))
        alone = np.flatnonzero(own == 0 if heard is None else (own == 0) & heard)
        own[alone] = 1
        units = np.flatnonzero(own)
        if not len(units):
            return []
        messages = -(-own // MOST_PARTICIPANTS)
        at_s = now.time_s + self._after_s
        marks = np.zeros(len(self._names), np.int64)
        due = [0.0] * len(self._names)
        wait = np.maximum(late, LEAST_LATENCY_S)
        for its in units.tolist():
            marks[its] = second_mark(clock.utc_us(float(at_s[its])) + int(self._faults.clock_us[its]))
            due[its] = clock.due_s(float(at_s[its] + wait[its]))
        unit, columns = self._participants(seen, alone)
        columns["secMark"] = marks[unit]
        sender = np.repeat(np.arange(len(self._names)), messages)
        part = np.arange(len(sender)) - np.repeat(np.cumsum(messages) - messages, messages)
        frames = encoded(
            "rsmFrame",
            {
                "messages": {
                    "msgCnt": self._next_counts("rsm", sender), "id": self._ids[sender],
                    "refPos.lat": self._lat[sender], "refPos.long": self._lon[sender],
                    "participants": np.minimum(own[sender] - part * MOST_PARTICIPANTS, MOST_PARTICIPANTS),
                },
                "participants": columns,
            },
        )  # fmt: skip
        return [
            Message(due[its], self._names[its], "rsm", self._topic["rsm"][its], frame)
            for its, frame in zip(sender.tolist(), frames, strict=True)
        ]

    def _participants(
        self, seen: Seen, alone: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[np.int64]]]:
        """Return whose each participant is and their columns, without the instant of measurement, ordered by unit.

        Those units that are ``alone`` see nobody: each has itself as its only participant.
        """
        lon, lat = self._project.inverse(seen.x_m, seen.y_m)
        east, north = whole(lon * 1e7) - self._lon[seen.unit], whole(lat * 1e7) - self._lat[seen.unit]
        unit = np.concatenate([seen.unit, alone])
        order = np.argsort(unit, kind="stable")

        def both(of_others: NDArray[Any], of_itself: int) -> NDArray[np.int64]:
            joined = np.concatenate([of_others.astype(np.int64), np.full(len(alone), of_itself, np.int64)])
            sorted_: NDArray[np.int64] = joined[order]
            return sorted_

        classification = np.where(seen.classification == 0, batch.ABSENT, seen.classification.astype(np.int64))
        reach = np.maximum(np.maximum(east, -east - 1), np.maximum(north, -north - 1))
        return unit[order], {
            "ptcType": both(seen.kind, Kind.RSU),
            "ptcId": both(seen.number, 0),
            "source": both(self._sources[seen.sensor], SOURCES["selfinfo"]),
            "pos.offsetLL": both(np.searchsorted(OFFSET_REACH, reach, side="right"), 0),
            "pos.offsetLL.lon": both(east, 0),
            "pos.offsetLL.lat": both(north, 0),
            "posConfidence.pos": both(self._confidence[seen.sensor], TEN_CENTIMETRES),
            "speed": both(np.clip(whole(seen.speed_mps / 0.02), 0, 8190), 0),
            "heading": both(whole(np.degrees(seen.heading_rad) / 0.0125) % 28800, 0),
            "size.width": both(np.clip(whole(seen.width_m * 100), 1, 1023), 40),
            "size.length": both(np.clip(whole(seen.length_m * 100), 1, 4095), 40),
            "size.height": both(np.clip(whole(seen.height_m * 20), 1, 127), 127),
            "vehicleClass?": both(np.where(seen.classification == 0, batch.ABSENT, 1), batch.ABSENT),
            "vehicleClass.classification": both(classification, batch.ABSENT),
        }

    def _next_counts(self, kind: str, units: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return msgCnt of the next message of each unit named; a unit named again counts on."""
        count = self._count[kind]
        nth = np.arange(len(units)) - np.searchsorted(units, units)  # units stand in order
        numbers: NDArray[np.int64] = (count[units] + 1 + nth) % 128
        count[units] = numbers
        return numbers


def _numbered(part: bytes, count: int) -> bytes:
    """Return an encoded MapData with ``count`` as its msgCnt, without encoding the unchanged map again.

    Before msgCnt stand the frame's choice (1 + 3 bits), MapData's extension bit and the bit for its time stamp: it lies
    in bits 6 to 12 of the message.
    """
    head = int.from_bytes(part[:2], "big") & ~(0x7F << 3) | count << 3
    return head.to_bytes(2, "big") + part[2:]
