"""In-vehicle signage: the signs that hold on the lane ahead, in every direction, and not those of others."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud.apps import ivs
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.roadevents import Posting
from tests.cloud.apps.roads import COMPASS, Item, curve, moved, own, posted, turned
from tests.cloud.apps.scenes import Mover, both_ways, scene


def told(found: Scene) -> dict[int, float]:
    said = ivs.advise(found, own("IVS"))
    return dict(zip(said["receiver"].tolist(), said["value"].tolist(), strict=True))


@pytest.mark.parametrize("deg", COMPASS)
def test_a_sign_is_shown_to_those_who_come_to_it(deg: float) -> None:
    map = turned(both_ways(), deg)
    sign = posted(map, [Item(3, 300, 85, posting=Posting.SIGN)], deg)
    who = [
        Mover(0, 240, 0, 15),
        Mover(-3.5, 350, 180, 15),
        Mover(0, 150, 0, 15),
        Mover(0, 310, 0, 15),
        Mover(0, 290, 0, 0),
    ]
    assert told(scene(map, moved(who, deg), posted=sign)) == {1: 85}


def test_around_a_bend_dangers_events_and_bad_tracks() -> None:
    sign = posted(
        curve(), [Item(80, 358, 85, posting=Posting.SIGN), Item(80, 358, 38, posting=Posting.SIGN), Item(80, 358, 38)]
    )
    assert told(scene(curve(), [Mover(20, 344, 42, 14), Mover(120, 363.5, 270, 14)], posted=sign)) == {1: 85}
    assert not told(
        scene(curve(), [Mover(20, 344, np.nan, 14), Mover(20, 344, 42, np.nan), Mover(0, 900, 0, 14)], posted=sign)
    )
    assert not told(scene(curve(), [], posted=sign)) and not told(scene(curve(), [Mover(20, 344, 42, 14)]))
