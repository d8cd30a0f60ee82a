"""What automated vehicles of the simulated street say to the supervising authority, read as supervision reads it."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.net import topics
from jinyun.supervision.driving import Driving
from jinyun.supervision.items import read
from jinyun.vehicle.shuttle.behaviour import State
from jinyun.vehicle.shuttle.body import MIDDLE_M, Pose
from jinyun.vehicle.shuttle.modes import Mode, Modes
from jinyun.world.items import EVERY_S, TestItems
from jinyun.world.shuttle import Placed

ZONE = zones.load(zones.find(None))
T0_US = 1_795_000_000_000_000


def placed(modes: Modes, pose: Pose) -> Placed:
    """A shuttle as far as its items go: where it believes itself, who drives, what it sees."""
    shuttle = SimpleNamespace(modes=modes, objects=[1, 2, 3], state=State.CRUISE, reason="", docked_s=None)
    return cast(Placed, SimpleNamespace(name="L1-1", shuttle=shuttle, believed=pose))


def said(own: TestItems, one: Placed, tick: int) -> list[Any]:
    return own.messages([one], tick / 10, T0_US + tick * 100_000, tick / 10)


def test_items_one_to_eight_come_twice_a_second_and_say_where_the_vehicle_is() -> None:
    own, one = TestItems(ZONE, "shuttles"), placed(Modes(), Pose(120.0, -40.0, 1.0, 8.0, -1.2))
    sent = [message for tick in range(100) for message in said(own, one, tick)]
    assert len(sent) == round(10 / EVERY_S)
    route = topics.route(topics.subject_of(sent[0].topic))
    assert route is not None and (route.kind, route.device, route.message) == ("obu", "L1-1", topics.TEST_ITEMS)
    items = read(sent[0].payload, T0_US)
    assert items.present == frozenset(range(1, 9)) and items.mode == "automated" and items.t_us == T0_US
    assert items.lon is not None and items.lat is not None
    x_m, y_m = ZONE.project([items.lon], [items.lat])
    ahead = MIDDLE_M * np.array([np.sin(1.0), np.cos(1.0)])  # a pose is that of the rear axle, a place that of the body
    assert [float(x_m[0]), float(y_m[0])] == pytest.approx([120.0 + ahead[0], -40.0 + ahead[1]], abs=0.02)
    assert (items.speed_mps, items.accel_mps2) == (8.0, -1.2) and items.heading_deg == pytest.approx(57.3, abs=0.01)
    assert json.loads(sent[0].payload)["simulated"] is True


def test_a_driver_who_takes_the_wheel_is_one_takeover_and_who_gives_it_back_is_none() -> None:
    modes = Modes()
    own, one, driving = TestItems(ZONE, "shuttles"), placed(modes, Pose(0.0, 0.0, 0.0, 6.0)), Driving("L1-1")
    found = []
    for tick in range(0, 300):
        if tick == 50:
            modes.request("blocked", 5.0, 0.0)
            modes.take(Mode.MANUAL, 6.0)
        if tick == 150:
            modes.give_back(15.0)
        for message in said(own, one, tick):
            found += driving.take(read(message.payload, T0_US))
    assert [one.kind for one in found] == ["takeover"] and "blocked for long" in found[0].what


def test_a_vehicle_that_reaches_a_minimal_risk_state_by_itself_tells_a_fault_once() -> None:
    modes = Modes()
    own, one, driving = TestItems(ZONE, "shuttles"), placed(modes, Pose(0.0, 0.0, 0.0, 6.0)), Driving("L1-1")
    found = []
    for tick in range(0, 200):
        if tick == 50:
            modes.request("sensing_lost", 5.0, 0.0)
        modes.tick(tick / 10)
        for message in said(own, one, tick):
            found += driving.take(read(message.payload, T0_US))
    assert modes.mode is Mode.MINIMAL_RISK
    assert [one.what for one in found if one.kind == "fault"] == ["sensing_lost", "minimal risk"]
