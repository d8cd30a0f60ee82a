"""Hazardous location warning HLW (道路危险状况提示): something dangerous lies on the way ahead.

Events of RSI and the warning signs that name a danger (:data:`_SIGNS` of the profile), where they hold on lanes. Those are
told whose way leads there with a probability of ``probability``, from ``ahead_s`` before at their speed until they have
passed it; those who drive away, on the opposite carriageway or turn off before are not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.roadevents import Posting

_SIGNS = "hazard_sign_"


def hazards(scene: Scene, parameters: Parameters) -> NDArray[np.bool_]:
    """Return which rows of ``scene.posted`` are dangers; the others are signs or tolls."""
    codes = [value for key, value in parameters.items() if key.startswith(_SIGNS)]
    rows = scene.posted.rows
    sign = (rows["posting"] == Posting.SIGN) & np.isin(rows["code"], codes)
    found: NDArray[np.bool_] = (rows["posting"] == Posting.EVENT) | sign
    return found


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who comes to which danger; ``place`` is its number, ``value`` the metres to it."""
    if not len(scene.posted) or not len(scene.coming.track):
        return NOTHING
    danger = hazards(scene, parameters) & (scene.posted.rows["certainty"] >= parameters["certainty"])
    come = scene.coming
    speed = scene.tracks["speed_mps"][come.track].astype(np.float64)
    told = danger[come.place] & (come.probability >= parameters["probability"]) & (speed >= parameters["least_mps"])
    front = np.maximum(come.metres - scene.half_length_m[come.track], 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        after = front / speed
        told &= (after <= parameters["ahead_s"]) | (front <= parameters["near_m"])
    rows, place, front, after = come.track[told], come.place[told], front[told], after[told]
    posted = scene.posted.rows[place]
    return advice(
        scene.id[rows], place=posted["number"],
        urgency=np.where((after <= parameters["warn_s"]) & (front > 0), Urgency.WARN, Urgency.INFORM),
        x_m=posted["x_m"], y_m=posted["y_m"], after_s=after, probability=come.probability[told] * posted["certainty"],
        value=front,
    )  # fmt: skip


ABOUT = Application(
    id="HLW", zh="道路危险状况提示", en="Hazardous location warning", day=1, reads=("tracks", "paths", "posted"),
    receivers="vehicle", messages=("rsi", "rsc"), says_zh="前方{value:.0f}米道路危险，请减速慢行",
    says_en="Hazard on the road {value:.0f} m ahead: slow down", unit="m", advise=advise, behaviour="slow-down",
)  # fmt: skip
