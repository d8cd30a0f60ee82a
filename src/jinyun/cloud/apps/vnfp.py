"""Near-field payment VNFP (汽车近场支付): a place of payment that a connected vehicle is about to pass, and its price.

This only announces: who comes to a toll that the zone declares is offered to pay there. The transaction itself is between
vehicle and roadside unit in VPM and needs keys that no zone holds here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters, Urgency, advice
from jinyun.cloud.apps.relations.passing import comes_to
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.roadevents import Posting
from jinyun.shapes import SEEN_BY_ITSELF


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return who is offered to pay; ``place`` is the toll's number, ``value`` its price (yuan), NaN where none is known."""
    if not len(scene.posted) or not len(scene.coming.track):
        return NOTHING
    its = comes_to(scene, scene.posted.rows["posting"] == Posting.TOLL, parameters)
    pays = ((scene.tracks["seen_by"] & SEEN_BY_ITSELF) > 0)[its.row] & ~scene.on_duty[its.row]
    row, posted = its.row[pays], its.posted[pays]
    return advice(
        scene.id[row], place=posted["number"], urgency=Urgency.INFORM, x_m=posted["x_m"], y_m=posted["y_m"],
        after_s=its.after_s[pays], probability=its.probability[pays], value=posted["price_yuan"],
    )  # fmt: skip


ABOUT = Application(
    id="VNFP", zh="汽车近场支付", en="Vehicle near-field payment", day=1, reads=("tracks", "paths", "posted"),
    receivers="vehicle", messages=("rsi",), says_zh="前方收费点，可近场支付", says_en="Toll ahead: payment in passing",
    unit="CNY", advise=advise,
)  # fmt: skip
