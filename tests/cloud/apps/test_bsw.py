"""Blind spot and lane change warning: who is where somebody changes to, by distances that can be said by hand."""

import numpy as np
import pytest

from jinyun.cloud.apps import bsw
from tests.cloud.apps.crossroads import HAZARD, LEFT_LAMP, RIGHT_LAMP, bad, said, spoilt
from tests.cloud.apps.roads import COMPASS, moved, turned
from tests.cloud.apps.scenes import Mover, scene, straight

LAMP_LEFT = Mover(0, 200, 0, 14, report=LEFT_LAMP)


@pytest.mark.parametrize("deg", COMPASS)
def test_a_lamp_towards_somebody_in_the_blind_zone_is_warned(deg):
    found = said(bsw, scene(turned(straight(), deg), moved([LAMP_LEFT, Mover(-3.5, 194, 0, 14)], deg)))
    assert set(found) == {(1, 2)}
    assert found[1, 2]["value"] == pytest.approx(6 - 4.6, abs=0.1)


def test_a_drift_abreast_of_somebody_is_warned_without_a_lamp():
    drifts = Mover(-1.4, 200, 356, 14)  # 1 m/s to the left
    assert set(said(bsw, scene(straight(), [drifts, Mover(-3.5, 201, 0, 14)]))) == {(1, 2)}


def test_one_that_stands_beside_is_passed_with_a_lamp_but_not_drifted_into():
    stands = Mover(-3.5, 201, 0, 0.0)
    assert not said(bsw, scene(straight(), [LAMP_LEFT, stands]))
    assert set(said(bsw, scene(straight(), [Mover(-0.6, 200, 353, 10), stands]))) == {(1, 2)}


def test_who_has_lost_control_does_not_mean_to_change():
    slides = Mover(-0.6, 200, 353, 10, report={"braking": 4})
    assert not said(bsw, scene(straight(), [slides, Mover(-3.5, 201, 0, 10)]))


def test_who_falls_back_has_left_the_zone_once_there_is_a_gap():
    drifts = Mover(-0.6, 200, 353, 12)
    assert set(said(bsw, scene(straight(), [drifts, Mover(-3.5, 195.0, 0, 9)]))) == {(1, 2)}  # 0.4 m behind
    assert not said(bsw, scene(straight(), [drifts, Mover(-3.5, 193.5, 0, 9)]))


def test_who_comes_up_from_behind_is_warned_of_by_its_time_to_collision():
    near, far = Mover(-3.5, 170, 0, 24), Mover(-3.5, 150, 0, 24)  # 25.4 and 45.4 m at 10 m/s
    found = said(bsw, scene(straight(), [LAMP_LEFT, near]))
    assert found[1, 2]["after_s"] == pytest.approx(2.54, abs=0.02)
    assert not said(bsw, scene(straight(), [LAMP_LEFT, far]))


def test_who_is_still_on_the_lane_before_is_seen():
    from tests.hdmap.drawn import lanes_of

    map = lanes_of([[(0, 0), (0, 195)], [(-3.5, 0), (-3.5, 195)], [(0, 195), (0, 500)], [(-3.5, 195), (-3.5, 500)]],
                   edge=[0, 0, 1, 1], index=[0, 1, 0, 1], after=[(0, 2), (1, 3)])  # fmt: skip
    found = scene(map, [LAMP_LEFT, Mover(-3.5, 193, 0, 14)])
    assert found.located.lane.tolist() == [2, 1]
    assert set(said(bsw, found)) == {(1, 2)}


@pytest.mark.parametrize(
    ("host", "other"),
    [
        (Mover(0, 200, 0, 14), Mover(-3.5, 197, 0, 14)),  # keeps its lane
        (Mover(0, 200, 0, 14, report=RIGHT_LAMP), Mover(-3.5, 197, 0, 14)),  # the other side
        (Mover(0, 200, 0, 14, report=HAZARD), Mover(-3.5, 197, 0, 14)),
        (Mover(0, 200, 0, 14, report={"lights": 0b1110000}), Mover(-3.5, 197, 0, 14)),  # all blink
        (LAMP_LEFT, Mover(-3.5, 212, 0, 16)),  # ahead and away
        (LAMP_LEFT, Mover(-3.5, 185, 0, 14)),  # behind, as fast
        (LAMP_LEFT, Mover(-3.5, 193, 0, 9)),  # falls back
        (LAMP_LEFT, Mover(-7.0, 198, 0, 14)),  # two lanes away
        (Mover(0, 200, 0, 0, report=LEFT_LAMP), Mover(-3.5, 197, 0, 14)),  # stands
    ],
)
def test_who_does_not_change_and_who_has_room_is_silent(host, other):
    assert not said(bsw, scene(straight(3), [host, other]))


def test_bad_input_and_an_empty_road_are_silent():
    good = scene(straight(), [LAMP_LEFT, Mover(-3.5, 194, 0, 14)])
    for row in range(2):
        for found in bad(good, row):
            assert not said(bsw, found)
    assert not said(bsw, spoilt(good, 1, heading_rad=np.pi))
    assert not said(bsw, scene(straight(), []))
