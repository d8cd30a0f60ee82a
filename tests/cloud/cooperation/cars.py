"""Cars for the tests of cooperation: each drives a line, tells of itself in BSM, asks in VIR and follows what it is told.

asn1tools writes what they send and reads what they get; what they do with it is the reference client's part.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from jinyun.cloud.live import Cloud
from jinyun.net.block import Arrival, Block
from jinyun.net.samples import SMALLEST
from jinyun.vehicle.following import Follower
from tests import oracle
from tests.cloud.cooperation.driving import along

T0_US = 1_790_000_000_000_000
DT_S = 0.1
BITS = {"straight": 1 << 10, "left": 1 << 9, "right": 1 << 8, "ramp": 1 << 12}
"""currentBehavior by its place among sixteen bits."""


@dataclass
class Car:
    """One car: where on its line, how fast, and what it tells."""

    name: str
    line: Any
    s_m: float
    speed_mps: float
    means: str = ""
    reqs: tuple[dict[str, Any], ...] = ()
    obeys: bool = True
    unit: bool = True
    length_m: float = 4.6
    emergency: bool = False
    classification: int = 10
    own_mps: float | None = None
    """Speed that it likes when nobody tells it any; None: as now."""
    told: list[dict[str, Any]] = field(default_factory=list)
    """What came down to it, as asn1tools reads it: (message id, value)."""

    def start(self, zone) -> None:
        self.zone, self.follower = zone, Follower(self.name, zone.project)
        self.own_mps = self.speed_mps if self.own_mps is None else self.own_mps

    @property
    def place(self):
        return tuple(float(v[0]) for v in along(self.line, np.array([self.s_m])))

    def _at(self):
        lon, lat = self.zone.project.inverse([self.place[0]], [self.place[1]])
        return {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)}

    def arrivals(self, now_us: int):
        heading = self.place[2]
        value = {
            **SMALLEST["bsm"], "id": self.name.encode(), "secMark": now_us // 1000 % 60_000, "transmission": "forwardGears",
            "pos": self._at(), "speed": round(self.speed_mps / 0.02),
            "heading": round(np.degrees(heading) % 360 / 0.0125) % 28800,
            "size": {"width": 180, "length": round(self.length_m * 100)},
            "vehicleClass": {"classification": self.classification},
        }  # fmt: skip
        if self.emergency:
            value["emergencyExt"] = {"responseType": "emergency", "sirenUse": "inUse", "lightsUse": "inUse"}
        topic = f"jinyun.{self.zone.id}.obu.{self.name}.up"
        found = [Arrival(now_us, f"{topic}.bsm", oracle.frame("bsmFrame", value))]
        if (self.means or self.reqs) and now_us // 100_000 % 5 == 0:
            asked: dict[str, Any] = {"reqs": list(self.reqs)} if self.reqs else {}
            if self.means:
                asked["currentBehavior"] = BITS[self.means].to_bytes(2, "big"), 14
            found.append(Arrival(now_us, f"{topic}.vir", second("VehIntentionAndRequest", 13, {
                "msgCnt": now_us // 500_000 % 128, "id": self.name.encode(), "secMark": now_us // 1000 % 60_000,
                "refPos": self._at(), "intAndReq": asked,
            })))  # fmt: skip
        return found

    def hear(self, payload: bytes, now_us: int) -> None:
        name, frame = oracle.compiled().decode("MessageFrame", payload)
        if name == "msgFrameExt":
            kinds = {10: "RTCMcorrections", 11: "RoadsideCoordination", 12: "SensorSharingMsg", 14: "PAMData",
                     16: "CLPMM", 17: "VehiclePaymentMessage"}  # fmt: skip
            kind = kinds[frame["messageId"]]
            self.told.append({"kind": kind, "at_us": now_us, **oracle.compiled().decode(kind, frame["value"])})
        self.follower.hear(payload, now_us)

    def drive(self, now_us: int) -> None:
        x, y, _ = self.place
        wanted = self.follower.speed(now_us, x, y) if self.obeys else None
        if wanted is None:
            wanted = self.own_mps
        change = np.clip(wanted - self.speed_mps, -4.0 * DT_S, 2.5 * DT_S)
        before = self.speed_mps
        self.speed_mps = max(self.speed_mps + float(change), 0.0)
        self.s_m += (before + self.speed_mps) / 2 * DT_S


def second(kind: str, number: int, value: dict[str, Any]) -> bytes:
    """Return a second-stage MessageFrame as asn1tools writes it."""
    inner = bytes(oracle.compiled().encode(kind, value))
    return oracle.frame("msgFrameExt", {"messageId": number, "value": inner})


def drive(zone, map, cars, seconds, more=lambda now_us: [], each=lambda now_us, cloud: None):
    """Let cars drive in a cloud of their own for so long; return the cloud and the traces, shape (ticks, cars, 4)."""
    cloud = Cloud(zone, clock="replay", map=map)
    for car in cars:
        car.start(zone)
    by_topic = {f"jinyun/{zone.id}/obu/{car.name}/down/": car for car in cars}
    trace = []
    for k in range(round(seconds / DT_S)):
        now = T0_US + k * 100_000
        arrivals = [one for car in cars if car.unit and np.isfinite(car.place[0]) for one in car.arrivals(now)]
        cloud.advance(Block.of(arrivals + more(now)), now + 100_000)
        replies, cloud.replies = cloud.replies, []
        trace.append([(*car.place, car.speed_mps) for car in cars])
        for car in cars:
            car.drive(now)
        for topic, payload in replies:
            car = by_topic.get(topic[: topic.rindex("/") + 1])
            if car is not None:
                car.hear(payload, now + 100_000)
        each(now, cloud)
    return cloud, np.array(trace)


def route(map, *lanes):
    """Return the middle line over lanes."""
    line = np.vstack([map.lane_line(row) for row in lanes])
    return line[np.append(True, np.hypot(*np.diff(line, axis=0).T) > 0.05)]


def counts(cloud, id):
    """Return what became of an application's proposals."""
    return cloud.advising.cooperation.ledger.told(id)
