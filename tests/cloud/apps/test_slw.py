"""Speed limit warning: clearly above a known limit of a certain lane."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from jinyun.cloud.apps import slw
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.roadevents import Posting
from tests.cloud.apps.roads import COMPASS, Item, curve, moved, own, posted, signalled, turned
from tests.cloud.apps.scenes import Mover, scene, straight
from tests.hdmap.town import changed


def told(found: Scene) -> dict[int, float]:
    said = slw.advise(found, own("SLW"))
    return dict(zip(said["receiver"].tolist(), said["value"].tolist(), strict=True))


@pytest.mark.parametrize("deg", COMPASS)
def test_who_is_clearly_above_the_limit_is_told_it(deg: float) -> None:
    map = turned(straight(2, 600.0, 60 / 3.6), deg)
    who = [Mover(0, 100, 0, 72 / 3.6), Mover(0, 200, 0, 64 / 3.6), Mover(-3.5, 100, 0, 60 / 3.6),
           Mover(-3.5, 300, 0, 100 / 3.6), Mover(0, 400, 0, 90 / 3.6, "ambulance", report={"siren": 2})]  # fmt: skip
    assert told(scene(map, moved(who, deg))) == {1: pytest.approx(60), 4: pytest.approx(60)}


def test_a_sign_lowers_the_limit_where_it_holds_and_never_raises_it() -> None:
    map = straight(2, 600.0, 60 / 3.6)
    there = Item(0, 200, 1, path=((0, 200), (0, 300)), radius_m=5, posting=Posting.SIGN)
    signs = [replace(there, limit_kmh=limit) for limit in (40, 90)]
    who = [Mover(0, y, 0, 55 / 3.6) for y in (100, 250, 350)] + [Mover(-3.5, 250, 0, 70 / 3.6)]
    assert told(scene(map, who, posted=posted(map, signs))) == {2: pytest.approx(40), 4: pytest.approx(40)}


def test_where_the_limit_or_the_lane_is_not_known_nobody_is_blamed() -> None:
    unknown = changed(straight(), "lanes", [0, 1], speed_limit_mps=np.nan)
    assert not told(scene(unknown, [Mover(0, 100, 0, 40)]))
    doubtful = scene(straight(), [Mover(-1.75, 100, 0, 25)])
    assert doubtful.located.certainty[0] < 0.7 and not told(doubtful)
    bad = [Mover(0, 100, np.nan, 10), Mover(0, 100, 0, np.nan), Mover(80, 100, 0, 40), Mover(0, 50, 0, 30, "bicycle")]
    assert not told(scene(straight(), bad)) and not told(scene(straight(), []))
    assert not told(scene(signalled(), [Mover(0, -5.25, 90, 30)]))  # inside a junction
    assert told(scene(curve(), [Mover(60 - 60 * np.cos(0.8), 300 + 60 * np.sin(0.8), 46, 20)])) == {
        1: pytest.approx(54)
    }
