"""Left turn assist: against oncoming vehicles whose arrival can be worked out, at a junction drawn by hand."""

import pytest

from jinyun.cloud.apps import lta
from tests.cloud.apps.crossroads import LEFT_LAMP, bad, crossroads, said, spoilt
from tests.cloud.apps.roads import COMPASS, moved
from tests.cloud.apps.scenes import Mover, scene

TURNS = Mover(1.2, -7.8, 342, 6.0)  # its way has begun to bend to the left
COMES = Mover(-1.75, 29.0, 180, 12.0)


@pytest.mark.parametrize("deg", COMPASS)
def test_who_turns_left_into_a_gap_too_small_is_warned_and_the_oncoming_is_not(deg):
    found = said(lta, scene(crossroads(), moved([TURNS, COMES], deg)))
    assert set(found) == {(1, 2)}
    assert 0.5 < found[1, 2]["value"] < 3.5  # the oncoming one's front reaches the way of the other


def test_a_lamp_tells_of_the_turn_before_the_way_bends():
    before = Mover(1.75, -20.0, 0, 7.5, report=LEFT_LAMP)
    found = scene(crossroads(), [before, Mover(-1.75, 36.0, 180, 12.0, report={"lights": 1})])
    assert set(said(lta, spoilt(found, 0))) == {(1, 2)}
    assert not said(lta, scene(crossroads(), [Mover(1.75, -20.0, 0, 12.0), Mover(-1.75, 42.0, 180, 12.0)]))


def test_of_two_who_come_the_first_is_told():
    found = said(lta, scene(crossroads(), [TURNS, Mover(-1.75, 39.0, 180, 12.0), COMES]))
    assert set(found) == {(1, 3)}


@pytest.mark.parametrize(
    ("host", "other"),
    [
        (TURNS, Mover(-1.75, 110.0, 180, 12.0)),  # a gap of nine seconds
        (TURNS, Mover(-1.75, -6.0, 180, 12.0)),  # is by
        (Mover(1.2, -7.8, 342, 0.0), COMES),  # stands and waits
        (Mover(1.68, -10.63, 354, 4.0, accel_mps2=-3.0), COMES),  # stops before the other
        (TURNS, Mover(-1.75, 29.0, 180, 6.0, accel_mps2=-4.0)),  # the other stops
        (TURNS, Mover(-29.0, -1.75, 90, 0.0)),  # from the side, waiting
        (TURNS, Mover(-1.75, 29.0, 180, 12.0, report=LEFT_LAMP)),  # the other will turn left, too
    ],
)
def test_who_may_turn_or_does_not_is_silent(host, other):
    assert not said(lta, scene(crossroads(), [host, other]))


def test_bad_input_and_an_empty_junction_are_silent():
    good = scene(crossroads(), [TURNS, COMES])
    for row in range(2):
        for found in bad(good, row):
            assert not said(lta, found)
    assert not said(lta, spoilt(good, 1, x_m=500.0, y_m=500.0))
    assert not said(lta, scene(crossroads(), []))
