"""Forward collision warning: held against the kinematics of braking, on roads where it can be said by hand."""

import numpy as np
import pytest

from jinyun.cloud.apps import fcw, vrucw
from tests.cloud.apps.crossroads import bad, crossroads, said, spoilt
from tests.cloud.apps.roads import COMPASS, curve, moved, turned
from tests.cloud.apps.scenes import Mover, scene, straight


@pytest.mark.parametrize("deg", COMPASS)
def test_who_closes_up_is_warned_with_the_deceleration_it_takes(deg):
    found = said(fcw, scene(turned(straight(), deg), moved([Mover(0, 100, 0, 16), Mover(0, 135, 0, 3)], deg)))
    assert set(found) == {(1, 2)}
    assert found[1, 2]["value"] == pytest.approx((16 - 3) ** 2 / (2 * (35 - 4.6)), rel=0.02)
    assert found[1, 2]["after_s"] == pytest.approx((35 - 4.6) / 13, rel=0.02)


def test_one_ahead_that_brakes_hard_is_told_before_the_gap_closes():
    """At 14 m/s with 10 m between, one that brakes with 6 m/s² stands after 16.3 m: the follower needs 3.7 m/s² at once."""
    found = said(fcw, scene(straight(), [Mover(0, 100, 0, 15), Mover(0, 114.6, 0, 14, accel_mps2=-6.0)]))
    assert set(found) == {(1, 2)}


def test_what_is_ahead_around_a_bend_a_cycle_and_one_that_cuts_in_count():
    assert set(said(fcw, scene(curve(), [Mover(0, 290, 0, 14), Mover(3.64, 320.6, 20, 2)]))) == {(1, 2)}
    assert set(said(fcw, scene(straight(), [Mover(0, 100, 0, 15), Mover(0.3, 125, 0, 4, "bicycle")]))) == {(1, 2)}
    cutting = Mover(-2.1, 118, 12, 8.0)  # from the left, with its wheels near the border
    assert set(said(fcw, scene(straight(), [Mover(0, 100, 0, 15), cutting]))) == {(1, 2)}


def test_who_has_just_come_into_the_lane_beside_is_not_taken_to_come_on_into_this_one():
    """At 1.4 m/s across it is over the border in a second from either place; only past the middle it goes on."""
    host = Mover(0, 100, 0, 15)
    assert not said(fcw, scene(straight(3), [host, Mover(-3.9, 118, 10, 8.0)]))
    assert set(said(fcw, scene(straight(3), [host, Mover(-2.6, 118, 10, 8.0)]))) == {(1, 2)}


def test_who_stands_across_the_way_on_a_cycle_is_told_by_the_application_for_people():
    who = [Mover(0, 100, 0, 12), Mover(0.4, 125, 90, 0.0, "bicycle", connected=False)]
    assert not said(fcw, scene(straight(), who))
    assert set(said(vrucw, scene(straight(), who))) == {(1, 2)}


@pytest.mark.parametrize(
    "who",
    [
        [Mover(0, 100, 0, 14, accel_mps2=-2.6), Mover(0, 144, 0, 0)],  # brakes for a queue as it takes
        [Mover(0, 100, 0, 14), Mover(0, 190, 0, 0)],  # still far
        [Mover(0, 100, 0, 3, accel_mps2=-1.2), Mover(0, 109, 0, 0)],  # creeps up
        [Mover(0, 100, 0, 0), Mover(0, 106, 0, 0)],  # both stand
        [Mover(0, 100, 0, 15), Mover(0, 112, 0, 15)],  # follows near, as fast
        [Mover(0, 100, 0, 15), Mover(-3.5, 120, 0, 3)],  # in the other lane
        [Mover(-0.5, 100, 0, 15), Mover(1.4, 125, 0, 4, "bicycle")],  # a cycle passed with room
    ],
)
def test_everyday_driving_is_silent(who):
    assert not said(fcw, scene(straight(), who))


def test_one_ahead_that_will_have_turned_off_is_no_matter():
    right = Mover(4.4, -7.3, 50, 5.0)  # half way round the corner; the one behind goes straight on
    behind = Mover(1.75, -45, 0, 14)
    found = scene(crossroads(), [behind, right])
    assert (1, 2) not in said(fcw, found)


def test_one_that_waits_to_turn_is_ahead_until_its_way_has_parted():
    behind = Mover(1.75, -45, 0, 14)  # goes straight on
    for radians, told in ((0.2, True), (0.85, False)):  # along the arc of the left turn
        waits = Mover(-12 + 13.75 * np.cos(radians), -12 + 13.75 * np.sin(radians), 360 - np.degrees(radians), 0.0)
        assert ((1, 2) in said(fcw, scene(crossroads(), [behind, waits]))) == told


def test_bad_input_and_an_empty_road_are_silent():
    good = scene(straight(), [Mover(0, 100, 0, 16), Mover(0, 135, 0, 3)])
    assert said(fcw, good)
    for row in range(2):
        for found in bad(good, row):
            assert not said(fcw, found)
    assert not said(fcw, spoilt(good, 1, heading_rad=np.pi))  # a mirrored heading
    assert not said(fcw, spoilt(good, 1, x_m=500.0))  # off the map
    assert not said(fcw, scene(straight(), []))
