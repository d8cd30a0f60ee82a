"""Vulnerable road user collision warning: people before a vehicle, by the times of straight motion."""

import pytest

from jinyun.cloud.apps import vrucw
from tests.cloud.apps.crossroads import bad, crossroads, said, spoilt
from tests.cloud.apps.roads import COMPASS, curve, moved, turned
from tests.cloud.apps.scenes import Mover, scene, straight

CAR = Mover(0, 100, 0, 12)
CROSSES = Mover(3.2, 132, 270, 1.4, "walker", connected=False)  # on the lane when the car is there, 2.5 s from now


@pytest.mark.parametrize("deg", COMPASS)
def test_who_steps_before_a_vehicle_is_told_to_it(deg):
    found = said(vrucw, scene(turned(straight(), deg), moved([CAR, CROSSES], deg)))
    assert set(found) == {(1, 2)}
    assert 20 < found[1, 2]["value"] < 32


def test_a_connected_person_is_told_too_and_a_cycle_counts():
    who = Mover(3.2, 132, 270, 1.4, "walker")
    assert set(said(vrucw, scene(straight(), [CAR, who]))) == {(1, 2), (2, 1)}
    rides = Mover(9.0, 132, 270, 3.6, "bicycle", connected=False)
    assert set(said(vrucw, scene(straight(), [CAR, rides]))) == {(1, 2)}


def test_one_who_stands_in_the_lane_and_one_before_a_vehicle_that_turns_count():
    stands = Mover(0.2, 130, 90, 0.0, "walker", connected=False)
    assert set(said(vrucw, scene(straight(), [CAR, stands]))) == {(1, 2)}
    turning = Mover(3.5, -6.5, 35, 5.0)  # to the right, into the arm to the east
    crosses = Mover(14.0, -4.5, 0, 1.3, "walker", connected=False)
    assert set(said(vrucw, scene(crossroads(), [turning, crosses]))) == {(1, 2)}


@pytest.mark.parametrize(
    "who",
    [
        Mover(3.6, 130, 0, 1.4, "walker"),  # along the road, on its edge
        Mover(3.6, 130, 180, 1.4, "walker"),
        Mover(2.6, 130, 270, 0.0, "walker"),  # waits
        Mover(12.0, 132, 270, 1.4, "walker"),  # comes when the car is by
        Mover(-3.0, 132, 270, 1.4, "walker"),  # is over already
        Mover(1.2, 125, 0, 5.0, "bicycle"),  # rides ahead the same way
        Mover(3.2, 300, 270, 1.4, "walker"),  # far
    ],
)
def test_who_is_not_in_the_way_is_no_matter(who):
    assert not said(vrucw, scene(straight(), [CAR, who]))


def test_a_driver_who_brakes_as_it_takes_and_one_who_stands_are_not_warned():
    for car in (Mover(0, 100, 0, 9, accel_mps2=-2.5), Mover(0, 127, 0, 0.0)):
        assert not said(vrucw, scene(straight(), [car, CROSSES]))


def test_around_a_bend_the_way_counts_and_not_the_heading():
    car = Mover(0, 290, 0, 12)
    beyond = Mover(0, 330, 270, 0.0, "walker")  # straight ahead, but the road bends to the right before
    assert not said(vrucw, scene(curve(), [car, beyond]))


def test_bad_input_and_an_empty_road_are_silent():
    good = scene(straight(), [CAR, CROSSES])
    for row in range(2):
        for found in bad(good, row):
            assert not said(vrucw, found)
    assert not said(vrucw, spoilt(good, 0, x_m=500.0))
    assert not said(vrucw, scene(straight(), []))
