"""Speed limit warning SLW (限速预警): somebody drives clearly faster than the lane or a sign allows.

The limit is that of the map's lane, or a lower one that a sign sets where one is. Only where the lane is certain and its
limit known; inside junctions a lane's limit is that of its bend and nobody's rule. How long it must last before it is said
is ``hold_s``, the book's. Vehicles on the way to an emergency are not told.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.known import known
from jinyun.cloud.apps.scene import Scene


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who is too fast; ``value`` is the limit (km/h)."""
    if not len(scene):
        return NOTHING
    tracks, located = scene.tracks, scene.located
    speed = tracks["speed_mps"].astype(np.float64)
    doubt = known(tracks["speed_sd_mps"], parameters["speed_sd_mps"])
    limit = scene.limit_mps
    certain = (located.lane >= 0) & (located.certainty >= parameters["lane_certainty"])
    certain[certain] = ~scene.roadway.roads.inner[located.lane[certain]]
    with np.errstate(invalid="ignore"):
        beyond = speed - 2 * doubt > np.maximum(limit * parameters["tolerance"], limit + parameters["beyond_mps"])
        far = speed > limit * parameters["far_beyond"]
    rows = np.flatnonzero(scene.driven & certain & beyond & ~scene.on_duty)
    return advice(
        scene.id[rows], urgency=np.where(far[rows], Urgency.WARN, Urgency.INFORM), x_m=tracks["x_m"][rows],
        y_m=tracks["y_m"][rows], after_s=0.0, probability=located.certainty[rows], value=limit[rows] * 3.6,
    )  # fmt: skip


ABOUT = Application(
    id="SLW", zh="限速预警", en="Speed limit warning", day=1, reads=("tracks", "located", "map", "posted"),
    receivers="vehicle", messages=("rsi", "rsc"), says_zh="您已超速，限速{value:.0f}公里/小时",
    says_en="Too fast: the limit is {value:.0f} km/h", unit="km/h", advise=advise,
    behaviour="slow-down",
)  # fmt: skip
