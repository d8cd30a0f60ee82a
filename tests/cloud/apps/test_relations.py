"""Who is ahead and who is beside, on roads where it can be said by hand."""

import numpy as np
import pytest

from tests.cloud.apps.scenes import Mover, scene, straight


def test_the_one_ahead_is_the_next_in_the_lane_bumper_to_bumper():
    found = scene(
        straight(), [Mover(0, 100, 0, 15), Mover(0, 160, 0, 9), Mover(0, 130, 0, 10), Mover(-3.5, 110, 0, 5)]
    ).ahead
    assert found.row.tolist() == [2, -1, 1, -1]
    assert found.gap_m[0] == pytest.approx(30 - 4.6)
    assert found.closing_mps[0] == pytest.approx(5)
    assert found.ttc_s[0] == pytest.approx((30 - 4.6) / 5)
    assert np.isinf(found.ttc_s[1])


def test_who_is_beside_is_told_ahead_and_behind_on_each_side():
    found = scene(
        straight(3), [Mover(-3.5, 100, 0, 15), Mover(0, 120, 0, 9), Mover(0, 80, 0, 9), Mover(-7, 101, 0, 15)]
    ).beside
    assert found.lane[0].tolist() == [2, 0]
    assert (found.ahead[0, 1], found.behind[0, 1]) == (1, 2)
    assert found.ahead_m[0, 1] == pytest.approx(20 - 4.6)
    assert found.behind_m[0, 1] == pytest.approx(20 - 4.6)
    assert found.ahead[0, 0] == 3
    assert found.ahead_m[0, 0] == pytest.approx(1 - 4.6)  # abreast
    assert found.lane[1].tolist() == [1, -1]


def test_the_one_ahead_is_found_on_the_next_lane_of_the_way():
    from tests.hdmap.drawn import lanes_of

    map = lanes_of([[(0, 0), (0, 100)], [(0, 100), (0, 300)]], edge=[0, 1], after=[(0, 1)],
                   tables={"links": {"start": [0], "end": [1], "via": [-1], "turn": [1], "group": [-1]}})  # fmt: skip
    found = scene(map, [Mover(0, 80, 0, 12), Mover(0, 140, 0, 2)]).ahead
    assert found.row[0] == 1
    assert found.gap_m[0] == pytest.approx(60 - 4.6, abs=0.1)
