"""Near-field payment: an offer to those connected who are about to pass a place of payment."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.cloud.apps import vnfp
from jinyun.cloud.roadevents import Posting
from tests.cloud.apps.roads import COMPASS, Item, moved, own, posted, turned
from tests.cloud.apps.scenes import Mover, both_ways, scene


@pytest.mark.parametrize("deg", COMPASS)
def test_the_offer_goes_to_connected_vehicles_that_come_to_the_toll(deg: float) -> None:
    map = turned(both_ways(), deg)
    toll = posted(map, [Item(2, 300, posting=Posting.TOLL, price_yuan=5)], deg)
    who = [
        Mover(0, 200, 0, 15), Mover(0, 230, 0, 15, connected=False), Mover(-3.5, 400, 180, 15), Mover(0, 320, 0, 15),
        Mover(0, 260, 0, 15, "ambulance", report={"siren": 2}), Mover(0, 280, 0, 0), Mover(0, 270, np.nan, 15),
    ]  # fmt: skip
    found = vnfp.advise(scene(map, moved(who, deg), posted=toll), own("VNFP"))
    assert found["receiver"].tolist() == [1] and found["value"].tolist() == [5]
    assert not len(vnfp.advise(scene(map, moved(who, deg)), own("VNFP")))
    assert not len(vnfp.advise(scene(map, [], posted=toll), own("VNFP")))
