"""Cooperation over bytes: asn1tools writes what cars and roadside send and reads what comes down; and a replay is the same."""

import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.net.block import Arrival
from tests import oracle
from tests.cloud.apps.crossroads import crossroads
from tests.cloud.apps.scenes import straight
from tests.cloud.apps.test_cip import pair
from tests.cloud.apps.test_sds import asks
from tests.cloud.cooperation.cars import Car, counts, drive, second
from tests.net.test_ntrip import EXAMPLE


@pytest.fixture(scope="module")
def zone():
    return zones.load(zones.find())


class Changer(Car):
    """A car that goes over to the lane on its left, two metres a second, once it is told to."""

    aside_m = 0.0

    @property
    def place(self):
        x, y, heading = super().place
        return x - self.aside_m, y, heading

    def drive(self, now_us):
        super().drive(now_us)
        if 1 in self.follower.behaviour or 0 < self.aside_m < 3.5:
            self.aside_m = min(self.aside_m + 0.2, 3.5)


def lane(x_m):
    return np.array([(x_m, 0.0), (x_m, 600.0)])


def test_one_makes_room_and_the_other_changes_into_it(zone):
    wants = {"reqID": 1, "status": "request", "lifeTime": 1500, "info": ("laneChange", {
        "upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": 1})}  # fmt: skip
    changes = Changer("C0000001", lane(0.0), 100.0, 12.0, reqs=(wants,))
    yields = Car("C0000002", lane(-3.5), 92.0, 12.0)
    cloud, trace = drive(zone, straight(), [changes, yields], 13)
    assert trace[-1, 0, 0] == pytest.approx(-3.5, abs=0.1)
    begun = int(np.argmax(trace[:, 0, 0] < -0.3))
    gap = trace[begun:, 0, 1] - trace[begun:, 1, 1] - 4.6
    assert gap.min() >= 3.0
    told = counts(cloud, "CLC")
    assert (told["proposed"], told["followed"], told["not_followed"]) == (2, 2, 0)


def test_a_car_is_told_of_what_the_road_sees_and_units_get_corrections(zone):
    lon, lat = zone.project.inverse([-3.5], [210.0])
    place = {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)}
    down = []

    def road(now_us):
        mark = now_us // 1000 % 60_000
        rsm = {"msgCnt": now_us // 100_000 % 128, "id": b"RSU-A5  ", "refPos": place, "participants": [{
            "ptcType": "pedestrian", "ptcId": 7, "source": "video", "secMark": mark,
            "pos": {"offsetLL": ("position-LL1", {"lon": 0, "lat": 0})}, "posConfidence": {"pos": "a50cm"}, "speed": 40,
            "heading": 7200, "size": {"width": 50, "length": 50},
        }]}  # fmt: skip
        found = [Arrival(now_us, f"jinyun.{zone.id}.rsu.RSU-A5.up.rsm", oracle.frame("rsmFrame", rsm))]
        if now_us % 1_000_000 == 0:
            said = second("RTCMcorrections", 10, {"msgCnt": 0, "corrections": [{"payload": EXAMPLE}]})
            found.append(Arrival(now_us, f"jinyun.{zone.id}.rsu.RSU-A5.up.rtcm", said))
        return found

    def each(now_us, cloud):
        down.append(cloud.advising.cooperation.ledger.counts["SDS", "told"])

    car = Car("C0000001", lane(0.0), 100.0, 8.0, reqs=({**asks(0.0, 200.0), "lifeTime": 1000},))
    cloud, _ = drive(zone, straight(), [car], 3, more=road, each=each)
    ssm = [one for one in car.told if one["kind"] == "SensorSharingMsg"]
    assert ssm
    assert {one["ptc"]["ptcType"] for said in ssm for one in said["participants"]} == {"pedestrian"}
    assert len({one["ptc"]["ptcId"] for said in ssm for one in said["participants"]}) == 1
    kept = cloud.advising.cooperation.kept["DDS"]
    assert (kept.taken, kept.refused, kept.passed_on) == (3, 0, 3 * len(zone.rsus))


def test_the_same_messages_give_the_same_words(zone):
    told = []
    for _ in range(2):
        cars = pair(crossroads())
        drive(zone, crossroads(), cars, 3)
        told.append([car.told for car in cars])
    assert told[0] == told[1]
    assert all(told[0])
