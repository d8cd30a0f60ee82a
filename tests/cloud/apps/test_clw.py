"""Control loss warning: who comes near one that slides, by straight motion."""

import numpy as np
import pytest

from jinyun.cloud.apps import clw
from jinyun.cloud.apps.scene import EVENTS
from tests.cloud.apps.crossroads import bad, crossroads, said, spoilt
from tests.cloud.apps.roads import COMPASS, curve, moved, turned
from tests.cloud.apps.scenes import Mover, both_ways, scene, straight

SLIDES = Mover(0, 150, 0, 10, report={"braking": 4})


@pytest.mark.parametrize("deg", COMPASS)
def test_who_follows_and_who_comes_towards_are_told(deg):
    who = [Mover(0, 110, 0, 14), SLIDES, Mover(-3.5, 220, 180, 14)]
    found = said(clw, scene(turned(both_ways(), deg), moved(who, deg)))
    assert set(found) == {(1, 2), (3, 2)}
    assert found[1, 2]["value"] == pytest.approx(40, abs=0.1)
    assert found[3, 2]["after_s"] == pytest.approx(70 / 24, abs=0.1)


def test_events_a_spin_and_a_bend_count():
    tells = Mover(0, 150, 0, 10, report={"events": EVENTS["stability"]})
    assert set(said(clw, scene(straight(), [Mover(0, 120, 0, 14), tells]))) == {(1, 2)}
    good = scene(straight(), [Mover(0, 120, 0, 14), Mover(0, 150, 0, 12)])
    assert not said(clw, good)
    assert set(said(clw, spoilt(good, 1, yaw_rps=0.9))) == {(1, 2)}  # 10.8 m/s² sideways: no tyre holds that
    around = Mover(17.6, 342.4, 45, 8, report={"braking": 8})
    assert (1, 2) in said(clw, scene(curve(), [Mover(0, 290, 0, 14), around]))


def test_who_has_one_sliding_ahead_in_the_lane_beside_is_told():
    follows = Mover(-3.5, 115, 0, 11)
    assert set(said(clw, scene(straight(), [follows, SLIDES]))) == {(1, 2)}


@pytest.mark.parametrize(
    "who",
    [
        [Mover(0, 110, 0, 14), Mover(0, 150, 0, 10, report={"braking": 1})],  # the pedal alone
        [Mover(0, 170, 0, 14), SLIDES],  # it is behind, and slower
        [Mover(0, 20, 0, 14), SLIDES],  # far
        [Mover(-7, 150, 0, 10), SLIDES],  # beside, as fast
        [Mover(0, 110, 0, 0), SLIDES],  # stands
        [Mover(0, 110, 0, 14), Mover(0, 150, 0, 1, report={"braking": 4})],  # nearly stands itself
    ],
)
def test_who_does_not_come_near_is_silent(who):
    assert not said(clw, scene(straight(3), who))


def test_a_town_bend_driven_as_usual_is_no_slide():
    good = scene(curve(), [Mover(0, 290, 0, 12), Mover(17.6, 342.4, 45, 12)])
    assert not said(clw, spoilt(good, 1, yaw_rps=12 / 60))


def test_in_a_junction_only_what_it_tells_counts():
    """A turn taken there fast looks like a spin to whoever sees only headings."""
    who = [Mover(1.75, -40, 0, 14), Mover(1.75, 0, 0, 12)]
    assert not said(clw, spoilt(scene(crossroads(), who), 1, yaw_rps=0.9))
    who[1] = Mover(1.75, 0, 0, 12, report={"braking": 4})
    assert (1, 2) in said(clw, scene(crossroads(), who))


def test_bad_input_and_an_empty_road_are_silent():
    good = scene(straight(), [Mover(0, 120, 0, 14), SLIDES])
    assert said(clw, good)
    for row in range(2):
        for found in bad(good, row):
            assert not said(clw, found)
    assert not said(clw, spoilt(good, 0, x_m=np.inf))
    assert not said(clw, scene(straight(), []))
