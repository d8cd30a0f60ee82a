"""In-vehicle signage IVS (车内标牌): the signs that hold on the lane ahead, shown once to whoever comes to them.

Signs of RSI and of the zone, but those of dangers (:mod:`.hlw` tells them) and places of payment (:mod:`.vnfp`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.hlw import hazards
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.roadevents import Posting


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who comes to which sign; ``place`` is its number here, ``value`` its code in GB 5768.2 as sent."""
    if not len(scene.posted) or not len(scene.coming.track):
        return NOTHING
    sign = (scene.posted.rows["posting"] == Posting.SIGN) & ~hazards(scene, parameters)
    come = scene.coming
    speed = scene.tracks["speed_mps"][come.track].astype(np.float64)
    told = sign[come.place] & (come.probability >= parameters["probability"]) & (speed >= parameters["least_mps"])
    with np.errstate(divide="ignore", invalid="ignore"):
        after = come.metres / speed
        told &= after <= parameters["ahead_s"]
    rows, posted = come.track[told], scene.posted.rows[come.place[told]]
    return advice(
        scene.id[rows], place=posted["number"], urgency=Urgency.INFORM, x_m=posted["x_m"], y_m=posted["y_m"],
        after_s=after[told], probability=come.probability[told], value=posted["code"],
    )  # fmt: skip


ABOUT = Application(
    id="IVS", zh="车内标牌", en="In-vehicle signage", day=1, reads=("tracks", "paths", "posted"), receivers="vehicle",
    messages=("rsi",), says_zh="前方标志 {value:.0f}（GB 5768.2）", says_en="Sign {value:.0f} (GB 5768.2) ahead", unit="",
    advise=advise,
)  # fmt: skip
