"""RSI on the simulated street: what is sent down to a roadside unit reaches shuttles near it, and no others."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.hdmap.courses import courses
from jinyun.net import topics
from jinyun.net.mqtt import Publisher
from jinyun.shapes import Kind
from jinyun.vehicle.shuttle.body import FRONT_M, Pose
from jinyun.vehicle.shuttle.guideline import guideline
from jinyun.world.sending import Broker, Message
from jinyun.world.shuttle import RADIO_M, Shuttles
from jinyun.world.shuttle_hearing import Announcements
from tests.conftest import Broker as RealBroker
from tests.conftest import wait_for
from tests.hdmap.reference import reference
from tests.vehicle.shuttle.test_announced import NOW_US, along, rsi
from tests.vehicle.shuttle.test_driving import STRAIGHT_M
from tests.world.test_shuttle import CAR, snapshot

NO_LIGHTS = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))


@pytest.mark.parametrize(("near", "road", "kinds"), [(True, True, ["closed"]), (False, True, []), (True, False, [])])
def test_a_shuttle_hears_the_units_around_it_if_it_hears_the_road_at_all(
    near: bool, road: bool, kinds: list[str]
) -> None:
    here, map = reference()
    line = guideline(here, map, next(line for line in here.lines if line.id == "L1"))
    street = type("Street", (), {"enter": lambda *_, **__: "v1"})()
    course = next(one for one in courses(here, map) if one.line.id == "L1")
    shuttles = Shuttles(here, map, street, 1)
    placed = shuttles.add(course, line, STRAIGHT_M, "S1", road)
    x, y, heading = (float(its) for its in line.place(STRAIGHT_M - FRONT_M, 0.0))
    away = {unit.id: float(np.hypot(unit.x_m - x, unit.y_m - y)) for unit in here.rsus}
    sender = min(away, key=away.__getitem__) if near else max(away, key=away.__getitem__)
    assert (away[sender] < RADIO_M) is near
    works = rsi(here, "rtes", along(here, line), "道路施工")
    placed.pose = Pose(x, y, heading, 5.0)
    for k in range(3):
        now = snapshot((7, Kind.MOTOR, x + 60.0, y, 0.0, 0.0, CAR))
        said = [Message(0.0, sender, "rsi", "", works)] if k == 0 else []
        shuttles._drive(placed, now, NOW_US + k * 100_000, said, NO_LIGHTS, 0.1 * k)
    assert [one.kind for one in placed.shuttle.holds] == kinds


def test_what_is_sent_down_to_a_unit_is_put_on_the_air_by_it(real_broker: RealBroker) -> None:
    ear = Announcements("z", Broker("127.0.0.1", real_broker.mqtt_port))
    sender = Publisher("127.0.0.1", real_broker.mqtt_port, "centre")
    sender.connect()
    found: list[Message] = []

    def heard() -> bool:
        sender.publish(topics.down_topic("plain", "z", "rsu", "H1", "rsi"), b"word")
        sender.publish(topics.down_topic("plain", "z", "rsu", "H1", "map"), b"other")
        sender.flush()
        found.extend(ear.messages(12.5))
        return bool(found)

    try:
        wait_for(heard, what="RSI sent down")
    finally:
        sender.close()
        ear.close()
    assert {(one.sender, one.kind, one.payload, one.due_s) for one in found} == {("H1", "rsi", b"word", 12.5)}
