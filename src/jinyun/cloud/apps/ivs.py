"""In-vehicle signage IVS (车内标牌): the signs that hold on the lane ahead, shown once to whoever comes to them.

Signs of RSI and of the zone, but those of dangers (:mod:`.hlw` tells them) and places of payment (:mod:`.vnfp`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.hlw import hazards
from jinyun.cloud.apps.relations.passing import comes_to
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.roadevents import Posting


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who comes to which sign; ``place`` is its number here, ``value`` its code in GB 5768.2 as sent."""
    if not len(scene.posted) or not len(scene.coming.track):
        return NOTHING
    sign = (scene.posted.rows["posting"] == Posting.SIGN) & ~hazards(scene, parameters)
    its = comes_to(scene, sign, parameters)
    return advice(
        scene.id[its.row], place=its.posted["number"], urgency=Urgency.INFORM, x_m=its.posted["x_m"],
        y_m=its.posted["y_m"], after_s=its.after_s, probability=its.probability, value=its.posted["code"],
    )  # fmt: skip


ABOUT = Application(
    id="IVS", zh="车内标牌", en="In-vehicle signage", day=1, reads=("tracks", "paths", "posted"), receivers="vehicle",
    messages=("rsi",), says_zh="前方标志 {value:.0f}（GB 5768.2）", says_en="Sign {value:.0f} (GB 5768.2) ahead", unit="",
    advise=advise,
)  # fmt: skip
