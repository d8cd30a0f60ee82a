"""Intersection collision warning: held against the times and rooms of straight motion, at a junction drawn by hand."""

import numpy as np
import pytest

from jinyun.cloud.apps import icw
from tests.cloud.apps.crossroads import EAST_WEST, NORTH_SOUTH, bad, crossroads, lights_for, said, spoilt
from tests.cloud.apps.roads import COMPASS, moved
from tests.cloud.apps.scenes import Mover, scene

# both reach the middle after 2.5 s; neither could stop with 3.5 m/s² after a second
NORTH, WEST_TO_EAST = Mover(1.75, -29.0, 0, 12), Mover(-29.0, -1.75, 90, 12)


@pytest.mark.parametrize("deg", COMPASS)
def test_two_who_come_across_and_go_on_are_both_warned(deg):
    found = said(icw, scene(crossroads(), moved([NORTH, WEST_TO_EAST], deg)))
    assert set(found) == {(1, 2), (2, 1)}
    assert found[1, 2]["value"] == pytest.approx(29.0 - 1.75 - 1.8 / 2 - 4.6 / 2, abs=2.5)


def test_who_brakes_as_it_takes_is_not_warned_and_is_no_threat():
    yields = Mover(-29.0, -1.75, 90, 12, accel_mps2=-4.0)
    assert not said(icw, scene(crossroads(), [NORTH, yields]))


@pytest.mark.parametrize(
    "other",
    [
        Mover(-29.0, -1.75, 90, 0.0),  # stands
        Mover(-80.0, -1.75, 90, 12.0),  # comes long after
        Mover(-29.0, -1.75, 90, 5.0),  # slow enough to stop
        Mover(-1.75, 29.0, 180, 12.0),  # straight towards, in its own lane
        Mover(1.75, -45.0, 0, 12.0),  # behind
        Mover(-12.0, -1.75, 90, 14.0),  # is by
    ],
)
def test_who_is_no_threat_is_silent(other):
    assert not said(icw, scene(crossroads(), [NORTH, other]))


def test_streams_held_apart_by_lights_are_silent_and_one_that_runs_red_is_not():
    lit = crossroads(True)
    held = Mover(-45.0, -1.75, 90, 11, accel_mps2=-2.0)
    assert not said(icw, scene(lit, [NORTH, held], lights_for(NORTH_SOUTH)))
    runs = Mover(-24.0, -1.75, 90, 14)  # 9 m before its red line at 14 m/s: it cannot stop any more
    found = said(icw, scene(lit, [Mover(1.75, -24.0, 0, 13), runs], lights_for(NORTH_SOUTH)))
    assert (1, 2) in found
    found = said(icw, scene(lit, [Mover(1.75, -24.0, 0, 13), runs], lights_for(EAST_WEST)))
    assert (2, 1) in found  # now the other one runs it


TRUE_PAIR = {(1, 2), (2, 1)}


@pytest.mark.parametrize("deg", COMPASS)
@pytest.mark.parametrize("row", (0, 1))
def test_a_mirrored_heading_warns_of_nobody_but_the_one_who_truly_comes(row, deg):
    """Of three - two who meet and one who is by already - one says that it heads back."""
    by = Mover(-12.0, -1.75, 90, 14.0)
    good = scene(crossroads(), moved([NORTH, WEST_TO_EAST, by], deg))
    assert set(said(icw, good)) == TRUE_PAIR
    for which in (row, 2):
        back = (good.tracks["heading_rad"][which] + np.pi) % (2 * np.pi)
        assert set(said(icw, spoilt(good, which, heading_rad=back))) <= TRUE_PAIR


@pytest.mark.parametrize(
    "without",
    [(8,), (9,), (8, 9), (1,), (0, 1), (8, 9, 10, 11), tuple(range(8, 20))],
    ids=lambda lanes: "lanes " + ",".join(map(str, lanes)),
)
def test_where_the_map_lacks_a_lane_it_is_right_or_silent(without):
    broken = crossroads(without=without)
    assert set(said(icw, scene(broken, [NORTH, WEST_TO_EAST]))) <= TRUE_PAIR
    for harmless in (Mover(-80.0, -1.75, 90, 12.0), Mover(-1.75, 29.0, 180, 12.0), Mover(1.75, -45.0, 0, 12.0)):
        assert not said(icw, scene(broken, [NORTH, harmless]))


def test_bad_input_and_an_empty_junction_are_silent():
    good = scene(crossroads(), [NORTH, WEST_TO_EAST])
    for row in range(2):
        for found in bad(good, row):
            assert not said(icw, found)
    assert not said(icw, spoilt(good, 1, x_m=500.0, y_m=500.0))
    assert not said(icw, scene(crossroads(), []))
