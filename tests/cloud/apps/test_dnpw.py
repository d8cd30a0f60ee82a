"""Do not pass warning: on a road of one lane each way, in all directions, around a bend, with mirrored headings."""

from dataclasses import replace

import numpy as np
import pytest

from jinyun.cloud.apps import dnpw
from tests.cloud.apps.crossroads import LEFT_LAMP, bad, said, spoilt
from tests.cloud.apps.roads import COMPASS, curve, moved, turned
from tests.cloud.apps.scenes import Mover, both_ways, scene, straight

HOST, SLOW = Mover(0, 100, 0, 15, report=LEFT_LAMP), Mover(0, 125, 0, 10, "truck")
COMES = Mover(-3.5, 350, 180, 18)


@pytest.mark.parametrize("deg", COMPASS)
def test_a_lamp_to_pass_before_somebody_who_comes_is_warned(deg):
    found = said(dnpw, scene(turned(both_ways(), deg), moved([HOST, SLOW, COMES], deg)))
    assert set(found) == {(1, 3)}
    assert found[1, 3]["value"] == pytest.approx(250 - 4.6, abs=0.5)


def test_a_drift_to_the_left_tells_the_same_and_closing_up_on_a_slow_one_tells_nothing():
    drifts = Mover(-0.8, 100, 357, 15)
    assert set(said(dnpw, scene(both_ways(), [drifts, SLOW, COMES]))) == {(1, 3)}
    closes = Mover(0, 95, 0, 16)
    assert said(dnpw, scene(both_ways(), [closes, Mover(0, 125, 0, 8), COMES])) == {}


def test_who_is_already_aside_of_the_slow_one_is_told_still():
    aside = Mover(-1.6, 100, 352, 12)
    assert set(said(dnpw, scene(both_ways(), [aside, Mover(0.6, 120, 0, 4), Mover(-3.5, 220, 180, 12)]))) == {(1, 3)}


def test_who_goes_over_before_somebody_with_nobody_to_pass_is_told_and_who_slides_or_settles_is_not():
    goes, comes = Mover(-0.8, 100, 355, 12), Mover(-3.5, 190, 180, 12)
    assert set(said(dnpw, scene(both_ways(), [goes, comes]))) == {(1, 2)}
    slides = Mover(-0.8, 100, 355, 12, report={"braking": 4})
    assert not said(dnpw, scene(both_ways(), [slides, comes]))
    assert not said(dnpw, scene(both_ways(), [Mover(-0.8, 100, 357.5, 12), comes]))
    assert not said(dnpw, scene(both_ways(), [goes, Mover(-3.5, 290, 180, 12)]))


@pytest.mark.parametrize("deg", COMPASS)
def test_over_a_hill_who_comes_is_told_as_on_the_plain(deg):
    """Twelve metres up and down again within 200 m: who comes is out of sight, and told all the same."""
    plain = turned(both_ways(), deg)
    points = plain.points
    hilly = replace(plain, points={**points, "z_m": 12 * np.sin(np.pi * points["s_m"] / 200.0) ** 2})
    who = moved([HOST, SLOW, COMES], deg)
    on_the_plain, over_the_hill = said(dnpw, scene(plain, who)), said(dnpw, scene(hilly, who))
    assert set(over_the_hill) == set(on_the_plain) == {(1, 3)}
    assert over_the_hill[1, 3] == on_the_plain[1, 3]


def test_around_a_bend_who_comes_is_told_by_the_way():
    comes = Mover(100, 363.5, 270, 15)
    found = said(dnpw, scene(curve(), [Mover(0, 230, 0, 14, report=LEFT_LAMP), Mover(0, 250, 0, 8), comes]))
    assert set(found) == {(1, 3)}
    assert found[1, 3]["value"] == pytest.approx(70 + 62 * np.pi / 2 + 40 - 4.6, abs=8)


@pytest.mark.parametrize("deg", (0, 90))
@pytest.mark.parametrize(
    "who",
    [
        [HOST, SLOW, Mover(-3.5, 780, 180, 12)],  # far enough
        [HOST, SLOW, Mover(-3.5, 60, 180, 18)],  # is by
        [HOST, COMES],  # nobody to pass
        [Mover(0, 100, 0, 10), SLOW, COMES],  # follows
        [HOST, SLOW],
        [HOST, Mover(0, 125, 0, 22), COMES],  # the one ahead is faster
    ],
)
def test_who_does_not_pass_or_has_room_is_silent(who, deg):
    assert not said(dnpw, scene(turned(both_ways(), deg), moved(who, deg)))


def test_on_a_road_with_a_second_lane_the_same_way_nobody_passes_on_the_wrong_side():
    who = [Mover(0, 100, 0, 15, report=LEFT_LAMP), SLOW, Mover(-3.5, 350, 180, 18)]
    assert not said(dnpw, scene(straight(), who))


@pytest.mark.parametrize("deg", COMPASS)
def test_a_mirrored_heading_makes_nobody_oncoming(deg):
    """One that follows the same way 80 m ahead, and one behind, say that they head back; so does the driver itself."""
    map = turned(both_ways(), deg)
    for wrong in (Mover(0, 205, 0, 15), Mover(0, 330, 0, 15), Mover(0, 60, 0, 15)):
        good = scene(map, moved([HOST, SLOW, wrong], deg))
        assert not said(dnpw, good)
        mirrored = (good.tracks["heading_rad"][2] + np.pi) % (2 * np.pi)
        assert not said(dnpw, spoilt(good, 2, heading_rad=mirrored))
    good = scene(map, moved([HOST, SLOW, COMES], deg))
    assert not said(dnpw, spoilt(good, 0, heading_rad=(good.tracks["heading_rad"][0] + np.pi) % (2 * np.pi)))
    assert not said(dnpw, spoilt(good, 2, heading_rad=(good.tracks["heading_rad"][2] + np.pi) % (2 * np.pi)))


def test_bad_input_and_an_empty_road_are_silent():
    good = scene(both_ways(), [HOST, SLOW, COMES])
    for row in range(3):
        for found in bad(good, row):
            assert not said(dnpw, found)
    assert not said(dnpw, scene(both_ways(), []))
