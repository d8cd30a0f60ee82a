"""The applications at work in the cloud: from two cars' messages to the alert of the one that must brake."""

import numpy as np
import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.cloud.apps import CATALOGUE
from jinyun.cloud.live import Cloud
from jinyun.hdmap import LaneKind
from jinyun.net.block import Arrival, Block
from jinyun.net.columns import unpack
from jinyun.net.samples import SMALLEST
from jinyun.vehicle.onboard import OnBoardUnit
from tests import oracle

T0_US = 1_790_000_000_000_000
TICKS, GAP_M, FAST_MPS = 25, 55.0, 14.0


@pytest.fixture(scope="module")
def zone():
    return zones.load(zones.find())


@pytest.fixture(scope="module")
def map(zone):
    return hdmap.open(zone)


def bsm(zone, car, x, y, heading, speed, now_us):
    lon, lat = zone.project.inverse([x], [y])
    value = {
        **SMALLEST["bsm"], "id": car.encode(), "secMark": now_us // 1000 % 60_000, "transmission": "forwardGears",
        "pos": {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)},
        "speed": round(speed / 0.02), "heading": round(np.degrees(heading) % 360 / 0.0125),
        "size": {"width": 180, "length": 460}, "vehicleClass": {"classification": 10},
    }  # fmt: skip
    return Arrival(now_us, f"jinyun.{zone.id}.obu.{car}.up.bsm", oracle.frame("bsmFrame", value))


def place(map):
    """Return where a car is so many metres along the longest lane: x, y, heading."""
    cars = np.flatnonzero(map.lanes["kind"] == LaneKind.CAR)
    line = map.lane_line(int(cars[np.argmax(map.lanes["length_m"][cars])]))
    s = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])

    def at(metres):
        k = int(np.searchsorted(s, metres)) - 1
        way = line[k + 1] - line[k]
        return *(line[k] + way * (metres - s[k]) / (s[k + 1] - s[k])), float(np.arctan2(*way))

    return at


def test_the_car_that_comes_too_near_is_told_and_the_one_ahead_is_not(zone, map):
    at = place(map)
    cloud = Cloud(zone, clock="replay", map=map)
    unit = OnBoardUnit("C0000001", zone.project)
    down, frames, alerts = [], [], []
    for k in range(TICKS):
        now = T0_US + k * 100_000
        x, y, heading = at(20.0 + FAST_MPS * k / 10)
        ahead = at(20.0 + GAP_M)
        block = Block.of([bsm(zone, "C0000001", x, y, heading, FAST_MPS, now), bsm(zone, "C0000002", *ahead, 0.0, now)])
        frames += cloud.advance(block, now + 100_000)
        down += cloud.replies
        for topic, payload in cloud.replies:
            if topic.startswith(f"jinyun/{zone.id}/obu/C0000001/down/"):
                unit.hear(payload, now)
        cloud.replies = []
        alerts += [alert for alert in unit.alerts(now, x, y) if alert.application == "FCW"]
    assert {topic.split("/")[3] for topic, _ in down} == {"C0000001"}
    assert alerts
    assert alerts[0].urgency == 4
    assert max(alert.urgency for alert in alerts) == 7
    assert np.hypot(alerts[-1].x_m - ahead[0], alerts[-1].y_m - ahead[1]) < 1.5
    for _, payload in down:
        oracle.compiled().decode("MessageFrame", payload)
    _, tables = unpack(frames[-1])
    named = [CATALOGUE[k].id for k in tables["advice"]["application"]]
    assert set(named) <= {"FCW", "AVW"}  # who stands in the lane is told of too
    row = {name: column[[named.index("FCW")]] for name, column in tables["advice"].items()}
    of = {id: k for k, id in enumerate(tables["tracks"]["id"].tolist())}
    assert tables["tracks"]["speed_mps"][of[row["receiver"][0]]] > 10
    assert tables["tracks"]["speed_mps"][of[row["about"][0]]] < 1
    (fcw,) = (one for one in cloud.account(now)["applications"] if one["id"] == "FCW")
    assert (fcw["open"], fcw["opened"]) == (1, 1)
