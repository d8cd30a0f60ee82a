"""Batteries of the simulated shuttles, read back as the charging service and the cloud read any vehicle's report."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest

from jinyun.cloud.nev import vehicle_findings
from jinyun.hdmap import Map
from jinyun.net import topics
from jinyun.net.gbt32960 import decode, plausible, quantities
from jinyun.net.gbt32960.bridge import subject
from jinyun.road.charging.battery import Batteries
from jinyun.vehicle.fleet.boarding import Waiting
from jinyun.vehicle.fleet.energy import CAPACITY_KWH
from jinyun.vehicle.fleet.timetable import timetable
from jinyun.vehicle.fleet.trips import Conductor, Limits
from jinyun.vehicle.shuttle.body import Pose
from jinyun.vehicle.shuttle.driving import Shuttle
from jinyun.vehicle.shuttle.guideline import guideline
from jinyun.world.batteries import EVERY_S, BatteryReports, report
from jinyun.world.shuttle import Placed
from jinyun.zone import Zone

T_US = 1_795_000_000_000_000
VIN = "SIM00000000000001"


@pytest.fixture(scope="module")
def conductor(here: Zone, precise_map: Map) -> Conductor:
    loop = guideline(here, precise_map, next(line for line in here.lines if line.id == "L1"))
    waiting = Waiting([10.0] * len(loop.halts), np.random.default_rng(1))
    return Conductor(
        "L1-1", Shuttle(precise_map, loop, here.project), timetable(loop, 3, 25.0), waiting, 25.0, {}, Limits()
    )


@pytest.mark.parametrize(("share", "alarm"), [(0.8, False), (0.21, False), (0.19, True)])
def test_a_report_says_charge_speed_place_and_the_alarm_of_a_low_charge(
    here: Zone, conductor: Conductor, share: float, alarm: bool
) -> None:
    conductor.battery.kwh = share * CAPACITY_KWH
    packet = decode(report(here, VIN, Pose(120.0, -40.0, 1.0, 8.0, 0.5), 12_345.0, conductor, T_US))
    assert (packet.vin, packet.event_us) == (VIN, T_US)
    items = {item["item"]: quantities.values(packet.edition, item) for item in packet.items}
    assert items["vehicle"]["speed"] == pytest.approx(28.8) and items["vehicle"]["odometer"] == pytest.approx(12.3)
    assert items["vehicle"]["soc"] == pytest.approx(100 * share, abs=0.5)
    lon, lat = here.project.inverse([120.0], [-40.0])
    assert items["position"]["longitude"] == pytest.approx(lon[0], abs=2e-6)
    assert items["position"]["latitude"] == pytest.approx(lat[0], abs=2e-6)
    assert plausible.check(packet) == []
    assert [field for _, field, _ in vehicle_findings(packet)] == (["soc_low"] if alarm else [])


def test_charging_knows_the_shuttles_battery_from_its_reports_and_raises_the_alarm_once(
    here: Zone, conductor: Conductor
) -> None:
    reports, batteries = BatteryReports(here, "shuttles"), Batteries()
    pose = Pose(0.0, 0.0, 0.0, 0.0)
    one = Placed("v1", "L1-1", conductor._shuttle, cast("object", None), 1, [], (0, 0.0), "L1", pose=pose)  # type: ignore[arg-type]
    alarms = []
    for step in range(1000):  # 100 s, over which the battery runs low
        conductor.battery.kwh = (0.25 - 0.001 * step / 10) * CAPACITY_KWH
        for message in reports.messages([one], {"L1-1": conductor}, step / 10, T_US + step * 100_000, 0.0):
            assert topics.subject_of(message.topic) == subject(here.id, VIN)
            alarms += batteries.take(message.payload)
    assert batteries.refused == 0
    assert batteries.of[VIN].share == pytest.approx(0.16, abs=0.006)
    assert [(vin, alarm.name) for vin, alarm in alarms] == [(VIN, "soc_low")]
    assert EVERY_S == 10.0
