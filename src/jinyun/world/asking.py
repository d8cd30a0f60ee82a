"""Who of the simulated street asks for a light (信号优先请求): vehicles of the zone's lines, as VIR of T/CSAE 157.

One asks from some hundred metres before a light on, once it has served the stops before it, twice a second with the time at
which it expects to be there, and says when it has passed. The light and the phase it asks for are those of the map.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from jinyun.hdmap import Map
from jinyun.net import downlink, topics
from jinyun.world.cars import name_of, vehicle_id
from jinyun.world.clock import Clock
from jinyun.world.sending import Message
from jinyun.world.street import Snapshot, Street
from jinyun.zone import Zone

EVERY_STEPS = 5
CRUISE_SHARE = 0.85
LEAST_MPS = 5.0
START_S = 3.0
"""What it costs to start from a stand."""
MOST_TOLD = 0x60
"""reqPriority: the fourth of eight levels, in the top three bits."""
LIFE_CS = 300
"""A request that is not told again holds so long (TimeOffset, 10 ms)."""
FAR_DM = 10_000


@dataclass(frozen=True, slots=True)
class Asking:
    """One vehicle asks for one light: it will be there in ``seconds``; ``passed`` says that it has gone by."""

    number: int
    node: int
    phase: int
    remote: int
    seconds: float
    metres: float
    passed: bool = False


class Askers:
    """The vehicles of lines, and which light each of them asks for."""

    def __init__(self, zone: Zone, map: Map) -> None:
        self._zone_id, self._project, self._region = zone.id, zone.project, zone.map.region
        self._ask_m = zone.profile["road.signals.ask_m"].value
        self._map = map
        self._phase: dict[tuple[str, int], tuple[int, int, int]] = {}
        self._standing: dict[str, Asking] = {}
        self._step = 0
        self._count: dict[int, int] = {}

    def look(self, street: Street) -> list[Asking]:
        """Return who asks now, and who has passed since the last look."""
        api, found, said = street.api, {}, []
        for id in api.vehicle.getIDList():
            if api.vehicle.getLine(id):
                asking = self._asking(api, id)
                if asking is not None:
                    found[id] = asking
        for id, before in self._standing.items():
            now = found.get(id)
            if now is None or now.node != before.node:
                said.append(Asking(before.number, before.node, before.phase, before.remote, 0.0, 0.0, passed=True))
        self._standing = found
        return [*said, *found.values()]

    def _asking(self, api: Any, id: str) -> Asking | None:
        ahead = api.vehicle.getNextTLS(id)
        if not ahead or api.vehicle.isStopped(id):
            return None
        light, index, metres, _ = ahead[0]
        if metres > self._ask_m:
            return None
        for stop in api.vehicle.getNextStops(id)[:1]:
            lane, end_m = stop.lane, stop.endPos
            to_stop = api.vehicle.getDrivingDistance(id, lane.rsplit("_", 1)[0], end_m)
            if 0 <= to_stop < metres:
                return None
        node, phase, remote = self._asked(api, light, int(index))
        if phase <= 0:
            return None
        speed = api.vehicle.getSpeed(id)
        cruise = max(CRUISE_SHARE * api.vehicle.getAllowedSpeed(id), LEAST_MPS)
        seconds = metres / cruise + START_S * max(1 - speed / cruise, 0.0)
        return Asking(int(id[1:]), node, phase, remote, float(seconds), float(metres))

    def _asked(self, api: Any, light: str, index: int) -> tuple[int, int, int]:
        """Return (node, phase, node that the way comes to next) of a link of a light; phase 0 where the map has none."""
        key = light, index
        if key not in self._phase:
            self._phase[key] = self._of_link(api, light, index)
        return self._phase[key]

    def _of_link(self, api: Any, light: str, index: int) -> tuple[int, int, int]:
        map = self._map
        row = map.junction_row(light)
        node = int(map.junctions["node"][row])
        links = api.trafficlight.getControlledLinks(light)
        if index >= len(links) or not links[index]:
            return node, 0, 0
        start, end = (map.lane_row(lane) for lane in links[index][0][:2])
        found = np.flatnonzero((map.links["start"] == start) & (map.links["end"] == end))
        group = int(map.links["group"][found[0]]) if len(found) else -1
        if group < 0:
            return node, 0, 0
        onward = int(map.edges["end"][map.lanes["edge"][end]])
        remote = int(map.junctions["node"][onward]) if onward >= 0 else 0
        return node, int(map.groups["phase"][group]), remote

    # -- as messages -------------------------------------------------------------------------------------------------

    def messages(self, street: Street, now: Snapshot, clock: Clock) -> list[Message]:
        """Return the VIR that are due with this snapshot: twice a second."""
        self._step += 1
        if self._step % EVERY_STEPS:
            return []
        row_of = {int(number): row for row, number in enumerate(now.number.tolist())}
        found = []
        for asking in self.look(street):
            row = row_of.get(asking.number)
            if row is None:
                continue
            self._count[asking.number] = (self._count.get(asking.number, -1) + 1) % 128
            value = self._vir(asking, now, row, clock.utc_us(now.time_s))
            topic = topics.up_topic(self._zone_id, "obu", name_of(asking.number), "vir")
            found.append(Message(clock.due_s(now.time_s), "cars", "vir", topic, downlink.frame_of("vir", value)))
        for number in [number for number in self._count if number not in row_of]:
            del self._count[number]
        return found

    def _vir(self, asking: Asking, now: Snapshot, row: int, t_us: int) -> dict[str, Any]:
        lon, lat = self._project.inverse([now.x_m[row]], [now.y_m[row]])
        place = {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)}
        request = {
            "reqID": asking.node % 256, "status": "complete" if asking.passed else "request",
            "reqPriority": bytes([MOST_TOLD]), "lifeTime": LIFE_CS,
            "info": ("signalPriority", {
                "intersectionId": {"region": self._region, "id": asking.node},
                "requiredMov": {"remoteIntersection": {"id": asking.remote}, "phaseId": asking.phase},
                "estimatedArrivalTime": min(max(round(asking.seconds * 100), 1), 65_534),
                "distance2Intersection": min(round(asking.metres * 10), FAR_DM),
            }),
        }  # fmt: skip
        return {
            "msgCnt": self._count[asking.number], "id": vehicle_id(asking.number).to_bytes(8, "big"),
            "secMark": t_us // 1000 % 60_000, "refPos": place, "intAndReq": {"reqs": [request]},
        }  # fmt: skip
