"""Red-light violation warning: who will pass at red by the physics of braking, and nobody else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from jinyun.cloud.apps import rlvw
from jinyun.cloud.apps.scene import Scene
from tests.cloud.apps.roads import COMPASS, light, moved, own, signalled
from tests.cloud.apps.scenes import Mover, scene
from tests.hdmap.town import changed

GREEN, RED, YELLOW = 6, 3, 7


def told(found: Scene) -> list[int]:
    return [int(id) for id in rlvw.advise(found, own("RLVW"))["receiver"]]


def one(metres: float, speed: float, **more: Any) -> Mover:
    """Return a car in the right lane from the west whose front is so far before the line at x = -16."""
    return Mover(-16 - metres - 2.3, -5.25, 90, speed, **more)


@pytest.mark.parametrize("deg", COMPASS)
def test_who_needs_hard_braking_to_stop_at_red_and_does_not_brake_is_warned(deg: float) -> None:
    map = signalled(deg)
    found = scene(map, moved([one(16, 14), Mover(1.75, -16 - 60, 0, 14)], deg), [light(1, RED, 20), light(2, RED, 20)])
    said = rlvw.advise(found, own("RLVW"))
    assert said["receiver"].tolist() == [1]
    assert said["value"][0] == pytest.approx((14 - 2 * 0.15) ** 2 / (2 * 17), rel=0.02)
    assert said["after_s"][0] == pytest.approx(16 / 14, rel=0.02)


@pytest.mark.parametrize(
    ("car", "lights"),
    [
        (one(16, 14, accel_mps2=-3.5), light(1, RED, 20)),  # brakes
        (one(16, 14), light(1, GREEN, 20)),
        (one(16, 14), light(1, RED, 1.0)),  # green when it comes
        (one(30, 14), light(1, RED, 20)),  # everyday braking will do
        (one(16, 14), light(1, YELLOW, 2.0)),  # passes at yellow
        (one(16, 14), light(2, RED, 20)),  # another's light
        (one(16, 14), light(1, 0, 20)),  # no light known
        (one(-1, 14), light(1, RED, 20)),  # over the line
        (one(25, np.nan), light(1, RED, 20)),
        (one(1, 4.5), light(1, RED, 20)),
        (one(16, 14, body="ambulance", report={"siren": 2}), light(1, RED, 20)),
    ],
)
def test_nobody_else_is(car: Mover, lights: dict[str, int]) -> None:
    assert told(scene(signalled(), [car], [lights])) == []


def test_yellow_that_is_red_on_arrival_and_a_red_without_countdown_count() -> None:
    assert told(scene(signalled(), [one(16, 14)], [light(1, YELLOW, 0.5)])) == [1]
    assert told(scene(signalled(), [one(16, 14)], [light(1, RED, None)])) == [1]


def test_behind_one_that_stops_the_other_warning_speaks_and_a_turn_without_light_is_free() -> None:
    assert told(scene(signalled(), [one(16, 14), one(4, 1.0)], [light(1, RED, 20)])) == []
    assert told(scene(signalled(), [one(18, 15), one(6, 15)], [light(1, RED, 20)])) == [1, 2]
    free = changed(signalled(), "links", [0], group=-1, turn=4)
    assert told(scene(free, [one(16, 14)], [light(1, RED, 20)])) == []
    assert told(scene(signalled(), [], [light(1, RED, 20)])) == []
