"""Roadside units: SPAT and RSM ten times a second, MAP once (T/CSAE 53-2020), each unit at its own instant.

A unit merges its sensors into RSM of at most 16 participants each; when it sees nobody it still says so, as a message
with itself as the only participant. ``pos`` of a participant is the middle of its body, ``secMark`` the instant of the
measurement; the message leaves later by the sensors' latency.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap import Map, mapdata_parts
from jinyun.hdmap.message import offset_ll
from jinyun.net import csae, topics
from jinyun.shapes import Kind
from jinyun.world.cars import position_confidence
from jinyun.world.clock import Clock, second_mark
from jinyun.world.sending import Message
from jinyun.world.sensing import Seen, Sensors
from jinyun.world.signals import Signals
from jinyun.world.street import STEP_S, Snapshot, Street
from jinyun.zone import Zone

MOST_PARTICIPANTS = 16
"""Participants in one RSM (T/CSAE 53 ParticipantList)."""
SLOTS = 10
MAP_STEPS = 10
LEAST_LATENCY_S = 0.005
_KINDS = {Kind.UNKNOWN: "unknown", Kind.MOTOR: "motor", Kind.NON_MOTOR: "non-motor", Kind.PEDESTRIAN: "pedestrian"}


class Roadside:
    """All roadside units of the zone."""

    def __init__(self, zone: Zone, map: Map, seed: int) -> None:
        self._zone_id, self._project, self._region = zone.id, zone.project, zone.map.region
        self._names = [rsu.id for rsu in zone.rsus]
        self._sensors, self._signals = Sensors(zone, seed), Signals(map)
        self._rng = np.random.default_rng([seed, 3])
        self._confidence = [position_confidence(float(sd)) for sd in self._sensors.position_sd_m]
        self._after_s = np.array([unit * 7 % SLOTS * (STEP_S / SLOTS) for unit in range(len(zone.rsus))], np.float64)
        lon, lat = self._project.inverse([rsu.x_m for rsu in zone.rsus], [rsu.y_m for rsu in zone.rsus])
        self._lon, self._lat = (np.rint(v * 1e7).astype(np.int64).tolist() for v in (lon, lat))
        latencies = [[zone.sensor_types[s.type] for s in rsu.sensors] for rsu in zone.rsus]
        self._latency_s = np.array([max((t.latency_ms for t in its), default=0.0) for its in latencies]) / 1000
        self._latency_sd_s = np.array([max((t.latency_sd_ms for t in its), default=0.0) for its in latencies]) / 1000
        self._count = {(unit, kind): 0 for unit in range(len(zone.rsus)) for kind in ("rsm", "spat", "map")}
        self._step = 0
        self._lights: list[tuple[int, int, str]] = []  # unit, row of the junction, traffic light
        self._maps: dict[int, list[bytes]] = {}
        for unit, rsu in enumerate(zone.rsus):
            if rsu.junction is None:
                continue
            row = map.junction_row(rsu.junction)
            if map.junctions["steps"][row] > 0:
                self._lights.append((unit, row, rsu.junction))
            self._maps[unit] = [csae.encode("mapFrame", part) for part in mapdata_parts(map, row)]

    @property
    def senders(self) -> list[str]:
        """The names of the connections these units send on."""
        return self._names

    def messages(self, street: Street, now: Snapshot, clock: Clock) -> Iterator[Message]:
        """Yield what the units send in the 100 ms after the snapshot."""
        self._step += 1
        yield from self._rsm(now, clock)
        yield from self._spat(street, now, clock)
        for unit, parts in self._maps.items():
            if (self._step + 3 * unit) % MAP_STEPS == 0:
                due = clock.due_s(now.time_s + float(self._after_s[unit]))
                for part in parts:
                    yield self._message(due, unit, "map", self._numbered_map(unit, part))

    def lights(self, street: Street) -> list[tuple[int, int, int, float]]:
        """Return (node, phase, light, seconds left) of every phase as it is now."""
        found = []
        for _, row, light in self._lights:
            _, step, left = street.signal_state(light)
            for phase, coming in self._signals.states(row, self._signals.position_s(row, step, left)):
                found.append((self._signals.node(row), phase, coming[0][0], coming[0][2]))
        return found

    def _message(self, due_s: float, unit: int, kind: str, payload: bytes) -> Message:
        topic = topics.up_topic(self._zone_id, "rsu", self._names[unit], kind)
        return Message(due_s, self._names[unit], kind, topic, payload)

    def _next_count(self, unit: int, kind: str) -> int:
        count = self._count[unit, kind] = (self._count[unit, kind] + 1) % 128
        return count

    def _numbered_map(self, unit: int, part: bytes) -> bytes:
        """Return an encoded MapData with the next msgCnt, without encoding the unchanged map again.

        Before msgCnt stand the frame's choice (1 + 3 bits), MapData's extension bit and the bit for its time stamp:
        it lies in bits 6 to 12 of the message.
        """
        count = self._next_count(unit, "map")
        head = int.from_bytes(part[:2], "big") & ~(0x7F << 3) | count << 3
        return head.to_bytes(2, "big") + part[2:]

    def _spat(self, street: Street, now: Snapshot, clock: Clock) -> Iterator[Message]:
        for unit, row, light in self._lights:
            _, step, left = street.signal_state(light)
            after = (float(self._after_s[unit]) + STEP_S / 2) % STEP_S  # half-way between the unit's RSM
            position = self._signals.position_s(row, step, left) + after
            at_s = now.time_s + after
            value = self._signals.spat(
                row, self._region, position, clock.utc_us(at_s), self._next_count(unit, "spat")
            )
            yield self._message(clock.due_s(at_s), unit, "spat", csae.encode("spatFrame", value))

    def _rsm(self, now: Snapshot, clock: Clock) -> Iterator[Message]:
        seen = self._sensors.look(now, self._after_s[self._sensors.unit])
        participants = self._participants(seen)
        begins = np.searchsorted(seen.unit, np.arange(len(self._names) + 1)).tolist()
        late = self._latency_s + self._rng.standard_normal(len(self._names)) * self._latency_sd_s
        for unit, name in enumerate(self._names):
            at_s = now.time_s + float(self._after_s[unit])
            mark = second_mark(clock.utc_us(at_s))
            due = clock.due_s(at_s) + max(float(late[unit]), LEAST_LATENCY_S)
            its = participants[begins[unit] : begins[unit + 1]] or [_itself()]
            for participant in its:
                participant["secMark"] = mark
            for first in range(0, len(its), MOST_PARTICIPANTS):
                value = {
                    "msgCnt": self._next_count(unit, "rsm"),
                    "id": name.ljust(8).encode(),
                    "refPos": {"lat": self._lat[unit], "long": self._lon[unit]},
                    "participants": its[first : first + MOST_PARTICIPANTS],
                }
                yield self._message(due, unit, "rsm", csae.encode("rsmFrame", value))

    def _participants(self, seen: Seen) -> list[dict[str, Any]]:
        """Return ParticipantData of everything seen, without the instant of measurement."""
        lon, lat = self._project.inverse(seen.x_m, seen.y_m)
        ref_lon, ref_lat = np.array(self._lon, np.int64)[seen.unit], np.array(self._lat, np.int64)[seen.unit]
        columns = (
            seen.sensor, seen.number, seen.kind, seen.classification, _whole(lon * 1e7) - ref_lon,
            _whole(lat * 1e7) - ref_lat, np.clip(_whole(seen.speed_mps / 0.02), 0, 8190),
            _whole(np.degrees(seen.heading_rad) / 0.0125) % 28800, np.clip(_whole(seen.length_m * 100), 1, 4095),
            np.clip(_whole(seen.width_m * 100), 1, 1023), np.clip(_whole(seen.height_m * 20), 1, 127),
        )  # fmt: skip
        sources, confidence = self._sensors.sources, self._confidence
        found = []
        for sensor, number, kind, classification, east, north, speed, heading, length, width, height in zip(
            *(column.tolist() for column in columns), strict=True
        ):
            value: dict[str, Any] = {
                "ptcType": _KINDS[kind],
                "ptcId": number,
                "source": sources[sensor],
                "pos": {"offsetLL": offset_ll(east, north)},
                "posConfidence": {"pos": confidence[sensor]},
                "speed": speed,
                "heading": heading,
                "size": {"width": width, "length": length, "height": height},
            }
            if classification:
                value["vehicleClass"] = {"classification": classification}
            found.append(value)
        return found


def _whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)


def _itself() -> dict[str, Any]:
    """Return the unit itself as a participant: what it sends while it sees nobody."""
    return {
        "ptcType": "rsu",
        "ptcId": 0,
        "source": "selfinfo",
        "pos": {"offsetLL": offset_ll(0, 0)},
        "posConfidence": {"pos": "a10cm"},
        "speed": 0,
        "heading": 0,
        "size": {"width": 40, "length": 40, "height": 127},
    }
