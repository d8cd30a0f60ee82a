"""Emergency brake warning: who must brake for one that brakes hard, by the distances in which both stand."""

import numpy as np
import pytest

from jinyun.cloud.apps import ebw
from jinyun.cloud.apps.scene import EVENTS
from tests.cloud.apps.crossroads import bad, said, spoilt
from tests.cloud.apps.roads import COMPASS, curve, moved, turned
from tests.cloud.apps.scenes import Mover, scene, straight

BRAKES = Mover(0, 160, 0, 14, accel_mps2=-6.0)


@pytest.mark.parametrize("deg", COMPASS)
def test_those_behind_are_told_however_many_drive_between(deg):
    who = [Mover(0, 110, 0, 15), Mover(0, 127, 0, 15), BRAKES]
    found = said(ebw, scene(turned(straight(), deg), moved(who, deg)))
    assert set(found) == {(1, 3), (2, 3)}
    assert found[1, 3]["value"] == pytest.approx(50 - 4.6, abs=0.1)


def test_the_event_that_a_vehicle_tells_counts_before_its_track_shows_it_and_a_bend_is_followed():
    tells = Mover(0, 130, 0, 14, accel_mps2=-1.0, report={"events": EVENTS["hard_braking"]})
    assert set(said(ebw, scene(straight(), [Mover(0, 100, 0, 15), tells]))) == {(1, 2)}
    around = Mover(17.6, 342.4, 45, 12, accel_mps2=-6.0)
    assert set(said(ebw, scene(curve(), [Mover(0, 295, 0, 14), around]))) == {(1, 2)}


@pytest.mark.parametrize(
    "who",
    [
        [Mover(0, 130, 0, 15), Mover(0, 160, 0, 14, accel_mps2=-2.5)],  # an everyday braking
        [Mover(0, 130, 0, 15, accel_mps2=-6.0), BRAKES],  # brakes as hard
        [Mover(0, 190, 0, 15), BRAKES],  # it is behind
        [Mover(-3.5, 140, 0, 15), BRAKES],  # in the other lane
        [Mover(0, 20, 0, 15), BRAKES],  # far
        [Mover(0, 130, 0, 5), BRAKES],  # slow, with room
        [Mover(0, 130, 0, 15), Mover(0, 160, 0, 15, accel_mps2=2.0, report={"events": EVENTS["hard_braking"]})],
    ],
)
def test_who_need_not_brake_is_silent(who):
    assert not said(ebw, scene(straight(), who))


def test_bad_input_and_an_empty_road_are_silent():
    good = scene(straight(), [Mover(0, 130, 0, 15), BRAKES])
    assert said(ebw, good)
    for row in range(2):
        for found in bad(good, row):
            assert not said(ebw, found)
    assert not said(ebw, spoilt(good, 1, heading_rad=np.pi))
    assert not said(ebw, scene(straight(), []))
