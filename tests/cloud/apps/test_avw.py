"""Abnormal vehicle warning: one that stands where nothing makes it stand, and the many that have a reason."""

import numpy as np
import pytest

from jinyun.cloud.apps import avw
from jinyun.cloud.apps.scene import EVENTS
from tests.cloud.apps.crossroads import HAZARD, bad, crossroads, said, spoilt
from tests.cloud.apps.roads import COMPASS, curve, light, moved, signalled, turned
from tests.cloud.apps.scenes import Mover, both_ways, scene, straight

HOST = Mover(0, 100, 0, 14)


@pytest.mark.parametrize("deg", COMPASS)
def test_one_that_stands_in_a_lane_is_told_to_those_who_come_to_it(deg):
    found = said(avw, scene(turned(straight(), deg), moved([HOST, Mover(0, 70, 0, 14), Mover(0, 160, 0, 0)], deg)))
    assert set(found) == {(1, 3), (2, 3)}
    assert found[1, 3]["value"] == pytest.approx(60 - 4.6, abs=0.1)


def test_one_that_creeps_and_one_that_tells_so_count():
    assert set(said(avw, scene(straight(), [HOST, Mover(0, 160, 0, 2.5)]))) == {(1, 2)}
    for report in (HAZARD, {"events": EVENTS["disabled"]}):
        assert set(said(avw, scene(straight(), [HOST, Mover(0, 160, 0, 3.0, report=report)]))) == {(1, 2)}
    assert set(said(avw, scene(curve(), [Mover(0, 250, 0, 14), Mover(17.6, 342.4, 45, 0)]))) == {(1, 2)}


@pytest.mark.parametrize(
    "who",
    [
        [HOST, Mover(2.9, 160, 0, 0)],  # at the edge, mostly off the lane
        [HOST, Mover(-3.5, 160, 0, 0)],  # in the other lane
        [HOST, Mover(0, 60, 0, 0)],  # behind
        [HOST, Mover(0, 590, 0, 0)],  # at the lane's end, and far
        [HOST, Mover(0, 160, 0, 2.5, accel_mps2=1.5)],  # sets out
        [HOST, Mover(0, 160, 0, 12, report=HAZARD)],  # drives
        [HOST, Mover(0, 160, 0, 4, "bicycle")],
    ],
)
def test_what_is_usual_is_silent(who):
    assert not said(avw, scene(straight(), who))


def test_queues_a_bus_at_its_stop_and_who_gives_way_are_silent():
    red = [light(1, 3, 10)]
    queue = [Mover(-19 - 7 * k, -5.25, 90, 0) for k in range(8)]
    assert not said(avw, scene(signalled(), [Mover(-150, -5.25, 90, 13), *queue], red))
    stop = Mover(75, -5.25, 90, 0, "bus")  # at the map's stop
    assert not said(avw, scene(signalled(), [Mover(30, -5.25, 90, 12), stop]))
    assert not said(avw, scene(crossroads(), [Mover(1.75, -80, 0, 12), Mover(1.75, -16, 0, 0)]))


def test_a_mirrored_heading_makes_no_wrong_way_driver():
    good = scene(both_ways(), [HOST, Mover(0, 170, 0, 14)])
    assert not said(avw, good)
    assert not said(avw, spoilt(good, 1, heading_rad=np.pi))
    one_way = scene(straight(), [HOST, Mover(0, 180, 180, 8)])
    assert not said(avw, one_way)
    assert set(said(avw, spoilt(one_way, 1, sources=2))) == {(1, 2)}  # two see it so: it is one


def test_bad_input_and_an_empty_road_are_silent():
    good = scene(straight(), [HOST, Mover(0, 160, 0, 0)])
    for found in bad(good, 0):
        assert not said(avw, found)
    assert not said(avw, spoilt(good, 1, speed_mps=np.nan))
    assert not said(avw, spoilt(good, 1, x_m=500.0))
    assert not said(avw, scene(straight(), []))
