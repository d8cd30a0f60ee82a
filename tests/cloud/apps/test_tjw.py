"""Traffic jam warning: a creeping row ahead on one's own way; not the opposite one, not a queue that a green will clear."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud.apps import tjw
from jinyun.cloud.apps.scene import Scene
from tests.cloud.apps.roads import COMPASS, curve, light, moved, own, signalled, turned
from tests.cloud.apps.scenes import Mover, both_ways, scene


def told(found: Scene) -> dict[int, float]:
    said = tjw.advise(found, own("TJW"))
    return dict(zip(said["receiver"].tolist(), said["value"].tolist(), strict=True))


def row(first_m: float, many: int, speed: float = 1.0, x_m: float = 0.0, apart_m: float = 9.0) -> list[Mover]:
    """Return vehicles behind each other to the south of a place."""
    return [Mover(x_m, first_m - apart_m * k, 0, speed) for k in range(many)]


@pytest.mark.parametrize("deg", COMPASS)
def test_who_comes_to_a_jam_is_told_the_metres_to_its_tail(deg: float) -> None:
    who = [Mover(0, 200, 0, 15), Mover(-3.5, 500, 180, 15), Mover(0, 450, 0, 15), *row(400, 8)]
    found = told(scene(turned(both_ways(), deg), moved(who, deg)))
    assert found == {1: pytest.approx(400 - 7 * 9 - 200 - 2 * 2.3, abs=0.5)}


def test_a_few_slow_ones_a_fast_row_and_one_far_apart_are_no_jam() -> None:
    host = Mover(0, 200, 0, 15)
    for others in (row(400, 4), row(400, 8, 9.0), row(400, 6, 1.0, 0.0, 35.0), row(400, 8, np.nan)):
        assert not told(scene(both_ways(), [host, *others]))
    assert not told(scene(both_ways(), []))
    assert not told(scene(both_ways(), [Mover(0, 200, np.nan, 15), *row(400, 8, 1.0, 90.0)]))


def test_around_a_bend_the_way_is_measured() -> None:
    jam = [Mover(150 - 8 * k, 360, 90, 0.5) for k in range(7)]
    found = told(scene(curve(), [Mover(0, 250, 0, 14), *jam]))
    assert found == {1: pytest.approx(50 + 30 * np.pi + 42 - 4.6, abs=1.0)}


def queue(many: int, front_m: float = -16.0) -> list[Mover]:
    return [Mover(front_m - 3 - 7 * k, -5.25, 90, 0.0) for k in range(many)]


def test_a_queue_at_a_light_is_no_jam_unless_a_green_does_not_clear_it() -> None:
    host, red = Mover(-190, -5.25, 90, 13), [light(1, 3, 10)]
    assert not told(scene(signalled(), [host, *queue(9)], red))
    assert set(told(scene(signalled(), [host, *queue(17)], red))) == {1}  # 30 s of green let 14 pass
    assert set(told(scene(signalled(), [host, *queue(9, -60.0)], red))) == {1}  # what holds it is not the light
    starting = [Mover(-25, -5.25, 90, 8.0), *queue(8, -40.0)]
    assert not told(scene(signalled(), [host, *starting], [light(1, 6, 10)]))
