"""What the simulated shuttles say of their batteries (新能源汽车上报): GB/T 32960.3-2016 reports, as real ones send them.

A vehicle reports that the zone's depot knows by a VIN. Its whole-vehicle, position and alarm data are what driving used; what
the simulation does not have (single cells, temperatures, the motor) is not in the report. The alarm of a low charge is the
only one that it can raise.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

from jinyun.net import gbt32960, topics
from jinyun.net.gbt32960.fields import ALARMS
from jinyun.net.gbt32960.packet import Packet, beijing_time
from jinyun.vehicle.fleet.energy import RESERVE, power_kw
from jinyun.vehicle.fleet.trips import Conductor
from jinyun.vehicle.shuttle.body import Pose
from jinyun.world.sending import Message
from jinyun.world.shuttle import Placed
from jinyun.zone import Zone

EVERY_S = 10.0
PACK_V = 350.0
"""Voltage of the pack: our own choice."""
EDITION, REALTIME, COMMAND = 2016, 0x02, 0xFE
DRIVES, NOT_CHARGING, ELECTRIC, FORWARD = 1, 3, 1, 0x2E
SOC_LOW = [name for name, _ in ALARMS].index("soc_low")
SERIOUS = 1
"""The least of three levels of alarm."""


class BatteryReports:
    """The reports of a zone's shuttles; :meth:`messages` once a step."""

    def __init__(self, zone: Zone, sender: str) -> None:
        self._zone, self._sender = zone, sender
        self._vin = {} if zone.depot is None else {one.id: one.vin for one in zone.depot.vehicles if one.vin}
        self._said_s: dict[str, float] = {}

    def messages(
        self, placed: Iterable[Placed], conductors: Mapping[str, Conductor], now_s: float, t_us: int, due_s: float
    ) -> list[Message]:
        """Return the reports that are due at ``now_s`` of the street, to leave at the monotonic instant ``due_s``."""
        found = []
        for one in placed:
            vin = self._vin.get(one.name)
            if vin is None or one.pose is None or now_s - self._said_s.get(one.name, -math.inf) < EVERY_S - 1e-6:
                continue
            self._said_s[one.name] = now_s
            payload = report(self._zone, vin, one.pose, one.shuttle.odometer_m, conductors[one.name], t_us)
            topic = topics.up_topic(self._zone.id, "nev", vin, "gbt32960")
            found.append(Message(due_s, self._sender, "gbt32960", topic, payload))
        return found


def report(zone: Zone, vin: str, pose: Pose, odometer_m: float, conductor: Conductor, t_us: int) -> bytes:
    """Return one report of a vehicle at ``t_us`` of UTC."""
    lon, lat = zone.project.inverse([pose.x_m], [pose.y_m])
    battery = conductor.battery
    ampere = power_kw(pose.speed_mps, pose.accel_mps2, len(conductor.cabin.aboard)) * 1000 / PACK_V
    vehicle = {
        "item": "vehicle", "state": DRIVES, "charge": NOT_CHARGING, "mode": ELECTRIC,
        "speed": round(max(pose.speed_mps, 0.0) * 36), "odometer": round(max(odometer_m, 0.0) / 100),
        "voltage": round(PACK_V * 10), "current": round((ampere + 1000) * 10), "soc": round(battery.share * 100), "dcdc": 1,
        "gear": FORWARD, "insulation": 5000, "accelerator": 100 if pose.accel_mps2 > 0.3 else 0,
        "brake": 100 if pose.accel_mps2 < -0.3 else 0,
    }  # fmt: skip
    low = battery.share < RESERVE
    alarms = {
        "item": "alarms", "level": SERIOUS if low else 0, "flags": (1 << SOC_LOW) if low else 0, "battery": (),
        "motor": (), "engine": (), "other": (), "levels": [],
    }  # fmt: skip
    place = {"item": "position", "status": 0, "longitude": round(lon[0] * 1e6), "latitude": round(lat[0] * 1e6)}
    items = [vehicle, place, alarms]
    return gbt32960.encode(Packet(EDITION, REALTIME, COMMAND, vin, time=beijing_time(t_us), data={"items": items}))
