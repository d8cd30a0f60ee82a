"""Green-wave speed advice: driven as advised one arrives within the green, worked out here by small steps."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud.apps import glosa
from jinyun.cloud.apps.scene import Scene
from tests.cloud.apps.roads import COMPASS, light, moved, own, signalled
from tests.cloud.apps.scenes import Mover, scene
from tests.hdmap.town import changed

GREEN, RED = 6, 3
GREEN_S, RED_S = 30.0, 30.0  # the town's program


def advice(found: Scene) -> dict[int, float]:
    said = glosa.advise(found, own("GLOSA"))
    return dict(zip(said["receiver"].tolist(), said["value"].tolist(), strict=True))


def one(metres: float, speed: float, lane_y: float = -5.25) -> Mover:
    return Mover(-16 - metres - 2.3, lane_y, 90, speed)


def arrival_s(metres: float, speed: float, wanted: float) -> float:
    """Return when one arrives that changes its speed by 1 m/s each second, in steps of 10 ms."""
    t = 0.0
    while metres > 0:
        speed += float(np.clip(wanted - speed, -0.01, 0.01))
        metres, t = metres - speed * 0.01, t + 0.01
    return t


@pytest.mark.parametrize("deg", COMPASS)
@pytest.mark.parametrize("now", [GREEN, RED])
@pytest.mark.parametrize("left_s", [4.0, 9.0, 16.0])
def test_who_follows_the_advice_arrives_in_green_below_the_limit(deg: float, now: int, left_s: float) -> None:
    map, limit = signalled(deg), 15.0
    for metres, speed in ((60.0, 12.0), (120.0, 8.0), (170.0, 14.0)):
        said = advice(scene(map, moved([one(metres, speed)], deg), [light(1, now, left_s)]))
        for value in said.values():
            assert 20 <= value <= limit * 3.6
            t = arrival_s(metres, speed, value / 3.6)
            begins = left_s if now == RED else left_s + RED_S
            assert (now == GREEN and t < left_s - 1) or begins + 1 < t < begins + GREEN_S - 1
        if now == RED and left_s == 9.0 and metres >= 120:
            assert said, (metres, speed)  # at 20 to 54 km/h some speed arrives within


def test_the_queue_that_stands_at_the_line_is_waited_for() -> None:
    free = advice(scene(signalled(), [one(130, 12)], [light(1, RED, 8)]))
    behind = advice(scene(signalled(), [one(130, 12), *(one(1 + 7 * k, 0) for k in range(3))], [light(1, RED, 8)]))
    assert arrival_s(130, 12, behind[1] / 3.6) > 8 + 2 + 3 * 2 > arrival_s(130, 12, free[1] / 3.6)
    beside = advice(
        scene(signalled(), [one(130, 12), *(one(1 + 7 * k, 0, -1.75) for k in range(3))], [light(1, RED, 8)])
    )
    assert beside[1] == free[1]


def test_without_a_sound_countdown_limit_or_way_nobody_is_advised() -> None:
    map, red = signalled(), [light(1, RED, 9)]
    assert advice(scene(map, [one(120, 10)], red))
    assert not advice(scene(map, [one(120, 10)], [light(1, RED, None)]))
    assert not advice(scene(map, [one(120, 10)], [light(1, 0, 9)]))
    assert not advice(scene(map, [one(120, 10)], red, foretold_s=np.array([6.0, 0.2, 0.2])))
    assert advice(scene(map, [one(120, 10)], red, foretold_s=np.array([np.nan, 0.2, 0.2])))
    assert not advice(scene(changed(map, "lanes", [0, 1], speed_limit_mps=np.nan), [one(120, 10)], red))
    two_ways = changed(map, "links", [2], group=1)  # straight and left from one lane under two lights
    assert not advice(scene(two_ways, [one(120, 10, -1.75)], red))
    assert not advice(scene(map, [one(120, np.nan), one(6, 10), one(100, 1.0)], red))
    assert not advice(scene(map, [], red))
