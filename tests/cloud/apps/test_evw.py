"""Emergency vehicle warning: those on its way and those who would cross it make way; nobody on the other side."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud.apps import evw
from jinyun.cloud.apps.scene import Scene
from tests.cloud.apps.roads import COMPASS, curve, light, moved, own, signalled, turned
from tests.cloud.apps.scenes import Mover, both_ways, scene, straight

SIREN = {"siren": 2}


def told(found: Scene) -> dict[int, float]:
    said = evw.advise(found, own("EVW"))
    return dict(zip(said["receiver"].tolist(), said["value"].tolist(), strict=True))


@pytest.mark.parametrize("deg", COMPASS)
def test_those_ahead_on_its_lane_make_way_and_those_beside_stay(deg: float) -> None:
    ev = Mover(-3.5, 100, 0, 20, "ambulance", report=SIREN)
    who = [
        ev,
        Mover(-3.5, 200, 0, 10),
        Mover(0, 180, 0, 10),
        Mover(-3.5, 50, 0, 10),
        Mover(-3.5, 550, 0, 10),
        Mover(0, 300, 0, 0),
    ]
    found = told(scene(turned(straight(), deg), moved(who, deg)))
    assert found == {2: 1, 3: 0, 6: 0}  # to the right; not who is behind it or beyond its reach
    right = [Mover(0, 100, 0, 20, "ambulance", report=SIREN), Mover(0, 200, 0, 10)]
    assert told(scene(turned(straight(), deg), moved(right, deg))) == {2: -1}


def test_the_opposite_carriageway_goes_on() -> None:
    who = [Mover(0, 100, 0, 20, "ambulance", report=SIREN), Mover(-3.5, 200, 180, 14), Mover(0, 220, 0, 14)]
    assert told(scene(both_ways(), who)) == {3: 1}
    bend = [Mover(0, 280, 0, 14, "ambulance", report=SIREN), Mover(100, 360, 90, 8), Mover(100, 363.5, 270, 8)]
    assert set(told(scene(curve(), bend))) == {2}


@pytest.mark.parametrize(
    "ev",
    [
        Mover(0, 100, 0, 20, "ambulance"),  # not on duty
        Mover(0, 100, 0, 20, "car", report={"lightbar": 2}),  # yellow lamps of a works vehicle are no emergency
        Mover(0, 100, 0, 0, "ambulance", report=SIREN),  # stands
        Mover(0, 100, np.nan, 20, "ambulance", report=SIREN),
        Mover(90, 100, 0, 20, "ambulance", report=SIREN),  # off the map
        Mover(0, 100, 0, np.nan, "ambulance", report=SIREN),
    ],
)
def test_nobody_makes_way_for_who_needs_none(ev: Mover) -> None:
    assert not told(scene(straight(), [ev, Mover(0, 200, 0, 10)]))
    assert not told(scene(straight(), []))


@pytest.mark.parametrize("deg", COMPASS)
def test_who_would_cross_its_way_waits(deg: float) -> None:
    green = [light(1, 6, 20), light(2, 3, 20)]
    ev = Mover(-90, -5.25, 90, 15, "ambulance", report={"response": 1})
    crossing, late, leaving = Mover(1.75, -55, 0, 9), Mover(1.75, -190, 0, 9), Mover(1.75, 40, 0, 9)
    waiting = Mover(1.75, -20, 0, 0.0)
    found = told(scene(signalled(deg), moved([ev, crossing, late, leaving], deg), green))
    assert found == {2: 0}
    assert told(scene(signalled(deg), moved([ev, waiting], deg), green)) == {2: 0}
