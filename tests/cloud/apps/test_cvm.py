"""Cooperative merging: a proven time between those of the main road, room made where there is none, over bytes too."""

import numpy as np
import pytest

from jinyun import zone as zones
from tests.cloud.apps.scenes import Mover
from tests.cloud.cooperation.asking import Talk, vehicle, vir
from tests.cloud.cooperation.cars import BITS, Car, counts, drive, route
from tests.cloud.cooperation.driving import overlap, places
from tests.cloud.cooperation.ramps import BEFORE_M, ramp

RAMP_IN = BITS["ramp"]
A = np.radians(15)


def on_ramp(before_m, speed):
    """A mover whose middle is so far before the end of the ramp."""
    return Mover(6.0 + before_m * np.sin(A), -24.0 - before_m * np.cos(A), 345, speed)


def on_road(before_m, speed, **more):
    return Mover(0.0, -24.0 - before_m, 0, speed, **more)


def agreed(talk):
    return {one.track: one for one in talk.state.ledger.of("CVM")}


def proven(one, another_s, speed):
    """Return whether a planned body keeps clear of one that keeps its speed on the main road."""
    t = np.arange(0.0, one.plan.out_s, 0.05)
    size = [np.full_like(t, 4.6), np.full_like(t, 1.8)]
    mine = np.stack([*places(one.plan.driver.way.line, one.plan.motion, t), *size])
    other = np.stack([np.zeros_like(t), -24.0 - another_s + speed * t, np.zeros_like(t), *size])
    return not overlap(mine, other).any()


def test_with_the_main_road_free_one_drives_in_and_with_one_there_it_finds_its_time():
    talk = Talk()
    talk.at(ramp(), [on_ramp(100.0, 14.0)], vir(0, bits=RAMP_IN))
    alone = agreed(talk)[1].plan.entry_s
    talk = Talk()
    talk.at(ramp(), [on_ramp(100.0, 14.0), on_road(110.0, 15.0, connected=False)], vir(0, bits=RAMP_IN))
    (one,) = agreed(talk).values()
    assert proven(one, 110.0, 15.0)
    assert one.plan.entry_s != pytest.approx(alone)
    assert talk.told(1) == []


def test_where_no_time_is_free_one_with_a_unit_is_asked_to_make_room_and_one_without_never():
    ahead = [on_road(50.0 + 20.0 * k, 10.0) for k in range(5)]
    talk = Talk()
    talk.at(ramp(), [on_ramp(70.0, 10.0), *ahead], vir(0, bits=RAMP_IN))
    recruited = [track for track in agreed(talk) if track > 1]
    assert 1 in agreed(talk)
    assert recruited
    assert talk.told(recruited[0] - 1) == [("intersectionStraightThrough",)]
    silent = [on_road(50.0 + 20.0 * k, 10.0, connected=False) for k in range(5)]
    talk = Talk()
    talk.at(ramp(), [on_ramp(70.0, 10.0), *silent], vir(0, bits=RAMP_IN))
    assert {one.vehicle for one in talk.out} <= {vehicle(0)}
    for one in agreed(talk).values():
        assert all(proven(one, 50.0 + 20.0 * k, 10.0) for k in range(5))


def test_over_bytes_two_that_would_touch_merge_one_behind_the_other():
    zone, map = zones.load(zones.find()), ramp()
    lines = route(map, 0, 3, 2), route(map, 1, 4, 2)
    main = Car("C0000001", lines[0], BEFORE_M - 90.0, 14.0)
    joins = Car("C0000002", lines[1], BEFORE_M - 90.0, 14.0, "ramp")
    alone = Car("C0000002", lines[1], BEFORE_M - 90.0, 14.0)
    for cars, meets in (([main, alone], True), ([Car("C0000001", lines[0], BEFORE_M - 90.0, 14.0), joins], False)):
        cloud, trace = drive(zone, map, cars, 15)
        both = [np.stack([*trace[:, k, :3].T, np.full(len(trace), 4.6), np.full(len(trace), 1.8)]) for k in range(2)]
        assert overlap(*both).any() == meets
    told = counts(cloud, "CVM")
    assert (told["proposed"] >= 1, told["followed"] >= 1, told["not_followed"]) == (True, True, 0)
